package baselines

import (
	"iter"
	"sync"

	"github.com/tidwall/hashmap"

	"doublebuf/baselines/kv"
)

func tidwall() kv.Entry {
	return withTidwallMap(kv.Entry{
		Name:     "rwmutex-tidwall",
		Doc:      "tidwall's hashmap.Map, a Robin Hood hash table, under one sync.RWMutex; beside rwmutex it shows what the table changes",
		Identity: kv.Identity{Family: "rwmutex-tidwall", Module: "github.com/tidwall/hashmap"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Swaps | kv.Clears | kv.Retains,
		Aside:    true,
	})
}

// tidwallMap differs from rwMutexMap in its table only. The table hashes the bytes of a key. So its
// keys cannot be of type float64, where the two zeros are one key with different bytes, nor
// netip.Prefix, where equal keys may have different bytes of padding.
type tidwallMap[K plainKey, V comparable] struct {
	mu   sync.RWMutex
	m    *hashmap.Map[K, V]
	size int // that m had at first
}

// newTidwallMap makes a table that holds capacity entries before it grows. It grows when a Set
// finds it more than 85 % full.
func newTidwallMap[K plainKey, V comparable](capacity int) kv.Map[K, V] {
	size := 0
	if capacity > 0 {
		size = capacity*100/85 + 2
	}
	return &tidwallMap[K, V]{m: hashmap.New[K, V](size), size: size}
}

func (m *tidwallMap[K, V]) Get(key K) (V, bool) {
	m.mu.RLock()
	v, ok := m.m.Get(key)
	m.mu.RUnlock()
	return v, ok
}

func (m *tidwallMap[K, V]) GetMany(keys []K, values []V, found []bool) {
	m.mu.RLock()
	for i, key := range keys {
		values[i], found[i] = m.m.Get(key)
	}
	m.mu.RUnlock()
}

func (m *tidwallMap[K, V]) Set(key K, value V) {
	m.mu.Lock()
	m.m.Set(key, value)
	m.mu.Unlock()
}

func (m *tidwallMap[K, V]) Delete(key K) {
	m.mu.Lock()
	m.m.Delete(key)
	m.mu.Unlock()
}

// All holds the read lock during the walk.
func (m *tidwallMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		m.mu.RLock()
		defer m.mu.RUnlock()
		m.m.Scan(yield)
	}
}

func (m *tidwallMap[K, V]) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.m.Len()
}

func (m *tidwallMap[K, V]) Swap(key K, value V) (previous V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.Set(key, value)
}

func (m *tidwallMap[K, V]) LoadOrStore(key K, value V) (actual V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if actual, loaded = m.m.Get(key); loaded {
		return actual, true
	}
	m.m.Set(key, value)
	return value, false
}

func (m *tidwallMap[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m.Delete(key)
}

func (m *tidwallMap[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.m.Get(key); !ok || v != old {
		return false
	}
	m.m.Set(key, new)
	return true
}

func (m *tidwallMap[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.m.Get(key); !ok || v != old {
		return false
	}
	m.m.Delete(key)
	return true
}

// Clear makes a new table, because the table has no such method.
func (m *tidwallMap[K, V]) Clear() {
	m.mu.Lock()
	m.m = hashmap.New[K, V](m.size)
	m.mu.Unlock()
}

// Retain first collects the keys to remove, because a scan must not change the table.
func (m *tidwallMap[K, V]) Retain(keep func(K, V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var drop []K
	m.m.Scan(func(key K, value V) bool {
		if !keep(key, value) {
			drop = append(drop, key)
		}
		return true
	})
	for _, key := range drop {
		m.m.Delete(key)
	}
}
