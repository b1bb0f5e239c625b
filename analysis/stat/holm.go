package stat

import (
	"cmp"
	"slices"

	"github.com/aclements/go-moremath/stats"
)

// Holm returns the probabilities p, corrected for one family of tests. It does not change p. The
// chance that any true null hypothesis gets a corrected value of at most alpha is at most alpha.
// This holds for any number of true hypotheses, and for any dependence between the tests. (Holm, A
// Simple Sequentially Rejective Multiple Test Procedure, 1979.)
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

// Power is how often a test finds an effect of the size that Detectable returns.
const Power = 0.8

// Detectable returns the size of the true effect that one of n tests finds in Power of all cases,
// in halves of the interval of the effect at Confidence. All n tests together are at Confidence. It
// takes values for normal. n is at least 1.
func Detectable(n int) float64 {
	z := stats.InvCDF(stats.StdNormal)
	const tail = (1 - Confidence) / 2
	return (z(tail/float64(n)) + z(1-Power)) / z(tail)
}
