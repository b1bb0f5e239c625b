package stat

import (
	"fmt"
	"math"
)

// Ratios holds, for each block that two series share, the logarithm of the first one's value over
// the second one's. A disturbance of the machine affects both values, so it hardly changes the
// ratio. Logarithms make the ratios of b to a exactly the inverses of those of a to b.
type Ratios struct {
	logs     []Sample
	zeros    int // blocks in which exactly one value is 0
	warnings []string
}

// Pair pairs the samples of a and b by block. It leaves out, with a warning, blocks that only one
// of them has, and blocks in which one value is 0 and the other is not. Two zeros have the ratio 1.
func Pair(a, b []Sample) Ratios {
	ofB := map[int]float64{}
	for _, s := range b {
		if s.Block > 0 {
			ofB[s.Block] = s.Value
		}
	}
	var r Ratios
	unpaired := len(ofB)
	for _, s := range a {
		other, paired := ofB[s.Block]
		if !paired {
			unpaired++
			continue
		}
		unpaired--
		switch {
		case s.Value == other:
			s.Value = 0
		case s.Value <= 0 || other <= 0:
			r.zeros++
			continue
		default:
			s.Value = math.Log(s.Value / other)
		}
		r.logs = append(r.logs, s)
	}
	if unpaired > 0 {
		r.warnings = append(r.warnings, fmt.Sprintf("%d cells have no partner in their block", unpaired))
	}
	if r.zeros > 0 {
		r.warnings = append(r.warnings, fmt.Sprintf("%d blocks have a zero, which has no ratio", r.zeros))
	}
	return r
}

// Summary returns the summary of the ratios: 1.2 says that the first series has 20 % more. N is the
// number of blocks that were paired. If they come from one process, Median is the pseudomedian of
// the logarithms, and the interval assumes that these are spread symmetrically.
func (r Ratios) Summary() Summary {
	s := r.paired()
	s.Warnings = append(s.Warnings, r.warnings...)
	return s
}

// paired is Summary without the warnings of Pair.
func (r Ratios) paired() Summary {
	s := pairedSummary(r.logs)
	if s.N > 0 {
		s.Median, s.Lo, s.Hi = math.Exp(s.Median), math.Exp(s.Lo), math.Exp(s.Hi)
	}
	return s
}

// Spread splits the variance of the ratios, as SpreadOf does. The spread does not include what
// slows both series down alike.
func (r Ratios) Spread() Spread { return layersOf(r.logs).spread() }
