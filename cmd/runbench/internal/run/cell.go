package run

import (
	"context"
	"runtime"
	"slices"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
	"doublebuf/workloads"
)

// drawn keeps what the last job drew from the seed. The next job uses it if it has the same keys
// and distribution.
type drawn struct {
	keyType, dist string
	keys          int
	workload      any // *workload[K]
}

// workload is the input of a cell, apart from its mix. It does not change.
type workload[K comparable] struct {
	set  *workloads.KeySet[K]
	tape *workloads.Tape[K]
}

// whole ignores the number of keys: a trace has all of its keys.
func whole[K comparable](keys func(seed uint64) *workloads.KeySet[K]) func(n int, seed uint64) *workloads.KeySet[K] {
	return func(_ int, seed uint64) *workloads.KeySet[K] { return keys(seed) }
}

// build makes a map.
type build[K comparable] = func(capacity int) kv.Map[K, uint64]

// measure measures jobs of one workload in one block, with keys of one type. If there are several,
// they are measured together, in slices. It sets GOMAXPROCS to theirs.
func measure[K comparable](r *Runner, jobs []plan.Job, builder func(kv.Entry) build[K],
	keys func(n int, seed uint64) *workloads.KeySet[K],
) ([]results.Cell, error) {
	runtime.GOMAXPROCS(jobs[0].ID.Procs)
	load, err := draw(r, jobs[0].ID, keys)
	if err != nil {
		return nil, err
	}
	mix, _ := workloads.FindMix(jobs[0].ID.Mix)
	script := load.set.Script(mix, load.tape, r.plan.Seed)
	fate := fateOf(script, len(load.set.Keys))
	var cells []*cell[K]
	for i, j := range jobs {
		e, _ := plan.FindMap(r.entries, j.ID.Impl)
		cells = append(cells, &cell[K]{
			keys: load.set.Keys, lookups: load.set.Lookups, mix: mix, script: script, fate: fate,
			entry: e, build: builder(e), job: j, time: time.Duration(r.plan.Time), cpus: r.cpus,
			filledByAll: r.plan.Prefill == plan.ByWorkers, ctx: r.ctx,
			marks: r.marks, index: i, window: r.plan.Window(mix),
		})
	}
	var measured []results.Cell
	switch c := cells[0]; {
	case r.plan.Sliced(c.job.ID):
		measured = together(r, cells)
	case c.job.ID.Kind == results.Staleness:
		measured = append(measured, c.staleness())
	case c.job.ID.Kind == results.Latency:
		measured = append(measured, c.latency(workloads.Gaps(r.plan.Seed), r.plan.Window(mix)))
	default:
		measured = append(measured, c.throughput().cell)
	}
	if slices.ContainsFunc(cells, func(c *cell[K]) bool { return c.cut }) {
		return nil, r.ctx.Err()
	}
	return measured, nil
}

func draw[K comparable](r *Runner, id results.ID, keys func(n int, seed uint64) *workloads.KeySet[K]) (*workload[K], error) {
	d := &r.drawn
	if d.keyType == id.KeyType && d.dist == id.Dist && d.keys == id.Keys {
		return d.workload.(*workload[K]), nil
	}
	*d = drawn{} // release the last one before the next is made
	dist, err := workloads.ParseDist(id.Dist)
	if err != nil {
		return nil, err
	}
	set := keys(id.Keys, r.plan.Seed)
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	tape, err := set.Tape(dist, r.plan.Seed)
	if err != nil {
		return nil, err
	}
	load := &workload[K]{set, tape}
	*d = drawn{id.KeyType, id.Dist, id.Keys, load}
	return load, nil
}

// cellOf returns the cell of the job, without metrics.
func cellOf(j plan.Job) results.Cell {
	return results.Cell{ID: j.ID, Block: j.Block, Process: j.Process, Link: j.Link}
}

// cell is a job with everything that it needs.
type cell[K comparable] struct {
	keys, lookups []K // equal, in other memory
	mix           workloads.Mix
	script        workloads.Script[K]
	fate          fate
	entry         kv.Entry
	build         func(capacity int) kv.Map[K, uint64]
	job           plan.Job
	time          time.Duration
	cpus          []int // to which workers are bound, if they are
	filledByAll   bool  // all workers fill the map, if it can be written by several goroutines
	marks         *marker
	index         int           // in its cohort
	window        time.Duration // of a latency cell
	ctx           context.Context
	cut           bool // ctx ended while the map was filled, and nothing was measured
}

