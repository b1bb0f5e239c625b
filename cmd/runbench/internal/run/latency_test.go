package run

import (
	"fmt"
	"iter"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
	"doublebuf/workloads"
)

// simulated is a map with a simulated clock. An operation takes 100 ns, a publish 1000 ns, and a
// clock reading 20 ns. With stalls, the first operation after each second takes 50 ms more.
type simulated struct {
	kv.Map[uint64, uint64]
	now    time.Duration
	stalls bool
	next   time.Duration // when the next stall comes
}

func (s *simulated) clock(time.Time) time.Duration {
	s.now += 20
	return s.now
}

func (s *simulated) work() {
	s.now += 100
	if s.stalls && s.now >= s.next {
		s.now += 50 * time.Millisecond
		s.next += time.Second
	}
}

func (s *simulated) Get(key uint64) (uint64, bool) { s.work(); return s.Map.Get(key) }
func (s *simulated) Set(key, value uint64)         { s.work(); s.Map.Set(key, value) }
func (s *simulated) Delete(key uint64)             { s.work(); s.Map.Delete(key) }
func (s *simulated) Publish() uint64               { s.now += 1000; return 0 }

// serverOf returns the only server of s, with 5 % writes and a publish after each fourth of
// them. rate is of arrivals, in operations a nanosecond.
func serverOf(t *testing.T, s *simulated, rate float64, until time.Duration) *server[uint64] {
	t.Helper()
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	s.Map = mutex.Uint64(0)
	set := workloads.Uint64Keys(100, 1)
	tape, err := set.Tape(workloads.Dist{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	mix, _ := workloads.FindMix("r95w5")
	c := cell[uint64]{
		mix: mix, script: set.Script(mix, tape, 1), keys: set.Keys, lookups: set.Lookups, job: plan.Job{ID: results.ID{G: 1}},
		entry: kv.Entry{Policy: kv.Policy{Every: 4}},
	}
	c.fate = fateOf(c.script, len(c.keys))
	v := &server[uint64]{worker: c.worker(0, &subject[uint64]{handles: []kv.Map[uint64, uint64]{s}}, c.newFacts()), gaps: workloads.Gaps(1), mean: 1 / rate, until: until, spins: true, clock: s.clock}
	v.forget()
	return v
}

func near(got, want, by float64) bool { return math.Abs(got-want) <= by*want }

// TestOpenLoop simulates a queue before one server. For M/D/1 at load 1/2 the theoretical mean
// wait is half the service time. An operation takes 120 ns with the clock.
func TestOpenLoop(t *testing.T) {
	s := &simulated{}
	const window = 100 * time.Millisecond
	v := serverOf(t, s, 0.5/120, window)
	v.publisher.every = -1
	v.open(new(stopFlag))
	if n := float64(v.due); !near(n, 0.5/120*float64(window), 0.02) || v.due != v.ops || v.due-v.inTime > 9 {
		t.Errorf("%d operations arrived, %d were done, %d in time; want about %v, all, and all but a few", v.due, v.ops, v.inTime, 0.5/120*float64(window))
	}
	if n := v.ofReads.TotalCount() + v.ofWrites.TotalCount(); n != v.ops || v.ofWrites.TotalCount() != v.stream.CountWrites(v.ops) {
		t.Errorf("%d latencies of %d operations, %d of writes", n, v.ops, v.ofWrites.TotalCount())
	}
	// A waiting worker reads the clock every 20 ns, so it begins 10 ns late on average. Every
	// second operation waits.
	mean := (v.ofReads.Mean()*float64(v.ofReads.TotalCount()) + v.ofWrites.Mean()*float64(v.ofWrites.TotalCount())) / float64(v.ops)
	if want := 120.0 + 60 + 10; !near(mean, want, 0.1) {
		t.Errorf("the mean latency is %v ns; want about %v", mean, want)
	}
	if m := v.waits.Max(); m > 20 || !near(v.waits.Mean(), 10, 0.1) {
		t.Errorf("it began up to %d ns late, %v on average; want at most 20, and 10", m, v.waits.Mean())
	}
}

// TestPublishIsPartOfItsWrite: a publish lengthens its write.
func TestPublishIsPartOfItsWrite(t *testing.T) {
	s := &simulated{}
	v := serverOf(t, s, 1e-5, 100*time.Millisecond) // so rarely that hardly any waits
	v.open(new(stopFlag))
	writes := v.ofWrites.TotalCount()
	if n := v.ofPublishes.TotalCount(); n != writes/4 || n == 0 || v.ofPublishes.Min() < 1010 || v.ofPublishes.Max() > 1030 {
		t.Errorf("%d publishes of %d writes, of %d to %d ns; want each fourth, and 1020", n, writes, v.ofPublishes.Min(), v.ofPublishes.Max())
	}
	if half, most := v.ofWrites.ValueAtQuantile(50), v.ofWrites.ValueAtQuantile(90); half < 115 || half > 145 || most < 1120 || most > 1170 {
		t.Errorf("writes took %d ns at p50 and %d at p90; want about 130, and 1150 with a publish", half, most)
	}
	// The cell has exactly these latencies: of each kind, and at each quantile beyond which there
	// is a value.
	got, want := map[string]float64{}, 0
	putLatencies(got, []*server[uint64]{v})
	for what, h := range map[string]*hdrhistogram.Histogram{results.OfReads: v.ofReads, results.OfWrites: v.ofWrites, results.OfPublishes: v.ofPublishes} {
		if h.TotalCount() < 10 {
			t.Fatalf("%d latencies of %ss", h.TotalCount(), what)
		}
		for _, q := range results.Quantiles {
			n, told := got[results.LatencyUnit(what, q)]
			if told != (q == 100 || float64(h.TotalCount())*(1-q/100) > 0.999) || told && n != float64(h.ValueAtQuantile(q))/1e9 {
				t.Errorf("%d latencies: %s is %v, %v; in the histogram it is %d ns", h.TotalCount(), results.LatencyUnit(what, q), n, told, h.ValueAtQuantile(q))
			}
			if told {
				want++
			}
		}
	}
	if _, ok := got[results.PaceP50]; !ok || len(got) > want+2 {
		t.Errorf("the cell has %v", got)
	}
}

// TestOfferedRate: the operations of each cell arrive at its share of the capacity, which the cell
// reports, apart from the chance of drawn arrivals. (Of n random arrivals the standard deviation is
// the square root of n. One in a billion lies beyond six of them.)
func TestOfferedRate(t *testing.T) {
	p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(5 * time.Millisecond), LatencyTime: plan.Duration(20 * time.Millisecond), Procs: 2}
	for _, load := range []int{10, 50, 200} {
		p.Latency = append(p.Latency,
			plan.Cell{Impl: "mutex", Mix: "r50w50", Dist: "uniform", KeyType: "uint64", Keys: 200, G: 3, Load: load},
			plan.Cell{Impl: "mutex", Mix: "roles", Dist: "uniform", KeyType: "uint64", Keys: 200, Readers: 2, Writers: 1, Load: load})
	}
	for _, c := range measured(t, p) {
		m, window := c.Metrics, time.Duration(p.LatencyTime).Seconds()
		want := m[results.Capacity] * float64(c.Load) / 100
		if off := math.Abs(m[results.Offered]-want) * window; off > 6*math.Sqrt(want*window)+6 {
			t.Errorf("%s: %.0f operations a second arrive; want about %.0f, %d %% of %.0f", c.Name(), m[results.Offered], want, c.Load, m[results.Capacity])
		}
	}
}

// TestOverload has operations arrive twice as fast as they can be done: half are done in time.
func TestOverload(t *testing.T) {
	s := &simulated{}
	v := serverOf(t, s, 2.0/120, time.Millisecond)
	v.publisher.every = -1
	v.open(new(stopFlag))
	if share := float64(v.inTime) / float64(v.due); !near(share, 0.5, 0.02) {
		t.Errorf("%v of them were done in time; want half", share)
	}
	// Stopped before it begins, it only counts them.
	v = serverOf(t, s, 2.0/120, time.Millisecond)
	stop := new(stopFlag)
	stop.Store(true)
	v.open(stop)
	if v.ops != 0 || v.inTime != 0 || !near(float64(v.due), 2.0/120*1e6, 0.02) {
		t.Errorf("stopped: %d of %d done", v.ops, v.due)
	}
}

// slow takes a millisecond for each lookup after the first thousand.
type slow struct {
	kv.Map[uint64, uint64]
	gets int
}

func (s *slow) Get(key uint64) (uint64, bool) {
	if s.gets++; s.gets > 1000 {
		for start := time.Now(); time.Since(start) < time.Millisecond; {
		}
	}
	return s.Map.Get(key)
}

// keeps is a map that deletes nothing.
type keeps struct{ kv.Map[uint64, uint64] }

func (keeps) Delete(uint64) {}

// watched notes how long a walk stayed at its first entry.
type watched struct {
	kv.Map[uint64, uint64]
	stayed *time.Duration
}

func (w watched) Len() int { return w.Map.(kv.Ranger[uint64, uint64]).Len() }

func (w watched) All() iter.Seq2[uint64, uint64] {
	return func(yield func(k, v uint64) bool) {
		for k, v := range w.Map.(kv.Ranger[uint64, uint64]).All() {
			start := time.Now()
			more := yield(k, v)
			if *w.stayed += time.Since(start); !more {
				return
			}
		}
	}
}

func TestLatencyCells(t *testing.T) {
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	var stayed time.Duration
	wrap := func(name string, caps kv.Caps, make func(m kv.Map[uint64, uint64]) kv.Map[uint64, uint64]) kv.Entry {
		e := mutex
		e.Name, e.Caps = name, kv.Concurrent|kv.Writes|caps
		e.Uint64 = func(n int) kv.Map[uint64, uint64] { return make(mutex.Uint64(n)) }
		return e
	}
	entries := []kv.Entry{
		wrap("keeps", 0, func(m kv.Map[uint64, uint64]) kv.Map[uint64, uint64] { return &keeps{m} }),
		wrap("slow", 0, func(m kv.Map[uint64, uint64]) kv.Map[uint64, uint64] { return &slow{Map: m} }),
		wrap("watched", kv.Range, func(m kv.Map[uint64, uint64]) kv.Map[uint64, uint64] { return &watched{m, &stayed} }),
	}
	p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(5 * time.Millisecond), LatencyTime: plan.Duration(20 * time.Millisecond), Procs: 2}
	cells := []plan.Cell{
		{Impl: "mutex", Mix: "walk-roles", Dist: "uniform", KeyType: "uint64", Keys: 200, Readers: 1, Writers: 1, Load: 20},
		{Impl: "mutex", Mix: "read-only", Dist: "uniform", KeyType: "string", Keys: 200, G: 1, Load: 20},
		{Impl: "slow", Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 200, G: 1, Load: 500},
	}
	for _, impl := range []string{"mutex", "dbuf-epoch-b1", "dbuf-epoch-b64", "noop", "keeps"} {
		cells = append(cells, plan.Cell{Impl: impl, Mix: "r50w50", Dist: "zipf0.99", KeyType: "uint64", Keys: 200, G: 3, Load: 20})
	}
	for _, c := range cells {
		checkLatencyCell(t, p, c, entries)
	}
	p.Cells = []plan.Cell{{Impl: "watched", Mix: "r95w5-stall", Dist: "uniform", KeyType: "uint64", Keys: 200, G: 2}}
	if measured(t, p, entries...); stayed <= 0 {
		t.Error("no reader stayed in the cell of watched")
	}
}

