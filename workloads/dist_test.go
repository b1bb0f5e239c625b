package workloads

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// chiSquare compares how often each position was drawn with its weight 1/(i+1)^theta.
// Positions that are expected fewer than 10 times are taken together with their
// neighbours. It returns the statistic over its critical value at the level alpha: above
// 1 the draws do not fit.
func chiSquare(counts []int, theta, alpha float64) float64 {
	draws, total := 0, 0.0
	for i, c := range counts {
		draws += c
		total += math.Pow(float64(i+1), -theta)
	}
	statistic, bins := 0.0, 0
	var seen, expected float64
	for i, c := range counts {
		seen += float64(c)
		expected += float64(draws) * math.Pow(float64(i+1), -theta) / total
		if expected >= 10 {
			statistic += (seen - expected) * (seen - expected) / expected
			bins++
			seen, expected = 0, 0
		}
	}
	return statistic / distuv.ChiSquared{K: float64(bins - 1)}.Quantile(1-alpha)
}

func counts(d Dist, n, draws int, seed uint64) []int {
	draw, counts := d.draws(n, random(seed, seedOfTape)), make([]int, n)
	for range draws {
		counts[draw()]++
	}
	return counts
}

func TestGoodnessOfFit(t *testing.T) {
	// 24 tests at 0.001 each, from a fixed seed: they either pass for good or not at all.
	const alpha, seed, draws = 0.001, 20261123, 200_000
	for _, theta := range []float64{0, 0.5, 0.99, 1, 1.2, 2} {
		for _, n := range []int{2, 10, 1000, 100_000} {
			t.Run(fmt.Sprintf("%v/%d", theta, n), func(t *testing.T) {
				z := newZipf(n, theta) // for theta 0 too, where Dist draws more simply
				r, c := random(seed, seedOfTape), make([]int, n)
				for range draws {
					c[z.draw(r)]++
				}
				if x := chiSquare(c, theta, alpha); x > 1 {
					t.Errorf("chi-square is %.2f times its critical value", x)
				}
			})
		}
	}
	t.Run("uniform", func(t *testing.T) {
		if x := chiSquare(counts(Dist{}, 1000, draws, seed), 0, alpha); x > 1 {
			t.Errorf("chi-square is %.2f times its critical value", x)
		}
	})
	t.Run("a wrong theta is noticed", func(t *testing.T) {
		if x := chiSquare(counts(Dist{Theta: 0.99}, 1000, draws, seed), 1.02, alpha); x <= 1 {
			t.Errorf("chi-square is %.2f times its critical value", x)
		}
	})
}

// Rounding must not lead out of the ranks, or to no rank, where weights vanish.
func TestZipfStaysWithinItsRanks(t *testing.T) {
	for _, theta := range []float64{0, 1e-13, 0.5, 1 - 1e-13, 1, 1 + 1e-13, 1.7, 3, 9.310069032674512, 20, 700} {
		for _, n := range []int{1, 2, 3, 6415, 1 << 28} {
			z, r := newZipf(n, theta), random(1, seedOfTape)
			for range 2000 {
				if k := z.draw(r); k < 0 || k >= n {
					t.Fatalf("theta %v, n %d: rank %d", theta, n, k)
				}
			}
			// The ends of the range, which a draw meets once in 2^53.
			for _, u := range []float64{z.low, math.Nextafter(z.low, z.high), math.Nextafter(z.high, z.low), z.high} {
				if k := z.round(z.inverse(u)); !(k >= 1 && k <= z.n) {
					t.Errorf("theta %v, n %d: u %v has rank %v", theta, n, u, k)
				}
			}
		}
	}
}

func TestParseDist(t *testing.T) {
	for name, want := range map[string]Dist{
		"uniform":  {Name: "uniform"},
		"source":   {Name: "source", Source: true},
		"zipf0":    {Name: "zipf0"},
		"zipf0.99": {Name: "zipf0.99", Theta: 0.99},
		"zipf2":    {Name: "zipf2", Theta: 2},
	} {
		if got, err := ParseDist(name); got != want || err != nil {
			t.Errorf("%q: got %+v, %v; want %+v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "zipf", "zipf-1", "zipf-0", "zipfNaN", "zipfInf", "zipf0.990", "zipf+1", "zipf1e2", "zipf0x1p4", "0.99", "Uniform"} {
		if got, err := ParseDist(name); err == nil {
			t.Errorf("%q: got %+v, want an error", name, got)
		}
	}
	for _, name := range DistNames() {
		if _, err := ParseDist(name); err != nil {
			t.Error(err)
		}
	}
}