// subject is the map that is measured, with a handle for each worker. The reader that stalls, if
// the mix has one, has the last handle.
type subject[K comparable] struct {
	m       kv.Map[K, uint64]
	handles []kv.Map[K, uint64]
	mark    func(s step, expected time.Duration) // that a step of the cell begins
}

// mark says that a step of the cell begins, which takes about as long as expected.
func (c *cell[K]) mark(s step, expected time.Duration) { c.marks.set(c.index, s, expected) }

const (
	perKey  = 400 * time.Nanosecond // about how long it takes to store or to look up a key
	perStep = 20 * time.Nanosecond  // and to check a step of a worker
)

// markCheck says that the final state is checked.
func (c *cell[K]) markCheck(workers []*worker[K]) {
	d := time.Duration(len(c.keys)) * perKey
	for _, w := range workers {
		d += time.Duration(w.ops) * perStep
	}
	c.mark(checking, d)
}

// subject builds the map and stores value(i) under each key i for which holds(i) is true. It
// publishes, and only then opens a handle for each worker. It publishes twice, because the second
// publish fills the second copy of a double buffer. Otherwise the first publish of a worker would
// do that on the clock.
//
// A map that starts empty does not get its final size, so growing is measured.
//
// The calling goroutine fills the map, so its processor touches the memory first. Linux takes
// memory from the NUMA node of that processor. If filledByAll, each worker stores a part of the
// keys, from its own processor and by its own handle. If ctx ends meanwhile, subject returns nil.
func (c *cell[K]) subject(workers int, holds func(i int) bool, value func(i int) uint64) *subject[K] {
	capacity := 0
	for i := range c.keys {
		if holds(i) {
			capacity = len(c.keys)
			break
		}
	}
	c.mark(preparing, time.Duration(len(c.keys))*perKey)
	s := &subject[K]{m: c.build(capacity), mark: c.mark}
	if c.mix.Stalls {
		workers++
	}
	open := func() {
		for range workers {
			s.handles = append(s.handles, kv.Open(s.m))
		}
	}
	fill := func(m kv.Map[K, uint64], first, step int) {
		for i := first; i < len(c.keys); i += step {
			if (i-first)/step%fillStride == 0 {
				if c.ctx.Err() != nil {
					return
				}
				c.marks.tick()
			}
			if holds(i) {
				m.Set(c.keys[i], value(i))
			}
		}
	}
	if byAll := c.filledByAll && c.entry.Caps.Has(kv.Concurrent|kv.Writes); byAll {
		open()
		var bodies []body
		for w, h := range s.handles {
			bodies = append(bodies, func(*stopFlag) { fill(h, w, workers) })
		}
		withCrew(workers, c.cpus, func(c *crew) { c.do([]time.Duration{fillTime}, bodies) })
	} else {
		fill(s.m, 0, 1)
	}
	if c.cut = c.ctx.Err() != nil; c.cut {
		s.close()
		return nil
	}
	if c.entry.Caps.Has(kv.OwnLogs) {
		for _, h := range s.handles { // they have filled the map
			kv.Publish(h)
		}
	}
	kv.Publish(s.m)
	kv.Publish(s.m)
	if len(s.handles) == 0 {
		open()
	}
	c.mark(measuring, c.time+2*c.window)
	return s
}

const (
	// fillTime is longer than any map takes to be filled.
	fillTime = 24 * time.Hour
	// fillStride is after how many keys an interrupt is looked for, and progress is marked. A map
	// may copy itself for each key.
	fillStride = 1 << 6
)

// close releases the handles and the map. It is not deferred: after a panic it might wait for a
// lock of the map, and nobody would learn of the panic.
func (s *subject[K]) close() {
	s.mark(releasing, 0)
	if _, ok := s.m.(kv.Opener[K, uint64]); ok {
		for _, h := range s.handles {
			kv.Close(h)
		}
	}
	kv.Close(s.m)
	s.mark(between, 0)
}

// stream returns the steps of worker w of all.
func (c *cell[K]) stream(w, all int) *workloads.Stream[K] {
	return c.script.Stream(w, all)
}
