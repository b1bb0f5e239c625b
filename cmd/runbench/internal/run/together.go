package run

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"doublebuf/cmd/runbench/internal/counters"
	"doublebuf/cmd/runbench/internal/pin"
)

// stopFlag stops workers. It has a cache line of its own: workers read it all the time, so no data
// that they write may share the line.
type stopFlag struct {
	_ [64]byte
	atomic.Bool
	length time.Duration // after which a worker sets it; in tests, 0 is never
	here   atomic.Int32  // workers that are ready to begin
	once   sync.Once
	began  time.Time // when the first worker began
	timer  *time.Timer
	_      [8]byte
}

// begin notes that the phase begins. Workers stop by themselves. The timer stops those that wait
// for something that never comes.
func (s *stopFlag) begin() {
	s.once.Do(func() {
		s.began = time.Now()
		s.timer = time.AfterFunc(s.length, func() { s.Store(true) })
	})
}

// watch tells one worker when its time is over. When all processors are busy a timer fires up to
// 10 ms late, so workers look at the clock themselves. They look rarely: at first after 1 call of
// over, then after 2, 4, 8 …, and in the end after half of the calls that remain.
type watch struct {
	stop  *stopFlag
	began time.Time
	calls int // so far
	next  int // the call that looks at the clock
}

func newWatch(stop *stopFlag) watch {
	w := watch{stop: stop, next: math.MaxInt}
	if stop.length > 0 {
		w.began, w.next = time.Now(), 1
	}
	return w
}

// over reports whether the time is over, for this worker or for another one.
func (w *watch) over() bool {
	if w.calls++; w.calls >= w.next {
		w.look()
	}
	return w.stop.Load()
}

//go:noinline
func (w *watch) look() {
	elapsed := time.Since(w.began)
	if elapsed >= w.stop.length {
		w.stop.Store(true)
		return
	}
	perCall := max(1, elapsed/time.Duration(w.calls))
	left := int((w.stop.length - elapsed) / perCall)
	w.next = w.calls + min(w.calls, max(1, left/2))
}

// body is the work of one worker. It ends soon after stop is set.
type body func(stop *stopFlag)

// span is the time that one worker worked, by its own stamps.
type span struct{ start, end time.Time }

func (s span) seconds() float64 { return s.end.Sub(s.start).Seconds() }

// atOnce collects garbage and lets bodies work, all at once, for d or until they have ended before.
func atOnce(d time.Duration, cpus []int, bodies []body) (spans []span, used usage) {
	runtime.GC()
	withCrew(len(bodies), cpus, func(c *crew) {
		process := newMeter()
		process.begin()
		spans = c.do([]time.Duration{d}, bodies)
		used = process.end()
	})
	return spans, used
}

// usage is what the process allocated, and what collections used, while workers worked.
type usage struct {
	bytes, allocs float64
	gcSeconds     float64       // processor time of the collections that ended meanwhile
	cpu           time.Duration // processor time of everything; 0 if it cannot be known
	counts        counters.Counts

	paused, longestPause time.Duration // of all goroutines, by collections
}

// add adds what was used at another time. Pauses are not added.
func (u *usage) add(v usage) {
	u.bytes += v.bytes
	u.allocs += v.allocs
	u.gcSeconds += v.gcSeconds
	u.cpu += v.cpu
	for e, n := range v.counts {
		u.counts[e] += n
	}
}

// part returns a share of u, without pauses.
func (u usage) part(share float64) usage {
	p := usage{bytes: u.bytes * share, allocs: u.allocs * share, gcSeconds: u.gcSeconds * share, cpu: time.Duration(float64(u.cpu) * share)}
	for e, n := range u.counts {
		p.counts[e] = n * share
	}
	return p
}

// crew is workers that stay together: the goroutine that calls do is the first of them.
//
// If each has a processor, they wait for each other by spinning. A goroutine that blocks gives up
// its thread, and a thread that sleeps gives up its processor. Then workers begin late, by up to
// 4 ms on virtual machines, or two of them share a processor for as long. That was most of the
// difference between two slices of one map.
type crew struct {
	size   int
	spins  bool
	cpus   []int         // to which workers are bound, if they are
	orders []chan *order // to each but the first, if they do not spin
	next   atomic.Pointer[order]
	ended  sync.WaitGroup
}

