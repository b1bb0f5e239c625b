package baselines

import (
	"hash/maphash"
	"iter"
	"math"
	"net/netip"

	cmap "github.com/orcaman/concurrent-map/v2"

	"doublebuf/baselines/kv"
)

func concurrentMap() kv.Entry {
	return kv.Entry{
		Name:     "concurrent-map",
		Doc:      "orcaman's concurrent-map: 32 built-in maps, each under its sync.RWMutex",
		Identity: kv.Identity{Family: "concurrent-map"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Clears | kv.Retains,
		Uint64:   newCMapOf[uint64, uint64](func(key uint64) uint32 { return uint32(key) }),
		Int:      newCMapOf[int, uint64](func(key int) uint32 { return uint32(key) }),
		String:   func(int) kv.Map[string, uint64] { return &cmapAdapter[string, uint64]{cmap.New[uint64]()} },
		Float64:  newCMapOf[float64, uint64](shardOfFloat),
		Wide:     newCMapOf[uint64, kv.Wide](func(key uint64) uint32 { return uint32(key) }),
		Line:     newCMapOf[uint64, kv.Line](func(key uint64) uint32 { return uint32(key) }),
		Pointer:  newCMapOf[uint64, *uint64](func(key uint64) uint32 { return uint32(key) }),
		Prefix:   newCMapOf[netip.Prefix, uint64](shardOfPrefix),
	}
}

// cmapAdapter is concurrent-map under the names of package kv. Clear is its own. It cannot be sized in advance.
// It has no capability Swaps, since it cannot compare without storing.
type cmapAdapter[K comparable, V any] struct{ cmap.ConcurrentMap[K, V] }

// newCMapOf makes maps whose keys are no strings, for which concurrent-map wants to be told
// how to spread them over its shards. Integers are spread by their low bits: a better hash
// would cost more than 32 shards can gain by it.
func newCMapOf[K comparable, V any](shard func(key K) uint32) func(capacity int) kv.Map[K, V] {
	return func(int) kv.Map[K, V] {
		return &cmapAdapter[K, V]{cmap.NewWithCustomShardingFunction[K, V](shard)}
	}
}

// shardOfFloat mixes the bits, since the low ones of small numbers are all 0. The two zeros
// are one key.
func shardOfFloat(key float64) uint32 {
	return uint32(math.Float64bits(key+0) * 0x9e3779b97f4a7c15 >> 32)
}

var prefixSeed = maphash.MakeSeed()

// shardOfPrefix is a whole hash, since the low bits of most prefixes are all 0.
func shardOfPrefix(key netip.Prefix) uint32 {
	return uint32(maphash.Comparable(prefixSeed, key))
}

func (m *cmapAdapter[K, V]) Delete(key K) { m.Remove(key) }
func (m *cmapAdapter[K, V]) Len() int     { return m.Count() }

// All walks by IterCb, concurrent-map's cheapest way to read everything, which cannot be left
// early: after the end of the loop it goes on to the last entry, doing nothing.
func (m *cmapAdapter[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		more := true
		m.IterCb(func(key K, value V) { more = more && yield(key, value) })
	}
}

// Retain looks for what is to go by the cheapest walk, and looks again under the lock.
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
