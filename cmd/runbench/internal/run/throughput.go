package run

import (
	"math"
	"runtime"
	"slices"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/counters"
	"doublebuf/results"
	"doublebuf/workloads"
)

// stride is how many reads a worker does before it asks whether its time is over. It asks after
// each write, because a write may take long: it may copy a map, or wait for a reader that has lost
// its processor.
const stride = 256

// worker is one goroutine of a throughput cell. No other goroutine writes to its cache lines while
// the clock runs.
type worker[K comparable] struct {
	handle    kv.Map[K, uint64]
	publisher publisher
	stream    *workloads.Stream[K]
	number    int      // from 0
	reads     bool     // it only reads
	walks     bool     // it walks over the whole map instead of looking up keys
	scans     bool     // some of its operations are walks
	many      *many[K] // how it reads several keys at a time; nil if it does not
	judge     *judge[K]

	ops  int64  // so far, of all its work
	sink uint64 // what it read, so that the compiler keeps every read
}

// worker returns worker i of s, with its handle.
func (c *cell[K]) worker(i int, s *subject[K], f *facts[K]) worker[K] {
	h := s.handles[i]
	w := worker[K]{
		handle: h, publisher: newPublisher(h, c.entry.Policy), stream: c.stream(i, c.job.ID.Goroutines()), number: i,
		reads: c.mix.ReadOnly() || c.mix.Roles && i < c.job.ID.Readers, scans: c.mix.Scans > 0, judge: newJudge(f, i),
	}
	w.walks = w.reads && c.mix.Walks
	w.many = c.many(h, i, c.job.ID.Goroutines())
	w.judge.batches = w.publisher.waits
	f.streams[i], f.writers[i] = w.stream, !w.reads
	return w
}

// alone is what a map shows when it is measured alone and at once.
type alone struct {
	cell  results.Cell
	live  float64       // bytes that the map keeps alive
	price float64       // processor time of collections for each byte that is allocated
	perOp time.Duration // that the slowest worker takes for an operation
}

// garbage returns about how many bytes the map allocates in d.
func (a alone) garbage(d time.Duration) float64 {
	return a.cell.Metrics[results.BytesPerOp] * a.cell.Metrics[results.OpsPerSec] * d.Seconds()
}

// throughput measures how fast the workers go, for the whole time at once, and then checks the
// final state.
func (c *cell[K]) throughput() alone {
	all := c.job.ID.Goroutines()
	var before, after heap
	before.collect()
	s := c.subject(all, c.script.Holds, prefilled)
	if s == nil {
		return alone{}
	}

	workers, bodies := c.workers(s)
	spans, used := atOnce(c.time, c.cpus, append(bodies, c.stalled(s)...))

	out := cellOf(c.job)
	t := tallyOf(workers, spans[:all], used)
	out.Ops, out.Metrics = t.count(opsOf), t.metrics(out.Procs)
	out.Metrics[results.PauseShare] = used.paused.Seconds() / t.seconds
	out.Metrics[results.PauseMax] = used.longestPause.Seconds()
	entries := c.judgeAll(&out, s, workers, c.time/auditShare)
	workers, bodies = nil, nil
	after.collect()
	live := after.live - before.live
	if entries > 0 {
		if live > 0 { // otherwise it is too small beside the rest of the process
			out.Metrics[results.LivePerKey] = live / float64(entries)
		}
		out.Metrics[results.MarkPerKey] = max(0, after.mark-before.mark) / float64(entries)
	}
	runtime.KeepAlive(s)
	runtime.KeepAlive(c) // and its script, which was alive before
	price := after.price()
	s.close()
	return alone{out, max(0, live), price, t.perOp(min(out.Procs, runtime.NumCPU()))}
}

// workers returns the workers of a cell, with their work.
func (c *cell[K]) workers(s *subject[K]) ([]*worker[K], []body) {
	all := c.job.ID.Goroutines()
	workers := make([]*worker[K], all)
	bodies := make([]body, all)
	f := c.newFacts()
	for i := range all {
		w := c.worker(i, s, f)
		workers[i], bodies[i] = &w, w.mixed
		switch {
		case w.walks:
			bodies[i] = w.walk
		case w.reads && w.many != nil:
			bodies[i] = w.readMany
		case w.reads:
			bodies[i] = w.read
		}
	}
	return workers, bodies
}

// stalled returns the reader of s that stalls, if the mix has one.
func (c *cell[K]) stalled(s *subject[K]) []body {
	if !c.mix.Stalls {
		return nil
	}
	h := s.handles[len(s.handles)-1].(kv.Ranger[K, uint64])
	return []body{func(stop *stopFlag) {
		for range h.All() {
			for time.Since(stop.began) < workloads.StallTime && !stop.Load() {
				time.Sleep(time.Millisecond)
			}
			break
		}
	}}
}

