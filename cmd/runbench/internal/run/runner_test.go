package run

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
	"doublebuf/workloads"
)

// good is a plan with every kind of cell.
func good() plan.Plan {
	at := func(c plan.Cell) plan.Cell {
		c.Dist, c.KeyType, c.Keys = "uniform", "uint64", 100
		return c
	}
	return plan.Plan{
		Seed: 7, Blocks: 3, Time: plan.Duration(2 * time.Millisecond), Procs: 2,
		Cells: []plan.Cell{
			at(plan.Cell{Impl: "mutex", Mix: "r90w10", G: 2}),
			at(plan.Cell{Impl: "syncmap", Mix: "r90w10", G: 2}),
			at(plan.Cell{Impl: "mutex", Mix: "roles", Readers: 1, Writers: 2}),
		},
		Staleness:   []plan.Cell{at(plan.Cell{Impl: "mutex", Mix: "roles", Readers: 1, Writers: 1})},
		LatencyTime: plan.Duration(3 * time.Millisecond),
		Latency:     []plan.Cell{at(plan.Cell{Impl: "mutex", Mix: "r90w10", G: 2, Load: 70})},
	}
}

// TestMapsAndMixes runs every map of the registry under every second mix that it can do, and
// variations of a map under fewer. Two maps that follow each other meet all mixes. Distributions
// and key types take turns. The metrics must add up and the final-state check must hold, except
// for maps that are known to be broken.
func TestMapsAndMixes(t *testing.T) {
	p := plan.Plan{Seed: 3, Blocks: 1, Time: plan.Duration(time.Millisecond), Procs: 2}
	dists, types := []string{"uniform", "zipf0.99", "zipf2", "latest", "sequential", "hotspot80-20", "one"}, []string{"uint64", "int", "string", "ident", "string-short"}
	broken := map[string]bool{}
	for i, m := range workloads.Mixes() {
		for j, e := range baselines.All() {
			if !e.Caps.Has(kv.Writes) && !m.ReadOnly() || !e.Caps.Has(m.Needs()) || e.Aside && i%4 != 0 {
				continue
			}
			if (i+j)%2 != 0 && e.Caps.Has(kv.Writes) {
				continue
			}
			if !e.Caps.Has(kv.Concurrent) && m.Roles {
				continue
			}
			if e.Broken {
				broken[e.Name] = true
			}
			c := plan.Cell{Impl: e.Name, Mix: m.Name, Dist: dists[i%len(dists)], KeyType: types[i%len(types)], Keys: 300, G: 1 + i%3}
			if c.KeyType == "int" && e.Int == nil {
				c.KeyType = "uint64"
			}
			if c.KeyType == "ident" {
				c.Dist = "source"
			}
			if m.Replay {
				p.Trace = &workloads.TraceInput{Name: "testdata/trace.txt", Format: "plain"}
				c.Dist, c.KeyType, c.Keys = p.Trace.Dist(), "trace", 4
			}
			if !e.Caps.Has(kv.Concurrent) {
				c.G = 1
			}
			if m.Roles {
				c.G, c.Readers, c.Writers = 0, 2, 1
			}
			p.Cells = append(p.Cells, c)
		}
	}
	for _, c := range measured(t, p) {
		if c.Fault != "" && !broken[c.Impl] {
			t.Errorf("%s: %s", c.Name(), c.Fault)
		}
		checkFigures(t, c)
	}
}

func checkFigures(t *testing.T, c results.Cell) {
	t.Helper()
	m := c.Metrics
	if c.Ops < int64(c.Goroutines()) {
		t.Errorf("%s: %d operations of %d workers", c.Name(), c.Ops, c.Goroutines())
	}
	if sum := m[results.ReadsPerSec] + m[results.WritesPerSec]; sum < 0.999*m[results.OpsPerSec] || sum > 1.001*m[results.OpsPerSec] {
		t.Errorf("%s: %v reads and writes are not %v operations a second", c.Name(), sum, m[results.OpsPerSec])
	}
	for unit, v := range m {
		if !(v >= 0) || v > 1e12 {
			t.Errorf("%s: %v %s", c.Name(), v, unit)
		}
	}
	if f, ok := m[results.Fairness]; ok != (c.Goroutines() > 1) || f > 1 {
		t.Errorf("%s: fairness %v", c.Name(), f)
	}
	mix, _ := workloads.FindMix(c.Mix)
	if _, ok := m[results.WritesPerSec]; !ok && mix.Gets == 0 && !mix.FirstSeen && mix.Scans == 0 {
		t.Errorf("%s: no writes", c.Name())
	}
}

