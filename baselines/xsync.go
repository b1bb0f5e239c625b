package baselines

import (
	"github.com/puzpuzpuz/xsync/v4"

	"doublebuf/baselines/kv"
)

func xsyncMap() kv.Entry {
	return withXsyncAdapter(kv.Entry{
		Name:     "xsync",
		Doc:      "xsync.Map, a hash table with one cache line for each bucket; readers take no lock",
		Identity: kv.Identity{Family: "xsync", Module: "github.com/puzpuzpuz/xsync/v4"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Swaps | kv.Clears | kv.Retains | kv.Updates,
	})
}

// xsyncAdapter is xsync.Map with the methods of package kv. Delete, LoadOrStore, LoadAndDelete and
// All are xsync's own. All sees no key twice; AllRelaxed is faster but may.
type xsyncAdapter[K, V comparable] struct{ *xsync.Map[K, V] }

func newXsyncAdapter[K, V comparable](capacity int) kv.Map[K, V] {
	return xsyncAdapter[K, V]{xsync.NewMap[K, V](xsync.WithPresize(capacity))}
}

func (m xsyncAdapter[K, V]) Get(key K) (V, bool) { return m.Load(key) }
func (m xsyncAdapter[K, V]) Set(key K, value V)  { m.Store(key, value) }
func (m xsyncAdapter[K, V]) Len() int            { return m.Size() }

func (m xsyncAdapter[K, V]) Swap(key K, value V) (previous V, loaded bool) {
	return m.LoadAndStore(key, value)
}

// xsync.Map has no compare-and-swap of its own. Its users compare in Compute, which holds the lock
// of the key's bucket.

func (m xsyncAdapter[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	m.Compute(key, func(v V, loaded bool) (V, xsync.ComputeOp) {
		if swapped = loaded && v == old; swapped {
			return new, xsync.UpdateOp
		}
		return v, xsync.CancelOp
	})
	return swapped
}

func (m xsyncAdapter[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	m.Compute(key, func(v V, loaded bool) (V, xsync.ComputeOp) {
		if deleted = loaded && v == old; deleted {
			return v, xsync.DeleteOp
		}
		return v, xsync.CancelOp
	})
	return deleted
}

func (m xsyncAdapter[K, V]) Update(key K, f func(V, bool) (V, bool)) {
	m.Compute(key, func(v V, loaded bool) (V, xsync.ComputeOp) {
		if v, loaded = f(v, loaded); loaded {
			return v, xsync.UpdateOp
		}
		return v, xsync.DeleteOp
	})
}

// Clear does not use that of xsync. While the map grows or shrinks, xsync's Clear clears nothing:
// it waits until that has ended, and returns.
func (m xsyncAdapter[K, V]) Clear() {
	m.DeleteMatching(func(K, V) (remove, stop bool) { return true, false })
}

func (m xsyncAdapter[K, V]) Retain(keep func(K, V) bool) {
	m.DeleteMatching(func(k K, v V) (remove, stop bool) { return !keep(k, v), false })
}
