package kvtest

import (
	"iter"
	"maps"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// Two correct maps. Broken maps embed one of them and get one method wrong.

const goodCaps = kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Swaps | kv.Clears | kv.Retains

// good is a built-in map under a lock.
type good[K, V comparable] struct {
	mu sync.Mutex
	m  map[K]V
}

func newGood[K, V comparable]() *good[K, V] { return &good[K, V]{m: make(map[K]V)} }

// change replaces the value of key by what f returns. It returns the old value and whether there
// was one.
func (g *good[K, V]) change(key K, f func(v V, ok bool) (V, bool)) (V, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before, had := g.m[key]
	if after, has := f(before, had); has {
		g.m[key] = after
	} else {
		delete(g.m, key)
	}
	return before, had
}

func (g *good[K, V]) Get(key K) (V, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, ok := g.m[key]
	return v, ok
}

func (g *good[K, V]) GetMany(keys []K, values []V, found []bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, key := range keys {
		values[i], found[i] = g.m[key]
	}
}

func (g *good[K, V]) Set(key K, value V) { g.Swap(key, value) }
func (g *good[K, V]) Delete(key K)       { g.LoadAndDelete(key) }

func (g *good[K, V]) Swap(key K, value V) (V, bool) {
	return g.change(key, func(V, bool) (V, bool) { return value, true })
}

func (g *good[K, V]) LoadAndDelete(key K) (V, bool) {
	return g.change(key, func(V, bool) (V, bool) { return *new(V), false })
}

func (g *good[K, V]) LoadOrStore(key K, value V) (V, bool) {
	before, had := g.change(key, func(v V, ok bool) (V, bool) {
		if ok {
			return v, true
		}
		return value, true
	})
	if !had {
		return value, false
	}
	return before, true
}

func (g *good[K, V]) CompareAndSwap(key K, old, new V) bool {
	before, had := g.change(key, func(v V, ok bool) (V, bool) {
		if ok && v == old {
			return new, true
		}
		return v, ok
	})
	return had && before == old
}

func (g *good[K, V]) CompareAndDelete(key K, old V) bool {
	before, had := g.change(key, func(v V, ok bool) (V, bool) { return v, ok && v != old })
	return had && before == old
}

func (g *good[K, V]) Clear() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.m)
}

func (g *good[K, V]) Retain(keep func(K, V) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.DeleteFunc(g.m, func(k K, v V) bool { return !keep(k, v) })
}

// copied returns the content at one instant.
func (g *good[K, V]) copied() map[K]V {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.m)
}

func (g *good[K, V]) All() iter.Seq2[K, V] { return maps.All(g.copied()) }
func (g *good[K, V]) Len() int             { return len(g.copied()) }

const versionedCaps = kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Versions | kv.Clears | kv.Retains

// versions is a map that keeps pending writes in a good map and publishes a copy of it.
type versions struct {
	pending *good64
	current atomic.Pointer[version]
	mu      sync.Mutex // held by publishers
}

// version is a published content. It never changes, so it is its own guard.
type version struct {
	*good64
	number uint64
}

func newVersioned() *versions {
	v := &versions{pending: newGood[uint64, uint64]()}
	v.current.Store(&version{newGood[uint64, uint64](), 0})
	return v
}

func (v *versions) Get(key uint64) (uint64, bool) { return v.current.Load().Get(key) }
func (v *versions) GetMany(keys, values []uint64, found []bool) {
	v.current.Load().GetMany(keys, values, found)
}

func (v *versions) Set(key, value uint64)          { v.pending.Set(key, value) }
func (v *versions) Delete(key uint64)              { v.pending.Delete(key) }
func (v *versions) Clear()                         { v.pending.Clear() }
func (v *versions) All() iter.Seq2[uint64, uint64] { return v.current.Load().All() }
func (v *versions) Len() int                       { return v.current.Load().Len() }
func (v *versions) Read() kv.Guard[uint64, uint64] { return v.current.Load() }
func (v *versions) Publish() uint64                { return v.publish(v.pending.copied) }
func (v *version) Version() uint64                 { return v.number }
func (v *version) Release()                        {}

func (v *versions) Retain(keep func(key, value uint64) bool) { v.pending.Retain(keep) }

// publish publishes what content returns. It calls content under the lock. Otherwise an older
// content could be published after a newer one.
func (v *versions) publish(content func() map[uint64]uint64) uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	number := v.current.Load().number + 1
	v.current.Store(&version{&good64{m: content()}, number})
	return number
}
