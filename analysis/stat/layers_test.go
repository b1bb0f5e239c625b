package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// layered draws groups whose logarithms have the given standard deviations.
type layered struct {
	links, processes, blocks int
	link, process, block     float64
}

func (d layered) draw(r *rand.Rand) []Sample {
	var all []Sample
	for l := range d.links {
		ofLink := d.link * r.NormFloat64()
		for p := range d.processes {
			ofProcess := ofLink + d.process*r.NormFloat64()
			for range d.blocks {
				all = append(all, Sample{l + 1, l*d.processes + p + 1, len(all) + 1, ofProcess + d.block*r.NormFloat64()})
			}
		}
	}
	return all
}

// speeds returns the samples as values: the speed times their exponentials.
func (d layered) speeds(r *rand.Rand, speed float64) []Sample {
	all := d.draw(r)
	for i := range all {
		all[i].Value = speed * math.Exp(all[i].Value)
	}
	return all
}

// TestLayersCover checks the stated confidence if mostly the links differ, or mostly the
// processes, of several links or of one. Intervals over blocks alone would be too narrow.
func TestLayersCover(t *testing.T) {
	const rounds = 60
	for i, d := range []layered{
		{6, 3, 6, 0.04, 0.01, 0.02},
		{10, 2, 6, 0.01, 0.04, 0.02},
		{1, 6, 6, 0, 0.04, 0.02},
	} {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		covered, naive, width := 0, 0, 0.0
		for range rounds {
			samples := d.draw(r)
			s := SummarizeLayers(samples)
			if !s.Interval || s.Lo > s.Median || s.Hi < s.Median || s.N != len(samples) || s.Links != d.links {
				t.Fatalf("%+v: %+v", d, s)
			}
			width += (s.Hi - s.Lo) / rounds
			if s.Lo <= 0 && 0 <= s.Hi {
				covered++
			}
			var values []float64
			for _, x := range samples {
				values = append(values, x.Value)
			}
			if s := Summarize(values); s.Lo <= 0 && 0 <= s.Hi {
				naive++
			}
		}
		share := float64(covered) / rounds
		t.Logf("%+v: covers %.1f %%, mean width %.1f %%; of blocks alone %.1f %%", d, 100*share, 100*width, 100*float64(naive)/rounds)
		if share < Confidence-0.06 { // two standard errors
			t.Errorf("%+v: the interval covers in %.1f %% of the cases", d, 100*share)
		}
		if d.link+d.process > d.block && float64(naive)/rounds > 0.9 {
			t.Errorf("%+v: this layout is no trap: intervals of blocks alone cover in %d of %d cases", d, naive, rounds)
		}
	}
}

func TestTooFewOfTheTopmostLayer(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		d       layered
		warning string
	}{
		{layered{5, 4, 6, 0.01, 0.01, 0.01}, "5 links are too few for an interval; want 6 or more"},
		{layered{1, 5, 100, 0.01, 0.01, 0.01}, "5 processes are too few for an interval; want 6 or more"},
		{layered{1, 1, 5, 0.01, 0.01, 0.01}, "5 repetitions are too few for an interval; want 6 or more"},
	} {
		s := SummarizeLayers(c.d.draw(r))
		if s.Interval || s.Lo != s.Median || s.Hi != s.Median || !slices.Equal(s.Warnings, []string{c.warning}) {
			t.Errorf("%+v: %+v; want no interval and %q", c.d, s, c.warning)
		}
		g := c.d.speeds(r, 1)
		if e := Pair(g, g).Effect(0); e.Interval || e.P != 1 {
			t.Errorf("%+v: an effect with an interval: %+v", c.d, e)
		}
	}
}

