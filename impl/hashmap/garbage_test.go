package hashmap_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// object is a value whose collection is watched. It is as large as it is so that the runtime does
// not put it into one block with other objects.
type object [4]*int

// watched returns a new object, and a function that reports whether the garbage collector has found
// it. The function runs collections until it has, or until it is certain that it will not.
func watched() (*object, func() bool) {
	o, gone := new(object), make(chan struct{})
	runtime.AddCleanup(o, func(gone chan struct{}) { close(gone) }, gone)
	return o, func() bool {
		for range 20 {
			collect()
			select {
			case <-gone:
				return true
			default:
				runtime.Gosched() // to the goroutine that runs cleanups
			}
		}
		return false
	}
}

// forEachMap runs a test for each strategy with each table.
func forEachMap(t *testing.T, test func(t *testing.T, k strategy.Kind, options ...hashmap.Option)) {
	for _, k := range strategy.All() {
		for name, kind := range map[string]table.Kind{"builtin": table.Builtin, "flat": table.Flat} {
			t.Run(k.Name+"/"+name, func(t *testing.T) {
				test(t, k, hashmap.WithStrategy(k.New), hashmap.WithTable(kind))
			})
		}
	}
}

// TestCloseFreesTheStaleCopy removes a value, so that only the stale copy still has it, and closes
// the writer. Neither readers that stay nor the closed writer keep that copy alive.
func TestCloseFreesTheStaleCopy(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		for _, key := range []int{0, 1} { // flat tables store zero in a place of its own
			for name, use := range map[string]func(r *hashmap.ReadHandle[int, *object]) (later func()){
				"a handle that has not read": func(*hashmap.ReadHandle[int, *object]) func() { return func() {} },
				"a handle whose last lookup was in it": func(r *hashmap.ReadHandle[int, *object]) func() {
					r.Get(1)
					return func() {}
				},
				"a guard in it that is released later": func(r *hashmap.ReadHandle[int, *object]) func() {
					return r.Read().Release
				},
			} {
				t.Run(fmt.Sprintf("key %d/%s", key, name), func(t *testing.T) {
					w, r, later, collected := closed(t, key, use, options...)
					later()
					if !collected() {
						t.Error("the value is still alive")
					}
					if n := r.Read().Len(); n != 1 {
						t.Errorf("the last version has %d entries; want 1", n)
					}
					runtime.KeepAlive(w)
				})
			}
		}
	})
}

// closed returns a map's writer, which has been closed, and a handle. A value has been removed
// since use was called with the handle.
func closed(t *testing.T, key int, use func(*hashmap.ReadHandle[int, *object]) func(), options ...hashmap.Option) (
	w *hashmap.WriteHandle[int, *object], r *hashmap.ReadHandle[int, *object], later func(), collected func() bool,
) {
	w = hashmap.New[int, *object](options...)
	r = w.NewReadHandle()
	o, collected := watched()
	w.Insert(key, o)
	w.Insert(2, new(object))
	mustPublish(t, w)
	mustPublish(t, w)
	w.Remove(key)
	later = use(r)
	mustPublish(t, w)
	w.Close()
	return w, r, later, collected
}

// TestCloseHalvesTheMemory measures the memory of a closed map, whose writer and handle stay.
func TestCloseHalvesTheMemory(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		const entries = 50_000
		alive := func() int64 {
			var m runtime.MemStats
			collect()
			collect()
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		before := alive()
		w := hashmap.New[int, [8]int](options...)
		r := w.NewReadHandle()
		for i := range entries {
			w.Insert(i, [8]int{i})
		}
		mustPublish(t, w)
		mustPublish(t, w)
		mustPublish(t, w)
		r.Get(1)
		open := alive() - before
		w.Close()
		w.Close() // is harmless
		if closed := alive() - before; closed > open*6/10 {
			t.Errorf("%d KiB are alive after Close, of %d before; want about half", closed>>10, open>>10)
		}
		if n := r.Read().Len(); n != entries {
			t.Errorf("the last version has %d entries; want %d", n, entries)
		}
		runtime.KeepAlive(w)
	})
}

