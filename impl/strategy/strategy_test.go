package strategy_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

// strategies are those that every test of this file holds to the contract.
var strategies = func() map[string]func(strategy.Options) strategy.Strategy {
	all := map[string]func(strategy.Options) strategy.Strategy{
		sharedName: func(o strategy.Options) strategy.Strategy {
			s := strategy.Indicator(o).(strategy.Sharer)
			return &oneReader{s, s.NewShared()[0]}
		},
	}
	for _, k := range strategy.All() {
		all[k.Name] = k.New
	}
	return all
}()

// Strategies that a law does not apply to.
const (
	sharedName    = "indicator without handles"
	collectorName = "collector" // closing a guard is to drop the reference
	singleName    = "single"    // which never waits, and is for one goroutine
)

// oneReader is a strategy all of whose readers are one that they share. What is of a
// single reader it does not do.
type oneReader struct {
	strategy.Strategy
	shared strategy.Reader
}

func (s *oneReader) NewReader(string) strategy.Reader { return partner{s.shared} }

type partner struct{ strategy.Reader }

func (partner) Unregister() {}
func (partner) Abandon() {
	panic("one of those who share a reader cannot end the guards of the others")
}

// rig is a strategy with the two copies that it is about.
type rig struct {
	strategy.Strategy
	copies [2]*strategy.Copy
	writer int // the index of the writer's copy
}

func (r *rig) swap() {
	r.StartSwap(r.copies[r.writer])
	r.writer = 1 - r.writer
	if _, ok := r.Strategy.(strategy.Renewing); ok {
		r.copies[r.writer] = &strategy.Copy{Index: r.writer}
	}
}

// TryFinish has garbage collections run for a strategy that goes by them.
func (r *rig) TryFinish() bool {
	_, collected := r.Strategy.(strategy.Renewing)
	for range 5 {
		if r.Strategy.TryFinish() || !collected {
			return r.Strategy.TryFinish()
		}
		collect()
	}
	return false
}

// collect returns when a garbage collection has run, and a finalizer of something that it found.
func collect() {
	done := new(atomic.Bool)
	runtime.SetFinalizer(&struct{ _ [4]*int }{}, func(any) { done.Store(true) })
	for runtime.GC(); !done.Load(); {
		runtime.Gosched()
	}
}

// detach detaches the writer's copy and replaces it.
func (r *rig) detach() {
	r.Detach()
	r.copies[r.writer] = &strategy.Copy{Index: r.writer}
}

func forEach(t *testing.T, test func(t *testing.T, open func(strategy.Options) *rig)) {
	forAllBut(t, nil, test)
}

// forAllBut leaves out the strategies to which the law in question does not apply.
func forAllBut(t *testing.T, but []string, test func(t *testing.T, open func(strategy.Options) *rig)) {
	for name, open := range strategies {
		if slices.Contains(but, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			test(t, func(o strategy.Options) *rig {
				r := &rig{open(o), [2]*strategy.Copy{{Index: 0}, {Index: 1}}, 1}
				r.Begin(r.copies[0])
				return r
			})
		})
	}
}

func TestGuardsFollowSwaps(t *testing.T) {
	forEach(t, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{})
		r := s.NewReader("")
		for v := range 5 {
			c := r.Open()
			if c != s.copies[v&1] {
				t.Fatalf("after %d swaps a guard opens in copy %d, want %d", v, c.Index, v&1)
			}
			r.Close(c)
			s.swap()
			if !s.TryFinish() {
				t.Fatalf("swap %d does not finish although no guard is open", v+1)
			}
		}
	})
}

func TestOpenGuardHoldsTheSwapAndNothingElse(t *testing.T) {
	forEach(t, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{})
		r, idle := s.NewReader(""), s.NewReader("")
		old := r.Open()
		s.swap()
		if s.TryFinish() {
			t.Fatal("the swap finished under an open guard")
		}
		c := idle.Open()
		if c == old {
			t.Fatal("a guard opened in the old copy after the swap")
		}
		second := r.Open() // a second guard of the handle that holds the first
		if second == old {
			t.Fatal("a second guard opened in the old copy after the swap")
		}
		r.Close(old)
		if !s.TryFinish() {
			t.Fatal("guards in the new copy hold the swap")
		}
		r.Close(second)
		idle.Close(c)
	})
}

// TestChainedGuardsDoNotStarve opens the next guard before it closes the last, for ever:
// with one count or parity for both copies the writer never sees the reader without a guard.
func TestChainedGuardsDoNotStarve(t *testing.T) {
	forEach(t, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{})
		r := s.NewReader("")
		c := r.Open()
		for range 6 {
			s.swap()
			next := r.Open()
			r.Close(c)
			c = next
			if !s.TryFinish() {
				t.Fatal("chained guards hold a swap that none of them is older than")
			}
		}
	})
}

