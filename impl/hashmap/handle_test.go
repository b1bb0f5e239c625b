package hashmap_test

import (
	"math"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
)

// TestClosedHandle closes a handle whose next lookup would take the shortest path. The handle
// refuses it. What was made from the handle before, and is made from it later, works.
func TestClosedHandle(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		w := hashmap.New[int, int](options...)
		w.Insert(1, 1)
		mustPublish(t, w)
		r := w.NewReadHandle()
		for range 3 { // under adaptive the second lookup takes another path than the first
			r.Get(1)
		}
		before, g := r.Clone(), r.Read()
		r.Close()
		for range 2 {
			misuse(t, "Get of a closed handle", func() { r.Get(1) }, "read handle used after Close")
			misuse(t, "Get of no key of a closed handle", func() { r.Get(0) }, "read handle used after Close")
			misuse(t, "Read of a closed handle", func() { r.Read() }, "read handle used after Close")
		}
		for name, r := range map[string]*hashmap.ReadHandle[int, int]{"before": before, "after": r.Clone()} {
			if v, ok := r.Get(1); !ok || v != 1 {
				t.Errorf("a handle that was cloned %s the original was closed sees %d, %v", name, v, ok)
			}
		}
		if v, ok := g.Get(1); !ok || v != 1 {
			t.Errorf("a guard that was opened before its handle was closed sees %d, %v", v, ok)
		}
		g.Release()
		mayPublish(t, w, "after all guards have ended")
	})
}

// mayPublish publishes three times without waiting. So no guard is open in either copy.
func mayPublish[K comparable, V any](t *testing.T, w *hashmap.WriteHandle[K, V], when string) {
	t.Helper()
	for range 3 {
		ok, err := w.TryPublish()
		for range 5 { // under collector a publish needs a collection
			if ok || err != nil {
				break
			}
			ok = tryPublish(t, w)
		}
		if !ok || err != nil {
			t.Errorf("%s a publish must wait: %v, %v", when, ok, err)
		}
	}
}

// TestUnhashableKeyOfEachReader looks up keys that cannot be hashed through all that reads. The
// caller gets the panic, and no guard is left open.
func TestUnhashableKeyOfEachReader(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		w := hashmap.New[any, int](options...)
		w.Insert(1, 1)
		mustPublish(t, w)
		r := w.NewReadHandle()
		readers := map[string]reader{"a handle": r, "a clone": r.Clone(), "a clone of a clone": r.Clone().Clone()}
		if k.HandleFree {
			readers["a Shared"] = mustShare(t, w)
		}
		for name, r := range readers {
			for range 3 {
				if panicOf(func() { r.Get([]int{1}) }) == nil {
					t.Errorf("Get of a slice through %s does not panic", name)
				}
			}
			if v, ok := r.Get(1); !ok || v != 1 {
				t.Errorf("after the panics %s sees %d, %v", name, v, ok)
			}
		}
		mayPublish(t, w, "after the panics")
		runtime.KeepAlive(readers)
	})
}

// reader is a handle or a Shared.
type reader interface {
	Get(key any) (int, bool)
}

// TestHandlesAfterADetach detaches copies, and opens handles before and after that. The guards of
// each must be counted in the copy in which they are: they hold the writer up while they are open,
// and not when they have ended.
func TestHandlesAfterADetach(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		if k.OneGoroutine {
			t.Skip("its writer never waits")
		}
		w := hashmap.New[int, int](append(options, hashmap.WithMaxWait(time.Microsecond))...)
		n := 0
		publish := func() {
			n++
			w.Insert(0, -n)
			w.Insert(1, n)
			mustPublish(t, w)
		}
		check := func(when string, r *hashmap.ReadHandle[int, int]) {
			g := r.Read()
			inside, _ := g.Get(1)
			looked, _ := r.Get(1)
			zero, _ := r.Get(0)
			if inside != n || looked != n || zero != -n {
				t.Errorf("%s a guard sees %d, and lookups %d and %d; want the last publish, %d", when, inside, looked, zero, n)
			}
			publish()
			if ok, err := w.TryPublish(); ok || err != nil {
				t.Errorf("%s the writer does not wait for a guard: %v, %v", when, ok, err)
			}
			g.Release()
			mayPublish(t, w, when+" and after a guard has ended")
			runtime.KeepAlive(r) // a handle that is found dropped has no guards
		}
		before := w.NewReadHandle()
		for range 3 { // copies of both indexes, more than once
			holder := w.NewReadHandle()
			old := holder.Read()
			publish()
			publish() // detaches the copy of old
			check("after a detach, through a new handle", w.NewReadHandle())
			check("after a detach, through a clone", before.Clone())
			check("after a detach, through an old handle", before)
			check("after a detach, through the handle with the guard", holder)
			old.Release()
			check("after the guard of a detached copy has ended", holder)
			holder.Close()
		}
	})
}

// TestGroupPublishesBeforeItCloses lets a group close while another operation waits. Both are in
// one batch. The operation has returned, so readers see it.
func TestGroupPublishesBeforeItCloses(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		synctest.Test(t, func(t *testing.T) {
			g := hashmap.NewGroup[int, int](s)
			r := g.NewReadHandle()
			guard := r.Read()
			g.Insert(0, 0) // the next one waits for the guard
			var wg sync.WaitGroup
			wg.Go(func() { g.Insert(1, 1) })
			synctest.Wait()
			wg.Go(g.Close)
			synctest.Wait()
			guard.Release()
			wg.Wait()
			if v, ok := r.Get(1); !ok || v != 1 {
				t.Errorf("after a write has returned and the group is closed, a lookup finds %d, %v; want 1", v, ok)
			}
		})
	})
}

// TestGroupAnswersAfresh lets calls that find nothing follow calls that have found something. An
// answer has nothing of an earlier one.
func TestGroupAnswersAfresh(t *testing.T) {
	g := hashmap.NewGroup[float64, int]()
	for range 100 {
		g.Insert(1, 7)
		if v, ok := g.LoadAndDelete(1); v != 7 || !ok {
			t.Fatalf("LoadAndDelete finds %d, %v; want 7", v, ok)
		}
		if v, ok := g.Swap(math.NaN(), 8); v != 0 || ok {
			t.Fatalf("Swap of NaN finds %d, %v; want nothing", v, ok)
		}
	}
}

// TestGroupComparesNothing compares the zero value with that of a key that is not there.
func TestGroupComparesNothing(t *testing.T) {
	g := hashmap.NewGroup[int, int]()
	if g.CompareAndDelete(1, 0) || g.CompareAndSwap(1, 0, 2) {
		t.Error("a key that is not there has compared equal to zero")
	}
	if got := content(g.NewReadHandle()); len(got) != 0 {
		t.Errorf("readers see %v, want nothing", got)
	}
}
