package run

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
	"doublebuf/workloads"
)

// TestSlicesOfMapsAndMixes measures the maps of each workload together. Each map meets every
// sixth mix; see TestMapsAndMixes for the others. The metrics must add up and the final-state
// check must hold, except for maps that are known to be broken. So no step is left out or done
// twice between two slices.
func TestSlicesOfMapsAndMixes(t *testing.T) {
	p := plan.Plan{Seed: 3, Blocks: 2, Time: plan.Duration(3 * time.Millisecond), Slice: plan.Duration(time.Millisecond), Procs: 2}
	broken := map[string]bool{}
	for i, m := range workloads.Mixes() {
		for j, e := range baselines.All() {
			if (i+j)%6 != 0 && !m.Stalls { // the next map meets the mixes beside these
				continue
			}
			c := plan.Cell{Impl: e.Name, Mix: m.Name, Dist: "uniform", KeyType: "uint64", Keys: 300, G: 1 + i%2}
			if m.Roles {
				c.G, c.Readers, c.Writers = 0, 2, 1
			}
			q := p
			q.Cells = []plan.Cell{c}
			if e.Aside && i >= 6 || q.Validate(baselines.All()) != nil {
				continue
			}
			broken[e.Name] = e.Broken
			p.Cells = append(p.Cells, c)
		}
	}
	for i, c := range measured(t, p) {
		if c.Fault != "" && !broken[c.Impl] {
			t.Errorf("%s: %s", c.Name(), c.Fault)
		}
		checkFigures(t, c)
		_, first := c.Metrics[results.PauseMax]
		if mix, _ := workloads.FindMix(c.Mix); first != (i < len(p.Cells) || mix.Stalls) {
			t.Errorf("%s in block %d: measured alone is %v", c.Name(), c.Block, first)
		}
	}
}

