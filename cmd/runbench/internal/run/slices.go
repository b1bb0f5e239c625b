package run

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// The maps of a workload are measured together, in slices. A disturbance of a shared machine lasts
// for tenths of a second, so it affects all of them alike.
//
// Collections are off while slices run. They would slow down the map whose slice it is, and not the
// map that made the garbage. Garbage is collected between slices. The time that collections of a
// map's garbage would take, if the map were alone in the process, is added to its time. With
// GOGC=100 there is one each time as much has been allocated as is alive, or 4 MiB if that is more.
// So the price of an allocated byte is
//
//	the processor time to mark what is alive / max(the bytes that are alive, 4 MiB).
//
// Both are measured with each map alone, once in a process. If every processor has a worker, the
// collections take their time from the workers. Otherwise an idle processor does them.
//
// A map that runs alone for long reuses memory. Fresh memory, or memory that the process has given
// back to the system, costs a page fault for each 4 KiB: xsync and sync.Map were 20 % slower with
// r50w50. So takeTurns first touches as much memory as the slices will use.
//
// Some maps are measured alone, in one long slice in which garbage is collected as usual: a map
// whose publish needs a collection, and a map that would be collected in every slice. Such a map
// takes long to reach a steady rate, so it is left out of extra blocks.

const (
	// collectAfter is after how many allocated bytes garbage is collected between two slices. It is
	// so small that the caches may still hold the memory that is used again.
	collectAfter = 32 << 20
	// maxRate is how many bytes a second a map may allocate in slices without collections. With
	// GOGC=100, a small map that allocates more is collected every 5 ms or more often.
	maxRate = 4 << 20 / 0.005
	// collectingTime is the least time for which a map is measured with its collections, and its
	// warm-up before that.
	collectingTime = 60 * time.Millisecond
	// opsPerSlice is how many operations of a worker a slice lasts at least. A slice ends when its
	// last worker has finished its operation, and meanwhile the others do nothing.
	opsPerSlice = 20
)

// aloneMetrics are the metrics that only a map that is measured alone has.
var aloneMetrics = []string{results.LivePerKey, results.MarkPerKey, results.PauseShare, results.PauseMax}

// together measures cells of one workload and one block in slices. Each cell is measured alone the
// first time. It returns the cells that were measured. It stops if a cell is cut.
func together[K comparable](r *Runner, cells []*cell[K]) []results.Cell {
	out := make([]results.Cell, len(cells))
	var places []int // of the cells that are measured in slices
	var sizes []float64
	common := 0
	for i, c := range cells {
		a, known := r.alone[c.job.ID]
		if !known {
			if a = c.throughput(); c.cut {
				return nil
			}
			r.alone[c.job.ID] = a
		}
		out[i] = cellOf(c.job)
		out[i].Metrics = map[string]float64{}
		if !known {
			out[i].Fault = a.cell.Fault
			for _, unit := range append(aloneMetrics, results.Judged) {
				if v, ok := a.cell.Metrics[unit]; ok {
					out[i].Metrics[unit] = v
				}
			}
		}
		if c.entry.Collects || a.garbage(time.Second) > maxRate {
			if r.plan.Extra == 0 || c.job.Block <= r.plan.Blocks {
				c.measureCollecting(r, &out[i])
			}
			if c.cut {
				return nil
			}
			continue
		}
		if _, twin := results.Original(c.job.ID.Impl); twin {
			common = len(places)
		}
		places, sizes = append(places, i), append(sizes, a.live)
	}
	if len(places) > 0 {
		measureGroups(r, cells, groups(places, sizes, common, float64(r.plan.MemoryBytes())), out)
	}
	return slices.DeleteFunc(out, func(c results.Cell) bool { return c.Ops == 0 })
}

// measureCollecting measures the cell alone, in one slice in which garbage is collected as usual,
// and adds the results to out. The workers do not spin: that would take processors from the
// collector.
func (c *cell[K]) measureCollecting(r *Runner, out *results.Cell) {
	l := newLane(r, c)
	if l == nil {
		return
	}
	l.collects, l.warmUp, l.length = true, collectingTime, max(l.length, c.time, collectingTime)
	useMemory(collectAfter)
	runtime.GC()
	runCrew(&crew{size: len(l.workers), cpus: l.cpus}, func(crew *crew) { l.slice(crew) })
	t := l.tally(0)
	l.end(out)
	out.Ops = t.count(opsOf)
	maps.Copy(out.Metrics, t.metrics(out.Procs))
}

