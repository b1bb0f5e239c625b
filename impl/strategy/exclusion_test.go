package strategy_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

// TestExclusionUnderFire checks S1 under load, by the race detector and by the readers themselves:
// what a guard pins does not change until the guard is closed.
func TestExclusionUnderFire(t *testing.T) {
	forAllBut(t, []string{singleName}, func(t *testing.T, open func(strategy.Options) *rig) {
		const readers = 4
		guards := 1_000_000
		if invariants.Enabled {
			guards = 40_000 // each takes longer
		}
		s := open(strategy.Options{})
		var copies [2][8]uint64
		var reading atomic.Int64
		var wg sync.WaitGroup
		reading.Add(readers)
		for range readers {
			wg.Go(func() {
				defer reading.Add(-1)
				r := s.NewReader("")
				defer r.Unregister()
				for i := range guards {
					if i%64 == 0 {
						runtime.Gosched() // outside a guard: the writer would wait for it
					}
					c := r.Open()
					first := copies[c.Index][0]
					d := r.Open()
					r.Close(d)
					for _, x := range copies[c.Index] {
						if x != first {
							t.Errorf("a guard sees %d and %d", first, x)
							break
						}
					}
					r.Close(c)
				}
			})
		}
		swaps := 0
		for ; reading.Load() > 0; swaps++ {
			for i := range copies[0] {
				copies[1-swaps&1][i] = uint64(swaps)
			}
			s.swap()
			if err := s.Finish(nil); err != nil {
				t.Error(err)
			}
			// The readers yield outside their guards, so on one processor Finish never waits. Then
			// the writer would run until it is preempted, and the readers would get 64 guards each.
			runtime.Gosched()
		}
		wg.Wait()
		t.Log(swaps, "swaps")
	})
}

// TestSharedReaders lets goroutines open guards at once in one reader, and close guards of each
// other.
func TestSharedReaders(t *testing.T) {
	for _, o := range []strategy.Options{{}, {MaxWait: time.Hour}} {
		const goroutines, swaps = 4, 100
		sharer := strategy.Indicator(o).(strategy.Sharer)
		s := &rig{sharer, [2]*strategy.Copy{{Index: 0}, {Index: 1}}, 1}
		s.Begin(s.copies[0])
		shared := sharer.NewShared()
		if n := len(shared); n&(n-1) != 0 {
			t.Fatalf("%d shared readers, want a power of two", n)
		}
		for range 1000 {
			if i := strategy.Stripe(len(shared)); i < 0 || i >= len(shared) {
				t.Fatalf("Stripe returns %d, want an index below %d", i, len(shared))
			}
		}
		r := shared[0]
		var copies [2]uint64
		var stop atomic.Bool
		var wg sync.WaitGroup
		handOver := make(chan *strategy.Copy, goroutines)
		for range goroutines {
			wg.Go(func() {
				for !stop.Load() {
					c := r.Open()
					first := copies[c.Index]
					select {
					case handOver <- c:
					case other := <-handOver:
						if now := copies[c.Index]; now != first {
							t.Errorf("a guard sees %d and %d", first, now)
						}
						r.Close(other)
						r.Close(c)
					}
					runtime.Gosched()
				}
			})
		}
		for v := 1; v <= swaps; v++ {
			copies[v&1] = uint64(v)
			s.swap()
			for finished := false; !finished; {
				select {
				case c := <-handOver:
					_ = copies[c.Index]
					r.Close(c)
				default:
					finished = s.TryFinish()
					runtime.Gosched()
				}
			}
		}
		stop.Store(true)
		wg.Wait()
	}
}
