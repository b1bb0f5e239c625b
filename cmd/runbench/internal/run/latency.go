package run

import (
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"doublebuf/results"
	"doublebuf/workloads"
)

// In a closed loop a worker begins an operation when it has ended the one before. That hides
// stalls. While the map stalls, no operation arrives. So a stall counts as one slow operation,
// however many operations would have arrived meanwhile. This is called coordinated omission (Tene,
// "How NOT to measure latency", 2013; Schroeder, Wierman and Harchol-Balter, "Open versus closed:
// a cautionary tale", NSDI 2006). A latency cell is an open loop. Every operation has an intended
// start, which is drawn before the clock starts, and its latency lasts from there to its end. So
// the time that an operation waits because its worker is late counts.

// maxLatency is the longest latency that histograms distinguish from longer ones.
const maxLatency = time.Minute

// judgedEvery is in how many operations a worker judges one, if it is a lookup. It does so after it
// has read the clock.
const judgedEvery = 8

// server is a worker of a latency cell.
type server[K comparable] struct {
	worker[K]
	steps workloads.Steps[K]                  // in which it is
	at    int                                 // the next one of them
	gaps  []float32                           // between arrivals, in units of their mean
	gap   int                                 // the next one of them
	mean  float64                             // of the gaps, in nanoseconds
	next  float64                             // the last arrival, in nanoseconds
	until time.Duration                       // operations arrive before
	spins bool                                // it has a processor, so it need not yield while it waits
	clock func(began time.Time) time.Duration // time.Since, except in tests

	ofReads, ofWrites, ofPublishes *hdrhistogram.Histogram // latencies in nanoseconds
	waits                          *hdrhistogram.Histogram // how late it began operations for which it waited
	due, inTime                    int64                   // operations that arrived, and those done before until
}

// latency measures how long operations take. First a closed loop of the workers finds the rate
// that the map reaches. Then operations arrive at the share of it that the load says, for the time
// window. Operations that have waited may take half of that time longer. gaps are the times
// between arrivals. All workers share them, and each begins at an index of its own.
func (c *cell[K]) latency(gaps []float32, window time.Duration) results.Cell {
	id := c.job.ID
	all := id.Goroutines()
	s := c.subject(all, c.script.Holds, prefilled)
	if s == nil {
		return results.Cell{}
	}
	servers, workers := make([]*server[K], all), make([]*worker[K], all)
	closed, open := make([]body, all), make([]body, all)
	f := c.newFacts()
	for i := range all {
		v := &server[K]{
			worker: c.worker(i, s, f), gaps: gaps, gap: i * len(gaps) / all,
			until: window, spins: all <= id.Procs, clock: time.Since,
		}
		v.forget()
		servers[i], workers[i] = v, &v.worker
		closed[i], open[i] = v.closed, v.open
	}
	clock := clockCost()
	spans, _ := atOnce(c.time, c.cpus, closed)
	seconds := wall(spans).seconds()
	before := merged(servers, func(v *server[K]) []*hdrhistogram.Histogram { return []*hdrhistogram.Histogram{v.ofReads, v.ofWrites} })
	capacity := float64(before.TotalCount()) / seconds
	for _, v := range servers {
		v.mean = 1e9 / (roleRate(workers, v.reads, seconds) * float64(id.Load) / 100)
	}
	for _, v := range servers {
		v.forget()
	}
	atOnce(window+window/2, c.cpus, append(open, c.stalled(s)...))

	out := cellOf(c.job)
	var due, inTime int64
	for _, v := range servers {
		out.Ops += v.ops
		due += v.due
		inTime += v.inTime
	}
	out.Metrics = map[string]float64{
		results.Capacity:   capacity,
		results.Offered:    float64(due) / window.Seconds(),
		results.Reached:    float64(inTime) / float64(max(due, 1)),
		results.ClosedMean: before.Mean() / 1e9,
		results.ClosedP99:  float64(before.ValueAtQuantile(99)) / 1e9,
		results.ClockCost:  clock.Seconds(),
	}
	if !out.Overloaded() {
		putLatencies(out.Metrics, servers)
	}
	for _, v := range servers {
		v.stream.GoTo(v.ops) // it has taken more steps from the stream than it has done
	}
	c.judgeAll(&out, s, workers, c.time/auditShare)
	s.close()
	return out
}

// putLatencies puts into metrics the latencies of all servers together, and how late they began, at
// each quantile beyond which there is a value.
func putLatencies[K comparable](metrics map[string]float64, servers []*server[K]) {
	for what, of := range map[string]func(*server[K]) *hdrhistogram.Histogram{
		results.OfReads:     func(v *server[K]) *hdrhistogram.Histogram { return v.ofReads },
		results.OfWrites:    func(v *server[K]) *hdrhistogram.Histogram { return v.ofWrites },
		results.OfPublishes: func(v *server[K]) *hdrhistogram.Histogram { return v.ofPublishes },
	} {
		h := merged(servers, func(v *server[K]) []*hdrhistogram.Histogram { return []*hdrhistogram.Histogram{of(v)} })
		for _, q := range results.Quantiles {
			if reaches(h, q) {
				metrics[results.LatencyUnit(what, q)] = float64(h.ValueAtQuantile(q)) / 1e9
			}
		}
	}
	waits := merged(servers, func(v *server[K]) []*hdrhistogram.Histogram { return []*hdrhistogram.Histogram{v.waits} })
	for unit, q := range map[string]float64{results.PaceP50: 50, results.PaceP99: 99} {
		if reaches(waits, q) {
			metrics[unit] = float64(waits.ValueAtQuantile(q)) / 1e9
		}
	}
}

