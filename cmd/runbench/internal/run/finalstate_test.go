package run

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
	"doublebuf/workloads"
)

// Clears and retains concern all keys. Odd values are dropped; key i has the value i at first.
func TestExplainWholeMap(t *testing.T) {
	step := func(kind workloads.Kind, step int64, key uint32) workloads.Write {
		return workloads.Write{Step: step, Index: key, Kind: kind}
	}
	code := codeOf(2)
	by := func(worker int, step int64) found { // the key of a step in this test
		key := uint32(0)
		if step == 5 {
			key = 1
		}
		return found{code.value(worker, step, key), true}
	}
	const set, modify, clear, retain = workloads.Set, workloads.Modify, workloads.Clear, workloads.Retain
	none := found{}
	for _, test := range []struct {
		name   string
		writes [][]workloads.Write // the last first
		final  []found
		legal  bool
	}{
		{"modify", [][]workloads.Write{{step(modify, 3, 0)}}, []found{by(0, 3), {prefilled(1), true}}, true},
		{"a modify is lost", [][]workloads.Write{{step(modify, 3, 0)}}, []found{{prefilled(0), true}, {prefilled(1), true}}, false},
		{"clear", [][]workloads.Write{{step(set, 5, 1), step(clear, 4, 0), step(set, 3, 0)}}, []found{none, by(0, 5)}, true},
		{"back from before a clear", [][]workloads.Write{{step(set, 5, 1), step(clear, 4, 0), step(set, 3, 0)}}, []found{by(0, 3), by(0, 5)}, false},
		{"a clear is lost", [][]workloads.Write{{step(clear, 4, 0)}}, []found{none, {prefilled(1), true}}, false},
		{"cleared by another", [][]workloads.Write{{step(set, 3, 0)}, {step(clear, 4, 0)}}, []found{none, none}, true},
		{"not cleared by another", [][]workloads.Write{{step(set, 3, 0)}, {step(clear, 4, 0)}}, []found{by(0, 3), none}, true},
		{"retain", [][]workloads.Write{{step(retain, 4, 0), step(set, 2, 0)}}, []found{by(0, 2), none}, true},
		{"retain drops its worker's", [][]workloads.Write{{step(retain, 4, 0), step(set, 3, 0)}}, []found{none, none}, true},
		{"a retain keeps an odd value", [][]workloads.Write{{step(retain, 4, 0), step(set, 3, 0)}}, []found{by(0, 3), none}, false},
		{"a retain keeps what was there at first", [][]workloads.Write{{step(retain, 4, 0), step(set, 2, 0)}}, []found{by(0, 2), {prefilled(1), true}}, false},
		{"a retain drops an even value", [][]workloads.Write{{step(retain, 4, 0), step(set, 2, 0)}}, []found{none, none}, false},
		{"retained by another", [][]workloads.Write{{step(set, 3, 0)}, {step(retain, 4, 0)}}, []found{none, none}, true},
		{"not retained by another", [][]workloads.Write{{step(set, 3, 0)}, {step(retain, 4, 0)}}, []found{by(0, 3), none}, true},
		{"gone without a retain", [][]workloads.Write{{step(set, 3, 0)}}, []found{none, {prefilled(1), true}}, false},
	} {
		var lists []iter.Seq[workloads.Write]
		for _, w := range test.writes {
			lists = append(lists, slices.Values(w))
		}
		if err := explain(code, test.final, func(i int) found { return found{prefilled(i), true} }, lists); (err == nil) != test.legal {
			t.Errorf("%s: got %v; want it to be legal: %v", test.name, err, test.legal)
		}
	}
}

func TestExplain(t *testing.T) {
	set := func(step int64, key uint32) workloads.Write {
		return workloads.Write{Step: step, Index: key, Kind: workloads.Set}
	}
	del := func(step int64, key uint32) workloads.Write {
		return workloads.Write{Step: step, Index: key, Kind: workloads.Delete}
	}
	code := codeOf(7)
	by := func(worker int, step int64) found { // the key of a step in this test
		key := uint32(0)
		if step == 7 || step == 8 {
			key = 1
		}
		return found{code.value(worker, step, key), true}
	}
	initially := func(i int) found {
		return []found{{prefilled(0), true}, {prefilled(1), true}, {prefilled(2), true}, {}}[i]
	}

	// Key 0: both workers wrote it. Key 1: only worker 1, twice. Key 2: no worker. Key 3:
	// no worker, and it was not there at the start. Worker 0 deletes key 0 after setting it.
	writes := [][]workloads.Write{
		{del(9, 0), set(4, 0)},
		{set(8, 1), del(7, 1), set(5, 0)},
	}
	for _, test := range []struct {
		fault string // "" if the state is legal
		final []found
	}{
		{"", []found{{}, by(1, 8), {prefilled(2), true}, {}}},
		{"", []found{by(1, 5), by(1, 8), {prefilled(2), true}, {}}},
		{"key 0 with the value of worker 0's step 4: a write was lost", []found{by(0, 4), by(1, 8), {prefilled(2), true}, {}}},                                             // come back from the dead
		{"key 0 with the value that key 0 had at the start: a write was lost", []found{{prefilled(0), true}, by(1, 8), {prefilled(2), true}, {}}},                          // all puts lost
		{"key 0 with the value of worker 1's step 8", []found{by(1, 8), by(1, 8), {prefilled(2), true}, {}}},                                                               // of another key
		{"key 0 with the value of worker 6's step 1", []found{by(6, 1), by(1, 8), {prefilled(2), true}, {}}},                                                               // of no worker
		{"key 1 with nothing", []found{{}, {}, {prefilled(2), true}, {}}},                                                                                                  // the last put lost
		{"key 2 with nothing: no worker wrote it, so it must be the value that key 2 had at the start", []found{{}, by(1, 8), {}, {}}},                                     // gone
		{"key 3 with the value that key 3 had at the start: no worker wrote it, so it must be nothing", []found{{}, by(1, 8), {prefilled(2), true}, {prefilled(3), true}}}, // come
		{"2 of 4 keys", []found{{}, {}, {}, {}}},
	} {
		var lists []iter.Seq[workloads.Write]
		for _, w := range writes {
			lists = append(lists, slices.Values(w))
		}
		err := explain(code, test.final, initially, lists)
		switch {
		case test.fault == "" && err != nil:
			t.Errorf("%v: %v", test.final, err)
		case test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)):
			t.Errorf("%v: got %v, want %q", test.final, err, test.fault)
		}
	}
}