// counted counts what the engine asks of a map.
type counted struct {
	kv.Map[uint64, uint64]
	gets, sets, deletes, publishes, opened atomic.Int64
	earlySets                              int64 // before the first handle was opened
}

func (c *counted) Get(key uint64) (uint64, bool) { c.gets.Add(1); return c.Map.Get(key) }
func (c *counted) Set(key, value uint64)         { c.sets.Add(1); c.Map.Set(key, value) }
func (c *counted) Delete(key uint64)             { c.deletes.Add(1); c.Map.Delete(key) }
func (c *counted) Publish() uint64               { return uint64(c.publishes.Add(1)) }
func (c *counted) Open() kv.Map[uint64, uint64] {
	if c.opened.Add(1) == 1 {
		c.earlySets = c.sets.Load()
	}
	return c
}

// TestCellCountsWhatItDoes uses a map without a level, because that has no audit and no final-state
// check.
func TestCellCountsWhatItDoes(t *testing.T) {
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	for _, every := range []int{0, 1, 7} {
		var m *counted
		e := kv.Entry{Name: "counted", Level: kv.None, Caps: kv.Concurrent | kv.Writes, Policy: kv.Policy{Every: every}}
		e.Uint64 = func(n int) kv.Map[uint64, uint64] {
			m = &counted{Map: mutex.Uint64(n)}
			return m
		}
		const keys, workers = 1000, 3
		p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(3 * time.Millisecond), Procs: 2, Cells: []plan.Cell{
			{Impl: "counted", Mix: "r75w25", Dist: "uniform", KeyType: "uint64", Keys: keys, G: workers},
		}}
		c := measured(t, p, e)[0]
		if m.opened.Load() != workers || m.earlySets != keys/2 {
			t.Errorf("%d handles and %d keys before them, want %d and %d", m.opened.Load(), m.earlySets, workers, keys/2)
		}
		gets, writes := m.gets.Load(), m.sets.Load()+m.deletes.Load()-m.earlySets
		if c.Ops != gets+writes {
			t.Errorf("%d operations, want %d gets and %d writes", c.Ops, gets, writes)
		}
		share := c.Metrics[results.WritesPerSec] / c.Metrics[results.OpsPerSec]
		if want := float64(writes) / float64(c.Ops); share < want-1e-9 || share > want+1e-9 {
			t.Errorf("a share of writes of %v, want %v", share, want)
		}
		// There are two publishes before the clock starts. Then each worker has fewer than every
		// writes left.
		publishes := m.publishes.Load() - 2
		if most := writes / int64(max(every, 1)); every == 0 && publishes != 0 || every > 0 && (publishes > most || publishes < most-workers+1) {
			t.Errorf("every %d: %d publishes for %d writes", every, publishes, writes)
		}
	}
}

func TestFairness(t *testing.T) {
	reader := func(ops int64, seconds float64) pace { return pace{ops: ops, seconds: seconds, reads: true} }
	writer := func(ops int64, seconds float64) pace { return pace{ops: ops, seconds: seconds} }
	for _, test := range []struct {
		workers []pace
		want    float64
	}{
		{[]pace{writer(50, 1), writer(100, 1)}, 0.5},
		{[]pace{writer(50, 1), writer(100, 2)}, 1},
		{[]pace{reader(100, 1), writer(1, 1)}, 1},
		{[]pace{reader(100, 1), reader(90, 1), writer(1, 1), writer(4, 1)}, 0.25},
	} {
		if got := (&tally{workers: test.workers}).fairness(); got != test.want {
			t.Errorf("%v: got %v, want %v", test.workers, got, test.want)
		}
	}
	var sum tally // of two groups: each worker was the slower one once
	sum.join(tally{workers: []pace{writer(50, 1), writer(100, 1)}})
	sum.join(tally{workers: []pace{writer(100, 1), writer(50, 1)}})
	if got := sum.fairness(); got != 1 {
		t.Errorf("two workers that are equally fast in all: got %v, want 1", got)
	}
}

