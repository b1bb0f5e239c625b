package run

import (
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

func TestStalenessInOperations(t *testing.T) {
	// Writes 1 to 3 filled keys a, b and c; then 4 a, 5 b, 6 a, 7 c.
	c := &clock{next: make([]atomic.Uint32, 8)}
	for v, next := range map[int]uint32{1: 4, 2: 5, 4: 6, 3: 7} {
		c.next[v].Store(next)
	}
	for _, test := range []struct {
		completed, value uint32
		want             int64
	}{
		{7, 6, 0}, // the last write of a
		{7, 4, 2}, // misses 6, and 7 came after it
		{7, 1, 4}, // misses 4
		{7, 3, 1}, // misses 7 itself
		{6, 3, 0}, // 7 was not complete when the read was called
		{4, 1, 1},
		{3, 1, 0},
		{5, 6, 0}, // sees more than was complete
	} {
		var got int64
		if first := c.missed(test.completed, test.value); first > 0 {
			got = int64(test.completed-first) + 1
		}
		if got != test.want {
			t.Errorf("value %d read after write %d: staleness %d, want %d", test.value, test.completed, got, test.want)
		}
	}
}

// lagging shows a write only when lag others have followed it.
type lagging struct {
	kv.Map[uint64, uint64]
	lag   int
	queue [][2]uint64

	gets int // left until stop is set
	stop *stopFlag
}

func (l *lagging) Set(key, value uint64) {
	l.queue = append(l.queue, [2]uint64{key, value})
	if len(l.queue) > l.lag {
		l.Map.Set(l.queue[0][0], l.queue[0][1])
		l.queue = l.queue[1:]
	}
}

func (l *lagging) Get(key uint64) (uint64, bool) {
	if l.gets--; l.gets == 0 {
		l.stop.Store(true)
	}
	return l.Map.Get(key)
}

// The writer's loop and then the reader's loop run on a map that always lags by 10 writes.
func TestStalenessOfALaggingMap(t *testing.T) {
	const keys, writes, lag, gets = 5, 1000, 10, 2000
	set := workloads.Uint64Keys(keys, 1)
	tape, err := set.Tape(workloads.Dist{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	m := &lagging{Map: mutex.Uint64(keys), lag: lag, stop: new(stopFlag), gets: gets}
	c := cell[uint64]{script: workloads.Script[uint64]{Tape: tape, Kinds: make([]workloads.Kind, 7)}}
	clk := newClock(keys, writes)
	now := time.Duration(0)
	clk.since = func(time.Time) time.Duration { now += time.Microsecond; return now } // it advances at each call
	w := newStaleWriter(clk, m, c.stream(0, 2), keys)
	p := &publishes{clock: clk}
	w.publisher = publisher{publishes: func() { p.Publish() }, waits: true, every: 300}
	for i, key := range set.Keys {
		m.Map.Set(key, uint64(i)+1)
	}
	w.write(new(stopFlag)) // until the numbers are used up
	r := newStaleReader(clk, m, c.stream(1, 2))
	r.read(m.stop)

	if n := clk.completed.Load(); n != keys+writes {
		t.Errorf("%d writes, want %d", n, keys+writes)
	}
	// A publish belongs to its write, which is not complete before it.
	if want := []uint32{keys + 299, keys + 599, keys + 899}; !slices.Equal(p.after, want) || w.publisher.count != 3 {
		t.Errorf("%d publishes, after %v complete writes; want 3, after %v", w.publisher.count, p.after, want)
	}
	// No read sees any of the last 10 writes. A key lags by the number of writes from its first
	// write among them; without a write among them it lags by 0.
	var want, stale int64
	var ages time.Duration
	oldest := map[uint32]int64{}
	for i := range lag {
		key := tape.Index[writes-1-i]
		oldest[key] = int64(i) + 1
	}
	for i := range gets {
		lag := oldest[tape.Index[(len(tape.Index)/2+i)%len(tape.Index)]]
		want += lag
		if lag > 0 {
			stale++
			// Write 1000 was complete after 1000 µs, and this is asked after 1001 and more.
			ages += time.Duration(i+1) * time.Microsecond
			ages += time.Duration(lag-1) * time.Microsecond
		}
	}
	seen := r.seen
	if seen.opsSum != want || seen.stale != stale || seen.ops.TotalCount() != gets || seen.ops.Max() != lag || r.wrong != 0 {
		t.Errorf("%d stale reads of %d, in sum %d, at most %d, fault %v; want %d of %d, %d, %d",
			seen.stale, seen.ops.TotalCount(), seen.opsSum, seen.ops.Max(), r.first, stale, gets, want, lag)
	}
	if seen.ageSum != int64(ages) || seen.ages.TotalCount() != gets {
		t.Errorf("the ages are %v in sum, want %v", time.Duration(seen.ageSum), ages)
	}
	if due := clk.due.Load(); due != keys+900 {
		t.Errorf("a read must reflect write %d; want %d, the last one that was published", due, keys+900)
	}
	c.lookups = set.Lookups
	if final, _ := c.content(m); w.lost(final) == "" { // the last 10 writes are not in the map
		t.Error("the check of the final state does not see that writes are lost")
	}
}

// A map that promises to show every complete write loses every tenth. The writer's loop runs, and
// then the reader's.
func TestStalenessOfALinearizableMap(t *testing.T) {
	const keys, writes, gets = 5, 999, 2000
	set := workloads.Uint64Keys(keys, 1)
	tape, err := set.Tape(workloads.Dist{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	m := &loses{lagging: lagging{Map: mutex.Uint64(keys), gets: gets, stop: new(stopFlag)}}
	c := cell[uint64]{script: workloads.Script[uint64]{Tape: tape, Kinds: make([]workloads.Kind, 7)}}
	clk := newClock(keys, writes)
	for i, key := range set.Keys {
		m.Map.Set(key, tagOf(uint32(i))|uint64(i)+1)
	}
	w := newStaleWriter(clk, m, c.stream(0, 2), keys)
	w.publisher, w.atOnce = newPublisher(m, kv.Policy{}), true
	w.write(new(stopFlag))
	r := newStaleReader(clk, m, c.stream(1, 2))
	r.read(m.stop)
	if r.wrong == 0 || r.wrong != r.seen.stale || !strings.Contains(r.first, "which was visible before the read") {
		t.Errorf("%d wrong reads, the first: %s; want %d", r.wrong, r.first, r.seen.stale)
	}
}

// loses loses every tenth set and, so that one is the last of its key, all of the last 20.
type loses struct {
	lagging
	sets int
}

func (l *loses) Set(key, value uint64) {
	if l.sets++; l.sets%10 != 0 && l.sets < 980 {
		l.Map.Set(key, value)
	}
}

// publishes notes how many writes are complete at each publish.
type publishes struct {
	clock *clock
	after []uint32
}

func (p *publishes) Publish() uint64 {
	p.after = append(p.after, p.clock.completed.Load())
	return uint64(len(p.after))
}

func TestStalenessCells(t *testing.T) {
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	wrap := func(name string, make func(m kv.Map[uint64, uint64]) kv.Map[uint64, uint64]) kv.Entry {
		e := mutex
		e.Name = name
		e.Uint64 = func(n int) kv.Map[uint64, uint64] { return make(mutex.Uint64(n)) }
		return e
	}
	entries := []kv.Entry{
		wrap("forgets", func(m kv.Map[uint64, uint64]) kv.Map[uint64, uint64] { return &forgets{Map: m} }),
		wrap("makes-up", func(m kv.Map[uint64, uint64]) kv.Map[uint64, uint64] { return &makesUp{Map: m} }),
	}
	p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(3 * time.Millisecond), Procs: 2}
	for _, name := range []string{"mutex", "syncmap", "cow", "dbuf-epoch-b1", "dbuf-epoch-b64", "forgets", "makes-up"} {
		p.Staleness = append(p.Staleness, plan.Cell{Impl: name, Mix: "roles", Dist: "zipf0.99", KeyType: "uint64", Keys: 20, Readers: 2, Writers: 1})
	}
	cells := map[string]results.Cell{}
	for _, c := range measured(t, p, entries...) {
		cells[c.Impl] = c
		if c.Ops < 3 || c.Metrics[results.WritesPerSec] <= 0 || c.Metrics[results.ReadsPerSec] <= 0 {
			t.Errorf("%s: %+v", c.Name(), c)
		}
	}
	for name, most := range map[string]float64{"mutex": 0, "syncmap": 0, "cow": 0, "dbuf-epoch-b1": 0, "dbuf-epoch-b64": 63} {
		c := cells[name]
		if got := c.Metrics[results.StaleOps(100)]; got > most || c.Fault != "" {
			t.Errorf("%s: a read lagged by %v, want at most %v; fault %q", name, got, most, c.Fault)
		}
	}
	for name, want := range map[string]string{
		"forgets": "found nothing", "makes-up": "which no write stored",
	} {
		if f := cells[name].Fault; !strings.Contains(f, want) {
			t.Errorf("%s: fault %q; want one that says %q", name, f, want)
		}
	}
}

type forgets struct{ kv.Map[uint64, uint64] }

func (f forgets) Get(uint64) (uint64, bool) { return 0, false }

type makesUp struct{ kv.Map[uint64, uint64] }

func (m makesUp) Get(uint64) (uint64, bool) { return 1 << 50, true }
