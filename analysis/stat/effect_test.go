package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestHolm checks examples. The first is Wikipedia's, for the Holm–Bonferroni method. The others
// were computed by hand.
func TestHolm(t *testing.T) {
	for _, c := range []struct{ p, want []float64 }{
		{[]float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}}, // 4*.005, 3*.01, 2*.03, and .04 raised to .06
		{[]float64{0.01, 0.02, 0.03}, []float64{0.03, 0.04, 0.04}},
		{[]float64{0.02, 0.02}, []float64{0.04, 0.04}},
		{[]float64{0.9, 0.6, 1}, []float64{1, 1, 1}},
		{[]float64{0.3}, []float64{0.3}},
		{nil, []float64{}},
	} {
		before := slices.Clone(c.p)
		got := Holm(c.p)
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("Holm(%v) = %v, want %v", c.p, got, c.want)
		}
		if !slices.Equal(before, c.p) {
			t.Errorf("Holm changed its argument %v to %v", before, c.p)
		}
	}
}

func values(v ...float64) (all []Sample) {
	for i, x := range v {
		all = append(all, Sample{Block: i + 1, Value: x})
	}
	return all
}

// paired is the effect of b over a, paired by block.
func paired(a, b []Sample, minEffect float64) Effect { return Pair(b, a).Effect(minEffect) }

func TestUnpaired(t *testing.T) {
	a := values(10, 20, 30, 40)
	// If all 4+4 values are separated, the probability by rank is 2/C(8,4), and the interval is
	// the whole range.
	e := Unpaired(a, values(100, 200, 300, 400), 0)
	if e.Lo != 2.5 || e.Hi != 40 || e.P > 2.0/70 || !e.Interval || math.Abs(e.Ratio-10) > 1e-12 {
		t.Errorf("ten times: %+v", e)
	}
	if e = Unpaired(a, values(100, 200, 300), 0); e.Interval || e.P != 1 || len(e.Warnings) != 1 {
		t.Errorf("of 4 and 3: %+v; want no interval and a warning", e)
	}
	if e = Unpaired(a, values(100, 200, 300, 400), 10); e.P != 1 {
		t.Errorf("ten times, which lies within the minimum effect: %+v", e)
	}
	zero := values(0, 0, 0, 0, 0)
	if e = Unpaired(zero, zero, 0); e.Ratio != 1 || e.Lo != 1 || e.Hi != 1 || e.P != 1 {
		t.Errorf("zero against zero: %+v", e)
	}
	// Zeros have no logarithm, and five constants have too little spread. By rank the probability
	// is 2/C(10,5).
	ones := values(1, 1, 1, 1, 1)
	if e = Unpaired(zero, ones, 0.05); !math.IsInf(e.Lo, 1) || math.Abs(e.P-2.0/252) > 1e-12 {
		t.Errorf("one against zero: %+v", e)
	}
	if e = Unpaired(ones, values(2, 2, 2, 2, 2), 0.05); e.Lo != 2 || math.Abs(e.P-2.0/252) > 1e-12 {
		t.Errorf("two against one: %+v", e)
	}
	if e = Unpaired(values(0, 0, 0, 0, 0, 0), values(2, 2, 2, 2, 2, 2), 0.05); e.P != leastP {
		t.Errorf("two against zero, six times: %+v", e)
	}
	if e = Unpaired(values(10, 20, 30, 40, 50, 60), values(1e30, 2e30, 3e30, 4e30, 5e30, 6e30), 0.05); e.P != leastP {
		t.Errorf("very far apart: %+v; want no probability of zero", e)
	}
	if e = Unpaired(values(), a, 0); e.Interval || len(e.Warnings) != 1 {
		t.Errorf("nothing: %+v", e)
	}
}

// TestEffectsAgree compares the intervals with the tests, which make different assumptions about
// the noise. With normal noise they rarely differ.
func TestEffectsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	outside, agree, cases := 0, 0, 0
	for range 2000 {
		draw := func(n int, shift float64) []Sample {
			var v []float64
			for range n {
				v = append(v, math.Exp(0.1*r.NormFloat64()+shift))
			}
			return values(v...)
		}
		n, m, shift := 4+r.IntN(10), 4+r.IntN(10), 0.1*r.Float64()
		a, b := draw(n, 0), draw(m, shift)
		const least = 0.02
		for name, e := range map[string]Effect{"unpaired": Unpaired(a, b, least), "paired": paired(a, b, least)} {
			if !e.Interval {
				continue
			}
			out := e.Lo > 1+least || e.Hi < 1/(1+least)
			switch {
			case !out && e.P < 0.001:
				t.Errorf("%s, %v: interval [%g, %g] and probability %g", name, e.N, e.Lo, e.Hi, e.P)
			case out == (e.P < 1-Confidence):
				agree++
			}
			if out {
				outside++
			}
			cases++
		}
	}
	if outside < 200 || outside > 3000 || agree < cases*9/10 {
		t.Errorf("of %d effects %d are found, and %d alike by the interval and the test; the cases are not telling, or the two not of the same", cases, outside, agree)
	}
}

