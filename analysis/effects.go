package analysis

import (
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// Effect is how much more of a unit one map has than another, paired by block.
type Effect struct {
	stat.Summary
	// Conclusive says that the effect is not chance, and that its median is larger than the A/A
	// limit of its workload. Of the many effects of a run one in twenty has an interval without 1
	// by chance, and some of those lie far from it.
	Conclusive bool
	// OfBuild says that the run has one build, and that the layout of its code can cause an effect
	// of this size. Then the effect is one of this build, and may be another one in the next.
	OfBuild bool
	// Doubt says why the effect is not conclusive. Limit is the A/A limit of its workload, as a
	// share.
	Doubt Doubt
	Limit float64
}

// Doubt is a reason why an effect is not conclusive.
type Doubt string

const (
	NoDoubt     Doubt = ""
	TooFew      Doubt = "too few blocks"   // for an interval
	Tie         Doubt = "tie"              // the interval contains 1
	WithinError Doubt = "within the error" // the median is not larger than the A/A limit
	MayBeChance Doubt = "may be chance"    // as one of all effects of the run, after Holm's correction
)

// Lasting reports whether e is conclusive, and larger than what the layout of one build can cause.
func (e Effect) Lasting() bool { return e.Conclusive && !e.OfBuild }

// effects holds the effects of a run. It computes each once.
type effects struct {
	layout float64                            // what the layout alone can cause, as a share
	pairs  map[results.ID]results.ControlPair // the A/A pairs of the workloads that have one
	limit  float64                            // the A/A limit of the other workloads
	tests  int                                // the number of effects of the report
	maxP   float64                            // the largest probability of a conclusive effect
	known  map[compared]tested
}

// limitOf returns the A/A limit of a workload, as a share.
func (e *effects) limitOf(workload results.ID) float64 {
	if p, own := e.pairs[workload]; own && p.Interval {
		return reach(p)
	}
	return e.limit
}

// compared is a over b in a unit.
type compared struct {
	a, b *Group
	unit string
}

// tested is an effect with its probability: that of an effect as large between equal maps. It is 1
// if the median is not larger than the A/A limit, or if the interval contains 1.
type tested struct {
	stat.Summary
	p float64
}

// test returns the effect of a over b in a unit, with its probability.
func (e *effects) test(a, b *Group, unit string) tested {
	key := compared{a, b, unit}
	t, ok := e.known[key]
	if !ok {
		ratios := pair(a, b, unit)
		t = tested{ratios.Summary(), 1}
		if t.Interval && !(t.Lo <= 1 && 1 <= t.Hi) && exceeds(t.Median, e.limitOf(a.ID.Workload())) {
			t.p = ratios.Effect(0).P
		}
		e.known[key] = t
	}
	return t
}

// exceeds reports whether a ratio is larger than a share, in either direction.
func exceeds(ratio, share float64) bool { return ratio > 1+share || ratio < 1/(1+share) }

// of returns the effect of a over b in a unit.
func (e *effects) of(a, b *Group, unit string) Effect {
	t := e.test(a, b, unit)
	limit := e.limitOf(a.ID.Workload())
	out := Effect{Summary: t.Summary, Conclusive: t.p <= e.maxP, OfBuild: e.layout > 0 && !exceeds(t.Median, e.layout), Limit: limit}
	switch {
	case out.Conclusive:
	case !t.Interval:
		out.Doubt = TooFew
	case t.Lo <= 1 && 1 <= t.Hi:
		out.Doubt = Tie
	case !exceeds(t.Median, limit):
		out.Doubt = WithinError
	default:
		out.Doubt = MayBeChance
	}
	return out
}