// order is what a crew does at once. One without phases ends the crew.
type order struct {
	stops  []stopFlag // one for each phase
	bodies []body     // one for each worker
	spans  []span     // of the last phase
	left   atomic.Int32
	done   sync.WaitGroup
}

// withCrew calls f with a crew of that size, which ends with f. If cpus is not empty each worker
// has a thread of its own, which is bound to one of the processors and ends with it.
func withCrew(size int, cpus []int, f func(c *crew)) {
	runCrew(&crew{size: size, cpus: cpus, spins: size > 1 && apart(size, runtime.GOMAXPROCS(0))}, f)
}

// apart reports whether each worker has a processor. With a GOMAXPROCS above the number of
// processors, the operating system makes workers share them.
func apart(workers, procs int) bool { return workers <= min(procs, runtime.NumCPU()) }

func runCrew(c *crew, f func(c *crew)) {
	first := new(order)
	c.next.Store(first)
	for i := 1; i < c.size; i++ {
		orders := make(chan *order, 1)
		c.orders = append(c.orders, orders)
		c.ended.Go(func() {
			c.bind(i)
			for o := c.wait(orders, first); len(o.stops) > 0; o = c.wait(orders, o) {
				c.follow(o, i)
			}
		})
	}
	lead := func() {
		defer c.give(new(order))
		c.bind(0)
		f(c)
	}
	if len(c.cpus) > 0 {
		c.ended.Go(lead)
	} else {
		lead()
	}
	c.ended.Wait()
}

// bind binds the goroutine of worker i, if workers are bound.
func (c *crew) bind(i int) {
	if len(c.cpus) > 0 {
		runtime.LockOSThread() // for good
		if err := pin.Thread(c.cpus[i%len(c.cpus)]); err != nil {
			panic(err) // the process was bound to all of them before
		}
	}
}

// wait returns the order after last, for a worker that does not spin from its channel.
func (c *crew) wait(orders <-chan *order, last *order) *order {
	if !c.spins {
		return <-orders
	}
	for {
		if o := c.next.Load(); o != last {
			return o
		}
		checkpoint()
	}
}

// checkpoint is a point at which Go can stop a goroutine that waits by spinning. A collection stops
// all of them. Go interrupts a loop without calls by a signal, but not if a debugger or
// GODEBUG=asyncpreemptoff=1 forbids that: then only the beginning of a function that calls another
// is such a point.
//
//go:noinline
func checkpoint() { nothing() }

//go:noinline
func nothing() {}

// give gives an order to all workers but the first.
func (c *crew) give(o *order) {
	if c.spins {
		c.next.Store(o)
		return
	}
	for _, to := range c.orders {
		to <- o
	}
}

// do starts all workers at once. Each does its body in every phase, one after another. It returns
// when each worked in the last phase.
func (c *crew) do(lengths []time.Duration, bodies []body) []span {
	o := &order{stops: make([]stopFlag, len(lengths)), bodies: bodies, spans: make([]span, len(bodies))}
	for i, d := range lengths {
		o.stops[i].length = d
	}
	o.left.Store(int32(c.size))
	o.done.Add(c.size)
	c.give(o)
	c.follow(o, 0)
	for c.spins && o.left.Load() > 0 {
		checkpoint()
	}
	o.done.Wait()
	for i := range o.stops {
		o.stops[i].timer.Stop()
	}
	return o.spans
}

// follow does the part of worker i in an order. If workers spin, all begin each phase together.
//
// Whoever calls begin stamps its start before. The system may stop it in between for longer than
// the phase, and the phase must not seem shorter than it was.
func (c *crew) follow(o *order, i int) {
	for j := range o.stops {
		stop := &o.stops[j]
		if i == 0 {
			for c.spins && int(stop.here.Load()) < c.size-1 {
				checkpoint()
			}
		}
		start := time.Now()
		if i == 0 || !c.spins {
			stop.begin()
		}
		for stop.here.Add(1); c.spins && int(stop.here.Load()) < c.size; {
			checkpoint()
		}
		if i > 0 && c.spins {
			start = time.Now()
		}
		o.bodies[i](stop)
		o.spans[i] = span{start, time.Now()}
	}
	o.left.Add(-1)
	o.done.Done()
}

// wall returns the time from the first start to the last end.
func wall(spans []span) span {
	all := spans[0]
	for _, s := range spans[1:] {
		if s.start.Before(all.start) {
			all.start = s.start
		}
		if s.end.After(all.end) {
			all.end = s.end
		}
	}
	return all
}
