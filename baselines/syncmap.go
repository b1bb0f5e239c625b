package baselines

import (
	"iter"
	"sync"

	"doublebuf/baselines/kv"
)

func syncMap() kv.Entry {
	return withTypedSyncMap(kv.Entry{
		Name:     "syncmap",
		Doc:      "sync.Map of the standard library, a concurrent hash trie",
		Identity: kv.Identity{Family: "syncmap", Module: kv.Standard},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Swaps | kv.Clears | kv.Retains,
	})
}

// typedSyncMap is sync.Map as its users have it: it boxes keys and values in interfaces, which is
// part of its cost. It cannot be sized in advance.
type typedSyncMap[K, V comparable] struct{ m sync.Map }

func newTypedSyncMap[K, V comparable](int) kv.Map[K, V] { return new(typedSyncMap[K, V]) }

// unbox returns the value that sync.Map returned, or the zero value if there is none.
func unbox[V any](value any, ok bool) (V, bool) {
	if !ok {
		var zero V
		return zero, false
	}
	return value.(V), true
}

func (m *typedSyncMap[K, V]) Get(key K) (V, bool) { return unbox[V](m.m.Load(key)) }
func (m *typedSyncMap[K, V]) Set(key K, value V)  { m.m.Store(key, value) }
func (m *typedSyncMap[K, V]) Delete(key K)        { m.m.Delete(key) }

func (m *typedSyncMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		m.m.Range(func(k, v any) bool { return yield(k.(K), v.(V)) })
	}
}

// Len counts the entries one by one: sync.Map does not know how many it has.
func (m *typedSyncMap[K, V]) Len() int {
	n := 0
	m.m.Range(func(_, _ any) bool {
		n++
		return true
	})
	return n
}

func (m *typedSyncMap[K, V]) Swap(key K, value V) (previous V, loaded bool) {
	return unbox[V](m.m.Swap(key, value))
}

func (m *typedSyncMap[K, V]) LoadOrStore(key K, value V) (actual V, loaded bool) {
	a, loaded := m.m.LoadOrStore(key, value)
	return a.(V), loaded
}

func (m *typedSyncMap[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	return unbox[V](m.m.LoadAndDelete(key))
}

func (m *typedSyncMap[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	return m.m.CompareAndSwap(key, old, new)
}

func (m *typedSyncMap[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	return m.m.CompareAndDelete(key, old)
}

func (m *typedSyncMap[K, V]) Clear() { m.m.Clear() }

// Retain deletes only entries that it has seen. It does not delete those that were stored since.
func (m *typedSyncMap[K, V]) Retain(keep func(K, V) bool) {
	m.m.Range(func(k, v any) bool {
		if !keep(k.(K), v.(V)) {
			m.m.CompareAndDelete(k, v)
		}
		return true
	})
}
