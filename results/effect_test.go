package results

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestHolm holds worked examples: the first is Wikipedia's of the Holm–Bonferroni method;
// the others were worked by hand.
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

func values(v ...float64) Group {
	var g Group
	for i, x := range v {
		g.Cells = append(g.Cells, Cell{Block: i + 1, Metrics: map[string]float64{OpsPerSec: x}})
	}
	return g
}

func TestUnpaired(t *testing.T) {
	a := values(10, 20, 30, 40)
	// Of all 4+4 values apart the chance is 2/C(8,4), and the interval is the whole range.
	e := Unpaired(a, values(100, 200, 300, 400), OpsPerSec, 1)
	if e.Lo != 2.5 || e.Hi != 40 || math.Abs(e.P-2.0/70) > 1e-12 || !e.Interval || math.Abs(e.Ratio-10) > 1e-12 {
		t.Errorf("ten times: %+v", e)
	}
	if e = Unpaired(a, values(100, 200, 300), OpsPerSec, 1); e.Interval || e.P != 1 || len(e.Warnings) != 1 {
		t.Errorf("of 4 and 3: %+v; want no interval and a warning", e)
	}
	if e = Unpaired(a, values(100, 200, 300, 400), OpsPerSec, 11); e.P != 1 {
		t.Errorf("ten times, which lies within the margin: %+v", e)
	}
	zero := values(0, 0, 0, 0, 0)
	if e = Unpaired(zero, zero, OpsPerSec, 1); e.Ratio != 1 || e.Lo != 1 || e.Hi != 1 || e.P != 1 {
		t.Errorf("zero against zero: %+v", e)
	}
	if e = Unpaired(zero, values(1, 1, 1, 1, 1), OpsPerSec, 1.05); !math.IsInf(e.Lo, 1) || e.P > 0.01 {
		t.Errorf("one against zero: %+v", e)
	}
	if e = Unpaired(values(), a, OpsPerSec, 1); e.Interval || len(e.Warnings) != 1 {
		t.Errorf("nothing: %+v", e)
	}
}

// TestEffectsAgree holds the intervals and the tests to each other: without ties, the
// margin lies outside the interval when the test finds it improbable, and without pairs
// only then.
func TestEffectsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	outside := 0
	for range 2000 {
		draw := func(n int, shift float64) Group {
			var v []float64
			for range n {
				v = append(v, math.Exp(0.1*r.NormFloat64()+shift))
			}
			return values(v...)
		}
		n, m, shift := 4+r.IntN(10), 4+r.IntN(10), 0.1*r.Float64()
		a, b := draw(n, 0), draw(m, shift)
		const margin = 1.02
		for name, e := range map[string]Effect{"unpaired": Unpaired(a, b, OpsPerSec, margin), "paired": Paired(a, b, OpsPerSec, margin)} {
			if !e.Interval {
				continue
			}
			out := e.Lo > margin || e.Hi < 1/margin
			if found := e.P < 1-Confidence; found && !out || out && !found && name == "unpaired" {
				t.Fatalf("%s, %v: the interval says %v and the test %v", name, e.N, out, e.P < 1-Confidence)
			}
			if out {
				outside++
			}
		}
	}
	if outside < 200 || outside > 3000 {
		t.Errorf("%d of about 4000 effects are found; the cases are not telling", outside)
	}
}

// TestUnpairedCovers checks the stated confidence, at sizes on both sides of where the
// exact distribution ends, on a skewed distribution.
func TestUnpairedCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, size := range [][2]int{{4, 4}, {6, 6}, {5, 12}, {55, 20}} {
		const rounds, truth = 1000, 1.3
		covered := 0
		for range rounds {
			draw := func(n int, factor float64) Group {
				var v []float64
				for range n {
					v = append(v, factor*math.Exp(0.05*r.ExpFloat64()))
				}
				return values(v...)
			}
			e := Unpaired(draw(size[0], 1), draw(size[1], truth), OpsPerSec, 1)
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
	// All six blocks apart: 2/2^6. That the blocks differ tenfold does not matter.
	a, b := values(10, 100, 20, 50, 30, 12), values(12, 121, 24.5, 61, 37, 14.2)
	e := Paired(a, b, OpsPerSec, 1.05)
	if !e.Interval || math.Abs(e.P-2.0/64) > 1e-12 || e.Ratio < 1.18 || e.Ratio > 1.24 {
		t.Errorf("%+v", e)
	}
	s := Compare(b, a, OpsPerSec)
	if e.Ratio != s.Median || e.Lo != s.Lo || e.Hi != s.Hi {
		t.Errorf("Paired says %+v and Compare %+v", e, s)
	}
	if e = Paired(b, a, OpsPerSec, 1.19); math.Abs(e.P-2*(1+6)/64.0) > 1e-12 { // one block is within the margin
		t.Errorf("%+v", e)
	}
}
