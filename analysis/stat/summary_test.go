package stat

import (
	"maps"
	"math"
	"slices"
	"testing"
)

func TestSummarize(t *testing.T) {
	values := []float64{6, 1, 5, 2, 4, 3}
	s := Summarize(values)
	if s.N != 6 || s.Median != 3.5 || !s.Interval || s.Lo != 1 || s.Hi != 6 || len(s.Warnings) > 0 {
		t.Errorf("of 1 to 6: %+v", s)
	}
	if !slices.Equal(values, []float64{6, 1, 5, 2, 4, 3}) {
		t.Errorf("the caller's values became %v", values)
	}
	s = Summarize(values[:5])
	if s.N != 5 || s.Median != 4 || s.Interval || s.Lo != 4 || s.Hi != 4 || len(s.Warnings) != 1 {
		t.Errorf("of five values: %+v; want no interval and a warning", s)
	}
	if s = Summarize(nil); s.N != 0 || s.Interval || len(s.Warnings) != 1 {
		t.Errorf("of nothing: %+v", s)
	}
}

// TestIntervalCovers checks the stated confidence on samples of a skewed distribution
// with a known median, at each size from the smallest that has an interval.
func TestIntervalCovers(t *testing.T) {
	// Quantiles of Exp(1) at uniform points of a low-discrepancy sequence.
	x := 0.5
	next := func() float64 {
		_, x = math.Modf(x + math.Phi)
		return -math.Log(1 - x)
	}
	for n := MinSamples; n <= 20; n++ {
		const rounds = 4000
		covered := 0
		order := make([]float64, n*rounds)
		for i := range order {
			order[i] = next()
		}
		shuffle(order)
		for r := range rounds {
			s := Summarize(order[r*n : (r+1)*n])
			if !s.Interval {
				t.Fatalf("no interval of %d values", n)
			}
			if s.Lo <= math.Ln2 && math.Ln2 <= s.Hi {
				covered++
			}
		}
		if share := float64(covered) / rounds; share < Confidence-0.01 {
			t.Errorf("the interval of %d values covers the median in %.1f %% of the cases", n, 100*share)
		}
	}
}

// shuffle permutes x the same way each time.
func shuffle(x []float64) {
	state := uint64(1)
	for i := len(x) - 1; i > 0; i-- {
		state = state*6364136223846793005 + 1442695040888963407
		j := int((state >> 33) % uint64(i+1))
		x[i], x[j] = x[j], x[i]
	}
}

// blocks returns a sample for each block.
func blocks(byBlock map[int]float64) (all []Sample) {
	for _, block := range slices.Sorted(maps.Keys(byBlock)) {
		all = append(all, Sample{Block: block, Value: byBlock[block]})
	}
	return all
}

// TestPairsByBlock gives two maps blocks that differ tenfold in speed. Only the ratio within a
// block is steady.
func TestPairsByBlock(t *testing.T) {
	speeds := map[int]float64{1: 10, 2: 100, 3: 20, 4: 55, 5: 31, 6: 12}
	faster := map[int]float64{}
	for b, v := range speeds {
		faster[b] = 1.25 * v
	}
	a, b := blocks(faster), blocks(speeds)
	slices.Reverse(b) // the order of measurement must not matter
	s := Pair(a, b).Summary()
	near := func(got, want float64) bool { return math.Abs(got-want) < 1e-12 }
	if s.N != 6 || !s.Interval || !near(s.Median, 1.25) || !near(s.Lo, 1.25) || !near(s.Hi, 1.25) || len(s.Warnings) > 0 {
		t.Errorf("a over b: %+v", s)
	}
	if s = Pair(b, a).Summary(); !near(s.Median, 0.8) {
		t.Errorf("b over a: %+v", s)
	}
}

func TestPairLeavesOutWhatHasNoPair(t *testing.T) {
	a := blocks(map[int]float64{0: 1, 1: 2, 2: 2, 3: 0, 4: 2})
	b := blocks(map[int]float64{0: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1})
	s := Pair(a, b).Summary()
	if s.N != 2 || s.Median != 2 || s.Interval {
		t.Errorf("%+v; want the blocks 2 and 4", s)
	}
	want := []string{
		"2 repetitions are too few for an interval; want 6 or more",
		"4 cells have no partner in their block", // of a: 0 and 1; of b: 5 and 6. Block 0 is none
		"1 blocks have a zero, which has no ratio",
	}
	if !slices.Equal(s.Warnings, want) {
		t.Errorf("warnings %q, want %q", s.Warnings, want)
	}
	if s = Pair(a, nil).Summary(); s.N != 0 || s.Median != 0 {
		t.Errorf("without any pair: %+v", s)
	}
}
