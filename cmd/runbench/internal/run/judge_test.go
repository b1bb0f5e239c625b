package run

import (
	"iter"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// planted is a map under a lock with a fault that shows only in a map of at least 100 entries, and
// only now and then. All counts are of the whole map.
type planted struct {
	*store
	calls *atomic.Int64
	every int64 // the fault shows in one of so many calls
	fault string
	old   *atomic.Pointer[map[uint64]uint64] // for GetMany
}

// store is what all faulty maps are built on.
type store struct {
	kv.Map[uint64, uint64]
	kv.Ranger[uint64, uint64]
	kv.Swapper[uint64, uint64]
}

// GetMany may return what the second half of the keys had some calls before.
func (p *planted) GetMany(keys, values []uint64, found []bool) {
	p.Map.(kv.BatchReader[uint64, uint64]).GetMany(keys, values, found)
	if p.fault != "mixes an old state in" {
		return
	}
	if old := p.old.Load(); old != nil {
		for i := len(keys) / 2; i < len(keys); i++ {
			values[i], found[i] = (*old)[keys[i]], (*old)[keys[i]] != 0
		}
	}
	if p.calls.Add(1)%p.every == 0 {
		old := maps.Collect(p.Ranger.All())
		p.old.Store(&old)
	}
}

// shows reports whether the fault shows in this call.
func (p *planted) shows(fault string) bool {
	return p.fault == fault && p.calls.Add(1)%p.every == 0 && p.Len() > 100
}

func (p *planted) Get(key uint64) (uint64, bool) {
	if p.shows("another key's value") {
		for _, v := range p.Ranger.All() { // that of any key
			return v, true
		}
	}
	if p.shows("misses a key") {
		return 0, false
	}
	if v, ok := p.Map.Get(key); ok || p.fault != "" {
		return v, ok
	}
	return 12345, false // not a fault
}

func (p *planted) Set(key, value uint64) {
	if !p.shows("loses a set") {
		p.Map.Set(key, value)
	}
}

func (p *planted) Delete(key uint64) {
	if !p.shows("loses a delete") {
		p.Map.Delete(key)
	}
}

// Swap may return what is there, and store nothing.
func (p *planted) Swap(key, value uint64) (uint64, bool) {
	if p.shows("loses a swap") {
		return p.Map.Get(key)
	}
	return p.Swapper.Swap(key, value)
}

func (p *planted) All() iter.Seq2[uint64, uint64] {
	repeats, skips := p.shows("repeats an entry"), p.shows("misses every second entry")
	mixes := p.fault == "mixes an old state in"
	return func(yield func(uint64, uint64) bool) {
		n, old := 0, p.old.Load()
		if mixes && p.calls.Add(1)%p.every == 0 {
			now := maps.Collect(p.Ranger.All())
			p.old.Store(&now)
		}
		for k, v := range p.Ranger.All() {
			if mixes && k%2 == 0 && old != nil && (*old)[k] != 0 {
				v = (*old)[k]
			}
			if n++; skips && n%2 == 0 {
				continue
			}
			if !yield(k, v) || repeats && n == 1 && !yield(k, v) {
				return
			}
		}
	}
}

// plant returns the entry of a map with a fault.
func plant(caps kv.Caps, fault string, every int64) kv.Entry {
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	return kv.Entry{Name: "planted", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes | kv.Range | caps, Uint64: func(n int) kv.Map[uint64, uint64] {
		m := mutex.Uint64(n)
		p := &planted{&store{m, m.(kv.Ranger[uint64, uint64]), m.(kv.Swapper[uint64, uint64])}, new(atomic.Int64), every, fault, new(atomic.Pointer[map[uint64]uint64])}
		if caps.Has(kv.Swaps) {
			return p
		}
		return struct {
			kv.Map[uint64, uint64]
			kv.Ranger[uint64, uint64]
			kv.BatchReader[uint64, uint64]
		}{p, p, p}
	}}
}

// TestJudgesFindFaults: each of these maps is right at the end, but was wrong meanwhile.
func TestJudgesFindFaults(t *testing.T) {
	const swaps = kv.Swaps
	for _, test := range []struct {
		fault string
		every int64
		caps  kv.Caps
		mix   string
		want  string
	}{
		{"", 1, swaps, "r50w50", ""},
		{"", 1, 0, "ycsb-e", ""},
		{"", 1, 0, "walk-roles", ""},
		{"", 1, kv.Snapshot, "version10", ""},
		{"", 1, kv.Snapshot, "walk-roles", ""},
		{"mixes an old state in", 1, kv.Snapshot, "walk-roles", "mixes versions: it shows the value of worker 1's step "},
		{"", 1, kv.Snapshot, "version100-roles", ""},
		{"another key's value", 999, 0, "version2", ", which is a value of key "},
		{"mixes an old state in", 2000, kv.Snapshot, "version10", "mixes versions: it shows the value of worker "},
		{"mixes an old state in", 200, kv.Snapshot, "version100-roles", "mixes versions: it shows the value of worker 1's step "},
		{"mixes an old state in", 200, 0, "version100-roles", ""},
		{"another key's value", 999, 0, "r95w5", ", which is a value of key "},
		{"another key's value", 999, 0, "read-only", ", which is a value of key "},
		{"misses a key", 999, 0, "read-hits", "and got nothing; want a value, because no worker deletes the key"},
		{"loses a set", 99, 0, "r50w50", "and then got"},
		{"loses a delete", 999, 0, "r50w50", "or what another worker wrote meanwhile"},
		{"loses a swap", 99, swaps, "r50w50", "and then got"},
		{"repeats an entry", 4, 0, "ycsb-e", "twice"},
		{"repeats an entry", 4, 0, "walk-roles", "twice"},
		{"misses every second entry", 2, 0, "walk-roles", "missed key"},
		{"misses every second entry", 1, 0, "ycsb-e", "missed key"},
	} {
		t.Run(test.mix+"/"+test.fault, func(t *testing.T) {
			id := plan.Cell{Impl: "planted", Mix: test.mix, Dist: "uniform", KeyType: "uint64", Keys: 1000, G: 2}
			if strings.HasSuffix(test.mix, "-roles") {
				id.G, id.Readers, id.Writers = 0, 1, 1
			}
			for _, slice := range []time.Duration{0, 2 * time.Millisecond} {
				p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(40 * time.Millisecond), Slice: plan.Duration(slice), Procs: 2, Cells: []plan.Cell{id}}
				c := measured(t, p, plant(test.caps, test.fault, test.every))[0]
				if test.want == "" && c.Fault != "" || !strings.Contains(c.Fault, test.want) {
					t.Errorf("in slices of %v: fault %q, want %q in it", slice, c.Fault, test.want)
				}
				if c.Metrics[results.Judged] < 1000 {
					t.Errorf("in slices of %v: %v answers judged", slice, c.Metrics[results.Judged])
				}
			}
		})
	}
}

