package hashmap_test

import (
	"runtime"
	"testing"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// TestBadOptions gives each option an argument that has no meaning. The option panics in its
// caller, and says what it wants.
func TestBadOptions(t *testing.T) {
	misuse(t, "no strategy", func() { hashmap.WithStrategy(nil) }, "WithStrategy(nil)", "want a strategy")
	misuse(t, "no such table", func() { hashmap.WithTable(7) }, "WithTable(7)", "want table.Builtin or table.Flat")
	misuse(t, "a negative capacity", func() { hashmap.WithCapacity(-1) }, "WithCapacity(-1)", "want 0 or more")
	misuse(t, "a negative bound", func() { hashmap.WithMaxWait(-time.Second) }, "WithMaxWait(-1s)", "want 0 or more")
	misuse(t, "a report before the wait", func() { hashmap.WithStallReport(-1, nil) }, "WithStallReport after -1ns", "want 0 or more")
	for _, k := range strategy.All() {
		misuse(t, k.Name+" with a negative bound", func() { k.New(strategy.Options{MaxWait: -1}) }, "MaxWait is -1ns", "want 0 or more")
		misuse(t, k.Name+" with a report before the wait", func() { k.New(strategy.Options{StallAfter: -1}) }, "StallAfter is -1ns", "want 0 or more")
	}
}

// TestZeroOptions gives each option the zero value of its argument, which means the default.
func TestZeroOptions(t *testing.T) {
	w := hashmap.New[int, int](hashmap.WithTable(0), hashmap.WithCapacity(0), hashmap.WithMaxWait(0), hashmap.WithStallReport(0, nil), hashmap.WithWatch(nil))
	w.Insert(1, 1)
	mustPublish(t, w)
	if got := content(w.NewReadHandle()); len(got) != 1 || got[1] != 1 {
		t.Errorf("readers see %v, want 1", got)
	}
}

// TestHugeCapacity asks for more memory than there is. What is reserved is not used.
func TestHugeCapacity(t *testing.T) {
	type large [1 << 16]byte // of which few are reserved; Go's map would fill the memory for small ones
	for _, kind := range []table.Kind{table.Builtin, table.Flat} {
		w := hashmap.New[int, large](hashmap.WithTable(kind), hashmap.WithCapacity(1<<32))
		w.Insert(1, large{1})
		mustPublish(t, w)
		if v, ok := w.NewReadHandle().Get(1); !ok || v[0] != 1 {
			t.Errorf("table %d: a map for 1<<32 entries does not work", kind)
		}
	}
}

// TestCapacityIsOfBothCopies fills a map up to its capacity. Neither copy grows on the way.
func TestCapacityIsOfBothCopies(t *testing.T) {
	const entries = 10_000
	allocated := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.TotalAlloc
	}
	for name, kind := range map[string]table.Kind{"builtin": table.Builtin, "flat": table.Flat} {
		w := hashmap.New[int, int](hashmap.WithTable(kind), hashmap.WithCapacity(entries))
		for i := range entries {
			w.Insert(i, i)
		}
		for publish := range 2 { // each applies the operations to another copy
			before := allocated()
			mustPublish(t, w)
			if n := allocated() - before; n > entries {
				t.Errorf("%s: publish %d of %d entries allocates %d bytes in a map with that capacity", name, publish, entries, n)
			}
		}
	}
}
