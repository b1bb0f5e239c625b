package run

import (
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/workloads"
)

// This runs the types that TestMapsAndMixes leaves out, on the maps that support them. The mixes
// have all kinds of operations.
func TestEveryType(t *testing.T) {
	p := plan.Plan{Seed: 3, Blocks: 1, Time: plan.Duration(time.Millisecond), Procs: 2, Trace: &workloads.TraceInput{Name: "testdata/prefixes.txt", Format: "prefixes"}}
	broken := map[string]bool{}
	mixes := []string{"r50w50", "ycsb-e", "clear", "retain", "version10"}
	for i, keyType := range []string{"uint64-line", "uint64-wide", "uint64-pointer", "trace", "prefix"} {
		cells := len(p.Cells)
		for j, e := range baselines.All() {
			broken[e.Name] = e.Broken
			c := plan.Cell{Impl: e.Name, Mix: mixes[(i+j)%len(mixes)], Dist: "uniform", KeyType: keyType, Keys: 5, G: 3}
			if !e.Aside && (plan.Plan{Blocks: 1, Time: 1, Procs: 1, Trace: p.Trace, Cells: []plan.Cell{c}}).Validate(baselines.All()) == nil {
				p.Cells = append(p.Cells, c)
			}
		}
		if n := len(p.Cells) - cells; n < 11 {
			t.Errorf("%d cells of type %s", n, keyType)
		}
	}
	for _, c := range measured(t, p) {
		if c.Fault != "" && !broken[c.Impl] {
			t.Errorf("%s: %s", c.Name(), c.Fault)
		}
	}
}

// losing is a map with wide values that forgets its third set after the first 100.
type losing struct {
	kv.Map[uint64, kv.Wide]
	sets *atomic.Int64
}

func (l losing) Set(key uint64, v kv.Wide) {
	if l.sets.Add(1) != 103 {
		l.Map.Set(key, v)
	}
}

// The final-state check finds lost values of a map with large values. Handles and maps are closed
// once.
func TestValues(t *testing.T) {
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	for _, lost := range []int64{0, 1} {
		e := kv.Entry{Name: "losing", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes, Uint64: mutex.Uint64}
		e.Wide = func(n int) kv.Map[uint64, kv.Wide] {
			l := losing{mutex.Wide(n), new(atomic.Int64)}
			l.sets.Store(200 * (1 - lost))
			return l
		}
		p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(time.Microsecond), Procs: 1, Cells: []plan.Cell{
			{Impl: "losing", Mix: "read-hits", Dist: "uniform", KeyType: "uint64-wide", Keys: 200, G: 1},
		}}
		if c := measured(t, p, e)[0]; (c.Fault != "") != (lost == 1) {
			t.Errorf("%d sets lost: %q", lost, c.Fault)
		}
	}
	opened, closed := 0, 0
	m := withValues(func(n int) kv.Map[uint64, kv.Line] {
		return opening{mutex.Line(n), &opened, &closed}
	})(1)
	h := kv.Open(m)
	h.Set(1, 7)
	if v, ok := h.Get(1); v != 7 || !ok {
		t.Errorf("got %d, %v", v, ok)
	}
	kv.Close(h)
	if opened != 1 || closed != 1 {
		t.Errorf("%d handles opened and %d closed", opened, closed)
	}
	kv.Close(m)
	if closed != 2 {
		t.Errorf("%d closed of a handle and its map", closed)
	}
	closed = 0
	own := withValues(func(n int) kv.Map[uint64, kv.Line] { return closing{mutex.Line(n), &closed} })(1)
	kv.Close(kv.Open(own)) // the handle is the map itself
	if kv.Close(own); closed != 1 {
		t.Errorf("a map that is its own handle is closed %d times", closed)
	}
	if withValues[kv.Line](nil) != nil {
		t.Error("a map of values that it cannot have")
	}
}

type closing struct {
	kv.Map[uint64, kv.Line]
	closed *int
}

func (c closing) Close() { *c.closed++ }

type opening struct {
	kv.Map[uint64, kv.Line]
	opened, closed *int
}

func (o opening) Open() kv.Map[uint64, kv.Line] { *o.opened++; return o }
func (o opening) Close()                        { *o.closed++ }
