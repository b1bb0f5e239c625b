package stat

import (
	"cmp"
	"slices"
)

// Holm corrects the probabilities p, which it does not change, for being one family of tests.
// Whatever number of the null hypotheses is true, and however the tests depend on each other, the
// chance that any true hypothesis gets a corrected value of at most alpha is alpha at most. (Holm,
// A Simple Sequentially Rejective Multiple Test Procedure, 1979.)
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
