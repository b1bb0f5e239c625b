package hashmap_test

import (
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

func TestGroupAnswers(t *testing.T) {
	g := hashmap.NewGroup[string, int]()
	r := g.NewReadHandle()
	is := func(what string, gotValue int, gotOK bool, value int, ok bool) {
		t.Helper()
		if gotValue != value || gotOK != ok {
			t.Errorf("%s: %d, %v; want %d, %v", what, gotValue, gotOK, value, ok)
		}
	}
	v, ok := g.Swap("a", 1)
	is("Swap of nothing", v, ok, 0, false)
	v, ok = r.Get("a")
	is("Get after it", v, ok, 1, true)
	v, ok = g.LoadOrStore("a", 2)
	is("LoadOrStore of what is there", v, ok, 1, true)
	v, ok = g.LoadOrStore("b", 2)
	is("LoadOrStore of what is not", v, ok, 2, false)
	for _, c := range []struct {
		key       string
		old       int
		swapped   bool
		afterward int
	}{{"a", 7, false, 1}, {"a", 1, true, 8}, {"none", 0, false, 0}} {
		if got := g.CompareAndSwap(c.key, c.old, 8); got != c.swapped {
			t.Errorf("CompareAndSwap(%q, %d): %v", c.key, c.old, got)
		}
		if v, _ := r.Get(c.key); v != c.afterward {
			t.Errorf("after CompareAndSwap(%q, %d): %d, want %d", c.key, c.old, v, c.afterward)
		}
	}
	if g.CompareAndDelete("a", 1) || !g.CompareAndDelete("a", 8) || g.CompareAndDelete("a", 8) {
		t.Error("CompareAndDelete goes by something other than the value")
	}
	v, ok = g.LoadAndDelete("b")
	is("LoadAndDelete", v, ok, 2, true)
	v, ok = g.LoadAndDelete("b")
	is("LoadAndDelete once more", v, ok, 0, false)
	g.Insert("c", 3)
	g.Remove("c")
	guard := r.Read()
	defer guard.Release()
	if guard.Len() != 0 {
		t.Errorf("%d entries are left", guard.Len())
	}
}

func TestGroupOfNaN(t *testing.T) {
	g := hashmap.NewGroup[float64, int]()
	nan := math.NaN()
	if v, ok := g.Swap(nan, 1); v != 0 || ok {
		t.Errorf("Swap: %d, %v", v, ok)
	}
	if v, ok := g.LoadOrStore(nan, 2); v != 2 || ok {
		t.Errorf("LoadOrStore: %d, %v", v, ok)
	}
	if _, ok := g.LoadAndDelete(nan); ok || g.CompareAndSwap(nan, 1, 2) {
		t.Error("NaN was found")
	}
	if n := g.NewReadHandle().Read().Len(); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
}

// TestGroupShares reads what the group has written, without a handle.
func TestGroupShares(t *testing.T) {
	for name, open := range sharers {
		g := hashmap.NewGroup[int, int](hashmap.WithStrategy(open))
		s, err := g.Share()
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			g.Insert(1, i)
			if v, ok := s.Get(1); v != i || !ok {
				t.Errorf("%s: %d, %v, want %d", name, v, ok, i)
			}
		}
	}
	if _, err := hashmap.NewGroup[int, int]().Share(); !errors.Is(err, hashmap.ErrHandles) {
		t.Errorf("Share under epoch returns %v, want ErrHandles", err)
	}
}

// TestGroupCounts checks that no increment of many goroutines is lost.
func TestGroupCounts(t *testing.T) {
	const writers, each = 8, 200
	g := hashmap.NewGroup[int, int]()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			r := g.NewReadHandle()
			for range each {
				for {
					if _, loaded := g.LoadOrStore(1, 0); !loaded {
						continue
					}
					if v, _ := r.Get(1); g.CompareAndSwap(1, v, v+1) {
						break
					}
				}
			}
		})
	}
	wg.Wait()
	if v, _ := g.NewReadHandle().Get(1); v != writers*each {
		t.Errorf("%d increments were counted, want %d", v, writers*each)
	}
}

func TestGroupClosed(t *testing.T) {
	g := hashmap.NewGroup[int, int]()
	g.Insert(1, 1)
	g.Close()
	g.Close()
	if v, ok := g.NewReadHandle().Get(1); v != 1 || !ok {
		t.Errorf("after Close a reader finds %d, %v; want 1, true", v, ok)
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, hashmap.ErrClosed) {
			t.Errorf("an Insert after Close panics with %v, want ErrClosed", err)
		}
	}()
	g.Insert(1, 2)
}

