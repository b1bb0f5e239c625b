package hashmap_test

import (
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"

	"doublebuf/impl/hashmap"
)

// TestGroupClears checks that Clear removes all entries from both copies, with those of NaN.
func TestGroupClears(t *testing.T) {
	g := hashmap.NewGroup[float64, int]()
	r := g.NewReadHandle()
	for round := range 3 {
		for i := range 10 {
			g.Insert(float64(i), round)
		}
		g.Insert(math.NaN(), round)
		g.Clear()
		if n := lenOf(r); n != 0 {
			t.Errorf("round %d: %d entries after Clear; want none", round, n)
		}
		g.Insert(1, round)
		if v, ok := r.Get(1); v != round || !ok || lenOf(r) != 1 {
			t.Errorf("round %d: %d, %v and %d entries after an Insert; want %d, true and 1", round, v, ok, lenOf(r), round)
		}
	}
}

func lenOf[K comparable, V any](r *hashmap.ReadHandle[K, V]) int {
	guard := r.Read()
	defer guard.Release()
	return guard.Len()
}

// TestGroupRetains checks that Retain calls its function once for each entry, and that both copies
// get what it decides.
func TestGroupRetains(t *testing.T) {
	const n = 100
	g := hashmap.NewGroup[int, int]()
	r := g.NewReadHandle()
	for i := range n {
		g.Insert(i, i)
	}
	calls := 0
	g.Retain(func(key int, value *int) bool {
		calls++
		*value += 1000
		return key%2 == 0
	})
	if calls != n {
		t.Errorf("Retain called its function %d times for %d entries", calls, n)
	}
	for look := range 2 {
		if got := lenOf(r); got != n/2 {
			t.Errorf("look %d: %d entries; want %d", look, got, n/2)
		}
		for i := range n {
			if v, ok := r.Get(i); ok != (i%2 == 0) || ok && v != i+1000 {
				t.Errorf("look %d, key %d: %d, %v", look, i, v, ok)
			}
		}
		g.Remove(n) // which publishes the other copy
	}
}

// TestGroupRetainPanics lets the function of a Retain panic while another caller leads. The Retain
// has no effect and its caller gets the panic. The other operations of the batch stand.
func TestGroupRetainPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := hashmap.NewGroup[int, int]()
		r := g.NewReadHandle()
		for i := range 10 {
			g.Insert(i, 0)
		}
		guard := r.Read()
		g.Insert(0, 1)
		var wg sync.WaitGroup
		wg.Go(func() { g.Insert(1, 1) }) // leads, and waits for the guard
		synctest.Wait()
		var got any
		wg.Go(func() {
			defer func() { got = recover() }()
			calls := 0
			g.Retain(func(int, *int) bool {
				if calls++; calls == 5 {
					panic("no")
				}
				return false
			})
		})
		wg.Go(func() { g.Insert(2, 1) })
		synctest.Wait()
		guard.Release()
		wg.Wait()
		if got != "no" {
			t.Errorf("the caller of Retain got the panic %v; want no", got)
		}
		for look := range 2 {
			if n := lenOf(r); n != 10 {
				t.Errorf("look %d: %d entries are left; want 10", look, n)
			}
			for i := range 3 {
				if v, _ := r.Get(i); v != 1 {
					t.Errorf("look %d, key %d: %d; want 1", look, i, v)
				}
			}
			g.Insert(9, look)
		}
	})
}

// TestGroupRefusesWholeMap checks what Clear and Retain do without a function and after Close.
func TestGroupRefusesWholeMap(t *testing.T) {
	g := hashmap.NewGroup[int, int]()
	if got := panicOf(func() { g.Retain(nil) }); got != "doublebuf: Retain without a function" {
		t.Errorf("Retain of nil panics with %v", got)
	}
	g.Insert(1, 1)
	g.Close()
	for name, call := range map[string]func(){
		"Clear":  g.Clear,
		"Retain": func() { g.Retain(func(int, *int) bool { return false }) },
	} {
		if err, _ := panicOf(call).(error); !errors.Is(err, hashmap.ErrClosed) {
			t.Errorf("%s after Close: %v; want %v", name, err, hashmap.ErrClosed)
		}
	}
	if v, ok := g.NewReadHandle().Get(1); v != 1 || !ok {
		t.Errorf("after Close the map has %d, %v; want 1, true", v, ok)
	}
}
