package stat

import (
	"fmt"
	"math"

	"github.com/aclements/go-moremath/stats"
	"gonum.org/v1/gonum/mat"
)

// USL is the Universal Scalability Law: n processors have the rate
//
//	Rate · n / (1 + Contention·(n−1) + Coherence·n·(n−1))
//
// It was fitted to measured rates. Beyond the largest number of processors that was measured it is
// an extrapolation. (Gunther, A General Theory of Computational Scalability Based on Rational
// Functions, 2008, arXiv:0808.1431.)
type USL struct {
	Rate       Estimate // of one processor
	Contention Estimate // the share of the work that only one processor can do at a time
	Coherence  Estimate // what each pair of processors costs, as a share of the work
	Peak       Estimate // the number of processors with the highest rate; infinite without Coherence
}

// Estimate is an estimated number with its interval. The intervals of the first three estimates of
// a USL hold together, with Confidence.
type Estimate struct{ Value, Lo, Hi float64 }

const (
	// MinUSLPoints is the smallest number of points that a USL is fitted to. Three would always
	// fit.
	MinUSLPoints = 5
	// maxMisfit is how far the whole interval of a point may lie off the law, as a share.
	maxMisfit = 0.05
)

// At returns the rate of n processors.
func (u USL) At(n float64) float64 {
	return u.Rate.Value * n / (1 + u.Contention.Value*(n-1) + u.Coherence.Value*n*(n-1))
}

// FitUSL fits the law to rates, which are positive: rates[i][j] was measured in block i with
// processors[j] processors. A block may be faster than another one by any factor.
//
// n over the rate is linear in n−1 and n(n−1). So the fit is a linear one, with weights for
// errors in proportion to the rate. No coefficient may be negative. The intervals are those of
// the jackknife over the blocks, by Student's t distribution, corrected for three estimates
// (Bonferroni). The jackknife ignores that coefficients are not negative. Its intervals are cut
// at 0.
//
// It fails with fewer than MinUSLPoints points or MinSamples blocks. It fails too if the law does
// not fit: if the whole interval of a point lies more than maxMisfit off it.
func FitUSL(processors []int, rates [][]float64) (USL, error) {
	if n := len(processors); n < MinUSLPoints {
		return USL{}, fmt.Errorf("%d numbers of processors are too few for a fit; want %d or more", n, MinUSLPoints)
	}
	if n := len(rates); n < MinSamples {
		return USL{}, fmt.Errorf("%d blocks are too few for a fit; want %d or more", n, MinSamples)
	}
	best := fitUSL(processors, meanRates(rates, -1), true)
	if err := misfit(processors, rates, best); err != nil {
		return USL{}, err
	}
	lo, hi := jackknife(len(rates), func(without int) [3]float64 {
		c := fitUSL(processors, meanRates(rates, without), false)
		return [3]float64{math.Log(1 / c[0]), c[1] / c[0], c[2] / c[0]}
	})
	u := USL{
		Rate:       around(1/best[0], math.Exp(lo[0]), math.Exp(hi[0])),
		Contention: around(best[1]/best[0], max(0, lo[1]), max(0, hi[1])),
		Coherence:  around(best[2]/best[0], max(0, lo[2]), max(0, hi[2])),
	}
	u.Peak = Estimate{
		peak(u.Contention.Value, u.Coherence.Value),
		peak(u.Contention.Hi, u.Coherence.Hi), peak(u.Contention.Lo, u.Coherence.Lo),
	}
	return u, nil
}

// around returns an estimate whose interval holds the value. That of the jackknife may not: it
// ignores that coefficients are not negative.
func around(value, lo, hi float64) Estimate { return Estimate{value, min(lo, value), max(hi, value)} }

// peak returns the number of processors with the highest rate, 1 at least.
func peak(contention, coherence float64) float64 {
	if coherence == 0 && contention < 1 {
		return math.Inf(1)
	}
	return math.Sqrt(max(1, (1-contention)/coherence))
}

