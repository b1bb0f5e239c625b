package run

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"doublebuf/cmd/runbench/internal/pin"
)

// stopFlag stops workers. It has a cache line of its own: workers read it all the time, so no data
// that they write may share the line.
type stopFlag struct {
	_ [64]byte
	atomic.Bool
	length time.Duration // after which a worker sets it; 0 is never
	began  time.Time     // when all were started
	first  chan struct{} // closed by the first worker that begins
	begun  atomic.Bool   // one has
	_      [8]byte
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

// usage is what the process allocated, and what collections used, while workers worked.
type usage struct {
	bytes, allocs float64
	gcSeconds     float64       // processor time of the collections that ended meanwhile
	cpu           time.Duration // processor time of everything; 0 if it cannot be known

	paused, longestPause time.Duration // of all goroutines, by collections
}

// atOnce starts a goroutine for each body and collects garbage while they wait. Then it starts
// all of them at once, and stops them after d, unless they have ended before. If cpus is not empty
// each goroutine has a thread of its own, which is bound to one of the processors and ends with the
// goroutine.
func atOnce(d time.Duration, cpus []int, bodies []body) ([]span, usage) {
	process := newMeter()
	spans := phases([]time.Duration{d}, cpus, bodies, func() {
		runtime.GC()
		process.begin()
	})
	return spans, process.end()
}

// phases starts a goroutine for each body and calls ready while they wait. Then it starts all of
// them at once. Each does its work in every phase, one after another, without a pause between them.
// phases returns when each worked in the last phase.
func phases(lengths []time.Duration, cpus []int, bodies []body, ready func()) []span {
	stops := make([]stopFlag, len(lengths))
	for i, d := range lengths {
		stops[i].length, stops[i].first = d, make(chan struct{})
	}
	spans := make([]span, len(bodies))
	var waiting, done sync.WaitGroup
	begin := make(chan struct{})
	waiting.Add(len(bodies))
	for i, work := range bodies {
		done.Go(func() {
			if len(cpus) > 0 {
				runtime.LockOSThread() // for good
				if err := pin.Thread(cpus[i%len(cpus)]); err != nil {
					panic(err) // the process was bound to all of them before
				}
			}
			waiting.Done()
			<-begin
			for j := range stops {
				stop := &stops[j]
				start := time.Now()
				if stop.begun.CompareAndSwap(false, true) {
					stop.began = start
					close(stop.first)
				}
				<-stop.first // began is set
				work(stop)
				spans[i] = span{start, time.Now()}
			}
		})
	}
	waiting.Wait()
	ended := make(chan struct{})
	go func() {
		done.Wait()
		close(ended)
	}()
	ready()
	close(begin)
	// Workers stop themselves. The timer is for those that wait for something that never comes.
	for i := range stops {
		stop := &stops[i]
		<-stop.first
		timer := time.NewTimer(stop.length)
		select {
		case <-timer.C:
		case <-ended:
		}
		stop.Store(true)
	}
	<-ended
	return spans
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
