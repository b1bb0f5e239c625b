package workloads

import (
	"math"
	"slices"
	"testing"
)

// TestGaps compares the gaps with the exponential distribution of mean 1, by the test of
// Kolmogorov and Smirnov at the level 0.001.
func TestGaps(t *testing.T) {
	gaps := Gaps(7)
	if slices.Equal(gaps, Gaps(8)) || !slices.Equal(gaps, Gaps(7)) {
		t.Error("the gaps do not hang from the seed")
	}
	n, sum := float64(len(gaps)), 0.0
	for _, g := range gaps {
		sum += float64(g)
	}
	if math.Abs(sum/n-1) > 1e-6 {
		t.Errorf("the mean is %v; want 1", sum/n)
	}
	slices.Sort(gaps)
	far := 0.0
	for i, g := range gaps {
		p := -math.Expm1(-float64(g))
		far = max(far, math.Abs(p-float64(i)/n), math.Abs(p-float64(i+1)/n))
	}
	if most := 1.95 / math.Sqrt(n); far > most {
		t.Errorf("the distribution is %v away from the exponential one; want %v at most", far, most)
	}
}
