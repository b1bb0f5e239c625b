package baselines

import (
	"iter"
	"sync"

	"doublebuf/baselines/kv"
)

func rwMutex() kv.Entry {
	return withRWMutexMap(kv.Entry{
		Name:     "rwmutex",
		Doc:      "built-in map under one sync.RWMutex",
		Identity: kv.Identity{Family: "rwmutex"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Swaps | kv.Clears | kv.Retains | kv.Updates,
	})
}

// rwMutexMap locks without defer where nothing can panic, as users do where speed matters.
type rwMutexMap[K, V comparable] struct {
	mu sync.RWMutex
	m  builtin[K, V]
}

func newRWMutexMap[K, V comparable](capacity int) kv.Map[K, V] {
	return &rwMutexMap[K, V]{m: make(builtin[K, V], capacity)}
}

func (m *rwMutexMap[K, V]) Get(key K) (V, bool) {
	m.mu.RLock()
	v, ok := m.m[key]
	m.mu.RUnlock()
	return v, ok
}

func (m *rwMutexMap[K, V]) GetMany(keys []K, values []V, found []bool) {
	m.mu.RLock()
	m.m.getMany(keys, values, found)
	m.mu.RUnlock()
}

func (m *rwMutexMap[K, V]) Set(key K, value V) {
	m.mu.Lock()
	m.m[key] = value
	m.mu.Unlock()
}

func (m *rwMutexMap[K, V]) Delete(key K) {
	m.mu.Lock()
	delete(m.m, key)
	m.mu.Unlock()
}

// All holds the read lock during the walk.
func (m *rwMutexMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { m.each(yield) }
}

func (m *rwMutexMap[K, V]) each(yield func(K, V) bool) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.m.each(yield)
}

func (m *rwMutexMap[K, V]) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.m)
}

func (m *rwMutexMap[K, V]) Swap(key K, value V) (previous V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.swap(key, value)
}

func (m *rwMutexMap[K, V]) LoadOrStore(key K, value V) (actual V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.loadOrStore(key, value)
}

func (m *rwMutexMap[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.loadAndDelete(key)
}

func (m *rwMutexMap[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.compareAndSwap(key, old, new)
}

func (m *rwMutexMap[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.compareAndDelete(key, old)
}

func (m *rwMutexMap[K, V]) Update(key K, f func(V, bool) (V, bool)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m.update(key, f)
}

func (m *rwMutexMap[K, V]) Clear() {
	m.mu.Lock()
	clear(m.m)
	m.mu.Unlock()
}

func (m *rwMutexMap[K, V]) Retain(keep func(K, V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m.retain(keep)
}
