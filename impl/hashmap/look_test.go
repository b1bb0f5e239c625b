package hashmap_test

import (
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// TestLookupsWithoutGuards looks keys up while the writer sets, moves, removes and clears them, and
// while its tables grow. Every value must belong to its key, and no reader goes back to an earlier
// version. Values are integers, pointers and numbers. Under the race detector a word that is not
// atomic would be a race.
func TestLookupsWithoutGuards(t *testing.T) {
	lookBesideWriter(t, func(n uint64) uint64 { return n }, func(v uint64) uint64 { return v })
	lookBesideWriter(t, func(n uint64) *uint64 { return &n }, func(v *uint64) uint64 { return *v })
	lookBesideWriter(t, func(n uint64) float64 { return float64(n) }, func(v float64) uint64 { return uint64(v) })
}

func lookBesideWriter[V any](t *testing.T, encode func(uint64) V, decode func(V) uint64) {
	const keys, versions = 100, 300
	w := hashmap.New[uint64, V](hashmap.WithStrategy(strategy.Optimistic), hashmap.WithTable(table.Flat))
	var done atomic.Bool
	var readers sync.WaitGroup
	for range 2 {
		r := w.NewReadHandle()
		readers.Go(func() {
			for last := uint64(0); !done.Load(); {
				for key := range uint64(keys) {
					v, ok := r.Get(key)
					if !ok {
						continue
					}
					if n := decode(v); n%keys != key || n/keys < last {
						t.Errorf("key %d of version %d after version %d", n%keys, n/keys, last)
						return
					} else {
						last = n / keys
					}
				}
			}
		})
	}
	for version := range uint64(versions) {
		if version%100 == 99 { // the tables become larger once more
			w.Clear()
		}
		for key := range min(keys, version) {
			if (key+version)%3 == 0 {
				w.Remove(key)
			} else {
				w.Insert(key, encode(version*keys+key))
			}
		}
		mustPublish(t, w)
	}
	done.Store(true)
	readers.Wait()
	r := w.NewReadHandle()
	for key := range uint64(keys) {
		v, ok := r.Get(key)
		if want := (key+versions-1)%3 != 0; ok != want || ok && decode(v) != (versions-1)*keys+key {
			t.Errorf("key %d has the value %v, %v in the last version", key, v, ok)
		}
	}
}

// TestLookMachineCode checks that a lookup without a guard only loads, and has no stack frame.
func TestLookMachineCode(t *testing.T) {
	if invariants.Enabled || atomicx.Hooked || runtime.GOARCH != "amd64" {
		t.Skip("checked builds and builds for the explorer call functions, and only amd64 code is understood here")
	}
	code := disassemble(t, testBinary(t), `hashmap\.\(\*look\)\.get$`)
	if found := regexp.MustCompile(`LOCK|XCHG|MFENCE|CALL|SP`).FindString(code); found != "" || code == "" {
		t.Errorf("%s in the machine code of look.get, or no code at all:\n%s", found, code)
	}
}
