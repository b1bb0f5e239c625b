package stat

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"
)

// minUnpaired is the smallest number of repetitions, on each side, that gives an unpaired effect an
// interval at Confidence. With 4 and 3, all of one side lie above the other by chance in 2 of 35
// cases.
const minUnpaired = 4

// Effect is the ratio of two series in one unit: 1.2 is 20 % more.
type Effect struct {
	Ratio    float64 // NaN if no value gives it
	Lo, Hi   float64 // the interval at Confidence; both equal Ratio if there is none
	Interval bool    // whether there is one
	// P is the two-sided probability of a ratio at least as far from 1, if the true ratio lay just
	// within the minimum effect. It is 1 if Ratio lies within the minimum effect, and if there is
	// no interval. It is not corrected for the number of tests: see Holm.
	P        float64
	N        [2]int // repetitions of each side; of ratios both are the number of blocks
	Warnings []string
}

// Effect returns the effect that the ratios show. Its interval is that of their Summary. There is
// no interval if exactly one value of some block is zero, because the other blocks would show
// another effect.
//
// minEffect is a share: with 0.05 a true ratio from 1/1.05 to 1.05 is no effect.
//
// The test is on one logarithm for each link, or else for each process, or else for each block.
// With MinRanks blocks or more it is the signed-rank test, on which the interval rests too.
// Otherwise it is Student's t test, which assumes that they are nearly normal: the smallest
// probability of a rank test is 2/2^n, so that of 10 blocks nothing would remain after the
// correction for 30 rows, however large the effect. Ratios that are all equal have no spread to
// test by: P is then leastP.
func (r Ratios) Effect(minEffect float64) Effect {
	s, single := r.paired(), singles(r.logs)
	e := Effect{Ratio: s.Median, Lo: s.Lo, Hi: s.Hi, Interval: s.Interval, P: 1, N: [2]int{s.N, s.N}}
	e.Warnings = slices.Concat(r.warnings, s.Warnings)
	if r.zeros > 0 {
		e.Lo, e.Hi, e.Interval = e.Ratio, e.Ratio, false
	}
	if s.N == 0 {
		e.Ratio, e.Lo, e.Hi = math.NaN(), math.NaN(), math.NaN()
	}
	if bound, ok := beyond(e, 1+minEffect); ok {
		e.P = r.test(single, math.Log(bound), side(e))
	}
	return e
}

// Side is the side of a bound on which something lies.
type Side = stats.LocationHypothesis

const (
	Above = stats.LocationGreater
	Below = stats.LocationLess
)

// Beyond returns the two-sided probability that chance puts the ratios as far on that side of
// bound, if the true ratio is bound. The test is that of Effect. bound is positive. There must be
// two ratios.
func (r Ratios) Beyond(bound float64, side Side) float64 {
	return r.test(singles(r.logs), math.Log(bound), side)
}

// test returns the two-sided probability of the logarithms single of r on a side of bound.
func (r Ratios) test(single []float64, bound float64, side Side) float64 {
	if len(single) >= MinRanks && layersOf(r.logs).processes() == 1 {
		return rankTest(single, bound, side)
	}
	return tTest(single, bound, side)
}

// Beyond returns the two-sided probability that chance puts the samples as far on that side of
// bound, if the true value is bound. It is Student's t test on the logarithms, or on the values
// if one of them or bound is not positive. It counts samples as Ratios.Effect does. There must be
// two.
func Beyond(samples []Sample, bound float64, side Side) float64 {
	values := singles(samples)
	if min(bound, slices.Min(values)) > 0 {
		return tTest(logsOf(values), math.Log(bound), side)
	}
	return tTest(values, bound, side)
}

// tTest returns the two-sided probability of values on a side of bound, if their mean were bound.
// Values that are all equal have no spread to test by. Their probability is leastP if they lie on
// that side.
func tTest(values []float64, bound float64, side Side) float64 {
	t, err := stats.OneSampleTTest(stats.Sample{Xs: values}, bound, side)
	switch {
	case err == nil:
		return twoSided(t)
	case side == Above == (values[0] > bound):
		return leastP
	}
	return 1
}