// TestOneProcess checks that one process is summarized as plain numbers are.
func TestOneProcess(t *testing.T) {
	samples := layered{1, 1, 9, 1, 1, 1}.draw(rand.New(rand.NewPCG(1, 3)))
	var values []float64
	for _, s := range samples {
		values = append(values, s.Value)
	}
	got, want := SummarizeLayers(samples), Summarize(values)
	if got.Median != want.Median || got.Lo != want.Lo || got.Hi != want.Hi || got.N != 9 || !got.Interval {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestSingles: what is counted is links if there are several, else processes, else blocks.
func TestSingles(t *testing.T) {
	all := []Sample{{2, 3, 1, 10}, {1, 1, 2, 1}, {1, 1, 3, 2}, {1, 1, 4, 9}, {1, 2, 5, 4}, {2, 3, 6, 20}}
	for name, c := range map[string]struct {
		samples []Sample
		want    []float64
	}{
		"links": {all, []float64{3, 15}}, "processes": {all[1:5], []float64{2, 4}},
		"blocks": {all[1:4], []float64{1, 2, 9}}, "nothing": {nil, nil},
	} {
		if got := singles(c.samples); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if m := SummarizeLayers(all).Median; m != 9 { // 3 and 15 are the means of the medians
		t.Errorf("the mean is %v, want 9", m)
	}
}

// TestSpread draws many samples. The computed parts must be those that were drawn, also if the
// numbers of processes and blocks differ.
func TestSpread(t *testing.T) {
	d := layered{40, 20, 6, 0.04, 0.02, 0.03}
	r := rand.New(rand.NewPCG(1, 4))
	for name, keep := range map[string]func(i int, s Sample) bool{
		"balanced":   func(int, Sample) bool { return true },
		"unbalanced": func(i int, s Sample) bool { return s.Link%2 == 0 || s.Process%3 == 0 || i%5 == 0 },
	} {
		var some []Sample
		for i, s := range d.draw(r) {
			if keep(i, s) {
				some = append(some, s)
			}
		}
		got := layersOf(some).spread()
		for part, x := range map[string][2]float64{"link": {got.Link, d.link}, "process": {got.Process, d.process}, "block": {got.Block, d.block}} {
			if math.Abs(x[0]-x[1]) > 0.25*x[1] {
				t.Errorf("%s: %s %.4f, want about %.4f", name, part, x[0], x[1])
			}
		}
	}
}

// TestSpreadOfRatio: the common part of two series is not in the spread of their ratio.
func TestSpreadOfRatio(t *testing.T) {
	a := layered{40, 20, 6, 0.1, 0.1, 0.1}.speeds(rand.New(rand.NewPCG(1, 6)), 1e6)
	own := layered{40, 20, 6, 0.04, 0.02, 0.03}.speeds(rand.New(rand.NewPCG(1, 4)), 1)
	b := slices.Clone(a)
	for i := range b {
		b[i].Value *= own[i].Value
	}
	got, want := Pair(a, b).Spread(), SpreadOf(own)
	if math.Abs(got.Link-want.Link) > 1e-9 || math.Abs(got.Process-want.Process) > 1e-9 || math.Abs(got.Block-want.Block) > 1e-9 {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestSpreadByHand has two links of two processes of two blocks. The sums of squares are 4 within
// processes, 16 between processes of a link, and 200 between links. The mean squares are 1, 8 and
// 200. So the parts are 1, (8-1)/2 and (200-8)/4.
func TestSpreadByHand(t *testing.T) {
	near := func(got, want float64) bool { return math.Abs(got-want) < 1e-12 || math.IsNaN(got) && math.IsNaN(want) }
	l := layers{{{0, math.Sqrt2}, {2 * math.Sqrt2, 3 * math.Sqrt2}}, {{10, 10 + math.Sqrt2}, {10 + 2*math.Sqrt2, 10 + 3*math.Sqrt2}}}
	if s := l.spread(); !near(s.Block, 1) || !near(s.Process, math.Sqrt(3.5)) || !near(s.Link, math.Sqrt(48)) {
		t.Errorf("%+v", s)
	}
	none := math.NaN()
	for name, c := range map[string]struct {
		l    layers
		want Spread
	}{
		"one process":              {layers{{{1, 3}}}, Spread{none, none, math.Sqrt2}},
		"one link":                 {layers{{{1, 1}, {3, 3}}}, Spread{none, math.Sqrt2, 0}},
		"one process of each link": {layers{{{1, 1}}, {{3, 3}}}, Spread{math.Sqrt2, none, 0}},
		"one value":                {layers{{{1}}}, Spread{none, none, none}},
		"nothing":                  {nil, Spread{none, none, none}},
		// Processes differ less than blocks of one process, so they add nothing.
		"none of the processes": {layers{{{0, 2}, {0, 2}}}, Spread{none, 0, math.Sqrt2}},
	} {
		if s := c.l.spread(); !near(s.Link, c.want.Link) || !near(s.Process, c.want.Process) || !near(s.Block, c.want.Block) {
			t.Errorf("%s: %+v, want %+v", name, s, c.want)
		}
	}
}

// TestLayoutIsNoEffect gives two equal maps a difference of 4 % that depends on the link. Over 12
// processes of one link it looks real. Over 12 links it does not.
func TestLayoutIsNoEffect(t *testing.T) {
	found := map[int]int{}
	const rounds = 20
	for i := range uint64(rounds) {
		r := rand.New(rand.NewPCG(i, 5))
		for _, links := range []int{1, 12} {
			d := layered{links, 12 / links, 6, 0.04, 0.002, 0.01}
			a, b := d.speeds(r, 1e6), layered{links, 12 / links, 6, 0, 0.002, 0.01}.speeds(r, 1e6)
			if s := Pair(a, b).Summary(); s.Lo > 1 || s.Hi < 1 {
				found[links]++
			}
			if e := Pair(a, b).Effect(0); links > 1 && e.P < 1-Confidence {
				found[-1]++
			}
		}
	}
	t.Logf("of %d comparisons a difference is found in %d from one link, in %d from 12, by the test in %d", rounds, found[1], found[12], found[-1])
	if found[1] < rounds*3/4 || found[12] > rounds/10 || found[-1] > rounds/10 {
		t.Error("want most of the first and few of the others")
	}
}