// turns returns how many slices the cell has in a block, and how long each is. a is what the map
// showed when it was alone.
func (c *cell[K]) turns(r *Runner, a alone) (n int, length time.Duration) {
	_, length = r.plan.Slices(c.job.ID)
	length = max(length, opsPerSlice*a.perOp)
	return max(1, int((c.time+length-1)/length)), length
}

// groups divides places, whose maps have those sizes, into groups whose sizes add up to most or
// less, or that have two members. The common one, an index, is the first of every group, so that
// maps of different groups can be compared through it.
func groups(places []int, sizes []float64, common int, most float64) (all [][]int) {
	sum := 0.0
	for i, place := range places {
		switch {
		case len(places) == 1:
			return [][]int{places}
		case i == common:
			continue
		case len(all) == 0 || sum+sizes[i] > most:
			all, sum = append(all, []int{places[common]}), sizes[common]
		}
		last := &all[len(all)-1]
		*last, sum = append(*last, place), sum+sizes[i]
	}
	return all
}

// measureGroups measures cells in groups and adds the results to out. If there are several groups,
// the machine may be faster during one than during another. So all times of a group get one factor.
// With it, the first map has the same rate in every group.
func measureGroups[K comparable](r *Runner, cells []*cell[K], groups [][]int, out []results.Cell) {
	tallies := make([][]tally, len(groups))
	var common tally
	for g, group := range groups {
		lanes := make([]*lane[K], len(group))
		order := orderOf(r, cells[group[0]].job, g)
		for _, i := range order.Perm(len(group)) {
			if lanes[i] = newLane(r, cells[group[i]]); lanes[i] == nil {
				closeAll(lanes)
				return
			}
		}
		withCrew(len(lanes[0].workers), lanes[0].cpus, func(c *crew) { takeTurns(c, lanes, order) })
		for i, l := range lanes {
			c := &out[group[i]]
			tallies[g] = append(tallies[g], l.tally(r.alone[c.ID].price))
			l.end(c)
		}
		common.join(tallies[g][0])
	}
	for g, group := range groups {
		first := tallies[g][0]
		for i, t := range tallies[g] {
			if i == 0 {
				t = common
			} else {
				t.scale(first.perSecond(opsOf) / common.perSecond(opsOf))
			}
			c := &out[group[i]]
			c.Ops = t.count(opsOf)
			maps.Copy(c.Metrics, t.metrics(c.Procs))
		}
	}
}

// closeAll releases the maps of lanes, some of which are nil.
func closeAll[K comparable](lanes []*lane[K]) {
	for _, l := range lanes {
		if l != nil {
			l.subject.close()
		}
	}
}

// orderOf returns the source of the random orders of a cohort or group: those in which its maps are
// built, and take turns. A map that is always built last would always have other memory, and was
// seen to be 2 to 5 % slower.
func orderOf(r *Runner, first plan.Job, group int) *rand.Rand {
	seed := fnv.New64a()
	fmt.Fprintf(seed, "%d %d %v", r.plan.Seed, first.Block, first.ID)
	return rand.New(rand.NewPCG(seed.Sum64(), uint64(group)))
}

// takeTurns measures lanes in slices. In each round, lanes take a turn in a random order. A lane
// with fewer slices than another leaves rounds out.
func takeTurns[K comparable](c *crew, lanes []*lane[K], order *rand.Rand) {
	rounds := 0
	for _, l := range lanes {
		rounds = max(rounds, l.slices)
	}

	percent := debug.SetGCPercent(-1)
	defer debug.SetGCPercent(percent)
	expected := 0.0
	for _, l := range lanes {
		expected += l.garbage
	}
	useMemory(min(expected, 2*collectAfter))
	runtime.GC()
	garbage := 0.0
	for round := range rounds {
		for _, i := range order.Perm(len(lanes)) {
			l := lanes[i]
			if l.percent = percent; (round+1)*l.slices/rounds == round*l.slices/rounds {
				continue
			}
			if garbage += l.slice(c); garbage > collectAfter {
				runtime.GC()
				garbage = 0
			}
		}
	}
}

// useMemory allocates that many bytes, touches them, and frees them.
func useMemory(bytes float64) {
	const span, page = 8 << 10, 4 << 10 // a span holds most small objects
	percent := debug.SetGCPercent(-1)
	defer debug.SetGCPercent(percent)
	var all [][]byte
	for ; bytes > 0; bytes -= span {
		memory := make([]byte, span)
		for i := 0; i < span; i += page {
			memory[i] = 1
		}
		all = append(all, memory)
	}
	runtime.KeepAlive(all)
}

