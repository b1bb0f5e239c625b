package strategy_test

import (
	"runtime"
	"sync/atomic"
	"testing"

	"doublebuf/impl/strategy"
)

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

// TestChainedGuardsDoNotStarve always opens the next guard before it closes the last. With one
// count or parity for both copies the writer would never see the reader without a guard.
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

// TestAbandonEndsGuardsInEitherCopy abandons a reader with a guard in the other copy than the
// first.
func TestAbandonEndsGuardsInEitherCopy(t *testing.T) {
	forAllBut(t, []string{sharedName, collectorName}, func(t *testing.T, open func(strategy.Options) *rig) {
		s := open(strategy.Options{})
		s.swap()
		if !s.TryFinish() {
			t.Fatal("a swap without guards does not finish")
		}
		r := s.NewReader("")
		r.Open()
		s.swap()
		if s.TryFinish() {
			t.Fatal("the swap finishes with a guard open in the old copy")
		}
		r.Abandon()
		if !s.TryFinish() {
			t.Error("the swap does not finish although its reader was abandoned")
		}
	})
}

// TestReadersThatLeaveAreCollected ends readers in each way there is, while their strategy goes on.
// Nothing keeps their memory.
func TestReadersThatLeaveAreCollected(t *testing.T) {
	forAllBut(t, []string{sharedName, collectorName}, func(t *testing.T, open func(strategy.Options) *rig) {
		for name, end := range map[string]func(s *rig, r strategy.Reader){
			"unregistered": func(_ *rig, r strategy.Reader) { r.Unregister() },
			"abandoned":    func(_ *rig, r strategy.Reader) { r.Open(); r.Abandon() },
			"unregistered after a swap has waited for them": func(s *rig, r strategy.Reader) {
				c := r.Open()
				s.swap()
				if s.TryFinish() {
					t.Error("the swap finishes with a guard open in the old copy")
				}
				r.Close(c)
				if !s.TryFinish() {
					t.Error("the swap does not finish although its last guard is closed")
				}
				r.Unregister()
			},
			"unregistered with a guard open": func(s *rig, r strategy.Reader) {
				c := r.Open()
				r.Unregister()
				r.Close(c)
				for range 2 {
					s.swap()
					if !s.TryFinish() {
						t.Error("a swap without guards does not finish")
					}
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				const readers = 10
				s := open(strategy.Options{})
				collected := new(atomic.Int32)
				func() {
					for range readers {
						r := s.NewReader("")
						runtime.SetFinalizer(r, func(strategy.Reader) { collected.Add(1) })
						end(s, r)
					}
				}()
				for i := 0; i < 20 && collected.Load() < readers; i++ {
					collect()
				}
				if n := collected.Load(); n != readers {
					t.Errorf("%d of %d readers are collected", n, readers)
				}
				runtime.KeepAlive(s)
			})
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
