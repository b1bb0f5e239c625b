package workloads

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// chiSquare compares how often each position was drawn with its weight 1/(i+1)^theta. Positions
// that are expected fewer than 10 times are merged with their neighbours. It returns the statistic
// divided by its critical value at the level alpha. Above 1 the draws do not fit.
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

// About 30 tests at the level alpha, from a fixed seed: they always pass or always fail.
const alpha, seed, draws = 0.001, 20261123, 200_000

func TestGoodnessOfFit(t *testing.T) {
	for _, theta := range []float64{0, 0.5, 0.99, 1, 1.2, 2} {
		for _, n := range []int{2, 10, 1000, 100_000} {
			t.Run(fmt.Sprintf("%v/%d", theta, n), func(t *testing.T) {
				z := newZipf(n, theta) // also for theta 0, where Dist uses a simpler method
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

func TestHotspotFits(t *testing.T) {
	for _, test := range []struct {
		drawn, tested Dist
		fits          bool
	}{
		{Dist{Hot: 80, Spot: 20}, Dist{Hot: 80, Spot: 20}, true},
		{Dist{Hot: 80, Spot: 20}, Dist{Hot: 81, Spot: 20}, false},
		{Dist{Hot: 80, Spot: 20}, Dist{Hot: 80, Spot: 21}, false},
		{Dist{Hot: 1, Spot: 99}, Dist{Hot: 1, Spot: 99}, true},
	} {
		c := counts(test.drawn, 1000, draws, seed)
		spot := 10 * test.tested.Spot
		hot := 0
		for _, n := range c[:spot] {
			hot += n
		}
		// The two parts as two bins, and the positions of each part, which are uniform.
		want := draws * float64(test.tested.Hot) / 100
		x := (float64(hot) - want) * (float64(hot) - want) * (1/want + 1/(draws-want)) / distuv.ChiSquared{K: 1}.Quantile(1-alpha)
		x = max(x, chiSquare(c[:spot], 0, alpha), chiSquare(c[spot:], 0, alpha))
		if (x <= 1) != test.fits {
			t.Errorf("drawn with %+v, tested for %+v: chi-square is %.2f times its critical value", test.drawn, test.tested, x)
		}
	}
}

func TestLatestFits(t *testing.T) {
	const n = 1000
	draw := Dist{Latest: true}.draws(n, random(seed, seedOfTape))
	back, wrong := make([]int, n), make([]int, n) // counted from the newest key, and from the key before it
	for i := range draws {
		newest := i / 20
		k := int(draw())
		back[(newest-k%n+n*draws)%n]++
		wrong[(newest+1-k%n+n*draws)%n]++
	}
	if x := chiSquare(back, 0.99, alpha); x > 1 {
		t.Errorf("chi-square is %.2f times its critical value", x)
	}
	if x := chiSquare(wrong, 0.99, alpha); x <= 1 {
		t.Errorf("counted from another key than the newest, chi-square is %.2f times its critical value", x)
	}
}

func TestSequentialAndOne(t *testing.T) {
	draw, one := Dist{Sequential: true}.draws(7, nil), Dist{One: true}.draws(7, nil)
	for i := range 100 {
		if k := draw(); k != uint32(i%7) || one() != 0 {
			t.Fatalf("draw %d is of key %d", i, k)
		}
	}
}

// Where weights vanish, rounding must still give a valid rank.
func TestZipfStaysWithinItsRanks(t *testing.T) {
	for _, theta := range []float64{0, 1e-13, 0.5, 1 - 1e-13, 1, 1 + 1e-13, 1.7, 3, 9.310069032674512, 20, 700} {
		for _, n := range []int{1, 2, 3, 6415, 1 << 28} {
			z, r := newZipf(n, theta), random(1, seedOfTape)
			for range 2000 {
				if k := z.draw(r); k < 0 || k >= n {
					t.Fatalf("theta %v, n %d: rank %d", theta, n, k)
				}
			}
			// The ends of the range, which one draw in 2^53 gives.
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
		"uniform": {Name: "uniform"},
		"source":  {Name: "source", Source: true},
		"latest":  {Name: "latest", Latest: true},

		"hotspot80-20": {Name: "hotspot80-20", Hot: 80, Spot: 20},
		"zipf0":        {Name: "zipf0"},
		"zipf0.99":     {Name: "zipf0.99", Theta: 0.99},
		"zipf2":        {Name: "zipf2", Theta: 2},
	} {
		if got, err := ParseDist(name); got != want || err != nil {
			t.Errorf("%q: got %+v, %v; want %+v", name, got, err, want)
		}
	}
	for _, name := range []string{"", "zipf", "zipf-1", "zipf-0", "zipfNaN", "zipfInf", "zipf0.990", "zipf+1", "zipf1e2", "zipf0x1p4", "0.99", "Uniform", "hotspot", "hotspot80", "hotspot0-20", "hotspot80-100", "hotspot080-20", "hotspot80-20x"} {
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
