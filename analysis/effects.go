package analysis

import (
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// Effect is how much more of a unit one map has than another, paired by block.
type Effect struct {
	stat.Summary
	// Conclusive says that the effect is not chance, and more than the smallest effect that the run
	// can show. Of the many effects of a run one in twenty has an interval without 1 by chance, and
	// some of those lie far from it.
	Conclusive bool
}

// effects holds the effects of a run. It computes each once.
type effects struct {
	layout float64                            // what the layout alone can cause, as a share
	pairs  map[results.ID]results.ControlPair // the A/A pairs of the workloads that have one
	limit  float64                            // the A/A limit of the other workloads
	maxP   float64                            // the largest probability of a conclusive effect
	known  map[compared]tested
}

// least returns the smallest effect, as a share, that can be conclusive in the workload of id.
func (e *effects) least(id results.ID) float64 {
	limit := e.limit
	if p, own := e.pairs[id.Workload()]; own && p.Interval {
		limit = reach(p)
	}
	return max(e.layout, limit)
}

// compared is a over b in a unit.
type compared struct {
	a, b *Group
	unit string
}

// tested is an effect with its probability: that of an effect as large, if the true effect were no
// larger than the smallest that can be conclusive in the workload. The probability is 1 unless the
// whole interval lies beyond that.
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
		if least := e.least(a.ID); beyond(t.Summary, least) {
			t.p = ratios.Effect(least).P
		}
		e.known[key] = t
	}
	return t
}

// beyond reports whether the interval of s lies wholly beyond an effect of least, in either
// direction.
func beyond(s stat.Summary, least float64) bool {
	return s.Interval && (s.Lo > 1+least || s.Hi < 1/(1+least))
}

// of returns the effect of a over b in a unit.
func (e *effects) of(a, b *Group, unit string) Effect {
	t := e.test(a, b, unit)
	return Effect{t.Summary, t.p <= e.maxP}
}