// read is the work of a worker that only reads.
//
// A round of the loop is eight lookups, because Go keeps nothing in registers across a call. The
// index of the key and the sum go through memory. With one lookup in a round, each lookup would
// wait for the memory of the lookup before. That was a quarter of the cost of the floor.
func (w *worker[K]) read(stop *stopFlag) {
	h, stream, ops, sum := w.handle, w.stream, int64(0), uint64(0)
	for watch := newWatch(stop); !watch.over() || ops == 0; {
		if w.judge.due() {
			ops += w.judgedReads(judgedSteps)
			continue
		}
		keys := stream.Next(stride).Lookups
		ops += int64(len(keys))
		for len(keys) >= 8 {
			eight := (*[8]K)(keys)
			keys = keys[8:]
			a, _ := h.Get(eight[0])
			b, _ := h.Get(eight[1])
			c, _ := h.Get(eight[2])
			d, _ := h.Get(eight[3])
			sum += a + b + c + d
			a, _ = h.Get(eight[4])
			b, _ = h.Get(eight[5])
			c, _ = h.Get(eight[6])
			d, _ = h.Get(eight[7])
			sum += a + b + c + d
		}
		for _, key := range keys {
			v, _ := h.Get(key)
			sum += v
		}
	}
	w.ops, w.sink = w.ops+ops, w.sink+sum
}

// mixed is the work of a worker that does the mix. Each value that it sets names the key, the
// worker and the step.
func (w *worker[K]) mixed(stop *stopFlag) {
	h, stream, ops, sum := w.handle, w.stream, int64(0), uint64(0)
	value := w.judge.code.first(w.number) + uint64(w.ops)
	watch := newWatch(stop)
work:
	for !watch.over() || ops == 0 {
		if w.judge.due() {
			n := w.judged(judgedSteps, w.ops+ops, &watch)
			ops += n
			value += uint64(n)
			continue
		}
		steps := stream.Next(stride)
		lookups, keys, index := steps.Lookups[:len(steps.Kinds)], steps.Keys[:len(steps.Kinds)], steps.Index[:len(steps.Kinds)]
		for i, kind := range steps.Kinds {
			if kind == workloads.Get {
				v, _ := h.Get(lookups[i])
				sum += v
				continue
			}
			sum += do(h, w.many, kind, lookups[i], keys[i], value+uint64(i)|tagOf(index[i]))
			if !kind.Writes() {
				continue
			}
			if w.publisher.due() {
				w.publisher.publish()
			}
			if watch.over() {
				ops += int64(i) + 1
				stream.Back(len(steps.Kinds) - i - 1)
				break work
			}
		}
		ops += int64(len(steps.Kinds))
		value += uint64(len(steps.Kinds))
	}
	w.ops, w.sink = w.ops+ops, w.sink+sum
}

// do does an operation other than Get, and returns the sum of the values that it read.
func do[K comparable](h kv.Map[K, uint64], m *many[K], kind workloads.Kind, lookup, key K, value uint64) (sum uint64) {
	switch kind {
	case workloads.GetMany:
		return m.read()
	case workloads.Set:
		h.Set(key, value)
	case workloads.Delete:
		h.Delete(key)
	case workloads.Scan:
		return scan(h, workloads.ScanLength)
	case workloads.Modify:
		sum, _ = h.Get(lookup)
		h.Set(key, value)
	case workloads.Clear:
		h.(kv.Clearer).Clear()
	case workloads.Retain:
		h.(kv.Retainer[K, uint64]).Retain(retained[K])
	}
	return sum
}

// walk is the work of a worker that walks over the whole map.
func (w *worker[K]) walk(stop *stopFlag) {
	for watch, first := newWatch(stop), true; first || !watch.over(); first = false {
		w.sink += scan(w.handle, math.MaxInt)
		w.ops++
	}
}

// scan walks over most entries, or over all if there are fewer, and returns the sum of their
// values.
func scan[K comparable](h kv.Map[K, uint64], most int) (sum uint64) {
	for _, v := range h.(kv.Ranger[K, uint64]).All() {
		sum += v
		if most--; most == 0 {
			break
		}
	}
	return sum
}

// retained says which entries a Retain keeps.
func retained[K comparable](_ K, value uint64) bool { return value%2 == 0 }

// writes returns how many of the worker's operations were writes.
func (w *worker[K]) writes() int64 {
	if w.reads {
		return 0
	}
	return w.stream.CountWrites(w.ops)
}

// tallyOf returns the tally of a cell that was measured at once.
func tallyOf[K comparable](workers []*worker[K], spans []span, used usage) tally {
	t := tally{seconds: wall(spans).seconds(), used: used}
	for i, w := range workers {
		t.workers = append(t.workers, pace{w.ops, w.writes(), w.publisher.count, spans[i].seconds(), w.reads})
	}
	return t
}

// tally is what the workers of a cell did, and what the process used meanwhile.
type tally struct {
	workers []pace
	seconds float64 // from the first worker's start to the last one's end
	// apart says that each worker had a processor, and worked for its own time. The last one may
	// end a slice late, because a shared machine took its processor for some milliseconds.
	// Meanwhile the others wait, which they would not do in a longer slice.
	apart bool
	used  usage
}

