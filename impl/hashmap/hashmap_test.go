package hashmap_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

func mustPublish[K comparable, V any](t *testing.T, w *hashmap.WriteHandle[K, V]) {
	t.Helper()
	if err := w.Publish(); err != nil {
		t.Fatal(err)
	}
}

func content[K comparable, V any](r *hashmap.ReadHandle[K, V]) map[K]V {
	g := r.Read()
	defer g.Release()
	return maps.Collect(g.All())
}

// TestAgainstModel compares the map with Go's map under random operations. Some have functions that
// count their calls and depend on their order. Both copies are compared after each publish.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		w := hashmap.New[int, int]()
		r := w.NewReadHandle()
		model, published := map[int]int{}, map[int]int{}
		calls := 0
		for range 400 {
			k := rng.IntN(20)
			switch rng.IntN(12) {
			case 0, 1, 2, 3:
				v := rng.Int()
				w.Insert(k, v)
				model[k] = v
			case 4, 5:
				w.Remove(k)
				delete(model, k)
			case 6:
				w.Update(k, func(v int, ok bool) (int, bool) { calls++; return v + calls, ok && v%3 != 0 })
				// The model runs the same function when the writer does, see sync.
				w, m := w, model
				if v, ok := m[k]; ok && v%3 != 0 {
					m[k] = v + calls + 1
				} else {
					delete(m, k)
				}
				if _, _, err := w.Get(k); err != nil {
					t.Fatal(err)
				}
			case 7:
				w.Retain(func(k int, v *int) bool { *v += k; return k%5 != 0 })
				for k := range model {
					model[k] += k
					if k%5 == 0 {
						delete(model, k)
					}
				}
			case 8:
				if rng.IntN(10) == 0 {
					w.Clear()
					clear(model)
				}
			case 9:
				v, ok, err := w.Get(k)
				if mv, mok := model[k]; err != nil || v != mv || ok != mok {
					t.Fatalf("seed %d: the writer reads %v, %v, %v; want %v, %v", seed, v, ok, err, mv, mok)
				}
			case 10, 11:
				mustPublish(t, w)
				published = maps.Clone(model)
			}
			if got := content(r); !maps.Equal(got, published) {
				t.Fatalf("seed %d: readers see %v, want %v", seed, got, published)
			}
		}
		for range 2 { // both copies
			mustPublish(t, w)
			if got := content(r); !maps.Equal(got, model) {
				t.Fatalf("seed %d: a copy holds %v, want %v", seed, got, model)
			}
		}
	}
}

// TestFunctionsRunOnce checks law L3: functions with state, or that depend on the order of their
// calls, do not make the copies differ.
func TestFunctionsRunOnce(t *testing.T) {
	w := hashmap.New[int, int]()
	r := w.NewReadHandle()
	for k := range 1000 {
		w.Insert(k, k)
	}
	calls := 0
	w.Retain(func(k int, v *int) bool { calls++; *v = calls; return calls%2 == 0 })
	w.Update(-1, func(int, bool) (int, bool) { calls++; return calls, true })
	mustPublish(t, w)
	first := content(r)
	mustPublish(t, w)
	if second := content(r); !maps.Equal(first, second) {
		t.Error("the copies differ")
	}
	if calls != 1001 || len(first) != 501 {
		t.Errorf("%d calls and %d entries, want 1001 and 501", calls, len(first))
	}
}

func TestRetainOfUnchangedValuesOfAnyType(t *testing.T) {
	w := hashmap.New[int, []int]() // a type that == does not compare
	r := w.NewReadHandle()
	w.Insert(1, []int{1})
	w.Insert(2, []int{2})
	w.Retain(func(k int, v *[]int) bool {
		if k == 2 {
			*v = []int{3}
		}
		return true
	})
	for range 2 {
		mustPublish(t, w)
		if v, _ := r.Get(1); v[0] != 1 {
			t.Errorf("value 1 has become %v", v)
		}
		if v, _ := r.Get(2); v[0] != 3 {
			t.Errorf("value 2 is %v, want 3", v)
		}
	}
}

// TestRetainOfEachByte changes one byte of a large value. The change must reach both copies.
func TestRetainOfEachByte(t *testing.T) {
	type value [40]byte
	w := hashmap.New[int, value]()
	r := w.NewReadHandle()
	for i := range len(value{}) {
		w.Insert(i, value{})
	}
	mustPublish(t, w)
	w.Retain(func(i int, v *value) bool { v[i]++; return true })
	for range 2 {
		mustPublish(t, w)
		for i := range len(value{}) {
			want := value{}
			want[i] = 1
			if v, ok := r.Get(i); !ok || v != want {
				t.Errorf("value %d is %v, %v; want %v", i, v, ok, want)
			}
		}
	}
}

