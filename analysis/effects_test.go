package analysis

import (
	"slices"
	"testing"

	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// TestBeyond: the whole interval must lie beyond what this run can show, not only the median.
func TestBeyond(t *testing.T) {
	for _, c := range []struct {
		median, lo, hi float64
		want           bool
	}{
		{1.2, 1.06, 1.4, true},
		{1.2, 1.04, 1.4, false},
		{1.2, 0.99, 1.4, false},
		{1.03, 1.02, 1.04, false},
		{1 / 1.2, 1 / 1.4, 1 / 1.06, true},
		{1 / 1.2, 1 / 1.4, 1 / 1.04, false},
	} {
		m := stat.Summary{Median: c.median, Lo: c.lo, Hi: c.hi, Interval: true}
		if got := beyond(m, 0.05); got != c.want {
			t.Errorf("%.2f [%.2f, %.2f]: conclusive is %v", c.median, c.lo, c.hi, got)
		}
		m.Interval = false
		if beyond(m, 0.05) {
			t.Errorf("%.2f without an interval is conclusive", c.median)
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

// TestLayout: one link cannot show an effect below 5 %, whatever the A/A limit is.
func TestLayout(t *testing.T) {
	for links, want := range map[int]float64{1: layoutEffect, 2: 0, 6: 0} {
		s := controlled(1, 1, 12, 1e-4, 1)
		for i := range s.Cells {
			s.Cells[i].Link, s.Cells[i].Process = 1+i%links, 1+i%links
		}
		r := Of(s)
		if r.Links != links || r.Layout != want || r.MinConclusive != max(want, r.Control.Limit) {
			t.Errorf("%d links: %d links, layout %v, min conclusive %v, A/A limit %v", links, r.Links, r.Layout, r.MinConclusive, r.Control.Limit)
		}
	}
}

// TestLeast: each workload has its own A/A limit. A workload without one has the largest.
func TestLeast(t *testing.T) {
	s := controlled(1, 1, 12, 0.001, 1)
	noisy, twins := twice(2, 2, 12, 0.1, 1)
	alone, _ := twice(3, 3, 12, 0.001, 1)
	s.Cells, s.Twins = slices.Concat(s.Cells, noisy, alone), append(s.Twins, twins...)
	for i := range s.Cells {
		s.Cells[i].Link = 1 + i%2 // so the layout does not count
		s.Cells[i].Process = s.Cells[i].Link
	}
	r := Of(s)
	calm, wild, none := r.Least(s.Cells[0].ID), r.Least(noisy[0].ID), r.Least(alone[0].ID)
	if !(calm > 0 && calm < 0.01 && wild > 0.05 && wild == r.Control.Limit && none == wild) {
		t.Errorf("limits %v and %v, and %v without a control; that of the run %v", calm, wild, none, r.Control.Limit)
	}
	if e := r.Effect(r.Group(noisy[0].ID), r.Group(noisy[0].ID), results.OpsPerSec); e.Conclusive {
		t.Error("a map differs from itself")
	}
}
