package baselines

import (
	"iter"
	"maps"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

func copyOnWrite() kv.Entry {
	return withCOWMap(kv.Entry{
		Name:     "cow",
		Doc:      "atomic pointer to an immutable built-in map; a write copies the map under a lock",
		Identity: kv.Identity{Family: "cow"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Clears | kv.Retains | kv.Updates,
	})
}

// cowMap reads without any lock. Each write copies the whole map.
//
// Until the first handle is opened, one goroutine fills the map in place. A user of such a map
// would not copy it for each entry of the prefill either.
type cowMap[K, V comparable] struct {
	current atomic.Pointer[builtin[K, V]]

	mu     sync.Mutex // held by writers
	shared bool       // a handle has been opened
}

func newCOWMap[K, V comparable](capacity int) kv.Map[K, V] {
	c := new(cowMap[K, V])
	m := make(builtin[K, V], capacity)
	c.current.Store(&m)
	return c
}

// Open ends the prefill. All handles are the map itself.
func (c *cowMap[K, V]) Open() kv.Map[K, V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shared = true
	return c
}

func (c *cowMap[K, V]) Get(key K) (V, bool) {
	v, ok := (*c.current.Load())[key]
	return v, ok
}

func (c *cowMap[K, V]) GetMany(keys []K, values []V, found []bool) {
	c.current.Load().getMany(keys, values, found)
}

func (c *cowMap[K, V]) Set(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.writable()
	m[key] = value
	c.current.Store(&m)
}

// Delete of a key that is not there copies nothing.
func (c *cowMap[K, V]) Delete(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := (*c.current.Load())[key]; !ok {
		return
	}
	m := c.writable()
	delete(m, key)
	c.current.Store(&m)
}

// writable returns the map that a writer may change: a copy if readers may have the present one.
func (c *cowMap[K, V]) writable() builtin[K, V] {
	m := *c.current.Load()
	if c.shared {
		return maps.Clone(m)
	}
	return m
}

func (c *cowMap[K, V]) All() iter.Seq2[K, V] { return c.current.Load().all() }
func (c *cowMap[K, V]) Len() int             { return len(*c.current.Load()) }

func (c *cowMap[K, V]) Update(key K, f func(V, bool) (V, bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.writable()
	m.update(key, f)
	c.current.Store(&m)
}

func (c *cowMap[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := make(builtin[K, V])
	c.current.Store(&m)
}

func (c *cowMap[K, V]) Retain(keep func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.writable()
	m.retain(keep)
	c.current.Store(&m)
}