func TestPanicInFunction(t *testing.T) {
	w := hashmap.New[int, int]()
	r := w.NewReadHandle()
	for k := range 100 {
		w.Insert(k, k)
	}
	n := 0
	w.Retain(func(k int, v *int) bool {
		if n++; n == 50 {
			panic("stop")
		}
		*v = -1
		return false
	})
	w.Insert(100, 100)
	if got := panicOf(func() { _ = w.Publish() }); got != "stop" {
		t.Fatalf("the caller of Publish gets %v", got)
	}
	if n := len(content(r)); n != 0 {
		t.Errorf("a publish that panicked has published %d entries", n)
	}
	for range 2 {
		mustPublish(t, w)
		got := content(r)
		if len(got) != 101 || got[7] != 7 || got[100] != 100 {
			t.Errorf("%d entries, want the 101 that were inserted, unchanged", len(got))
		}
	}
}

func TestNaN(t *testing.T) {
	nan := math.NaN()
	w := hashmap.New[float64, int]()
	r := w.NewReadHandle()
	w.Insert(nan, 1)
	w.Insert(nan, 2)
	w.Insert(math.Copysign(0, -1), 3)
	w.Insert(0, 4)
	w.Remove(nan)
	w.Update(nan, func(int, bool) (int, bool) { t.Error("a function was called for NaN"); return 0, false })
	w.Retain(func(k float64, _ *int) bool {
		if k != k {
			t.Error("a function was called for NaN")
		}
		return false
	})
	for range 2 {
		mustPublish(t, w)
		g := r.Read()
		if g.Len() != 2 {
			t.Errorf("%d entries, want the two of NaN", g.Len())
		}
		if _, ok := g.Get(nan); ok {
			t.Error("NaN was found")
		}
		g.Release()
	}
	w.Clear()
	for range 2 {
		mustPublish(t, w)
		if n := len(content(r)); n != 0 {
			t.Errorf("%d entries after Clear", n)
		}
	}
}

func TestUnhashableKey(t *testing.T) {
	w := hashmap.New[any, int]()
	r := w.NewReadHandle()
	for name, f := range map[string]func(){
		"Insert":     func() { w.Insert([]int{1}, 1) },
		"Remove":     func() { w.Remove([]int{1}) },
		"Update":     func() { w.Update([]int{1}, func(int, bool) (int, bool) { return 0, true }) },
		"handle Get": func() { r.Get([]int{1}) },
	} {
		if panicOf(f) == nil {
			t.Errorf("%s of a slice does not panic in the caller", name)
		}
	}
	w.Insert("a", 1)
	mustPublish(t, w)
	mustPublish(t, w)
	if ok, err := w.TryPublish(); !ok || err != nil {
		t.Errorf("after the panics: %v, %v; a guard was left open", ok, err)
	}
	type key struct{ x [2]any }
	if panicOf(func() { hashmap.New[key, int]().Insert(key{[2]any{1, func() {}}}, 1) }) == nil {
		t.Error("Insert of a struct with a function in it does not panic")
	}
}

func TestGuards(t *testing.T) {
	w := hashmap.New[string, int](hashmap.WithCapacity(10))
	r := w.NewReadHandle()
	empty := r.Read()
	w.InsertAll(maps.All(map[string]int{"a": 1, "b": 2}))
	mustPublish(t, w)
	g := r.Read()
	if empty.Version() != 0 || empty.Len() != 0 || g.Version() != 1 || g.Len() != 2 || w.Version() != 1 {
		t.Errorf("versions %d and %d with %d and %d entries", empty.Version(), g.Version(), empty.Len(), g.Len())
	}
	values, found := make([]int, 3), make([]bool, 3)
	g.GetMany([]string{"a", "x", "b"}, values, found)
	if fmt.Sprint(values, found) != "[1 0 2] [true false true]" {
		t.Errorf("GetMany gives %v, %v", values, found)
	}
	for range g.All() {
		break
	}
	empty.Release()
	g.Release()
	if n := testing.AllocsPerRun(100, func() {
		r.Get("a")
		g := r.Read()
		g.Get("a")
		g.GetMany([]string{"a"}, values, found)
		g.Release()
	}); n != 0 && !invariants.Enabled { // checked builds note where guards are opened
		t.Errorf("reading allocates %v times", n)
	}
}