// meanRates returns the geometric mean of the rates of each number of processors, over all blocks
// but the one of that index. Index -1 is over all.
func meanRates(rates [][]float64, without int) []float64 {
	logs := make([]float64, len(rates[0]))
	n := 0.0
	for i, block := range rates {
		if i == without {
			continue
		}
		n++
		for j, rate := range block {
			logs[j] += math.Log(rate)
		}
	}
	for j := range logs {
		logs[j] = math.Exp(logs[j] / n)
	}
	return logs
}

// fitUSL returns the coefficients of n over the rate: of 1, n−1 and n(n−1). If bounded, the second
// and third are not negative.
func fitUSL(processors []int, rates []float64, bounded bool) (c [3]float64) {
	least := math.Inf(1)
	for _, columns := range [][]int{{0, 1, 2}, {0, 1}, {0, 2}, {0}} {
		fit, squares, ok := linearUSL(processors, rates, columns)
		if ok && (!bounded || min(fit[1], fit[2]) >= 0) && squares < least {
			c, least = fit, squares
		}
		if !bounded {
			break
		}
	}
	return c
}

// linearUSL fits some of the coefficients and leaves the others at 0. It returns the sum of the
// squares of what remains, each as a share of its rate.
func linearUSL(processors []int, rates []float64, columns []int) (c [3]float64, squares float64, ok bool) {
	a := mat.NewDense(len(rates), len(columns), nil)
	b := mat.NewVecDense(len(rates), nil)
	for i, rate := range rates {
		n := float64(processors[i])
		terms := [3]float64{1, n - 1, n * (n - 1)}
		for j, column := range columns {
			a.Set(i, j, terms[column]*rate/n)
		}
		b.SetVec(i, 1)
	}
	var x mat.VecDense
	if err := x.SolveVec(a, b); err != nil {
		return c, 0, false
	}
	for j, column := range columns {
		c[column] = x.AtVec(j)
	}
	var rest mat.VecDense
	rest.MulVec(a, &x)
	rest.SubVec(b, &rest)
	return c, mat.Dot(&rest, &rest), c[0] > 0
}

// jackknife returns the interval of each of three estimates over n blocks. estimate returns them
// without a block, or with all blocks for -1. (Efron, The Jackknife, the Bootstrap and Other
// Resampling Plans, 1982.)
func jackknife(n int, estimate func(without int) [3]float64) (lo, hi [3]float64) {
	all := estimate(-1)
	pseudo := [3][]float64{}
	for i := range n {
		for k, v := range estimate(i) {
			pseudo[k] = append(pseudo[k], float64(n)*all[k]-float64(n-1)*v)
		}
	}
	for k, values := range pseudo {
		lo[k], hi[k] = tInterval(values, len(pseudo))
	}
	return lo, hi
}

// tInterval returns the interval of the mean of values, corrected for that many intervals.
func tInterval(values []float64, intervals int) (lo, hi float64) {
	s := stats.Sample{Xs: values}
	mean, n := s.Mean(), float64(len(values))
	tail := (1 - Confidence) / 2 / float64(intervals)
	reach := stats.InvCDF(stats.TDist{V: n - 1})(1-tail) * s.StdDev() / math.Sqrt(n)
	return mean - reach, mean + reach
}

// misfit returns an error if the whole interval of a point lies more than maxMisfit off the law
// with these coefficients. Blocks may differ by a factor.
func misfit(processors []int, rates [][]float64, c [3]float64) error {
	off := make([][]float64, len(processors)) // logarithms, by point
	for _, block := range rates {
		logs := make([]float64, len(block))
		mean := 0.0
		for j, rate := range block {
			n := float64(processors[j])
			logs[j] = math.Log(rate / n * (c[0] + c[1]*(n-1) + c[2]*n*(n-1)))
			mean += logs[j] / float64(len(block))
		}
		for j := range logs {
			off[j] = append(off[j], logs[j]-mean)
		}
	}
	for j, logs := range off {
		lo, hi := tInterval(logs, len(off))
		if bound := math.Log1p(maxMisfit); lo > bound || hi < -bound {
			return fmt.Errorf("the scalability law does not fit: with %d processors the rate is %+.0f %% off it", processors[j], 100*math.Expm1((lo+hi)/2))
		}
	}
	return nil
}
