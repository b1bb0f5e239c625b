package hashmap_test

import (
	"fmt"
	"runtime"
	"testing"

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
// the writer. Readers that stay must not keep that copy alive.
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
					r, later, collected := closed(t, key, use, options...)
					later()
					if !collected() {
						t.Error("the value is still alive")
					}
					if n := r.Read().Len(); n != 1 {
						t.Errorf("the last version has %d entries; want 1", n)
					}
				})
			}
		}
	})
}

// closed returns a handle of a map whose writer has been closed and dropped. A value has been
// removed since use was called with the handle.
func closed(t *testing.T, key int, use func(*hashmap.ReadHandle[int, *object]) func(), options ...hashmap.Option) (*hashmap.ReadHandle[int, *object], func(), func() bool) {
	w := hashmap.New[int, *object](options...)
	r := w.NewReadHandle()
	o, collected := watched()
	w.Insert(key, o)
	w.Insert(2, new(object))
	mustPublish(t, w)
	mustPublish(t, w)
	w.Remove(key)
	later := use(r)
	mustPublish(t, w)
	w.Close()
	return r, later, collected
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