// lane is a map that is measured in slices.
type lane[K comparable] struct {
	*cell[K]
	subject *subject[K]
	workers []*worker[K]
	bodies  []body
	audits  []body
	meter   *meter
	percent int // GOGC

	collects bool // garbage is collected in its slices
	slices   int  // to be measured
	length   time.Duration
	warmUp   time.Duration // before each slice
	garbage  float64       // bytes that it allocates in a block, about

	// Of the slices so far, without their warm-up.
	ops     []int64   // of each worker
	seconds []float64 // that each worker worked
	wall    float64   // from the first worker's start to the last one's end
	cpu     time.Duration
	used    usage // warm-up included
}

// newLane builds the map of c and fills it. It returns nil if c is cut.
func newLane[K comparable](r *Runner, c *cell[K]) *lane[K] {
	l := &lane[K]{cell: c, subject: c.subject(c.job.ID.Goroutines(), c.script.Holds, prefilled), meter: newMeter()}
	if l.subject == nil {
		return nil
	}
	a := r.alone[c.job.ID]
	l.slices, l.length = c.turns(r, a)
	l.warmUp = plan.WarmUp(c.job.ID)
	l.garbage = float64(l.slices) * a.garbage(l.warmUp+l.length)
	l.workers, l.bodies = c.workers(l.subject)
	l.audits = audits(l.workers)
	l.ops, l.seconds = make([]int64, len(l.workers)), make([]float64, len(l.workers))
	return l
}

// unaudited is which part of a warm-up is no audit, so that a slice begins with the branch
// predictors and the code of what it measures.
const unaudited = 4

// slice measures one slice and returns the bytes that were allocated.
func (l *lane[K]) slice(c *crew) float64 {
	before := make([]int64, len(l.workers))
	var cpu time.Duration // at the start of the last phase
	bodies := make([]body, len(l.workers))
	rest := l.warmUp / unaudited
	for i, work := range l.bodies {
		audited := false
		bodies[i] = func(stop *stopFlag) {
			if !audited {
				l.audits[i](stop)
				audited = true
				return
			}
			before[i] = l.workers[i].ops
			if i == 0 {
				cpu = cpuTime()
			}
			work(stop)
		}
	}
	l.mark(measuring, l.warmUp+l.length)
	l.meter.begin()
	spans := c.do([]time.Duration{l.warmUp - rest, rest, l.length}, bodies)
	l.cpu += cpuTime() - cpu
	used := l.meter.end()
	for i, w := range l.workers {
		l.ops[i] += w.ops - before[i]
		l.seconds[i] += spans[i].seconds()
	}
	l.wall += wall(spans).seconds()
	l.used.add(used)
	return used.bytes
}

// tally returns what was measured in all slices. price is the processor time of collections for
// each allocated byte, with GOGC=100.
func (l *lane[K]) tally(price float64) tally {
	procs := l.job.ID.Procs
	t := tally{seconds: l.wall, apart: apart(len(l.workers), procs)}
	all := int64(0)
	for i, w := range l.workers {
		share := float64(l.ops[i]) / float64(w.ops) // of its work, without warm-up
		scaled := func(n int64) int64 { return int64(float64(n)*share + 0.5) }
		t.workers = append(t.workers, pace{l.ops[i], scaled(w.writes()), scaled(w.publisher.count), l.seconds[i], w.reads})
		all += w.ops
	}
	share := float64(t.count(opsOf)) / float64(all)
	t.used = l.used.part(share)
	t.used.cpu = l.cpu
	switch {
	case l.collects: // and the time of it is there already
		return t
	case l.percent <= 0: // no collections
		t.used.gcSeconds = 0
		return t
	}
	t.used.gcSeconds = price * t.used.bytes * 100 / float64(l.percent)
	if t.used.cpu > 0 { // it is known
		t.used.cpu += time.Duration(t.used.gcSeconds * 1e9)
	}
	if len(l.workers) >= procs { // otherwise an idle processor collects
		t.lengthen(t.used.gcSeconds / float64(procs))
	}
	return t
}

// end puts into out what was wrong with the map, and releases it.
func (l *lane[K]) end(out *results.Cell) {
	l.judgeAll(out, l.subject, l.workers, 0) // every warm-up was an audit
	l.subject.close()
}
