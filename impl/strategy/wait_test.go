package strategy_test

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/impl/strategy"
)

func TestFinishSleepsUntilTheLastGuardIsClosed(t *testing.T) {
	finishSleepsUntil(t, []string{collectorName, singleName}, func(r strategy.Reader, c *strategy.Copy) { r.Close(c) })
}

func TestFinishSleepsUntilTheLastReaderIsAbandoned(t *testing.T) {
	finishSleepsUntil(t, []string{sharedName, collectorName, singleName}, func(r strategy.Reader, _ *strategy.Copy) { r.Abandon() })
}

// finishSleepsUntil opens guards of two readers and ends them. The first end must leave the writer
// asleep, and the second must wake it.
func finishSleepsUntil(t *testing.T, but []string, end func(strategy.Reader, *strategy.Copy)) {
	forAllBut(t, but, func(t *testing.T, open func(strategy.Options) *rig) {
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
			end(a, ca)
			synctest.Wait()
			if finished.Load() {
				t.Error("the swap finished with a guard open")
			}
			end(b, cb)
			synctest.Wait()
			if !finished.Load() {
				t.Error("the last guard was ended and the writer was not woken")
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

// TestLookupGuardIsWaitedFor checks that the writer waits for a guard that may not wake it.
func TestLookupGuardIsWaitedFor(t *testing.T) {
	forEach(t, func(t *testing.T, open func(strategy.Options) *rig) {
		synctest.Test(t, func(t *testing.T) {
			s := open(strategy.Options{})
			lookup := new(strategy.Lookup)
			if !lookup.Init(s.NewReader("")) {
				return // this strategy has none
			}
			if tryOpen(lookup) || lookup.Reopen() != s.copies[0] {
				t.Fatal("a lookup does not open in the readable copy")
			}
			lookup.Close()
			if !tryOpen(lookup) {
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

// TestDetach keeps a guard open longer than its copy is in use. The guard must not block the
// writer. Its close must not count as the close of a guard in the copy's successor.
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
				t.Fatal("no guard is open in the other copy, and the swap does not finish")
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

// TestDetachUnderManyReaders detaches a copy in which each of many readers has a guard. None of the
// guards counts for the copy's successor. Guards there count.
func TestDetachUnderManyReaders(t *testing.T) {
	forAllBut(t, []string{singleName}, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{MaxWait: time.Microsecond})
		readers, stale := make([]strategy.Reader, 50), make([]*strategy.Copy, 50)
		for i := range readers {
			readers[i] = s.NewReader("")
			stale[i] = readers[i].Open()
		}
		s.swap()
		if s.TryFinish() {
			t.Fatal("the swap finishes with guards open in the old copy")
		}
		s.detach()
		s.swap() // to the successor
		if !s.TryFinish() {
			t.Fatal("the swap to the successor does not finish")
		}
		s.swap() // away from the successor
		if !s.TryFinish() {
			t.Error("guards in the detached copy count for its successor")
		}
		s.swap() // to the successor again
		if !s.TryFinish() {
			t.Fatal("the next swap to the successor does not finish")
		}
		last := readers[len(readers)-1]
		c := last.Open()
		s.swap()
		if s.TryFinish() {
			t.Error("a guard in the successor does not count")
		}
		for i, r := range readers {
			r.Close(stale[i])
		}
		if s.TryFinish() {
			t.Error("the ends of guards in the detached copy end a guard in its successor")
		}
		last.Close(c)
		if !s.TryFinish() {
			t.Error("the swap does not finish although its last guard is closed")
		}
		runtime.KeepAlive(stale)
	})
}

// TestShortMaxWaitIsSpunOut sets a bound that is too short for sleeping.
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

// TestSingleFails makes the writer need a copy in which its own goroutine has guards.
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
