package baselines

import (
	"iter"

	"github.com/puzpuzpuz/xsync/v4"

	"doublebuf/baselines/kv"
)

func rbMutex() kv.Entry {
	return withRBMutexMap(kv.Entry{
		Name:     "rbmutex",
		Doc:      "built-in map under one xsync.RBMutex, a read-write lock whose readers rarely share a cache line",
		Identity: kv.Identity{Family: "rbmutex"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Swaps | kv.Clears | kv.Retains | kv.Updates,
	})
}

// rbMutexMap differs from rwMutexMap in its lock, in which readers count themselves in separate
// slots (BRAVO, Dice and Kogan 2019). A reader's token is for one RLock and comes from a pool of
// the lock, so the map needs no handles to keep tokens in.
type rbMutexMap[K, V comparable] struct {
	mu *xsync.RBMutex
	m  builtin[K, V]
}

func newRBMutexMap[K, V comparable](capacity int) kv.Map[K, V] {
	return &rbMutexMap[K, V]{xsync.NewRBMutex(), make(builtin[K, V], capacity)}
}

func (m *rbMutexMap[K, V]) Get(key K) (V, bool) {
	t := m.mu.RLock()
	v, ok := m.m[key]
	m.mu.RUnlock(t)
	return v, ok
}

func (m *rbMutexMap[K, V]) GetMany(keys []K, values []V, found []bool) {
	t := m.mu.RLock()
	m.m.getMany(keys, values, found)
	m.mu.RUnlock(t)
}

func (m *rbMutexMap[K, V]) Set(key K, value V) {
	m.mu.Lock()
	m.m[key] = value
	m.mu.Unlock()
}

func (m *rbMutexMap[K, V]) Delete(key K) {
	m.mu.Lock()
	delete(m.m, key)
	m.mu.Unlock()
}

// All holds the read lock during the walk.
func (m *rbMutexMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { m.each(yield) }
}

func (m *rbMutexMap[K, V]) each(yield func(K, V) bool) bool {
	t := m.mu.RLock()
	defer m.mu.RUnlock(t)
	return m.m.each(yield)
}

func (m *rbMutexMap[K, V]) Len() int {
	t := m.mu.RLock()
	defer m.mu.RUnlock(t)
	return len(m.m)
}

func (m *rbMutexMap[K, V]) Swap(key K, value V) (previous V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.swap(key, value)
}

func (m *rbMutexMap[K, V]) LoadOrStore(key K, value V) (actual V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.loadOrStore(key, value)
}

func (m *rbMutexMap[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.loadAndDelete(key)
}

func (m *rbMutexMap[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.compareAndSwap(key, old, new)
}

func (m *rbMutexMap[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.compareAndDelete(key, old)
}

func (m *rbMutexMap[K, V]) Update(key K, f func(V, bool) (V, bool)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m.update(key, f)
}

func (m *rbMutexMap[K, V]) Clear() {
	m.mu.Lock()
	clear(m.m)
	m.mu.Unlock()
}

func (m *rbMutexMap[K, V]) Retain(keep func(K, V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m.retain(keep)
}
