package baselines

import (
	"hash/maphash"
	"iter"

	cmap "github.com/orcaman/concurrent-map/v2"

	"doublebuf/baselines/kv"
)

func concurrentMap() kv.Entry {
	return withCMap(kv.Entry{
		Name:     "concurrent-map",
		Doc:      "orcaman's concurrent-map: 32 built-in maps, each under its sync.RWMutex",
		Identity: kv.Identity{Family: "concurrent-map", Module: "github.com/orcaman/concurrent-map/v2"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Clears | kv.Retains,
	})
}

// cmapAdapter is concurrent-map with the methods of package kv. Clear is concurrent-map's own. It
// cannot be sized in advance. It lacks the capability Swaps, because it cannot compare without
// storing.
type cmapAdapter[K comparable, V any] struct{ cmap.ConcurrentMap[K, V] }

// newCMap makes a map that cannot be sized in advance. If keys are not strings, concurrent-map
// needs a function that spreads them over its shards.
func newCMap[K comparable, V any](int) kv.Map[K, V] {
	var key K
	if _, text := any(key).(string); text {
		return any(&cmapAdapter[string, V]{cmap.New[V]()}).(kv.Map[K, V])
	}
	return &cmapAdapter[K, V]{cmap.NewWithCustomShardingFunction[K, V](shardOf[K]())}
}

// shardOf returns the function that spreads keys of the type K. Integers are spread by their low
// bits: a better hash would cost more than it gains with 32 shards. Other types have a full hash,
// because the low bits of most of them are all 0.
func shardOf[K comparable]() func(K) uint32 {
	for _, f := range []any{
		func(key uint64) uint32 { return uint32(key) },
		func(key int) uint32 { return uint32(key) },
		func(key float64) uint32 { return uint32(floatHash(key) >> 32) },
	} {
		if f, ok := f.(func(K) uint32); ok {
			return f
		}
	}
	return func(key K) uint32 { return uint32(maphash.Comparable(shardSeed, key)) }
}

var shardSeed = maphash.MakeSeed()

func (m *cmapAdapter[K, V]) Delete(key K) { m.Remove(key) }
func (m *cmapAdapter[K, V]) Len() int     { return m.Count() }

// All walks by IterCb, concurrent-map's cheapest way to read everything. IterCb cannot stop early:
// after the loop has ended it visits the remaining entries and does nothing.
func (m *cmapAdapter[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		more := true
		m.IterCb(func(key K, value V) { more = more && yield(key, value) })
	}
}

// Retain finds the entries to remove by the cheapest walk, and checks each again under the lock.
func (m *cmapAdapter[K, V]) Retain(keep func(K, V) bool) {
	var drop []K
	m.IterCb(func(key K, value V) {
		if !keep(key, value) {
			drop = append(drop, key)
		}
	})
	for _, key := range drop {
		m.RemoveCb(key, func(key K, value V, exists bool) bool { return exists && !keep(key, value) })
	}
}
