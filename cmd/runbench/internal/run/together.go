package run

import (
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
	began time.Time // when all were started
	_     [32]byte
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

// together starts a goroutine for each body and collects garbage while they wait. Then it starts
// all of them at once, and stops them after d, unless they have ended before. If cpus is not empty
// each goroutine has a thread of its own, which is bound to one of the processors and ends with the
// goroutine.
func together(d time.Duration, cpus []int, bodies []body) ([]span, usage) {
	stop := new(stopFlag)
	spans := make([]span, len(bodies))
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(len(bodies))
	for i, work := range bodies {
		done.Go(func() {
			if len(cpus) > 0 {
				runtime.LockOSThread() // for good
				if err := pin.Thread(cpus[i%len(cpus)]); err != nil {
					panic(err) // the process was bound to all of them before
				}
			}
			ready.Done()
			<-begin
			start := time.Now()
			work(stop)
			spans[i] = span{start, time.Now()}
		})
	}
	ready.Wait()
	ended := make(chan struct{})
	go func() {
		done.Wait()
		close(ended)
	}()
	process := newMeter()
	timer := time.NewTimer(d)
	runtime.GC()
	process.begin()
	timer.Reset(d)
	stop.began = time.Now()
	close(begin)
	select {
	case <-timer.C:
	case <-ended:
	}
	stop.Store(true)
	<-ended
	return spans, process.end()
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