// faulty is a map under a lock that, after the first 1000 writes, goes wrong now and then.
type faulty struct {
	mu      sync.Mutex
	m       map[uint64]uint64
	writes  int
	everyOf int // goes wrong in one of so many writes
	fault   func(m map[uint64]uint64, key uint64)
}

func (f *faulty) Get(key uint64) (uint64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.m[key]
	return v, ok
}

func (f *faulty) write(key uint64, do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.writes++; f.writes > 1000 && f.writes%f.everyOf == 0 {
		f.fault(f.m, key)
		return
	}
	do()
}

func (f *faulty) Set(key, value uint64) { f.write(key, func() { f.m[key] = value }) }
func (f *faulty) Delete(key uint64)     { f.write(key, func() { delete(f.m, key) }) }
func (f *faulty) Len() int              { return len(f.m) }
func (f *faulty) All() iter.Seq2[uint64, uint64] {
	return maps.All(f.m)
}

func TestFinalStateCheckFindsFaultyMaps(t *testing.T) {
	for _, test := range []struct {
		name    string
		everyOf int
		fault   func(m map[uint64]uint64, key uint64)
		want    string // part of the fault
	}{
		{"none", 1 << 60, nil, ""},
		{"loses writes", 10, func(map[uint64]uint64, uint64) {}, "final-state check: "},
		{"deletes what it should not", 10, func(m map[uint64]uint64, key uint64) { delete(m, key) }, "with nothing"},
		{"makes up values", 10, func(m map[uint64]uint64, key uint64) { m[key] = codeOf(2).first(1) }, "with the value of worker 1's step 0"},
		{"makes up keys", 10, func(m map[uint64]uint64, key uint64) { m[key+1]++ }, "final-state check: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := kv.Entry{Name: "faulty", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes | kv.Range, Uint64: func(int) kv.Map[uint64, uint64] {
				return &faulty{m: map[uint64]uint64{}, everyOf: test.everyOf, fault: test.fault}
			}}
			p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(5 * time.Millisecond), Procs: 2, Cells: []plan.Cell{
				{Impl: "faulty", Mix: "r50w50", Dist: "uniform", KeyType: "uint64", Keys: 500, G: 2},
			}}
			cell := measured(t, p, e)[0]
			for ; cell.Ops < 2000; cell = measured(t, p, e)[0] { // too few to go wrong
				p.Time *= 4
			}
			if test.want == "" && cell.Fault != "" || !strings.Contains(cell.Fault, test.want) {
				t.Errorf("fault %q, want %q in it", cell.Fault, test.want)
			}
		})
	}
}

// A map that is only wrong about how many entries it has, or has one that no worker made.
func TestFinalStateCheckCounts(t *testing.T) {
	e := kv.Entry{Name: "extra", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes | kv.Range, Uint64: func(int) kv.Map[uint64, uint64] {
		return &faulty{m: map[uint64]uint64{12345: 0}, everyOf: 1 << 60}
	}}
	p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(time.Millisecond), Procs: 2, Cells: []plan.Cell{
		{Impl: "extra", Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 500, G: 1},
	}}
	want := "final-state check: the map says that it has 251 entries, but holds 250 of the keys"
	if got := measured(t, p, e)[0].Fault; got != want {
		t.Errorf("fault %q, want %q", got, want)
	}
}

// measured runs the plan and returns its cells.
func measured(t *testing.T, p plan.Plan, entries ...kv.Entry) []results.Cell {
	t.Helper()
	r, err := New(p, append(baselines.All(), entries...))
	if err != nil {
		t.Fatal(err)
	}
	var cells []results.Cell
	err = r.Run(context.Background(), p.Jobs(), func(measured []results.Cell, _ Progress) error {
		cells = append(cells, measured...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return cells
}
