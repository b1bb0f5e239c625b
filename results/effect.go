package results

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"
)

// minUnpaired is the least number of repetitions, on each side, of which an effect has an
// interval at Confidence: with 4 and 3, all of them apart come by chance in 2 of 35 cases.
const minUnpaired = 4

// Effect is how much of a unit one group has for what another has: 1.2 is 20 % more.
type Effect struct {
	Ratio    float64 // NaN if there is no value to tell it
	Lo, Hi   float64 // the interval at Confidence; both equal Ratio without one
	Interval bool    // whether there is one
	// P is the probability of a ratio as far from 1 as this one, or farther, if the true
	// one lay just within the margin: two-sided. It is 1 if Ratio lies within the margin,
	// and if there is no interval. It is not corrected, see Holm.
	P        float64
	N        [2]int // repetitions of either side; of pairs both are the number of blocks
	Warnings []Warning
}

// Paired returns the effect of group b over group a in a unit, paired by block as by
// Compare, whose interval it has. The test is Student's on the logarithms, over the blocks
// or, if there are several links or processes, over these. Unlike the interval it takes
// them for nearly normal: a sign test, which does not, can find nothing less probable than
// 2 in 2^n, and so of 10 blocks nothing after the correction for 30 rows, however far apart.
// Ratios that are all the same have no spread to judge by: P is leastP.
// The margin is a ratio from 1 on: a true effect from 1/margin to margin is none.
// There is no interval if a block has a zero on one side alone: without it that of the others
// would be another effect.
func Paired(a, b Group, unit string, margin float64) Effect {
	logs, zeros, warnings := logRatios(b, a, unit)
	s, single := summarize(logs), singles(logs)
	e := Effect{Ratio: math.Exp(s.Median), Lo: math.Exp(s.Lo), Hi: math.Exp(s.Hi), Interval: s.Interval, P: 1, N: [2]int{s.N, s.N}}
	if zeros > 0 {
		e.Lo, e.Hi, e.Interval = e.Ratio, e.Ratio, false
	}
	if s.N == 0 {
		e.Ratio, e.Lo, e.Hi = math.NaN(), math.NaN(), math.NaN()
	}
	e.Warnings = append(warnings, s.Warnings...)
	if bound, ok := beyond(e, margin); ok {
		if t, err := stats.OneSampleTTest(stats.Sample{Xs: single}, math.Log(bound), side(e)); err == nil {
			e.P = twoSided(t)
		} else {
			e.P = leastP
		}
	}
	return e
}

// Unpaired returns the effect of group b over group a in a unit, where no repetition of
// the one belongs to one of the other. Ratio is the median of the ratios of each value of b
// to each value of a; the interval is the inversion of the U test of Mann and Whitney.
// (Hodges and Lehmann 1963, on the logarithms; the interval is in Hollander, Wolfe and
// Chicken, Nonparametric Statistical Methods, 4.3.) The test is Welch's on the logarithms,
// of b against a times the margin, for the reason in Paired; where there are zeros it is the
// U test. Where neither group has any spread, as numbers of allocations have none, and both
// have MinSamples, P is leastP. Where both values are zero their ratio is 1. Of a group of
// several links, or of several processes of one link, each is one value: blocks of the same
// have too much in common. The margin is as in Paired.
func Unpaired(a, b Group, unit string, margin float64) Effect {
	x, y := singles(a.samples(unit)), singles(b.samples(unit))
	e := Effect{Ratio: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), P: 1, N: [2]int{len(x), len(y)}}
	if len(x) == 0 || len(y) == 0 {
		e.Warnings = append(e.Warnings, "no values")
		return e
	}
	var ratios []float64
	for _, old := range x {
		for _, now := range y {
			if old == now {
				ratios = append(ratios, 1)
			} else {
				ratios = append(ratios, now/old) // +Inf over zero
			}
		}
	}
	slices.Sort(ratios)
	n := len(ratios)
	e.Ratio = ratios[n/2]
	if low := ratios[(n-1)/2]; low != e.Ratio {
		e.Ratio = math.Sqrt(low * e.Ratio)
		if math.IsNaN(e.Ratio) { // of zero and infinity
			e.Ratio = 1
		}
	}
	e.Lo, e.Hi = e.Ratio, e.Ratio
	if min(len(x), len(y)) < minUnpaired {
		e.Warnings = append(e.Warnings, warnf("%d and %d repetitions are too few for an interval; want %d or more of each", len(x), len(y), minUnpaired))
		return e
	}
	outside := uOutside(len(x), len(y))
	e.Lo, e.Hi, e.Interval = ratios[outside], ratios[n-1-outside], true
	if bound, ok := beyond(e, margin); ok {
		for i := range x {
			x[i] *= bound
		}
		t, err := stats.TwoSampleWelchTTest(stats.Sample{Xs: logsOf(y)}, stats.Sample{Xs: logsOf(x)}, side(e))
		switch {
		case slices.Max(x) == slices.Min(x) && slices.Max(y) == slices.Min(y) && min(len(x), len(y)) >= MinSamples:
			e.P = leastP
		case err == nil && !math.IsNaN(t.P):
			e.P = twoSided(t)
		default:
			t := &benchmath.DefaultThresholds
			e.P = min(1, benchmath.AssumeNothing.Compare(benchmath.NewSample(x, t), benchmath.NewSample(y, t)).P)
		}
	}
	return e
}

