package hashmap_test

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

// collect returns after a garbage collection has run, and after a finalizer of an object that it
// found.
func collect() {
	done := new(atomic.Bool)
	runtime.SetFinalizer(&struct{ _ [4]*int }{}, func(any) { done.Store(true) })
	for runtime.GC(); !done.Load(); {
		runtime.Gosched()
	}
}

// tryPublish runs garbage collections, and then reports whether the writer can publish without a
// wait.
func tryPublish[K comparable, V any](t *testing.T, w *hashmap.WriteHandle[K, V]) bool {
	t.Helper()
	for range 3 {
		collect()
	}
	ok, err := w.TryPublish()
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// TestCollectorWaitsForTheLastUse uses guards that are never released. Their last use is what the
// name of the case says. The second publish after their version must wait for the end of that use
// (law V1). It must not wait longer, because nothing refers to the guard after that.
func TestCollectorWaitsForTheLastUse(t *testing.T) {
	const keys = 100
	for name, use := range map[string]func(g hashmap.ReadGuard[int, int], within func()) (seen int){
		"All": func(g hashmap.ReadGuard[int, int], within func()) (seen int) {
			for _, v := range g.All() {
				if within(); v != 1 {
					return v
				}
				seen++
			}
			return seen
		},
		"Get": func(g hashmap.ReadGuard[int, int], within func()) (seen int) {
			within()
			for k := range keys {
				v, _ := g.Get(k)
				seen += v
			}
			return seen
		},
		"GetMany": func(g hashmap.ReadGuard[int, int], within func()) (seen int) {
			var asked, values [keys]int
			for i := range asked {
				asked[i] = i
			}
			within()
			g.GetMany(asked[:], values[:], make([]bool, keys))
			for _, v := range values {
				seen += v
			}
			return seen
		},
		"Len": func(g hashmap.ReadGuard[int, int], within func()) (seen int) {
			within()
			return g.Len()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := hashmap.New[int, int](hashmap.WithStrategy(strategy.Collector))
			set := func(v int) {
				for k := range keys {
					w.Insert(k, v)
				}
			}
			set(1)
			mustPublish(t, w)
			once := false
			seen := use(mustShare(t, w).Read(), func() {
				if once {
					return
				}
				once = true
				set(2)
				mustPublish(t, w)
				set(3)
				if tryPublish(t, w) {
					t.Error("the writer has the copy back while a guard still reads it")
				}
			})
			if seen != keys {
				t.Errorf("%d entries of version 1 were seen, or one of version %[1]d, want %d", seen, keys)
			}
			free := false
			for range 100 {
				free = free || tryPublish(t, w)
			}
			if !free {
				t.Error("the writer does not have the copy back although nothing refers to the guard")
			}
		})
	}
}

// TestCollectorStallIsReported holds a guard and publishes twice in one goroutine. The strategy
// does not know which reader blocks the writer. Checked builds know where the guard was opened,
// with or without a handle.
func TestCollectorStallIsReported(t *testing.T) {
	for name, read := range map[string]func(w *hashmap.WriteHandle[int, int]) hashmap.ReadGuard[int, int]{
		"by a handle":      func(w *hashmap.WriteHandle[int, int]) hashmap.ReadGuard[int, int] { return w.NewReadHandle().Read() },
		"without a handle": func(w *hashmap.WriteHandle[int, int]) hashmap.ReadGuard[int, int] { return mustShare(t, w).Read() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g hashmap.ReadGuard[int, int]
				var reported strategy.Stall
				w := hashmap.New[int, int](hashmap.WithStrategy(strategy.Collector), hashmap.WithStallReport(time.Second, func(s strategy.Stall) {
					reported = s
					g.Release()
					g = hashmap.ReadGuard[int, int]{}
				}))
				g = read(w)
				mustPublish(t, w)
				mustPublish(t, w)
				if reported.Swap != 1 || len(reported.Holders) != 0 {
					t.Errorf("the report is %q, want one of swap 1 that names no reader", reported)
				}
				if invariants.Enabled && (len(reported.Opened) != 1 || !strings.Contains(reported.Opened[0], "collector_test.go:")) {
					t.Errorf("the guard was opened at %q, want one place in this file", reported.Opened)
				}
			})
		})
	}
}
