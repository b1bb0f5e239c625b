package selftest

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/compare"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/results"
)

// TestSlowed checks that a slowed map behaves like the map, that each of its handles counts the
// right number of iterations, and that a paced map counts none.
func TestSlowed(t *testing.T) {
	all := baselines.All()
	var xsync kv.Entry
	for _, e := range all {
		if e.Name == subjectMap {
			xsync = e
		}
	}
	for iterations, want := range map[int]uint64{0: 0, 7: spin(spin(0, 7), 7)} {
		e := slowed(xsync, "x", iterations)
		if err := e.Validate(); err != nil {
			t.Fatal(err)
		}
		m := e.Uint64(8)
		m.Set(1, 10) // before it is shared
		h := kv.Open(m).(*slowedHandle)
		for range between - 1 {
			if v, ok := h.Get(1); v != 10 || !ok {
				t.Fatalf("the entry is %d, %v", v, ok)
			}
		}
		if h.sink != 0 {
			t.Errorf("%d iterations: a delay after %d operations", iterations, between-1)
		}
		for range between {
			h.Set(2, 20)
		}
		h.Delete(1)
		if h.sink != want {
			t.Errorf("%d iterations: it counted to %d after %d operations; want %d", iterations, h.sink, 2*between, want)
		}
		if _, ok := m.Get(1); ok {
			t.Error("a deleted entry is there")
		}
		if v, _ := m.Get(2); v != 20 {
			t.Errorf("the entry is %d; want 20", v)
		}
		kv.Close(h)
		kv.Close(m)
	}
	if x := spin(3, 2); x != (3*5+1)*5+1 {
		t.Errorf("spin(3, 2) = %d", x)
	}
}

// drawn returns simulated results of a test. Each cell's cost in ns deviates by noise. Twins are
// slower by twin, the slowed map by slow.
func drawn(t *testing.T, test *Test, noise, twin, slow float64) *results.Set {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	set := &results.Set{Better: map[string]string{results.OpsPerSec: "higher"}}
	add := func(j plan.Job, after int) {
		cost := 1.0
		if _, is := results.Original(j.ID.Impl); is {
			cost *= 1 + twin
		}
		if strings.HasPrefix(j.ID.Impl, subjectMap) && strings.HasSuffix(j.ID.Impl, "-slowed") {
			cost *= 1 + slow
		}
		cost *= math.Exp(noise * r.NormFloat64())
		c := results.Cell{ID: j.ID, Block: j.Block + after, Process: 1, Link: 1, Ops: 1, Metrics: map[string]float64{results.OpsPerSec: 1e6 / cost}}
		if _, is := results.Original(j.ID.Impl); is {
			set.Twins = append(set.Twins, c)
		} else {
			set.Cells = append(set.Cells, c)
		}
	}
	for _, j := range test.plan.Jobs() {
		add(j, 0)
	}
	for _, mix := range slowedMixes {
		for _, j := range test.slowedPlan(mix).Jobs() {
			add(j, MinBlocks)
		}
	}
	return set
}

// TestJudge has tests that should pass and tests that should not.
func TestJudge(t *testing.T) {
	test, err := New(baselines.All(), 1, 2, MinBlocks, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	limit := analysis.Of(drawn(t, test, 0.02, 0, 0)).Control.Limit
	if limit < 0.01 || limit > 0.1 {
		t.Fatalf("limit %g of 2 %% noise", limit)
	}
	for _, c := range []struct {
		name              string
		noise, twin, slow float64
		want              string
	}{
		{"as it should be", 0.02, 0, 2 * limit, ""},
		{"so much noise that anything passes", 0.2, 0, 4, "self-test inconclusive: the A/A limit is 48 %; want 15 % or less, of a quieter machine or more -reps"},
		{"noise, and no slowdown is found", 0.2, 0, 0, "self-test inconclusive: the A/A limit is 48 %; want 15 % or less, of a quieter machine or more -reps"},
		{"every twin is slower", 0.02, 0.1, 2 * limit, "self-test failed: of 40 A/A cells 40 look different, and 40 after correction; want 5 and 1 at most of 40"},
		{"nothing is injected", 0.02, 0, 0, "self-test failed: a slowdown of twice the A/A limit is found in 0 of 3 workloads; want all"},
		{"it has become faster", 0.02, 0, -0.3, "self-test failed: a slowdown of twice the A/A limit is found in 0 of 3 workloads; want all"},
	} {
		set := drawn(t, test, c.noise, c.twin, c.slow)
		v, err := test.Compare(set)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := Judge(analysis.Of(set).Control, v); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}

// TestJudgeBounds has results just within the bounds, and just beyond them.
func TestJudgeBounds(t *testing.T) {
	for _, c := range []struct {
		pairs, alone, corrected, rows, worse int
		hi                                   float64 // of the interval of the worse
		want                                 string
	}{
		{40, 5, 0, 3, 3, 0.9, ""},
		{40, 6, 0, 3, 3, 0.9, "of 40 A/A cells 6 look different, and 0 after"},
		{40, 5, 1, 3, 3, 0.9, ""},
		{40, 5, 2, 3, 3, 0.9, "of 40 A/A cells 5 look different, and 2 after"},
		{39, 0, 0, 3, 3, 0.9, "of 39 A/A cells 0 look different"},
		{40, 0, 0, 3, 2, 0.9, "found in 2 of 3 workloads"},
		{40, 0, 0, 2, 2, 0.9, "found in 2 of 3 workloads"},
		{40, 0, 0, 3, 3, 1.1, "found in 0 of 3 workloads"},
	} {
		control := results.Control{Limit: 0.05}
		for i := range c.pairs {
			p := results.ControlPair{P: 1, Holm: 1}
			if i < c.alone {
				p.P = 0.01
			}
			if i < c.corrected {
				p.Holm = 0.01
			}
			control.Pairs = append(control.Pairs, p)
		}
		var table compare.Table
		for i := range c.rows {
			r := compare.Row{Conclusion: compare.Inconclusive, Effect: stat.Effect{Interval: true, Lo: 0.8, Hi: c.hi}}
			if i < c.worse {
				r.Conclusion = compare.Worse
			}
			table.Rows = append(table.Rows, r)
		}
		err := Judge(control, &compare.Comparison{Tables: []compare.Table{table}})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestSlow measures slowed maps, too briefly to conclude anything, beside a control that
// was not measured.
func TestSlow(t *testing.T) {
	test, err := New(baselines.All(), 1, 2, MinBlocks, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	set := drawn(t, test, 0, 0, 0)
	if err := test.Slow(context.Background(), analysis.Of(set), 0.1, nil); err == nil || !strings.Contains(err.Error(), "a delay takes no time") {
		t.Errorf("of a delay that takes no time: %v", err)
	}
	for _, c := range set.Cells {
		if c.Impl == "noop-slowed" {
			c.Metrics[results.OpsPerSec] /= 10
		}
	}
	blocksOf := map[string]int{}
	err = test.Slow(context.Background(), analysis.Of(set), 0.1, func(cells []results.Cell, _ run.Progress) error {
		for _, c := range cells {
			if c.Fault != "" || c.Block <= MinBlocks {
				t.Errorf("%s: block %d, fault %q", c.Name(), c.Block, c.Fault)
			}
			blocksOf[c.Impl+" "+c.Mix]++
		}
		return nil
	})
	if err != nil || len(blocksOf) != 2*len(slowedMixes) || blocksOf["xsync-slowed r95w5"] != MinBlocks {
		t.Errorf("%v: %v", err, blocksOf)
	}
}
