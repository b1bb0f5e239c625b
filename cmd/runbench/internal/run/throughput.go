package run

import (
	"math"
	"runtime"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/results"
	"doublebuf/workloads"
)

// stride is how many reads a worker does before it looks at the stop flag. It looks after each
// write, because a write may take long: it may copy a map, or wait for a reader that has lost its
// processor.
const stride = 256

// worker is one goroutine of a throughput cell. No other goroutine writes to its cache lines while
// the clock runs.
type worker[K comparable] struct {
	handle    kv.Map[K, uint64]
	publisher publisher
	stream    *workloads.Stream[K]
	number    int  // from 0
	reads     bool // it only reads

	ops  int64
	sink uint64 // what it read, so that the compiler keeps every read
}

// worker returns worker i of all, with its handle.
func (c *cell[K]) worker(i, all int, h kv.Map[K, uint64]) worker[K] {
	return worker[K]{
		handle: h, publisher: newPublisher(h, c.entry.Policy), stream: c.stream(i, all), number: i,
		reads: c.mix.ReadOnly() || c.mix.Roles && i < c.job.ID.Readers,
	}
}

// throughput measures how fast the workers go, and then checks the final state.
func (c *cell[K]) throughput() results.Cell {
	all := c.job.ID.Goroutines()
	var before, after heap
	before.collect()
	s := c.subject(all, c.script.Holds, prefilled)
	defer s.close()

	workers := make([]*worker[K], all)
	bodies := make([]body, all)
	for i := range all {
		w := c.worker(i, all, s.handles[i])
		workers[i], bodies[i] = &w, w.mixed
		if w.reads {
			bodies[i] = w.read
			if c.mix.Walks {
				bodies[i] = w.walk
			}
		}
	}
	spans, used := together(c.time, c.cpus, append(bodies, c.stalled(s)...))

	out := cellOf(c.job)
	out.Ops, out.Metrics = c.figures(workers, spans[:all], used)
	entries := 0
	entries, out.Fault = c.finalStateFault(s, workers)
	if entries > 0 {
		workers = nil
		after.collect()
		if live := after.live - before.live; live > 0 { // otherwise it is too small beside the rest of the process
			out.Metrics[results.LivePerKey] = live / float64(entries)
		}
		out.Metrics[results.MarkPerKey] = max(0, after.mark-before.mark) / float64(entries)
		runtime.KeepAlive(s)
		runtime.KeepAlive(c) // and its script, which was alive before
	}
	return out
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

// finalStateFault returns what the final-state check found wrong, "" if nothing, and the number of
// entries. A map without a level is not checked: there is nothing to check it against.
func (c *cell[K]) finalStateFault(s *subject[K], workers []*worker[K]) (entries int, fault string) {
	if c.entry.Level != kv.None {
		var err error
		if entries, err = c.checkFinalState(s.handles[0], workers); err != nil {
			fault = err.Error()
		}
	}
	return entries, fault
}

// read is the work of a worker that only reads.
//
// A round of the loop is eight lookups, because Go keeps nothing in registers across a call. The
// index of the key and the sum go through memory. With one lookup in a round, each lookup would
// wait for the memory of the lookup before. That was a quarter of the cost of the floor.
func (w *worker[K]) read(stop *stopFlag) {
	h, stream, ops, sum := w.handle, w.stream, int64(0), uint64(0)
	for !stop.Load() || ops == 0 {
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
	w.ops, w.sink = ops, sum
}

// mixed is the work of a worker that does the mix. Each value that it sets names the worker and the
// step.
func (w *worker[K]) mixed(stop *stopFlag) {
	h, stream, ops, sum := w.handle, w.stream, int64(0), uint64(0)
	value := firstValue(w.number)
work:
	for !stop.Load() || ops == 0 {
		steps := stream.Next(stride)
		lookups, keys := steps.Lookups[:len(steps.Kinds)], steps.Keys[:len(steps.Kinds)]
		for i, kind := range steps.Kinds {
			if kind == workloads.Get {
				v, _ := h.Get(lookups[i])
				sum += v
				continue
			}
			sum += do(h, kind, lookups[i], keys[i], value+uint64(i))
			if !kind.Writes() {
				continue
			}
			if w.publisher.due() {
				w.publisher.publish()
			}
			if stop.Load() {
				ops += int64(i) + 1
				break work
			}
		}
		ops += int64(len(steps.Kinds))
		value += uint64(len(steps.Kinds))
	}
	w.ops, w.sink = ops, sum
}

// do does an operation other than Get, and returns the sum of the values that it read.
func do[K comparable](h kv.Map[K, uint64], kind workloads.Kind, lookup, key K, value uint64) (sum uint64) {
	switch kind {
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
	for !stop.Load() || w.ops == 0 {
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

// figures returns the number of operations and the metrics. Rates are over the time from
// the first worker's start to the last one's end.
func (c *cell[K]) figures(workers []*worker[K], spans []span, used usage) (int64, map[string]float64) {
	var ops, writes, publishes int64
	for _, w := range workers {
		ops += w.ops
		writes += w.writes()
		publishes += w.publisher.count
	}
	seconds := wall(spans).seconds()
	m := map[string]float64{
		results.OpsPerSec:   float64(ops) / seconds,
		results.BytesPerOp:  used.bytes / float64(ops),
		results.AllocsPerOp: used.allocs / float64(ops),
		results.GCShare:     used.gcSeconds / (seconds * float64(c.job.ID.Procs)),
		results.PauseShare:  used.paused.Seconds() / seconds,
		results.PauseMax:    used.longestPause.Seconds(),
	}
	if used.cpu > 0 { // it is known
		m[results.CPUPerOp] = used.cpu.Seconds() / float64(ops)
	}
	if reads := ops - writes; reads > 0 {
		m[results.ReadsPerSec] = float64(reads) / seconds
	}
	if writes > 0 {
		m[results.WritesPerSec] = float64(writes) / seconds
	}
	if publishes > 0 {
		m[results.PublishesPerSec] = float64(publishes) / seconds
	}
	if len(workers) > 1 {
		m[results.Fairness] = fairness(workers, spans)
	}
	return ops, m
}

// fairness returns the rate of the slowest worker over that of the fastest. If readers and writers
// are separate goroutines, each role is compared with itself, and the less fair role counts.
func fairness[K comparable](workers []*worker[K], spans []span) float64 {
	least := 1.0
	for i, a := range workers {
		for j, b := range workers {
			if a.reads == b.reads {
				least = min(least, float64(a.ops)/spans[i].seconds()/(float64(b.ops)/spans[j].seconds()))
			}
		}
	}
	return least
}