// TestRemovedValuesAreCollected removes a value in each way there is. When both copies have seen
// that, nothing keeps the value alive: not the log, not a table, and not an idle handle.
func TestRemovedValuesAreCollected(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		for name, remove := range map[string]func(w *hashmap.WriteHandle[int, *object], key int){
			"Remove":           func(w *hashmap.WriteHandle[int, *object], key int) { w.Remove(key) },
			"Insert":           func(w *hashmap.WriteHandle[int, *object], key int) { w.Insert(key, nil) },
			"Clear":            func(w *hashmap.WriteHandle[int, *object], _ int) { w.Clear() },
			"Clear and Insert": func(w *hashmap.WriteHandle[int, *object], key int) { w.Clear(); w.Insert(key, nil) },
			"Update": func(w *hashmap.WriteHandle[int, *object], key int) {
				w.Update(key, func(*object, bool) (*object, bool) { return nil, false })
			},
			"Retain": func(w *hashmap.WriteHandle[int, *object], key int) {
				w.Retain(func(k int, _ **object) bool { return k != key })
			},
			"Retain that changes": func(w *hashmap.WriteHandle[int, *object], key int) {
				w.Retain(func(_ int, v **object) bool { *v = nil; return true })
			},
		} {
			for _, key := range []int{0, 1} {
				t.Run(fmt.Sprintf("%s of key %d", name, key), func(t *testing.T) {
					w := hashmap.New[int, *object](options...)
					r := w.NewReadHandle()
					collected := insertWatched(w, key)
					mustPublish(t, w)
					r.Get(key)
					mustPublish(t, w)
					remove(w, key)
					mustPublish(t, w)
					mustPublish(t, w)
					if !collected() {
						t.Error("the value is still alive")
					}
					runtime.KeepAlive(w)
					runtime.KeepAlive(r)
				})
			}
		}
	})
}

// insertWatched inserts a watched object behind some other operations, so that the memory of the
// operation in the log is not used again at once.
func insertWatched(w *hashmap.WriteHandle[int, *object], key int) (collected func() bool) {
	for i := range 10 {
		w.Insert(2+i, nil)
	}
	o, collected := watched()
	w.Insert(key, o)
	return collected
}

// TestRepliesAreCollected lets a group answer with a value that it removes. The group keeps neither
// the value nor the arguments of a call.
func TestRepliesAreCollected(t *testing.T) {
	for name, remove := range map[string]func(g *hashmap.Group[int, *object], o *object) bool{
		"LoadAndDelete":    func(g *hashmap.Group[int, *object], _ *object) bool { _, ok := g.LoadAndDelete(1); return ok },
		"Swap":             func(g *hashmap.Group[int, *object], _ *object) bool { _, ok := g.Swap(1, nil); return ok },
		"CompareAndDelete": func(g *hashmap.Group[int, *object], o *object) bool { return g.CompareAndDelete(1, o) },
		"CompareAndSwap":   func(g *hashmap.Group[int, *object], o *object) bool { return g.CompareAndSwap(1, o, nil) },
		"LoadOrStore": func(g *hashmap.Group[int, *object], o *object) bool {
			v, ok := g.LoadOrStore(1, new(object))
			g.Remove(1)
			return ok && v == o
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := hashmap.NewGroup[int, *object]()
			o, collected := watched()
			g.Insert(1, o)
			if !remove(g, o) {
				t.Fatal("the value is not found")
			}
			for range 2 {
				g.Remove(3)
			}
			if !collected() {
				t.Error("the value is still alive")
			}
			runtime.KeepAlive(g)
		})
	}
}

// TestDetachedCopyIsCollected detaches the only copy that still has a value. The copy is garbage
// when its guards have ended, and handles whose last lookup was there are used again or closed.
func TestDetachedCopyIsCollected(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		if k.OneGoroutine {
			t.Skip("its writer never waits")
		}
		for name, leave := range map[string]func(r *hashmap.ReadHandle[int, *object]){
			"by a lookup": func(r *hashmap.ReadHandle[int, *object]) { r.Get(1) },
			"by Close":    func(r *hashmap.ReadHandle[int, *object]) { r.Close() },
		} {
			for _, key := range []int{0, 1} {
				t.Run(fmt.Sprintf("key %d/%s", key, name), func(t *testing.T) {
					w := hashmap.New[int, *object](append(options, hashmap.WithMaxWait(time.Microsecond))...)
					r, collected := detachedFrom(t, w, key)
					leave(r)
					if !collected() {
						t.Error("the value is still alive")
					}
					mustPublish(t, w)
					runtime.KeepAlive(r)
				})
			}
		}
	})
}