func TestReaderRegisteredDuringTheWait(t *testing.T) {
	forEach(t, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{})
		r := s.NewReader("")
		old := r.Open()
		s.swap()
		late := s.NewReader("")
		c := late.Open()
		if c == old {
			t.Fatal("a new reader opened a guard in the old copy")
		}
		r.Close(old)
		if !s.TryFinish() {
			t.Fatal("the guard of a reader that came after the swap holds it")
		}
	})
}

func TestUnregisterKeepsOpenGuards(t *testing.T) {
	forEach(t, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{})
		r := s.NewReader("")
		c := r.Open()
		r.Unregister()
		s.swap()
		if s.TryFinish() {
			t.Fatal("the swap finished under the guard of an unregistered reader")
		}
		r.Close(c)
		if !s.TryFinish() {
			t.Fatal("the swap does not finish after the last guard was closed")
		}
	})
}

func TestAbandonEndsGuards(t *testing.T) {
	forAllBut(t, []string{sharedName}, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{})
		r := s.NewReader("")
		r.Open()
		r.Open()
		s.swap()
		r.Abandon()
		r.Abandon() // a second time is harmless
		if !s.TryFinish() {
			t.Fatal("the guards of an abandoned reader hold the swap")
		}
	})
}

func TestFinishSleepsUntilTheLastGuardIsClosed(t *testing.T) {
	forAllBut(t, []string{collectorName, singleName}, func(t *testing.T, open func(strategy.Options) *rig) {
		synctest.Test(t, func(t *testing.T) {
			s := open(strategy.Options{})
			a, b := s.NewReader(""), s.NewReader("")
			ca, cb := a.Open(), b.Open()
			s.swap()
			var finished atomic.Bool
			go func() {
				if err := s.Finish(nil); err != nil {
					t.Error(err)
				}
				finished.Store(true)
			}()
			synctest.Wait() // returns only if the writer is durably blocked: it sleeps
			a.Close(ca)
			synctest.Wait()
			if finished.Load() {
				t.Error("the swap finished with a guard open")
			}
			b.Close(cb)
			synctest.Wait()
			if !finished.Load() {
				t.Error("the last guard was closed and the writer was not woken")
			}
		})
	})
}

func TestFinishIsCancelledAndTakenUpAgain(t *testing.T) {
	forAllBut(t, []string{singleName}, func(t *testing.T, open func(strategy.Options) *rig) {
		synctest.Test(t, func(t *testing.T) {
			s := open(strategy.Options{})
			r := s.NewReader("")
			c := r.Open()
			s.swap()
			cancel := make(chan struct{})
			time.AfterFunc(time.Minute, func() { close(cancel) })
			if err := s.Finish(cancel); !errors.Is(err, strategy.ErrCancelled) {
				t.Errorf("Finish returns %v, want ErrCancelled", err)
			}
			time.AfterFunc(time.Minute, func() { r.Close(c) })
			if err := s.Finish(nil); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestStallIsReportedOnceByName(t *testing.T) {
	forAllBut(t, []string{sharedName, collectorName, singleName}, func(t *testing.T, open func(strategy.Options) *rig) {
		synctest.Test(t, func(t *testing.T) {
			var stalls []strategy.Stall
			s := open(strategy.Options{
				StallAfter: 3 * time.Second,
				Stalled:    func(s strategy.Stall) { stalls = append(stalls, s) },
			})
			s.NewReader("innocent")
			r := s.NewReader("culprit")
			c := r.Open()
			r.Open()
			s.swap()
			time.AfterFunc(time.Minute, func() { r.Close(c); r.Close(c) })
			if err := s.Finish(nil); err != nil {
				t.Error(err)
			}
			if len(stalls) != 1 {
				t.Fatalf("%d reports, want 1", len(stalls))
			}
			got := stalls[0].String()
			for _, want := range []string{"3s", "before swap 1", "culprit holds 2"} {
				if !strings.Contains(got, want) {
					t.Errorf("the report %q does not say %q", got, want)
				}
			}
			if strings.Contains(got, "innocent") {
				t.Errorf("the report %q names a reader without a guard", got)
			}
		})
	})
}

// TestExclusionUnderFire has the race detector and the readers themselves look for S1:
// what a guard pins does not change until it is closed.
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
						runtime.Gosched() // not within a guard, for which the writer would wait
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
		}
		wg.Wait()
		t.Log(swaps, "swaps")
	})
}

// TestLookupGuardIsWaitedFor has the writer sleep for a guard that may wake nobody.
func TestLookupGuardIsWaitedFor(t *testing.T) {
	forEach(t, func(t *testing.T, open func(strategy.Options) *rig) {
		synctest.Test(t, func(t *testing.T) {
			s := open(strategy.Options{})
			lookup, ok := strategy.LookupOf(s.NewReader(""))
			if !ok {
				return // this strategy has none
			}
			if lookup.TryOpen() || lookup.Reopen() != s.copies[0] {
				t.Fatal("a lookup does not open in the readable copy")
			}
			lookup.Close()
			if !lookup.TryOpen() {
				t.Fatal("a lookup does not open where it did before")
			}
			s.swap()
			start, after := time.Now(), 50*time.Millisecond
			time.AfterFunc(after, lookup.Close)
			if err := s.Finish(nil); err != nil {
				t.Error(err)
			}
			if waited := time.Since(start); waited < after || waited > after+time.Millisecond {
				t.Errorf("the writer waited %v for a lookup that was closed after %v", waited, after)
			}
		})
	})
}

// TestDetach has a guard outlive its copy: it holds nobody up, and its end is not taken for
// that of a guard in the copy's successor.
func TestDetach(t *testing.T) {
	forAllBut(t, []string{singleName}, func(t *testing.T, open func(strategy.Options) *rig) {
		synctest.Test(t, func(t *testing.T) {
			s := open(strategy.Options{MaxWait: time.Second})
			r, left := s.NewReader(""), s.NewReader("")
			stale, staleToo := r.Open(), left.Open()
			left.Unregister()
			s.swap()
			start := time.Now()
			if err := s.Finish(nil); !errors.Is(err, strategy.ErrMaxWait) {
				t.Fatalf("Finish returns %v, want ErrMaxWait", err)
			}
			if waited := time.Since(start); waited != time.Second {
				t.Errorf("Finish waited %v, want 1s", waited)
			}
			s.detach()
			if !s.TryFinish() {
				t.Fatal("the swap is outstanding after its copy was detached")
			}
			s.swap() // to the successor
			c := r.Open()
			if c != s.copies[0] || c == stale {
				t.Fatal("a guard does not open in the successor")
			}
			if !s.TryFinish() {
				t.Fatal("nobody holds the other copy, and the swap does not finish")
			}
			s.swap() // away from the successor
			r.Close(stale)
			left.Close(staleToo)
			if s.TryFinish() {
				t.Error("the end of a guard in the detached copy was taken for one in its successor")
			}
			r.Close(c)
			if !s.TryFinish() {
				t.Error("the swap does not finish although its last guard is closed")
			}
		})
	})
}

// TestShortMaxWaitIsSpunOut takes the bound that is too short for sleeping.
func TestShortMaxWaitIsSpunOut(t *testing.T) {
	forAllBut(t, []string{singleName}, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{MaxWait: 20 * time.Microsecond})
		s.NewReader("").Open()
		s.swap()
		if err := s.Finish(nil); !errors.Is(err, strategy.ErrMaxWait) {
			t.Fatalf("Finish returns %v, want ErrMaxWait", err)
		}
	})
}