// TestJudgesOfOverload: in an overloaded latency cell, steps are left out. The audit after it
// begins behind the last step that was done.
func TestJudgesOfOverload(t *testing.T) {
	p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(5 * time.Millisecond), LatencyTime: plan.Duration(5 * time.Millisecond), Procs: 2}
	p.Latency = []plan.Cell{{Impl: "planted", Mix: "r50w50", Dist: "uniform", KeyType: "uint64", Keys: 200, G: 1, Load: 1000}}
	for _, fault := range []string{"", "another key's value"} {
		c := measured(t, p, plant(kv.Swaps, fault, 99))[0]
		if (c.Fault != "") != (fault != "") || c.Metrics[results.Judged] < 100 {
			t.Errorf("fault %q, planted %q; %v answers judged", c.Fault, fault, c.Metrics[results.Judged])
		}
	}
}

// TestTornValues: a value that two sets have written is the value of none.
func TestTornValues(t *testing.T) {
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	e := kv.Entry{Name: "torn", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes, Uint64: mutex.Uint64}
	e.Wide = func(n int) kv.Map[uint64, kv.Wide] { return &tearing{mutex.Wide(n), new(atomic.Int64)} }
	e.Line = mutex.Line
	for keyType, want := range map[string]string{"uint64-wide": "a value that was torn", "uint64-line": ""} {
		p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(20 * time.Millisecond), Procs: 2, Cells: []plan.Cell{
			{Impl: "torn", Mix: "r95w5", Dist: "uniform", KeyType: keyType, Keys: 200, G: 2},
		}}
		if c := measured(t, p, e)[0]; want == "" && c.Fault != "" || !strings.Contains(c.Fault, want) {
			t.Errorf("%s: fault %q; want %q in it", keyType, c.Fault, want)
		}
	}
}

// tearing returns a value whose last words are of another one, now and then.
type tearing struct {
	kv.Map[uint64, kv.Wide]
	gets *atomic.Int64
}

func (m *tearing) Get(key uint64) (kv.Wide, bool) {
	v, ok := m.Map.Get(key)
	if m.gets.Add(1)%500 == 0 && ok {
		v[len(v)-1]++
	}
	return v, ok
}

// TestStaleReadsAreOfTheirKey: a staleness cell finds a value of another key.
func TestStaleReadsAreOfTheirKey(t *testing.T) {
	p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(10 * time.Millisecond), Procs: 2}
	p.Staleness = []plan.Cell{{Impl: "planted", Mix: "roles", Dist: "uniform", KeyType: "uint64", Keys: 200, Readers: 1, Writers: 1}}
	for fault, want := range map[string]string{"": "", "another key's value": "which no write stored there"} {
		if c := measured(t, p, plant(0, fault, 99))[0]; want == "" && c.Fault != "" || !strings.Contains(c.Fault, want) {
			t.Errorf("fault %q; want %q in it", c.Fault, want)
		}
	}
}