// reaches reports whether h has so many values that at least one lies beyond the quantile q.
func reaches(h *hdrhistogram.Histogram, q float64) bool {
	n := float64(h.TotalCount())
	return n > 0 && (q == 100 || n*(100-q) >= 100*(1-1e-9))
}

// roleRate returns the mean rate, in operations a second, of the workers that only read, or of the
// others.
func roleRate[K comparable](workers []*worker[K], reads bool, seconds float64) float64 {
	ops, n := 0.0, 0.0
	for _, w := range workers {
		if w.reads == reads {
			ops += float64(w.ops)
			n++
		}
	}
	return ops / n / seconds
}

// merged returns the sum of histograms of all servers.
func merged[K comparable](servers []*server[K], of func(*server[K]) []*hdrhistogram.Histogram) *hdrhistogram.Histogram {
	sum := newLatencies()
	for _, v := range servers {
		for _, h := range of(v) {
			sum.Merge(h)
		}
	}
	return sum
}

// newLatencies returns an empty histogram of nanoseconds, with two digits.
func newLatencies() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(maxLatency), 2) }

// clockCost returns the time that a reading of the clock takes: the median of several rounds.
func clockCost() time.Duration {
	const reads = 1000
	var rounds [9]time.Duration
	for i := range rounds {
		start := time.Now()
		for range reads {
			_ = time.Since(start)
		}
		rounds[i] = time.Since(start) / reads
	}
	slices.Sort(rounds[:])
	return rounds[len(rounds)/2]
}

// forget empties the histograms.
func (v *server[K]) forget() {
	v.ofReads, v.ofWrites, v.ofPublishes, v.waits = newLatencies(), newLatencies(), newLatencies(), newLatencies()
}

// closed does operations one after another, as open does but without waiting. So the cost of
// measuring is part of the capacity.
func (v *server[K]) closed(stop *stopFlag) {
	now := v.clock(stop.began)
	for !stop.Load() || v.ops == 0 {
		now = v.serve(now, stop.began)
	}
}

// open does each operation when it has arrived and the one before has ended. An operation that has
// arrived but not begun at the stop counts with the time that it has waited until then, which is
// less than its latency would be. Without these operations, no latency would show a stall at the
// end of the cell.
//
// It waits by reading the clock again and again, because a sleep ends tens of microseconds late or
// more. If there are more workers than processors it lets others run meanwhile, and may then begin
// late. The metrics PaceP50 and PaceP99 say how late.
func (v *server[K]) open(stop *stopFlag) {
	var now time.Duration
	stopped := false
	for due := v.arrival(); due < v.until; due = v.arrival() {
		v.due++
		if stopped || stop.Load() {
			if !stopped {
				now, stopped = v.clock(stop.began), true
			}
			kind, _ := v.step()
			record(v.of(kind), now-due)
			continue
		}
		if now < due {
			for now < due {
				if !v.spins {
					runtime.Gosched()
				}
				now = v.clock(stop.began)
			}
			record(v.waits, now-due)
		}
		if now = v.serve(due, stop.began); now <= v.until {
			v.inTime++
		}
	}
}

// arrival returns the time at which the next operation arrives.
func (v *server[K]) arrival() time.Duration {
	v.next += float64(v.gaps[v.gap]) * v.mean
	if v.gap++; v.gap == len(v.gaps) {
		v.gap = 0
	}
	return time.Duration(v.next)
}

// serve does the next operation, which arrived at due, and returns when it ended. Times are since
// began. A write ends when the publish that the policy prescribes after it has ended: until then no
// reader can rely on the write, and its worker does nothing else.
func (v *server[K]) serve(due time.Duration, began time.Time) (end time.Duration) {
	kind, i := v.step()
	lookup := v.steps.Lookups[i]
	var got found
	switch {
	case v.walks:
		v.sink += scan(v.handle, math.MaxInt)
	case v.reads && v.many != nil:
		v.sink += v.many.read()
	case kind == workloads.Get:
		got.value, got.ok = v.handle.Get(lookup)
		v.sink += got.value
	default:
		v.sink += do(v.handle, v.many, kind, lookup, v.steps.Keys[i], v.judge.value(v.number, v.ops, v.steps.Index[i]))
	}
	v.ops++
	end = v.clock(began)
	if kind.Writes() && v.publisher.due() {
		written := end
		v.publisher.publish()
		end = v.clock(began)
		record(v.ofPublishes, end-written)
	}
	record(v.of(kind), end-due)
	if v.ops%judgedEvery == 0 && kind == workloads.Get && !v.walks && v.many == nil {
		v.judge.answer(v.steps.Index[i], got.value, got.ok)
	}
	return end
}

// step returns the kind of the next operation, and its index in v.steps.
func (v *server[K]) step() (kind workloads.Kind, i int) {
	if v.at == len(v.steps.Kinds) {
		v.steps, v.at = v.stream.Next(stride), 0
	}
	i = v.at
	v.at++
	if v.reads {
		return workloads.Get, i
	}
	return v.steps.Kinds[i], i
}

// of returns the histogram for operations of a kind.
func (v *server[K]) of(kind workloads.Kind) *hdrhistogram.Histogram {
	if kind.Writes() {
		return v.ofWrites
	}
	return v.ofReads
}

// record records a time, limited to the range of the histogram.
func record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(int64(min(max(d, 1), maxLatency))) // it is in the range
}