// Unpaired returns the effect of b over a, if no repetition of one belongs to a repetition of the
// other. Ratio is the median of the ratios of each value of b to each value of a. The interval
// inverts the U test of Mann and Whitney. (Hodges and Lehmann 1963, on the logarithms; the interval
// is in Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 4.3.) If both values are
// zero, their ratio is 1.
//
// The test is Welch's t test on the logarithms, of b against a times the minimum effect, for the
// reason given at Ratios.Effect. If there are zeros, it is the U test. If neither side has any
// spread, as with numbers of allocations, and both have MinSamples values, P is leastP.
//
// If a side has several links, each link is one value; if it has several processes of one link,
// each process is one value. Blocks of one process have too much in common. minEffect is as for
// Ratios.Effect.
func Unpaired(a, b []Sample, minEffect float64) Effect {
	x, y := singles(a), singles(b)
	e := Effect{Ratio: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), P: 1, N: [2]int{len(x), len(y)}}
	if len(x) == 0 || len(y) == 0 {
		e.Warnings = append(e.Warnings, "no values")
		return e
	}
	ratios := allRatios(x, y)
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
		e.Warnings = append(e.Warnings, fmt.Sprintf("%d and %d repetitions are too few for an interval; want %d or more of each", len(x), len(y), minUnpaired))
		return e
	}
	outside := uOutside(len(x), len(y))
	e.Lo, e.Hi, e.Interval = ratios[outside], ratios[n-1-outside], true
	if bound, ok := beyond(e, 1+minEffect); ok {
		for i := range x {
			x[i] *= bound
		}
		e.P = welch(x, y, e)
	}
	return e
}

// allRatios returns the ratios of each value of y to each of x, sorted.
func allRatios(x, y []float64) []float64 {
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
	return ratios
}

// welch returns the probability of y against x by Welch's t test on the logarithms, or by the U
// test where that has no answer. e says on which side to look.
func welch(x, y []float64, e Effect) float64 {
	t, err := stats.TwoSampleWelchTTest(stats.Sample{Xs: logsOf(y)}, stats.Sample{Xs: logsOf(x)}, side(e))
	switch {
	case slices.Max(x) == slices.Min(x) && slices.Max(y) == slices.Min(y) && min(len(x), len(y)) >= MinSamples:
		return leastP
	case err == nil && !math.IsNaN(t.P):
		return twoSided(t)
	}
	th := &benchmath.DefaultThresholds
	return min(1, benchmath.AssumeNothing.Compare(benchmath.NewSample(x, th), benchmath.NewSample(y, th)).P)
}

// Deviation is an estimate of the standard deviation of a logarithm, with its degrees of freedom.
// Without any, nothing is known.
type Deviation struct {
	SD float64
	DF int
}

// Widen allows for a variation d between two measurements, which the repetitions of one cannot
// show. The interval becomes at least as wide as that of Student's t distribution around the
// ratio, and P at least that of the t test. minEffect is as for Ratios.Effect.
func (e Effect) Widen(d Deviation, minEffect float64) Effect {
	if !e.Interval || d.DF == 0 || d.SD == 0 {
		return e
	}
	t := stats.TDist{V: float64(d.DF)}
	reach := math.Exp(stats.InvCDF(t)(1-(1-Confidence)/2) * d.SD)
	e.Lo, e.Hi = min(e.Lo, e.Ratio/reach), max(e.Hi, e.Ratio*reach)
	if bound, ok := beyond(e, 1+minEffect); ok {
		e.P = max(e.P, 2*t.CDF(-math.Abs(math.Log(e.Ratio/bound))/d.SD))
	}
	return e
}

// beyond returns the end of the range from 1/least to least that e lies beyond, if e has an
// interval.
func beyond(e Effect, least float64) (bound float64, ok bool) {
	switch {
	case e.Interval && e.Ratio > least:
		return least, true
	case e.Interval && e.Ratio < 1/least:
		return 1 / least, true
	}
	return 0, false
}

// leastP is the smallest probability that is reported. Rounding in the distributions makes smaller
// ones meaningless.
const leastP = 1e-15

// twoSided is the two-sided probability of a one-sided test on the side where the effect is.
func twoSided(t *stats.TTestResult) float64 { return min(1, max(leastP, 2*t.P)) }

// side returns the side of the minimum effect on which e lies. If the mean that a test uses lies on
// the other side, the test must find nothing.
func side(e Effect) Side {
	if e.Ratio > 1 {
		return Above
	}
	return Below
}

func logsOf(x []float64) []float64 {
	logs := make([]float64, len(x))
	for i, v := range x {
		logs[i] = math.Log(v)
	}
	return logs
}

type sizes [2]int

var uOutsides sync.Map // from sizes to what uOutside returned

// uOutside returns how many of the sorted n*m ratios lie outside the interval at each end: the
// largest u for which P(U <= u) is at most half of 1-Confidence. Both sizes are at least
// minUnpaired, so that such a u exists.
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