// pace is what one worker did.
type pace struct {
	ops, writes, publishes int64
	seconds                float64 // that it worked
	reads                  bool    // it only reads
}

// rate returns its operations a second.
func (p pace) rate() float64 { return float64(p.ops) / p.seconds }

// join adds what the same workers did at another time.
func (t *tally) join(u tally) {
	t.seconds += u.seconds
	t.used.add(u.used)
	if t.workers == nil {
		t.workers, t.apart = slices.Clone(u.workers), u.apart
		return
	}
	for i, w := range u.workers {
		all := &t.workers[i]
		all.ops += w.ops
		all.writes += w.writes
		all.publishes += w.publishes
		all.seconds += w.seconds
	}
}

// The counts of a pace, for count and perSecond.
func opsOf(p pace) int64       { return p.ops }
func readsOf(p pace) int64     { return p.ops - p.writes }
func writesOf(p pace) int64    { return p.writes }
func publishesOf(p pace) int64 { return p.publishes }

// count returns how many of something the workers did.
func (t *tally) count(of func(pace) int64) (n int64) {
	for _, w := range t.workers {
		n += of(w)
	}
	return n
}

// perSecond returns how many of something the workers did in a second.
func (t *tally) perSecond(of func(pace) int64) (rate float64) {
	if !t.apart {
		return float64(t.count(of)) / t.seconds
	}
	for _, w := range t.workers {
		rate += float64(of(w)) / w.seconds
	}
	return rate
}

// perOp returns the processor time that the slowest worker takes for an operation. With fewer
// processors than workers, a worker may not have had one for long. Then all workers of a role count
// together, and each is taken to have had its share of the processors.
func (t *tally) perOp(processors int) time.Duration {
	slowest := math.Inf(1)
	if len(t.workers) <= processors {
		for _, w := range t.workers {
			slowest = min(slowest, w.rate())
		}
		return time.Duration(1e9 / slowest)
	}
	for _, reads := range []bool{false, true} {
		workers, ops := 0, int64(0)
		for _, w := range t.workers {
			if w.reads == reads {
				workers, ops = workers+1, ops+w.ops
			}
		}
		if workers > 0 {
			share := float64(workers*processors) / float64(len(t.workers))
			slowest = min(slowest, float64(ops)/t.seconds/share)
		}
	}
	return time.Duration(1e9 / slowest)
}

// lengthen adds seconds to the time of each worker.
func (t *tally) lengthen(seconds float64) {
	t.seconds += seconds
	for i := range t.workers {
		t.workers[i].seconds += seconds
	}
}

// scale changes all times by a factor.
func (t *tally) scale(factor float64) {
	t.seconds *= factor
	for i := range t.workers {
		t.workers[i].seconds *= factor
	}
	t.used.gcSeconds *= factor
	t.used.cpu = time.Duration(float64(t.used.cpu) * factor)
}

// counterUnits are the units of what is counted.
var counterUnits = map[counters.Event]string{
	counters.Instructions: results.InstructionsPerOp, counters.Cycles: results.CyclesPerOp, counters.CacheMisses: results.CacheMissesPerOp,
	counters.ContextSwitches: results.SwitchesPerOp, counters.Migrations: results.MigrationsPerOp,
}

// metrics returns the metrics that follow from t, for a GOMAXPROCS.
func (t *tally) metrics(procs int) map[string]float64 {
	ops := float64(t.count(opsOf))
	m := map[string]float64{
		results.OpsPerSec:   t.perSecond(opsOf),
		results.BytesPerOp:  t.used.bytes / ops,
		results.AllocsPerOp: t.used.allocs / ops,
		results.GCShare:     t.used.gcSeconds / (t.seconds * float64(procs)),
	}
	if t.used.cpu > 0 { // it is known
		m[results.CPUPerOp] = t.used.cpu.Seconds() / ops
	}
	counted, _ := processCounters()
	for _, e := range counters.Events() {
		if counted.Has(e) {
			m[counterUnits[e]] = t.used.counts[e] / ops
		}
	}
	for unit, of := range map[string]func(pace) int64{
		results.ReadsPerSec: readsOf, results.WritesPerSec: writesOf, results.PublishesPerSec: publishesOf,
	} {
		if t.count(of) > 0 {
			m[unit] = t.perSecond(of)
		}
	}
	if len(t.workers) > 1 {
		m[results.Fairness] = t.fairness()
	}
	return m
}

// fairness returns the rate of the slowest worker over that of the fastest. If readers and writers
// are separate goroutines, each role is compared with itself, and the less fair role counts.
func (t *tally) fairness() float64 {
	least := 1.0
	for _, a := range t.workers {
		for _, b := range t.workers {
			if a.reads == b.reads {
				least = min(least, a.rate()/b.rate())
			}
		}
	}
	return least
}
