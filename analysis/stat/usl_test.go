package stat

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// measured draws rates of a machine that follows the law: blocks blocks, which differ by 10 %, with
// noise on each rate.
func measured(r *rand.Rand, law USL, processors []int, blocks int, noise float64) (rates [][]float64) {
	for range blocks {
		weather := math.Exp(0.1 * r.NormFloat64())
		var block []float64
		for _, n := range processors {
			block = append(block, law.At(float64(n))*weather*math.Exp(noise*r.NormFloat64()))
		}
		rates = append(rates, block)
	}
	return rates
}

func law(contention, coherence float64) USL {
	return USL{Rate: Estimate{Value: 2e7}, Contention: Estimate{Value: contention}, Coherence: Estimate{Value: coherence}}
}

var doublings = []int{1, 2, 4, 8, 16, 32, 64}

// TestFitUSL: for machines of several kinds, the intervals hold the true law in 95 of 100 runs or
// more.
func TestFitUSL(t *testing.T) {
	for _, want := range []USL{law(0, 0), law(0.02, 0), law(0, 0.0005), law(0.02, 0.0002), law(0.1, 0.001), law(0.5, 0.01), law(0.9, 0)} {
		held, peaks := 0, 0
		for seed := range uint64(100) {
			got, err := FitUSL(doublings, measured(rand.New(rand.NewPCG(seed, 1)), want, doublings, 10, 0.03))
			if err != nil {
				t.Errorf("%+v, seed %d: %v", want, seed, err)
				continue
			}
			inside := func(e Estimate, v float64) bool { return e.Lo <= v && v <= e.Hi }
			// The rate has the weather of its run in it.
			if inside(got.Contention, want.Contention.Value) && inside(got.Coherence, want.Coherence.Value) && inside(got.Rate, want.Rate.Value) {
				held++
			}
			if inside(got.Peak, peak(want.Contention.Value, want.Coherence.Value)) {
				peaks++
			}
		}
		t.Logf("contention %v, coherence %v: %d of 100 hold, peak %d", want.Contention.Value, want.Coherence.Value, held, peaks)
		if held < 95 || peaks < 95 {
			t.Errorf("contention %v, coherence %v: the intervals hold the law in %d of 100 runs, and its peak in %d; want 95", want.Contention.Value, want.Coherence.Value, held, peaks)
		}
	}
}

// TestMisfit: a machine that loses two fifths of its rate from 8 processors on, and then scales
// again, does not follow the law. Too few points or blocks are refused.
func TestMisfit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	rates := measured(r, law(0.01, 0), doublings, 10, 0.03)
	for _, block := range rates {
		for i := 3; i < len(block); i++ {
			block[i] *= 0.6
		}
	}
	for _, c := range []struct {
		processors []int
		rates      [][]float64
		want       string
	}{
		{doublings, rates, "does not fit"},
		{doublings[:4], rates, "4 numbers of processors are too few"},
		{doublings, rates[:5], "5 blocks are too few"},
	} {
		if u, err := FitUSL(c.processors, c.rates); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v, %v; want an error with %q", u, err, c.want)
		}
	}
}