// TestLateWorker: if each worker has a processor, one that ends late does not take time from the
// other, which waits for it.
func TestLateWorker(t *testing.T) {
	late := tally{seconds: 2, workers: []pace{{ops: 100, seconds: 1, reads: true}, {ops: 100, writes: 50, seconds: 2}}}
	for apart, want := range map[bool][3]float64{false: {100, 75, 25}, true: {150, 125, 25}} {
		late.apart = apart
		m := late.metrics(2)
		if got := [3]float64{m[results.OpsPerSec], m[results.ReadsPerSec], m[results.WritesPerSec]}; got != want {
			t.Errorf("apart %v: %v operations, reads and writes a second; want %v", apart, got, want)
		}
	}
}

// The next job uses the keys drawn for the last one only if it has the same keys and distribution.
func TestDraw(t *testing.T) {
	r := &Runner{ctx: t.Context(), plan: good()}
	id := results.ID{KeyType: "uint64", Dist: "uniform", Keys: 100}
	get := func(id results.ID) *workload[uint64] {
		w, err := draw(r, id, workloads.Uint64Keys)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	first := get(id)
	if get(id) != first {
		t.Error("drawn again for the same keys and distribution")
	}
	for _, change := range []func(*results.ID){
		func(id *results.ID) { id.Dist = "zipf1" },
		func(id *results.ID) { id.Keys = 50 },
		func(id *results.ID) { id.KeyType = "int" },
	} {
		get(id)
		other := id
		change(&other)
		if other.KeyType == "int" {
			if w, err := draw(r, other, workloads.KeysOf(func(x uint64) int { return int(x) })); err != nil || len(w.set.Keys) != 100 {
				t.Error(err)
			}
			continue
		}
		if w := get(other); len(w.set.Keys) != other.Keys || slices.Equal(w.tape.Index, first.tape.Index) {
			t.Errorf("%+v got what was drawn for another", other)
		}
	}
}

func TestNothingIsAllocatedOnTheClock(t *testing.T) {
	p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(3 * time.Millisecond), Procs: 2}
	for _, mix := range []string{"read-only", "r50w50"} {
		p.Cells = append(p.Cells, plan.Cell{Impl: "noop", Mix: mix, Dist: "uniform", KeyType: "uint64", Keys: 1000, G: 2})
	}
	// The runtime itself may allocate. On a busy machine a cell has few operations, so this
	// counts, and the cell gets more time. A loop that allocates always shows 1 or more.
	var allocates string
	for ; p.Time < plan.Duration(2*time.Second); p.Time *= 2 {
		allocates = ""
		for _, c := range measured(t, p) {
			if got := c.Metrics[results.AllocsPerOp]; got > 0.01 {
				allocates = fmt.Sprintf("%s: %v allocations for each of %d operations", c.Name(), got, c.Ops)
			}
		}
		if allocates == "" {
			return
		}
	}
	t.Error(allocates)
}

