package baselines

import (
	"iter"
	"sync"

	"doublebuf/baselines/kv"
)

func mutex() kv.Entry {
	return withMutexMap(kv.Entry{
		Name:     "mutex",
		Doc:      "built-in map under one sync.Mutex",
		Identity: kv.Identity{Family: "mutex"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Swaps | kv.Clears | kv.Retains | kv.Updates,
	})
}

// mutexMap differs from rwMutexMap in its lock, which readers do not share. The lock is not a type
// parameter, because every call of it would then go through a dictionary.
type mutexMap[K, V comparable] struct {
	mu sync.Mutex
	m  builtin[K, V]
}

func newMutexMap[K, V comparable](capacity int) kv.Map[K, V] {
	return &mutexMap[K, V]{m: make(builtin[K, V], capacity)}
}

func (m *mutexMap[K, V]) Get(key K) (V, bool) {
	m.mu.Lock()
	v, ok := m.m[key]
	m.mu.Unlock()
	return v, ok
}

func (m *mutexMap[K, V]) GetMany(keys []K, values []V, found []bool) {
	m.mu.Lock()
	m.m.getMany(keys, values, found)
	m.mu.Unlock()
}

func (m *mutexMap[K, V]) Set(key K, value V) {
	m.mu.Lock()
	m.m[key] = value
	m.mu.Unlock()
}

func (m *mutexMap[K, V]) Delete(key K) {
	m.mu.Lock()
	delete(m.m, key)
	m.mu.Unlock()
}

// All holds the lock during the walk.
func (m *mutexMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.m.each(yield)
	}
}

func (m *mutexMap[K, V]) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.m)
}

func (m *mutexMap[K, V]) Swap(key K, value V) (previous V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.swap(key, value)
}

func (m *mutexMap[K, V]) LoadOrStore(key K, value V) (actual V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.loadOrStore(key, value)
}

func (m *mutexMap[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.loadAndDelete(key)
}

func (m *mutexMap[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.compareAndSwap(key, old, new)
}

func (m *mutexMap[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.compareAndDelete(key, old)
}

func (m *mutexMap[K, V]) Update(key K, f func(V, bool) (V, bool)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m.update(key, f)
}

func (m *mutexMap[K, V]) Clear() {
	m.mu.Lock()
	clear(m.m)
	m.mu.Unlock()
}

func (m *mutexMap[K, V]) Retain(keep func(K, V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m.retain(keep)
}