// beyond returns the end of the margin that e, which must have an interval, lies beyond.
func beyond(e Effect, margin float64) (bound float64, ok bool) {
	switch {
	case e.Interval && e.Ratio > margin:
		return margin, true
	case e.Interval && e.Ratio < 1/margin:
		return 1 / margin, true
	}
	return 0, false
}

// leastP is the least probability that is told: less is lost in the distribution's rounding.
const leastP = 1e-15

// twoSided is the two-sided probability of a one-sided test on the side on which the effect is.
func twoSided(t *stats.TTestResult) float64 { return min(1, max(leastP, 2*t.P)) }

// side returns on which side of the margin e lies: if the mean that a test is of lies on the
// other, the test is to find nothing.
func side(e Effect) stats.LocationHypothesis {
	if e.Ratio > 1 {
		return stats.LocationGreater
	}
	return stats.LocationLess
}

func logsOf(x []float64) []float64 {
	logs := make([]float64, len(x))
	for i, v := range x {
		logs[i] = math.Log(v)
	}
	return logs
}

// samples returns the group's values in a unit.
func (g Group) samples(unit string) []sample {
	var all []sample
	for _, c := range g.Cells {
		if v, ok := c.Metrics[unit]; ok {
			all = append(all, sample{c.Link, c.Process, v})
		}
	}
	return all
}

type sizes [2]int

var uOutsides sync.Map // from sizes to what uOutside returned

// uOutside returns how many of the sorted n*m ratios lie outside the interval at each of
// its ends: the greatest u for which P(U <= u) is at most half of what Confidence leaves.
// Both sizes are minUnpaired or more, so that there is one.
func uOutside(n, m int) int {
	if u, ok := uOutsides.Load(sizes{n, m}); ok {
		return u.(int)
	}
	const tail = (1 - Confidence) / 2
	var u int
	if max(n, m) > stats.MannWhitneyExactLimit {
		nm := float64(n * m)
		u = int(nm/2+stats.InvCDF(stats.StdNormal)(tail)*math.Sqrt(nm*float64(n+m+1)/12)) - 1
	} else {
		d := stats.UDist{N1: n, N2: m}
		u = sort.Search(n*m/2, func(u int) bool { return d.CDF(float64(u)) > tail }) - 1
	}
	uOutsides.Store(sizes{n, m}, u)
	return u
}

// Holm returns the probabilities p, which it does not change, corrected for being a family:
// whatever number of the null hypotheses is true, and however the tests depend on each
// other, a corrected value of at most alpha errs in any of them with probability alpha at
// most. (Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979.)
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	corrected := make([]float64, len(p))
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, float64(len(p)-rank)*p[i]))
		corrected[i] = least
	}
	return corrected
}
