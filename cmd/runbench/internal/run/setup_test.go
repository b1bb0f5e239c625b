package run

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// spied is a map that tells what was stored, and by which handle.
type spied struct {
	kv.Map[uint64, uint64]
	stored func(handle *spied, key uint64)
}

func (w *spied) Set(k, v uint64) {
	w.stored(w, k)
	w.Map.Set(k, v)
}

func (w *spied) Open() kv.Map[uint64, uint64] { return &spied{w.Map, w.stored} }

// entryOf is an entry of maps that tell what is stored.
func entryOf(caps kv.Caps, stored func(handle *spied, key uint64)) kv.Entry {
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	return kv.Entry{
		Name: "spied", Level: kv.Linearizable, Caps: caps,
		Uint64: func(n int) kv.Map[uint64, uint64] { return &spied{mutex.Uint64(n), stored} },
	}
}

// oneCell is a plan of one block with one cell of spied.
func oneCell(keys, g int) plan.Plan {
	return plan.Plan{
		Seed: 1, Blocks: 1, Time: plan.Duration(time.Millisecond), Procs: 2,
		Cells: []plan.Cell{{Impl: "spied", Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: keys, G: g}},
	}
}

// TestPrefill: one goroutine fills a map, through the map itself, or each worker stores a part of
// the keys by its own handle. A map that only one goroutine may write is filled by one.
func TestPrefill(t *testing.T) {
	for _, c := range []struct {
		prefill string
		caps    kv.Caps
		handles int
	}{
		{"", kv.Concurrent | kv.Writes, 1},
		{plan.ByOne, kv.Concurrent | kv.Writes, 1},
		{plan.ByWorkers, kv.Concurrent | kv.Writes, 3},
		{plan.ByWorkers, kv.Concurrent, 1},
	} {
		var mu sync.Mutex
		by, keys := map[*spied]int{}, map[uint64]int{}
		p := oneCell(3000, 3)
		p.Prefill = c.prefill
		r, err := New(p, []kv.Entry{entryOf(c.caps, func(h *spied, k uint64) {
			mu.Lock()
			defer mu.Unlock()
			by[h]++
			keys[k]++
		})})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context(), p.Jobs(), func([]results.Cell, Progress) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if len(by) != c.handles || len(keys) != 1500 {
			t.Errorf("prefill %q, capabilities %v: %d handles stored %d keys; want %d and half of 3000", c.prefill, c.caps, len(by), len(keys), c.handles)
		}
		for _, n := range by {
			if n < 1500/c.handles/2 {
				t.Errorf("prefill %q: a handle stored %d of 1500 keys; want about as many as the others", c.prefill, n)
			}
		}
	}
}

// TestInterruptedSetUp: an interrupt while a map is filled ends the run soon. Nothing was measured.
func TestInterruptedSetUp(t *testing.T) {
	for _, slice := range []plan.Duration{0, plan.Duration(time.Millisecond)} {
		for _, prefill := range []string{plan.ByOne, plan.ByWorkers} {
			ctx, interrupt := context.WithCancel(t.Context())
			var stored atomic.Int64
			p := oneCell(1<<20, 2)
			p.Prefill, p.Slice = prefill, slice
			r, err := New(p, []kv.Entry{entryOf(kv.Concurrent|kv.Writes, func(*spied, uint64) {
				if stored.Add(1) == 1000 {
					interrupt()
				}
			})})
			if err != nil {
				t.Fatal(err)
			}
			err = r.Run(ctx, p.Jobs(), func(cells []results.Cell, _ Progress) error {
				return fmt.Errorf("%d cells were measured", len(cells))
			})
			if n := stored.Load(); err != context.Canceled || n > 20_000 {
				t.Errorf("slice %v, prefill %s: %v after %d keys; want the interrupt", slice, prefill, err, n)
			}
		}
	}
}

// TestProcsOfCells: each cell is measured with its own GOMAXPROCS, and in the end it is as before.
func TestProcsOfCells(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	var seen []string
	p := oneCell(100, 1)
	c := p.Cells[0]
	for _, procs := range []int{1, 3} {
		c.Procs = procs
		p.Cells = append(p.Cells, c)
	}
	r, err := New(p, []kv.Entry{entryOf(kv.Concurrent|kv.Writes, func(*spied, uint64) {
		if now := fmt.Sprint(runtime.GOMAXPROCS(0)); !slices.Contains(seen, now) {
			seen = append(seen, now)
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	if err := r.Run(t.Context(), p.Jobs(), func(cells []results.Cell, _ Progress) error {
		named = append(named, fmt.Sprint(cells[0].Procs))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(seen, " "); got != "2 1 3" || strings.Join(named, " ") != got {
		t.Errorf("measured with GOMAXPROCS %s, and named %q; want 2 1 3", got, named)
	}
	if now := runtime.GOMAXPROCS(0); now != before {
		t.Errorf("GOMAXPROCS is %d; want %d, as before", now, before)
	}
}