// TestSingle publishes while the writer's own goroutine has a guard in the copy that the writer
// needs. Nothing is published, and nothing is lost.
func TestSingle(t *testing.T) {
	w := hashmap.New[int, int](hashmap.WithStrategy(strategy.Single))
	r := w.NewNamedReadHandle("culprit")
	w.Insert(1, 1)
	if err := w.Publish(); err != nil {
		t.Fatal(err)
	}
	g := r.Read()
	w.Insert(1, 2)
	if err := w.Publish(); err != nil {
		t.Fatalf("with a guard open in the copy that is readable: %v", err)
	}
	w.Insert(1, 3)
	if err := w.Publish(); !errors.Is(err, strategy.ErrGuardOpen) || !strings.Contains(err.Error(), "culprit holds 1") {
		t.Fatalf("with a guard open in the writer's copy: %v, want ErrGuardOpen with the name of the reader", err)
	}
	if ok, err := w.TryPublish(); ok || err != nil {
		t.Fatalf("TryPublish: %v, %v, want false", ok, err)
	}
	if v, _ := g.Get(1); v != 1 || w.Version() != 2 || !w.HasPending() {
		t.Errorf("the guard sees %d, want 1; version %d, want 2; pending %v, want true", v, w.Version(), w.HasPending())
	}
	g.Release()
	if err := w.Publish(); err != nil {
		t.Fatal(err)
	}
	if v, _ := r.Get(1); v != 3 {
		t.Errorf("after the release and a publish key 1 is %d, want 3", v)
	}
}

// TestDroppedHandle opens guards and drops their handles. The writer forces a garbage collection
// after a tenth of a second, which finds the handles.
func TestDroppedHandle(t *testing.T) {
	w := hashmap.New[int, int]()
	func() {
		w.NewReadHandle().Read()
		w.NewReadHandle().Clone().Read()
	}()
	for range 3 {
		mustPublish(t, w)
	}
}

// slow is a key whose hashing takes long enough for a garbage collection.
type slow [1 << 18]string

// TestHandleLivesAsLongAsItsLastRead makes a read the last use of a handle. If a garbage collection
// found the handle during the read, the guard of the read would no longer block the writer.
func TestHandleLivesAsLongAsItsLastRead(t *testing.T) {
	var key slow
	type handle = hashmap.ReadHandle[slow, int]
	for name, c := range map[string]struct {
		strategy func(strategy.Options) strategy.Strategy
		prepare  func(r *handle) (read func())
	}{
		"Get with a lookup guard":    {strategy.Epoch, func(r *handle) func() { r.Get(key); return func() { r.Get(key) } }},
		"the first Get":              {strategy.Epoch, func(r *handle) func() { return func() { r.Get(key) } }},
		"Get without a lookup guard": {strategy.Counted, func(r *handle) func() { return func() { r.Get(key) } }},
		"Get of a guard":             {strategy.Epoch, func(r *handle) func() { g := r.Read(); return func() { g.Get(key) } }},
		"GetMany of a guard": {strategy.Epoch, func(r *handle) func() {
			g := r.Read()
			return func() { g.GetMany([]slow{key}, []int{0}, []bool{false}) }
		}},
		"All of a guard": {strategy.Epoch, func(r *handle) func() {
			g := r.Read()
			return func() {
				for range g.All() {
					runtime.GC()
					runtime.GC()
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := hashmap.New[slow, int](hashmap.WithStrategy(c.strategy))
			w.Insert(key, 1) // an empty map does not hash
			mustPublish(t, w)
			for range 10 {
				var dropped, over atomic.Bool
				read := func() func() {
					r := w.NewReadHandle()
					runtime.AddCleanup(r, func(d *atomic.Bool) { d.Store(true) }, &dropped)
					return c.prepare(r)
				}()
				var wg sync.WaitGroup
				wg.Go(func() {
					for !over.Load() {
						runtime.GC()
					}
				})
				read()
				early := dropped.Load()
				over.Store(true)
				wg.Wait()
				if early {
					t.Fatal("the handle was found dropped before the read returned")
				}
			}
		})
	}
}

// TestReadersSeeWholePublishes keeps all values equal in each version, while readers open handles,
// clone them, nest guards and close handles.
func TestReadersSeeWholePublishes(t *testing.T) {
	const keys, publishes, readers = 16, 500, 4
	w := hashmap.New[int, int]()
	var stop atomic.Bool
	var wg sync.WaitGroup
	first := w.NewReadHandle()
	for range readers {
		wg.Go(func() {
			r := first.Clone()
			last := uint64(0)
			for i := 0; !stop.Load(); i++ {
				g := r.Read()
				inner := r.Read()
				if inner.Version() < g.Version() || g.Version() < last {
					t.Errorf("versions go back: %d, %d, %d", last, g.Version(), inner.Version())
				}
				last = g.Version()
				for k := range keys {
					if v, _ := g.Get(k); v != int(last) {
						t.Errorf("version %d has value %d", last, v)
					}
				}
				inner.Release()
				g.Release()
				if i%64 == 0 {
					next := r.Clone()
					r.Close()
					r = next
				}
			}
		})
	}
	for v := 1; v <= publishes; v++ {
		for k := range keys {
			w.Insert(k, v)
		}
		mustPublish(t, w)
	}
	stop.Store(true)
	wg.Wait()
}

func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}