// checkLatencyCell measures a cell and checks it. A machine that is busy with something else may
// leave the cell too little time; then it is measured again, for twice as long.
func checkLatencyCell(t *testing.T, p plan.Plan, c plan.Cell, entries []kv.Entry) {
	t.Helper()
	p.Latency = []plan.Cell{c}
	for ; ; p.Time, p.LatencyTime = 2*p.Time, 2*p.LatencyTime {
		got := measured(t, p, entries...)[0]
		if faulty := got.Fault != ""; faulty != (got.Impl == "keeps") {
			t.Errorf("%s: fault %q", got.Name(), got.Fault)
		}
		switch lack := checkLatencies(t, got); {
		case lack == "":
			return
		case p.LatencyTime > plan.Duration(4*time.Second):
			t.Errorf("%s: %s, even in %v", got.Name(), lack, p.LatencyTime)
			return
		default:
			t.Logf("%s: %s in %v; once more", got.Name(), lack, p.LatencyTime)
		}
	}
}

// TestStalledReader: the reader stays until its time is over or it is stopped, and no longer. Time
// is simulated; the reader looks each millisecond.
func TestStalledReader(t *testing.T) {
	mutex, _ := plan.FindMap(baselines.All(), "mutex")
	for _, test := range []struct{ after, stopped, want time.Duration }{ // since all began
		{0, time.Hour, workloads.StallTime},
		{workloads.StallTime - 20*time.Millisecond, time.Hour, 20 * time.Millisecond},
		{workloads.StallTime, time.Hour, 0},
		{0, 20 * time.Millisecond, 20 * time.Millisecond},
		{time.Millisecond, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var stayed time.Duration
			m := &watched{mutex.Uint64(1), &stayed}
			m.Set(1, 1)
			c := cell[uint64]{mix: workloads.Mix{Stalls: true}}
			reader := c.stalled(&subject[uint64]{m: m, handles: []kv.Map[uint64, uint64]{m}})[0]
			stop := &stopFlag{began: time.Now()}
			time.AfterFunc(test.stopped, func() { stop.Store(true) })
			time.Sleep(test.after)
			if reader(stop); stayed < test.want || stayed > test.want+time.Millisecond {
				t.Errorf("begun after %v and stopped after %v, it stayed for %v; want %v", test.after, test.stopped, stayed, test.want)
			}
		})
	}
}

