package analysis

import "doublebuf/analysis/stat"

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
	least float64 // the smallest effect that the run can show, as a share
	maxP  float64 // the largest probability of a conclusive effect
	known map[compared]tested
}

// compared is a over b in a unit.
type compared struct {
	a, b *Group
	unit string
}

// tested is an effect with its probability: that of an effect as large, if the true effect were no
// larger than the smallest that the run can show. The probability is 1 unless the whole interval
// lies beyond that.
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
		if e.beyond(t.Summary) {
			t.p = ratios.Effect(e.least).P
		}
		e.known[key] = t
	}
	return t
}

// beyond reports whether the interval of s lies wholly beyond what the run can show.
func (e *effects) beyond(s stat.Summary) bool {
	return s.Interval && (s.Lo > 1+e.least || s.Hi < 1/(1+e.least))
}

// of returns the effect of a over b in a unit.
func (e *effects) of(a, b *Group, unit string) Effect {
	t := e.test(a, b, unit)
	return Effect{t.Summary, t.p <= e.maxP}
}