// TestGroupRefusedDoesNothing lets the strategy refuse a publish. The operation must not take
// effect at a later publish.
func TestGroupRefusedDoesNothing(t *testing.T) {
	g := hashmap.NewGroup[int, int](hashmap.WithStrategy(strategy.Single))
	r := g.NewReadHandle()
	guard := r.Read()
	g.Insert(1, 1)
	if err, _ := panicOf(func() { g.Insert(2, 2) }).(error); !errors.Is(err, strategy.ErrGuardOpen) {
		t.Errorf("an Insert while a guard holds the copy panics with %v, want ErrGuardOpen", err)
	}
	guard.Release()
	g.Insert(3, 3)
	if got := content(r); len(got) != 2 || got[1] != 1 || got[3] != 3 {
		t.Errorf("readers see %v, want 1 and 3", got)
	}
	guard = r.Read()
	g.Insert(4, 4)
	g.Close() // though it cannot publish
	if err, _ := panicOf(func() { g.Insert(5, 5) }).(error); !errors.Is(err, hashmap.ErrClosed) {
		t.Errorf("an Insert after Close panics with %v, want ErrClosed", err)
	}
	guard.Release()
}

func TestGroupRefusesWhatCannotBeCompared(t *testing.T) {
	g := hashmap.NewGroup[int, any]()
	g.Insert(1, []int{1})
	if g.CompareAndSwap(1, 1, 2) {
		t.Error("a slice was taken for a number")
	}
	defer func() {
		if recover() == nil {
			t.Error("two slices were compared")
		}
	}()
	g.CompareAndSwap(1, []int{1}, 2)
}

// TestGroupCombines lets writers wait while a reader blocks the leader. One publish must answer all
// of them.
func TestGroupCombines(t *testing.T) {
	const writers = 8
	synctest.Test(t, func(t *testing.T) {
		g := hashmap.NewGroup[int, int]()
		r := g.NewReadHandle()
		guard := r.Read()
		g.Insert(0, 0) // the next one waits for the guard
		var wg sync.WaitGroup
		for k := range writers {
			wg.Go(func() { g.Insert(k, k) })
		}
		synctest.Wait()
		guard.Release()
		wg.Wait()
		after := r.Read()
		defer after.Release()
		if after.Len() != writers || after.Version() != 2 {
			t.Errorf("%d entries in version %d, want %d in version 2", after.Len(), after.Version(), writers)
		}
	})
}

// TestGroupSurvivesPanickingReports lets a reader block one leader after another. The stall report
// of each leader panics. Each leader must get the panic and must have written nothing. All other
// operations must take effect (law L3).
func TestGroupSurvivesPanickingReports(t *testing.T) {
	const writers, unlucky = 8, 3
	synctest.Test(t, func(t *testing.T) {
		g := hashmap.NewGroup[int, int](hashmap.WithStallReport(time.Second, func(strategy.Stall) { panic("the report") }))
		r := g.NewReadHandle()
		guard := r.Read()
		g.Insert(0, 0) // the next one waits for the guard
		var panicked [1 + writers]any
		var wg sync.WaitGroup
		for k := 1; k <= writers; k++ {
			wg.Go(func() { panicked[k] = panicOf(func() { g.Insert(k, k) }) })
		}
		time.Sleep(unlucky*time.Second + time.Second/2)
		guard.Release()
		wg.Wait()
		after := r.Read()
		defer after.Release()
		n := 0
		for k, p := range panicked {
			if p != nil && p != "the report" {
				t.Errorf("writer %d panics with %v", k, p)
			}
			if p != nil {
				n++
			}
			if _, ok := after.Get(k); ok == (p != nil) {
				t.Errorf("key %d is there: %v, although its writer panicked with %v", k, ok, p)
			}
		}
		if n != unlucky {
			t.Errorf("%d writers panicked, want %d", n, unlucky)
		}
	})
}

func TestGroupDoesNotAllocate(t *testing.T) {
	if invariants.Enabled || atomicx.Hooked {
		t.Skip("under -race a pool drops some of its objects, and reports to the explorer allocate")
	}
	g := hashmap.NewGroup[int, int]()
	if n := testing.AllocsPerRun(1000, func() {
		g.Insert(1, 1)
		g.Remove(1)
	}); n != 0 {
		t.Errorf("two writes allocate %v times", n)
	}
}