// TestFamilies compares equal maps in families of 34, also under noise that is not normal. Hardly
// ever is an effect found. A large effect is found with these few repetitions, which a test by
// rank could not do.
func TestFamilies(t *testing.T) {
	const rows, families, alpha = 34, 100, 1 - Confidence
	tests := map[string]func(a, b []Sample, minEffect float64) Effect{"paired": paired, "unpaired": Unpaired}
	noises := map[string]func(r *rand.Rand) float64{
		"normal": func(r *rand.Rand) float64 { return 0.1 * r.NormFloat64() },
		"a neighbour that halves the speed of one in three": func(r *rand.Rand) float64 {
			return 0.02*r.NormFloat64() - math.Ln2*float64(r.IntN(3)/2)
		},
		"skewed": func(r *rand.Rand) float64 { return -0.1 * r.ExpFloat64() },
		"heavy":  func(r *rand.Rand) float64 { return 0.02 * math.Tan(math.Pi*(r.Float64()-0.5)) },
	}
	for noise, next := range noises {
		for name, test := range tests {
			for _, n := range []int{6, 10} {
				r := rand.New(rand.NewPCG(3, uint64(n)))
				family := func(factor float64) (found int) {
					var p []float64
					for range rows {
						var x, y []float64
						for range n {
							x, y = append(x, math.Exp(next(r))), append(y, factor*math.Exp(next(r)))
						}
						p = append(p, test(values(x...), values(y...), 0).P)
					}
					for _, corrected := range Holm(p) {
						if corrected < alpha {
							found++
						}
					}
					return found
				}
				wrong := 0
				for range families {
					if family(1) > 0 {
						wrong++
					}
				}
				right := family(100)
				t.Logf("%s, %s of %d: one is found in %d of %d families, and of %d large effects %d", name, noise, n, wrong, families, rows, right)
				if wrong > 12 || noise != "heavy" && right < rows*9/10 {
					t.Errorf("%s, %s of %d: want 12 families at most, and nearly all large effects", name, noise, n)
				}
			}
		}
	}
}

// TestUnpairedCovers checks the stated confidence on a skewed distribution, with sizes for which
// the exact distribution is used and with larger ones.
func TestUnpairedCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, size := range [][2]int{{4, 4}, {6, 6}, {5, 12}, {55, 20}} {
		const rounds, truth = 1000, 1.3
		covered := 0
		for range rounds {
			draw := func(n int, factor float64) []Sample {
				var v []float64
				for range n {
					v = append(v, factor*math.Exp(0.05*r.ExpFloat64()))
				}
				return values(v...)
			}
			e := Unpaired(draw(size[0], 1), draw(size[1], truth), 0)
			if e.Lo <= truth && truth <= e.Hi {
				covered++
			}
		}
		if share := float64(covered) / rounds; share < Confidence-0.02 || share > 0.99 {
			t.Errorf("the interval of %v covers the truth in %.1f %% of the cases", size, 100*share)
		}
	}
}

func TestPaired(t *testing.T) {
	// A tenfold difference between blocks does not matter.
	a, b := values(10, 100, 20, 50, 30, 12), values(12, 121, 24.5, 61, 37, 14.2)
	e := paired(a, b, 0.05)
	// The mean and deviation of the six logarithms by hand: t is (0.1942-0.0488)*sqrt(6)/0.0146.
	if !e.Interval || e.P > 1e-5 || e.P < 1e-6 || e.Ratio < 1.18 || e.Ratio > 1.24 {
		t.Errorf("%+v", e)
	}
	s := Pair(b, a).Summary()
	if e.Ratio != s.Median || e.Lo != s.Lo || e.Hi != s.Hi {
		t.Errorf("the effect is %+v and the summary %+v", e, s)
	}
	if e = paired(b, a, 0.3); e.P != 1 {
		t.Errorf("all within the minimum effect: %+v", e)
	}
	// Ratios without any spread.
	if e = paired(values(1, 2, 4, 8, 16, 32), values(2, 4, 8, 16, 32, 64), 0.05); e.P != leastP {
		t.Errorf("always twice: %+v", e)
	}
	// The pseudomedian is beyond the minimum effect, and the mean is not: no effect is found.
	if e = paired(values(1, 1, 1, 1, 1, 1, 1), values(1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 0.01), 0.05); e.Ratio < 1.2 || e.P != 1 {
		t.Errorf("mean and pseudomedian differ: %+v", e)
	}
}