// TestSliceIsCountedWithoutItsWarmUp compares the reads that a map saw with those that its workers
// count in all, and with those that count for the figures.
func TestSliceIsCountedWithoutItsWarmUp(t *testing.T) {
	var gets atomic.Int64
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	c := &cell[uint64]{
		ctx:   t.Context(),
		entry: kv.Entry{Name: "m", Level: kv.Linearizable}, time: time.Millisecond,
		job:   plan.Job{ID: results.ID{G: 2, Procs: 2}},
		build: func(n int) kv.Map[uint64, uint64] { return &counting{mutex.Uint64(n), &gets} },
	}
	set := workloads.Uint64Keys(100, 1)
	tape, err := set.Tape(workloads.Dist{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	c.mix, _ = workloads.FindMix("read-only")
	c.keys, c.lookups, c.script = set.Keys, set.Lookups, set.Script(c.mix, tape, 1)
	c.fate = fateOf(c.script, len(c.keys))
	c.time = 6 * time.Millisecond
	r := &Runner{plan: plan.Plan{Time: plan.Duration(c.time), Slice: plan.Duration(2 * time.Millisecond)}, alone: map[results.ID]alone{}}
	l := newLane(r, c)
	if l.slices != 3 {
		t.Errorf("%d slices; want 3", l.slices)
	}
	withCrew(2, nil, func(c *crew) {
		for range l.slices {
			l.slice(c)
		}
	})
	all := l.workers[0].ops + l.workers[1].ops
	if n := gets.Load(); n != all {
		t.Errorf("the map saw %d reads; the workers count %d", n, all)
	}
	if counted := l.ops[0] + l.ops[1]; counted <= 0 || counted >= all {
		t.Errorf("%d of %d operations are counted; want those without the warm-up", counted, all)
	}
}

// counting counts reads.
type counting struct {
	kv.Map[uint64, uint64]
	gets *atomic.Int64
}

func (c *counting) Get(key uint64) (uint64, bool) { c.gets.Add(1); return c.Map.Get(key) }

// TestGarbageIsCharged: a worker that allocates pays for the collections that its bytes would
// cause, if all processors have workers.
func TestGarbageIsCharged(t *testing.T) {
	for _, test := range []struct {
		workers, percent int
		seconds, share   float64
	}{
		{2, 100, 1.25, 0.2},     // 0.5 s of 2 processors
		{2, 200, 1.125, 1. / 9}, // collections are half as frequent
		{2, -1, 1, 0},           // GOGC=off
		{1, 100, 1, 0.25},       // an idle processor collects for 0.5 s
	} {
		l := &lane[uint64]{cell: &cell[uint64]{job: plan.Job{ID: results.ID{Procs: 2}}}, percent: test.percent, wall: 1}
		for range test.workers {
			l.workers = append(l.workers, &worker[uint64]{ops: 200, reads: true})
			l.ops, l.seconds = append(l.ops, 100), append(l.seconds, 1)
		}
		l.used.bytes = 1000 // half of them in the warm-up
		got := l.tally(0.001)
		if got.seconds != test.seconds || got.metrics(2)[results.GCShare] != test.share {
			t.Errorf("%+v: %v s, a share of %v", test, got.seconds, got.metrics(2)[results.GCShare])
		}
	}
}

// TestCollecting: a map that is measured with its collections is charged for nothing more.
func TestCollecting(t *testing.T) {
	l := &lane[uint64]{cell: &cell[uint64]{job: plan.Job{ID: results.ID{Procs: 1}}}, collects: true, percent: 100, wall: 1}
	l.workers = []*worker[uint64]{{ops: 200, reads: true}}
	l.ops, l.seconds, l.used.bytes, l.used.gcSeconds = []int64{100}, []float64{1}, 1000, 0.5
	if got := l.tally(1); got.seconds != 1 || got.used.gcSeconds != 0.25 {
		t.Errorf("%v s, %v s of collections; want 1, and half of 0.5", got.seconds, got.used.gcSeconds)
	}
}

func TestGroups(t *testing.T) {
	for _, test := range []struct {
		sizes  []float64
		common int
		want   [][]int
	}{
		{[]float64{3}, 0, [][]int{{10}}},
		{[]float64{3, 3, 3}, 1, [][]int{{11, 10, 12}}},
		{[]float64{3, 3, 3, 3}, 3, [][]int{{13, 10, 11}, {13, 12}}},
		{[]float64{20, 1, 9}, 0, [][]int{{10, 11}, {10, 12}}},
	} {
		places := []int{10, 11, 12, 13}[:len(test.sizes)]
		if got := groups(places, test.sizes, test.common, 10); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%v: got %v, want %v", test.sizes, got, test.want)
		}
	}
}

// TestGroupsAreComparedThroughOneMap gives a bound on memory that one map exceeds. Every figure is
// there once, and the figures of maps that were not in one group are of the same scale.
func TestGroupsAreComparedThroughOneMap(t *testing.T) {
	p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(4 * time.Millisecond), Slice: plan.Duration(time.Millisecond), Memory: 1, Procs: 2}
	for _, impl := range []string{"mutex", "rwmutex", "syncmap", "xsync", results.Twin("xsync")} {
		p.Cells = append(p.Cells, plan.Cell{Impl: impl, Mix: "r95w5", Dist: "uniform", KeyType: "uint64", Keys: 1 << 15, G: 2})
	}
	var seen []string
	for _, c := range measured(t, p) {
		seen = append(seen, c.Impl)
		checkFigures(t, c)
		if c.Fault != "" {
			t.Errorf("%s: %s", c.Name(), c.Fault)
		}
	}
	if want := []string{"mutex", "rwmutex", "syncmap", "xsync", "xsync.twin"}; !slices.Equal(seen, want) {
		t.Errorf("cells of %v; want %v", seen, want)
	}
}

// TestWatch looks at the clock rarely, and ends all workers when the time of one is over. The clock
// is simulated: each call of over takes 10 µs.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := &stopFlag{length: 20 * time.Millisecond}
		w := newWatch(stop)
		looks, calls, last := 0, 0, w.next
		for !w.over() {
			time.Sleep(10 * time.Microsecond)
			calls++
			if w.next != last {
				looks, last = looks+1, w.next
			}
		}
		if took := time.Since(w.began); took < stop.length || took > stop.length+100*time.Microsecond {
			t.Errorf("over after %v; want %v", took, stop.length)
		}
		if looks > 30 {
			t.Errorf("%d looks at the clock in %d calls; want 30 or fewer", looks, calls)
		}
		if other := newWatch(stop); !other.over() {
			t.Error("another worker may go on")
		}
		if none := newWatch(new(stopFlag)); none.over() {
			t.Error("over without a length")
		}
	})
}

// TestCrew: each body works once in each phase of each order, and the spans are those of the last
// phase. If workers spin, none begins before all are there.
func TestCrew(t *testing.T) {
	const size, orders = 2, 20
	for _, spins := range []bool{false, true} {
		var log [size][]time.Duration
		bodies := make([]body, size)
		for i := range bodies {
			bodies[i] = func(stop *stopFlag) {
				if here := stop.here.Load(); spins && here != size {
					t.Errorf("worker %d begins when %d workers are there; want %d", i, here, size)
				}
				log[i] = append(log[i], stop.length)
				for w := newWatch(stop); !w.over(); {
				}
			}
		}
		runCrew(&crew{size: size, spins: spins}, func(c *crew) {
			for range orders {
				spans := c.do([]time.Duration{time.Microsecond, time.Millisecond}, bodies)
				if s := wall(spans).seconds(); s < 0.001 {
					t.Errorf("the last phase took %v s; want 1 ms or more", s)
				}
			}
		})
		want := strings.Repeat(" 1µs 1ms", orders)
		for i := range bodies {
			if got := " " + strings.Trim(fmt.Sprint(log[i]), "[]"); got != want {
				t.Errorf("spins %v: worker %d works in phases of%s; want%s", spins, i, got, want)
			}
		}
	}
}

