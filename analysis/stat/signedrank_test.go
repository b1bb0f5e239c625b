package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSignedRanks compares with the counts of all 2^n choices of signs, and with the table of
// Hollander, Wolfe and Chicken: for n = 10 the 95 % interval leaves out the 8 outermost means at
// each end.
func TestSignedRanks(t *testing.T) {
	for n := 1; n <= 10; n++ {
		want := make([]float64, n*(n+1)/2+1)
		for signs := range 1 << n {
			sum := 0
			for rank := 1; rank <= n; rank++ {
				if signs>>(rank-1)&1 == 1 {
					sum += rank
				}
			}
			want[sum] += 1 / float64(int(1)<<n)
		}
		for w, p := range signedRanks(n) {
			if math.Abs(p-want[w]) > 1e-12 {
				t.Errorf("%d ranks: P(W = %d) is %v; want %v", n, w, p, want[w])
			}
		}
	}
	for n, want := range map[int]int{6: 0, 10: 8, 20: 52, 100: 1955} {
		if got := rankOutside(n); got != want {
			t.Errorf("%d values: %d means lie outside at each end; want %d", n, got, want)
		}
	}
	exact := rankOutside(maxExactRanks)
	if near := rankOutside(maxExactRanks + 1); near < exact || near > exact+60 {
		t.Errorf("of %d values %d means lie outside, and of one value more %d", maxExactRanks, exact, near)
	}
}

// heavy draws a value that is often far off.
func heavy(r *rand.Rand) float64 { return r.NormFloat64() / (0.1 + r.Float64()) }

// draw returns n values.
func draw(n int, r *rand.Rand, value func(*rand.Rand) float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = value(r)
	}
	return x
}

// TestPseudomedianCovers: the interval contains the true median of symmetric values in 95 of 100
// cases, and is narrower than that of the median if they are normal.
func TestPseudomedianCovers(t *testing.T) {
	const trials = 2000
	for name, value := range map[string]func(*rand.Rand) float64{
		"normal":    func(r *rand.Rand) float64 { return r.NormFloat64() },
		"uniform":   func(r *rand.Rand) float64 { return r.Float64() - 0.5 },
		"heavy":     heavy,
		"two modes": func(r *rand.Rand) float64 { return r.NormFloat64() + 6*float64(r.IntN(2)) - 3 },
	} {
		for _, n := range []int{6, 20, 40} {
			r := rand.New(rand.NewPCG(1, uint64(n)))
			covered, width, ofMedian := 0, 0.0, 0.0
			for range trials {
				x := draw(n, r, value)
				s, m := pseudomedian(x), Summarize(x)
				if !s.Interval || s.Median < s.Lo || s.Median > s.Hi {
					t.Fatalf("%s, %d values: %+v", name, n, s)
				}
				if s.Lo <= 0 && s.Hi >= 0 {
					covered++
				}
				width, ofMedian = width+s.Hi-s.Lo, ofMedian+m.Hi-m.Lo
			}
			if share := float64(covered) / trials; share < 0.935 {
				t.Errorf("%s, %d values: %.1f %% of the intervals contain the median; want 95 %% or more", name, n, 100*share)
			}
			if name == "normal" && n > 6 && width > 0.9*ofMedian {
				t.Errorf("%d normal values: the interval is %.2f times as wide as that of the median; want 0.9 or less", n, width/ofMedian)
			}
		}
	}
	if s := pseudomedian([]float64{1, 2, 3}); s.Interval || s.Lo != s.Hi || len(s.Warnings) != 1 {
		t.Errorf("of three values: %+v; want no interval", s)
	}
}

// TestRankTest: the test and the interval of pseudomedian say the same. It finds something that
// is not there in one case of twenty, and with values that are far off more often than the t test
// finds what is there.
func TestRankTest(t *testing.T) {
	const trials = 1500
	for _, n := range []int{MinRanks, 30, maxExactRanks + 20} {
		r := rand.New(rand.NewPCG(2, uint64(n)))
		wrong, byRanks, byT := 0, 0, 0
		for range trials {
			x := draw(n, r, heavy)
			s := pseudomedian(x)
			side := Above
			if s.Median < 0 {
				side = Below
			}
			p := rankTest(x, 0, side)
			if outside := s.Lo > 0 || s.Hi < 0; outside != (p <= 1-Confidence) && n <= maxExactRanks {
				t.Fatalf("%d values: the interval is [%g, %g], and p is %g", n, s.Lo, s.Hi, p)
			}
			if p <= 1-Confidence {
				wrong++
			}
			shift := -6 / math.Sqrt(float64(n))
			if rankTest(x, shift, Above) <= 1-Confidence {
				byRanks++
			}
			if tTest(x, shift, Above) <= 1-Confidence {
				byT++
			}
		}
		if share := float64(wrong) / trials; share > 0.065 || share < 0.03 {
			t.Errorf("%d values: %.1f %% of the tests find what is not there; want 5 %%", n, 100*share)
		}
		if 10*byRanks < 11*byT {
			t.Errorf("%d values: ranks find %d of %d effects, and the t test %d", n, byRanks, trials, byT)
		}
	}
	// By hand: of the ranks 1 to 14 those of -1, -2 and the tie of two 3s, of which one is
	// negative, are against: 1 + 2 + 3.5.
	x := []float64{-1, -2, 3, -3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
	want := 0.0
	for w, p := range signedRanks(len(x)) {
		if w <= 6 {
			want += 2 * p
		}
	}
	if got := rankTest(x, 0, Above); math.Abs(got-want) > 1e-12 {
		t.Errorf("p is %g; want %g", got, want)
	}
	if got := rankTest(x, 0, Below); got != 1 {
		t.Errorf("on the other side p is %g; want 1", got)
	}
}
