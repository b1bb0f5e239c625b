package hashmap_test

import (
	"errors"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// sharers are the strategies under which goroutines read without handles.
var sharers = func() map[string]func(strategy.Options) strategy.Strategy {
	sharers := map[string]func(strategy.Options) strategy.Strategy{}
	for _, k := range strategy.All() {
		if k.HandleFree {
			sharers[k.Name] = k.New
		}
	}
	return sharers
}()

func mustShare[K comparable, V any](t testing.TB, w *hashmap.WriteHandle[K, V]) *hashmap.Shared[K, V] {
	t.Helper()
	s, err := w.Share()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShareNeedsAStrategyForIt(t *testing.T) {
	if _, err := hashmap.New[int, int]().Share(); !errors.Is(err, hashmap.ErrHandles) {
		t.Errorf("Share under epoch returns %v, want ErrHandles", err)
	}
}

// TestShared starts and ends goroutines that read without handles. In each version key 1 is the
// number of the version and key 2 is twice that number.
func TestShared(t *testing.T) {
	for name, open := range sharers {
		for kind, options := range map[string][]hashmap.Option{
			"builtin":  nil,
			"flat":     {hashmap.WithTable(table.Flat)},
			"max wait": {hashmap.WithMaxWait(10 * time.Microsecond)},
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				const goroutines, each, reads = 4, 50, 20
				w := hashmap.New[int, int](append(options, hashmap.WithStrategy(open))...)
				s := mustShare(t, w)
				look := func() {
					last := 0
					for range reads {
						g := s.Read()
						v := int(g.Version())
						one, _ := g.Get(1)
						two, _ := s.Get(2)
						if all := maps.Collect(g.All()); v < last || one != v || two < 2*v || v > 0 && (len(all) != 2 || all[2] != 2*v) {
							t.Errorf("a guard of version %d, after one of %d, sees %d and %v; Get sees %d", v, last, one, all, two)
						}
						g.Release()
						last = two / 2
						runtime.Gosched()
					}
				}
				var readers atomic.Int32
				readers.Store(goroutines)
				var wg sync.WaitGroup
				for range goroutines {
					wg.Go(func() {
						defer readers.Add(-1)
						for range each {
							done := make(chan struct{})
							go func() { defer close(done); look() }()
							<-done
						}
					})
				}
				v := 0
				for readers.Load() > 0 {
					v++
					w.Insert(1, v)
					w.Insert(2, 2*v)
					mustPublish(t, w)
					if v%8 == 0 {
						runtime.Gosched() // otherwise, on one processor, each reader runs only when the writer is preempted
					}
				}
				wg.Wait()
				if got, ok := s.Get(1); !ok || got != v {
					t.Errorf("after %d publishes Get returns %d, %v", v, got, ok)
				}
			})
		}
	}
}

// TestSharedKeysThatCannotBeHashed makes a lookup panic. It must not leave a guard open.
func TestSharedKeysThatCannotBeHashed(t *testing.T) {
	for name, open := range sharers {
		t.Run(name, func(t *testing.T) {
			w := hashmap.New[any, int](hashmap.WithStrategy(open))
			s := mustShare(t, w)
			w.Insert("key", 1)
			mustPublish(t, w)
			func() {
				defer func() {
					if recover() == nil {
						t.Error("a lookup of a slice does not panic")
					}
				}()
				s.Get([]int{})
			}()
			if v, _ := s.Get("key"); v != 1 {
				t.Errorf("Get returns %d, want 1", v)
			}
			mustPublish(t, w)
			mustPublish(t, w) // waits for ever if a guard is open
		})
	}
}

func TestSharedDoesNotAllocate(t *testing.T) {
	for name, open := range sharers {
		for _, o := range [][]hashmap.Option{nil, {hashmap.WithMaxWait(time.Hour)}} {
			w := hashmap.New[int, int](append(o, hashmap.WithStrategy(open))...)
			s := mustShare(t, w)
			if n := testing.AllocsPerRun(100, func() {
				s.Get(1)
				g := s.Read()
				g.Get(1)
				g.Release()
			}); n != 0 && !invariants.Enabled {
				t.Errorf("%s: a lookup and a guard allocate %v times", name, n)
			}
		}
	}
}

// TestDroppedGuardsEnd drops guards without a release, and then their handles. The writer
// continues, and the checks of law S1 do not count the guards as open. The documents of the
// strategies promise this. A guard that is still used is not dropped, whatever else is.
func TestDroppedGuardsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		open func(strategy.Options) strategy.Strategy
		drop func(w *hashmap.WriteHandle[int, int]) any // guards, and returns what is not dropped
	}{
		"collector, without a handle": {strategy.Collector, func(w *hashmap.WriteHandle[int, int]) any {
			s := mustShare(t, w)
			s.Read()
			return s
		}},
		"collector, by a handle": {strategy.Collector, func(w *hashmap.WriteHandle[int, int]) any {
			r := w.NewReadHandle()
			r.Read()
			return r
		}},
		"collector, all": {strategy.Collector, func(w *hashmap.WriteHandle[int, int]) any {
			mustShare(t, w).Read()
			return nil
		}},
		"indicator, without a handle": {strategy.Indicator, func(w *hashmap.WriteHandle[int, int]) any {
			mustShare(t, w).Read()
			return nil
		}},
		"epoch": {strategy.Epoch, func(w *hashmap.WriteHandle[int, int]) any {
			w.NewReadHandle().Read()
			return nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := hashmap.New[int, int](hashmap.WithStrategy(c.open))
			for v := range 4 {
				kept := c.drop(w)
				w.Insert(1, v)
				mustPublish(t, w) // waits for ever if a guard stays open
				r := w.NewReadHandle()
				g := r.Read()
				w.Insert(1, -v)
				mustPublish(t, w)
				if got, _ := g.Get(1); got != v {
					t.Errorf("the guard that is used sees %d, want %d", got, v)
				}
				g.Release()
				r.Close()
				runtime.KeepAlive(kept)
			}
		})
	}
}
