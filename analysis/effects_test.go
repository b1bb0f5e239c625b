package analysis

import (
	"slices"
	"testing"

	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// TestConclusive: an effect must be larger than the A/A limit of its workload, and its interval
// must not contain 1.
func TestConclusive(t *testing.T) {
	w := results.ID{Kind: results.Throughput, Mix: "m", G: 1, Procs: 1}
	group := func(values ...float64) *Group {
		g := &Group{ID: w}
		for i, v := range values {
			g.Cells = append(g.Cells, results.Cell{ID: w, Block: i + 1, Metrics: map[string]float64{results.OpsPerSec: v}})
		}
		return g
	}
	a := group(100, 100, 100, 100, 100, 100, 100, 100)
	for _, c := range []struct {
		what  string
		b     *Group
		limit float64
		want  bool
	}{
		{"above the limit", group(103, 104, 103, 104, 103, 104, 103, 104), 0.03, true},
		{"the interval reaches below the limit", group(102, 106, 102, 106, 103, 104, 103, 106), 0.03, true},
		{"below the limit", group(102, 102, 102, 102.5, 102, 102, 102, 102.5), 0.03, false},
		{"below it in the other direction", group(98, 98, 98, 98, 98.5, 98, 98, 98), 0.03, false},
		{"above it in the other direction", group(95, 95, 95, 95, 95.5, 95, 95, 95), 0.03, true},
		{"the interval contains 1", group(90, 130, 95, 120, 99, 130, 110, 98), 0.03, false},
		{"too few blocks", group(110, 111, 110), 0.03, false},
	} {
		e := &effects{limit: c.limit, maxP: 0.05, known: map[compared]tested{}}
		if got := e.of(c.b, a, results.OpsPerSec); got.Conclusive != c.want {
			t.Errorf("%s: %+v; want conclusive to be %v", c.what, got, c.want)
		}
	}
}

// TestCorrect gives the effects of a standing their probabilities. By Holm's procedure 0.001 and
// 0.02 are conclusive among three effects, and would not both be among four. The floor's effect is
// not among them.
func TestCorrect(t *testing.T) {
	e := &effects{known: map[compared]tested{}}
	row := func(p float64) *Row { return &Row{Group: new(Group), Summary: stat.Summary{Median: p}} }
	first, floor := row(0), row(1)
	floor.Floor = true
	s := &Standing{Unit: results.OpsPerSec, effects: e, Rows: []*Row{first, floor}, Contenders: []*Row{first}, yardsticks: []*Row{first}}
	e.known[compared{floor.Group, first.Group, s.Unit}] = tested{p: 1}
	for _, p := range []float64{0.02, 0.001, 0.5} {
		r := row(p)
		s.Rows, s.Contenders = append(s.Rows, r), append(s.Contenders, r)
		e.known[compared{r.Group, first.Group, s.Unit}] = tested{p: p}
	}
	correct(e, []*Standing{s})
	if e.maxP != 0.02 {
		t.Errorf("the largest probability of a conclusive effect is %v; want 0.02", e.maxP)
	}
	for _, r := range s.Contenders[1:] {
		if got, want := s.Effect(r, first).Conclusive, r.Summary.Median <= 0.02; got != want {
			t.Errorf("an effect with probability %v: conclusive is %v; want %v", r.Summary.Median, got, want)
		}
	}
}

// TestLayout: with one link, an effect of up to 5 % is one of this build.
func TestLayout(t *testing.T) {
	for links, want := range map[int]float64{1: layoutEffect, 2: 0, 6: 0} {
		s := controlled(1, 1, 12, 1e-4, 1)
		for i := range s.Cells {
			s.Cells[i].Link, s.Cells[i].Process = 1+i%links, 1+i%links
		}
		r := Of(s)
		if r.Links != links || r.Layout != want {
			t.Errorf("%d links: %d links, layout %v", links, r.Links, r.Layout)
		}
		g := r.Group(s.Cells[0].ID)
		if e := r.Effect(g, g, results.OpsPerSec); e.OfBuild != (links == 1) {
			t.Errorf("%d links: an effect of 0 may come from the layout: %v", links, e.OfBuild)
		}
	}
	e := &effects{layout: layoutEffect, known: map[compared]tested{}}
	for ratio, want := range map[float64]bool{1.04: true, 1 / 1.04: true, 1.06: false, 0.9: false} {
		a, b := new(Group), new(Group)
		e.known[compared{a, b, ""}] = tested{Summary: stat.Summary{Median: ratio}}
		if got := e.of(a, b, "").OfBuild; got != want {
			t.Errorf("the layout can cause a ratio of %.2f: %v; want %v", ratio, got, want)
		}
	}
}

// TestLimit: each workload has its own A/A limit. A workload without one has the largest. Half of
// an interval is no wider than what the run can show.
func TestLimit(t *testing.T) {
	s := controlled(1, 1, 12, 0.001, 1)
	noisy, twins := twice(2, 2, 12, 0.1, 1)
	alone, _ := twice(3, 3, 12, 0.001, 1)
	s.Cells, s.Twins = slices.Concat(s.Cells, noisy, alone), append(s.Twins, twins...)
	r := Of(s)
	calm, wild, none := r.Limit(s.Cells[0].Workload()), r.Limit(noisy[0].Workload()), r.Limit(alone[0].Workload())
	if !(calm > 0 && calm < 0.01 && wild > 0.05 && wild == r.Control.Limit && none == wild) {
		t.Errorf("limits %v and %v, and %v without a control; that of the run %v", calm, wild, none, r.Control.Limit)
	}
	for _, w := range []results.ID{s.Cells[0].Workload(), noisy[0].Workload()} {
		if half, shows := r.HalfWidth(w), r.Resolution(w); !(half > 0 && half <= shows && shows >= r.Limit(w)) {
			t.Errorf("%s: half of an interval is %v, and the run shows %v, with a limit of %v", w.Mix, half, shows, r.Limit(w))
		}
	}
	if half := r.HalfWidth(alone[0].Workload()); half != 0 {
		t.Errorf("half of an interval is %v where there is nothing to compare; want 0", half)
	}
	if e := r.Effect(r.Group(noisy[0].ID), r.Group(noisy[0].ID), results.OpsPerSec); e.Conclusive {
		t.Error("a map differs from itself")
	}
}