// detachedFrom returns a handle whose last lookup was in a copy that has been detached since, with
// a watched value. The guards in that copy have ended.
func detachedFrom(t *testing.T, w *hashmap.WriteHandle[int, *object], key int) (*hashmap.ReadHandle[int, *object], func() bool) {
	r := w.NewReadHandle()
	holder := w.NewReadHandle()
	defer holder.Close()
	collected := insertWatched(w, key)
	mustPublish(t, w)
	mustPublish(t, w)
	w.Remove(key)
	g := holder.Read()
	defer g.Release()
	for range 3 { // under adaptive a handle may remember under which name it found the copy
		r.Get(key)
		r.Read().Release()
	}
	mustPublish(t, w)
	mustPublish(t, w) // detaches the copy of g
	mustPublish(t, w)
	return r, collected
}

// TestIdleHandlesKeepNoCopy detaches many copies. Each has a value that no other copy has. Some
// handles become idle after a Get in such a copy. They do not keep it. Only under refcount each of
// them keeps the last copy that it has read.
func TestIdleHandlesKeepNoCopy(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		if k.OneGoroutine {
			t.Skip("its writer never waits")
		}
		const detached, idle = 12, 3
		w := hashmap.New[int, *object](append(options, hashmap.WithMaxWait(time.Microsecond))...)
		holder, guards, busy := w.NewReadHandle(), w.NewReadHandle(), w.NewReadHandle()
		var handles []*hashmap.ReadHandle[int, *object]
		for range idle {
			handles = append(handles, w.NewReadHandle())
		}
		collected := new(atomic.Int32)
		for i := range detached {
			func() {
				o := new(object)
				runtime.AddCleanup(o, func(n *atomic.Int32) { n.Add(1) }, collected)
				w.Insert(1, o)
			}()
			mustPublish(t, w)
			g := holder.Read()
			guards.Read().Release()
			busy.Get(1)
			for _, r := range handles[:idle-min(idle, i/2)] { // one becomes idle after each second copy
				r.Get(1)
			}
			w.Remove(1)
			mustPublish(t, w)
			mustPublish(t, w) // detaches the copy of g
			g.Release()
		}
		atMost := func(most int32) {
			if k.Name != "refcount" {
				most = 0
			}
			for i := 0; i < 20 && detached-collected.Load() > most; i++ {
				collect()
				runtime.Gosched() // to the goroutine that runs cleanups
			}
			if n := detached - collected.Load(); n > most {
				t.Errorf("%d detached copies are alive; want at most %d", n, most)
			}
		}
		atMost(idle + 1)
		busy.Get(1)
		atMost(idle)
		handles[0].Close()
		handles[1].Get(1)
		atMost(idle - 2)
		handles[2].Get(1)
		atMost(0)
		runtime.KeepAlive([]any{w, holder, guards, busy, handles})
	})
}

// TestCachesAreClearedUnderFire detaches copies beside handles that look keys up all the time. The
// writer clears the caches of handles while they are in use. No lookup may see a version before the
// one that its handle has seen, or an empty table.
func TestCachesAreClearedUnderFire(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		if k.OneGoroutine {
			t.Skip("its writer never waits")
		}
		w := hashmap.New[int, int](append(options, hashmap.WithMaxWait(time.Microsecond))...)
		w.Insert(1, 1)
		mustPublish(t, w)
		var done atomic.Bool
		var readers sync.WaitGroup
		for range 3 {
			r := w.NewReadHandle()
			readers.Go(func() {
				for last := 1; !done.Load(); {
					v, ok := r.Get(1)
					if !ok || v < last {
						t.Errorf("a lookup sees %d, %t after version %d", v, ok, last)
						return
					}
					last = v
				}
			})
		}
		holder := w.NewReadHandle()
		for i := range 200 {
			g := holder.Read()
			for j := range 2 { // the second publish detaches the copy of g
				w.Insert(1, 2+2*i+j)
				mustPublish(t, w)
			}
			g.Release()
		}
		done.Store(true)
		readers.Wait()
	})
}
