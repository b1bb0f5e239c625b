package stat

import (
	"cmp"
	"slices"
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