func TestRunStopsBetweenJobs(t *testing.T) {
	r, err := New(good(), baselines.All())
	if err != nil {
		t.Fatal(err)
	}
	jobs := good().Jobs()

	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err = r.Run(ctx, jobs, func(cells []results.Cell, p Progress) error {
		c := cells[0] // and no other
		n++
		if c.ID != jobs[n-1].ID || c.Block != jobs[n-1].Block {
			t.Errorf("cell %d is %s of block %d, want %+v", n, c.Name(), c.Block, jobs[n-1])
		}
		if p.Done != n || p.Total != len(jobs) || p.Elapsed <= 0 || (p.Left > 0) != (n < len(jobs)) {
			t.Errorf("after job %d: %+v", n, p)
		}
		if n == 5 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 5 {
		t.Errorf("%d jobs and error %v, want 5 and that it was cancelled", n, err)
	}

	full := errors.New("disk full")
	err = r.Run(context.Background(), jobs, func([]results.Cell, Progress) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("error %v, want that of done", err)
	}
}

func TestRunSetsProcs(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	p := good()
	p.Procs = before + 1
	r, err := New(p, baselines.All())
	if err != nil {
		t.Fatal(err)
	}
	err = r.Run(context.Background(), p.Jobs()[:1], func(cells []results.Cell, _ Progress) error {
		c := cells[0]
		if got := runtime.GOMAXPROCS(0); got != p.Procs || c.Procs != p.Procs {
			t.Errorf("GOMAXPROCS is %d and the cell says %d, want %d", got, c.Procs, p.Procs)
		}
		return nil
	})
	if after := runtime.GOMAXPROCS(0); err != nil || after != before {
		t.Errorf("GOMAXPROCS is %d after the run, with error %v; want %d", after, err, before)
	}
}

func TestRealInput(t *testing.T) {
	p := good()
	p.Cells[0].KeyType, p.Cells[0].Dist = "ident", "source"
	r, err := New(p, baselines.All())
	if err != nil {
		t.Fatal(err)
	}
	if r.Source() == nil || r.Source().Digest == "" {
		t.Error("no source")
	}

	p.Cells[0].Keys = 1 << 24
	if _, err := New(p, baselines.All()); err == nil || !strings.Contains(err.Error(), "16777216 identifiers as keys; the standard library of go") {
		t.Errorf("error %v for too many identifiers", err)
	}

	t.Setenv("PATH", t.TempDir())
	if _, err := New(p, baselines.All()); err == nil || !strings.Contains(err.Error(), "want the go command in the path") {
		t.Errorf("error %v without Go", err)
	}
	if _, err := New(good(), baselines.All()); err != nil {
		t.Errorf("a plan without identifiers: %v", err)
	}
}

func TestTraceOfAPlan(t *testing.T) {
	p := good()
	p.Trace = &workloads.TraceInput{Name: "testdata/trace.txt", Format: "plain"}
	p.Cells = []plan.Cell{{Impl: "mutex", Mix: "replay", Dist: "trace-trace", KeyType: "trace", Keys: 4, G: 2}}
	p.Staleness = nil
	r, err := New(p, baselines.All())
	if err != nil || r.Trace() == nil || len(r.Trace().Index) != 9 {
		t.Fatalf("%v, %+v", err, r)
	}
	for want, change := range map[string]func(*plan.Plan, *plan.Cell){
		"there is no trace; want one, as by -trace defs":                        func(p *plan.Plan, c *plan.Cell) { p.Trace = nil },
		"distribution trace-other: there is no trace of that name":              func(p *plan.Plan, c *plan.Cell) { c.Dist = "trace-other" },
		`distribution trace-trace: the key type is "int"; want "trace"`:         func(p *plan.Plan, c *plan.Cell) { c.KeyType = "int" },
		`mix replay: the distribution is "uniform"; want that of a trace`:       func(p *plan.Plan, c *plan.Cell) { c.Dist = "uniform" },
		"5 keys of the trace testdata/trace.txt; it has 4":                      func(p *plan.Plan, c *plan.Cell) { c.Keys = 5 },
		"keys of type prefix; those of the trace testdata/trace.txt are not IP": func(p *plan.Plan, c *plan.Cell) { c.KeyType = "prefix" },
		"cannot read the trace: open none: no such file": func(p *plan.Plan, c *plan.Cell) {
			p.Trace = &workloads.TraceInput{Name: "none", Format: "plain"}
			c.Dist = "trace-none"
		},
	} {
		p := p
		p.Cells = slices.Clone(p.Cells)
		change(&p, &p.Cells[0])
		if _, err := New(p, baselines.All()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
}