func TestGuardReleasedTwice(t *testing.T) {
	forAllBut(t, []string{collectorName}, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{})
		r := s.NewReader("")
		c := r.Open()
		r.Close(c)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("closing a guard twice does not panic")
				}
			}()
			r.Close(c)
		}()
		s.swap()
		if !s.TryFinish() {
			t.Error("the swap does not finish after a guard was closed twice")
		}
	})
}

func TestGuardsDoNotAllocate(t *testing.T) {
	forEach(t, func(t *testing.T, open func(strategy.Options) *rig) {
		r := open(strategy.Options{}).NewReader("")
		if n := testing.AllocsPerRun(100, func() { r.Close(r.Open()) }); n != 0 {
			t.Errorf("a guard allocates %v times", n)
		}
	})
}

// TestSharedReaders has goroutines open guards at once in one reader, and close each other's.
func TestSharedReaders(t *testing.T) {
	for _, o := range []strategy.Options{{}, {MaxWait: time.Hour}} {
		const goroutines, swaps = 4, 100
		sharer := strategy.Indicator(o).(strategy.Sharer)
		s := &rig{sharer, [2]*strategy.Copy{{Index: 0}, {Index: 1}}, 1}
		s.Begin(s.copies[0])
		shared := sharer.NewShared()
		if n := len(shared); n&(n-1) != 0 {
			t.Fatalf("%d shared readers, which is no power of two", n)
		}
		for range 1000 {
			if i := strategy.Stripe(len(shared)); i < 0 || i >= len(shared) {
				t.Fatalf("a goroutine is to use reader %d of %d", i, len(shared))
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

// TestSingleFails has the writer want a copy in which his own goroutine has guards.
func TestSingleFails(t *testing.T) {
	s := strategy.Single(strategy.Options{})
	copies := [2]strategy.Copy{{Index: 0}, {Index: 1}}
	s.Begin(&copies[0])
	a, b := s.NewReader("a"), s.NewReader("b")
	a.Close(a.Open())
	ca, cb := b.Open(), b.Open()
	s.StartSwap(&copies[1])
	for range 2 { // it remains so
		err := s.Finish(nil)
		if !errors.Is(err, strategy.ErrGuardOpen) || !strings.HasSuffix(err.Error(), ": b holds 2") {
			t.Fatalf("Finish returns %q, want ErrGuardOpen and that b holds 2", err)
		}
	}
	b.Close(ca)
	b.Close(cb)
	if err := s.Finish(nil); err != nil {
		t.Fatal(err)
	}
}