// checkLatencies checks the metrics of a cell, and returns what they may lack because the cell
// had too little time.
func checkLatencies(t *testing.T, c results.Cell) (lack string) {
	t.Helper()
	m := c.Metrics
	if m[results.Capacity] <= 0 || m[results.ClockCost] <= 0 || m[results.ClosedMean] <= 0 || c.Ops < int64(c.Goroutines()) {
		t.Errorf("%s: %+v", c.Name(), c)
	}
	if m[results.Offered] <= 0 {
		lack = "no operation arrived"
	}
	if c.Impl == "slow" && !c.Overloaded() {
		lack = fmt.Sprintf("it reached %v of five times what it can do", m[results.Reached])
	}
	for what, want := range map[string]bool{
		results.OfReads: true, results.OfWrites: c.Mix != "read-only", results.OfPublishes: strings.HasPrefix(c.Impl, "dbuf"),
	} {
		last, any := 0.0, false
		for _, q := range results.Quantiles {
			if v, ok := m[results.LatencyUnit(what, q)]; ok {
				if v <= 0 || v < last {
					t.Errorf("%s: %s is %v after %v", c.Name(), results.LatencyUnit(what, q), v, last)
				}
				last, any = v, true
			}
		}
		if any && (!want || c.Overloaded()) {
			t.Errorf("%s: has latencies of %ss; it reached %v", c.Name(), what, m[results.Reached])
		}
		if !any && want && !c.Overloaded() {
			lack = fmt.Sprintf("no latencies of %ss; it reached %v", what, m[results.Reached])
		}
	}
	return lack
}