// TestCrewStopsWhoWaits: a worker that never looks at the clock is stopped when its time is over.
func TestCrewStopsWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waits := func(stop *stopFlag) {
			for !stop.Load() {
				time.Sleep(time.Millisecond)
			}
		}
		runCrew(&crew{size: 2}, func(c *crew) {
			spans := c.do([]time.Duration{time.Second}, []body{waits, waits})
			if s := wall(spans).seconds(); s < 1 || s > 1.01 {
				t.Errorf("the phase took %v s; want 1", s)
			}
		})
	})
}

// TestTurns: slices of slow operations are longer, so that the end of a slice matters little.
func TestTurns(t *testing.T) {
	r := &Runner{plan: plan.Plan{Time: plan.Duration(50 * time.Millisecond), Slice: plan.Duration(5 * time.Millisecond)}}
	c := &cell[int]{time: 50 * time.Millisecond, job: plan.Job{ID: results.ID{G: 2, Procs: 2}}}
	for perOp, want := range map[time.Duration]struct {
		n      int
		length time.Duration
	}{
		time.Nanosecond:      {10, 5 * time.Millisecond},
		time.Millisecond:     {3, 20 * time.Millisecond},
		5 * time.Millisecond: {1, 100 * time.Millisecond},
	} {
		if n, length := c.turns(r, alone{perOp: perOp}); n != want.n || length != want.length {
			t.Errorf("%v for an operation: %d slices of %v; want %d of %v", perOp, n, length, want.n, want.length)
		}
	}
}

// TestSlowOperationsInSlices measures operations of 1 and 2 ms on a simulated clock. The rate in
// slices is the true rate.
func TestSlowOperationsInSlices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := func(w *worker[uint64], each time.Duration) body {
			return func(stop *stopFlag) {
				for watch, first := newWatch(stop), true; first || !watch.over(); first = false {
					time.Sleep(each)
					w.ops++
				}
			}
		}
		l := &lane[uint64]{cell: &cell[uint64]{job: plan.Job{ID: results.ID{Procs: 1}}}, meter: newMeter(), length: 40 * time.Millisecond}
		for i := range 2 {
			w := &worker[uint64]{reads: true, number: i}
			l.workers, l.bodies = append(l.workers, w), append(l.bodies, work(w, time.Duration(1+i)*time.Millisecond))
			l.audits = append(l.audits, func(*stopFlag) {})
		}
		l.ops, l.seconds = make([]int64, 2), make([]float64, 2)
		runCrew(&crew{size: 2}, func(c *crew) {
			for range 3 {
				l.slice(c)
			}
		})
		for procs := 1; procs <= 2; procs++ {
			l.job.ID.Procs = procs
			got := l.tally(0)
			rate := got.perSecond(opsOf)
			if want := 1000.0 + 500; rate < 0.95*want || rate > 1.05*want {
				t.Errorf("%d processors: %v operations a second; want %v", procs, rate, want)
			}
		}
	})
}

// TestPerOp: a worker that hardly had a processor does not make an operation seem slow. One whose
// operations are slow does.
func TestPerOp(t *testing.T) {
	did := func(ops int64, reads bool) pace { return pace{ops: ops, seconds: 0.02, reads: reads} }
	for _, c := range []struct {
		name       string
		workers    []pace
		processors int
		want       time.Duration
	}{
		{"a processor each", []pace{did(20_000, false), did(2_000, false)}, 2, 10 * time.Microsecond},
		{"two had none", []pace{did(20_000, false), did(19_998, false), did(1, false), did(1, false)}, 2, time.Microsecond},
		{"a slow writer beside readers", []pace{did(10_000, true), did(10_000, true), did(2, false)}, 2, 20 * time.Millisecond / 3},
	} {
		u := tally{workers: c.workers, seconds: 0.02}
		if got := u.perOp(c.processors); got < c.want-1 || got > c.want+1 {
			t.Errorf("%s: %v for an operation; want %v", c.name, got, c.want)
		}
	}
}
