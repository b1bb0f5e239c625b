package baselines

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"runtime"

	"doublebuf/baselines/kv"
)

func sharded() kv.Entry {
	return withShardedMap(kv.Entry{
		Name:     "sharded",
		Doc:      "built-in maps, each under its sync.RWMutex, chosen by the hash of the key",
		Identity: kv.Identity{Family: "sharded"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Swaps | kv.Clears | kv.Retains | kv.Updates,
	})
}

// shardsPerProc is the smallest number of shards for each processor. With so many, two processors
// rarely use the same shard at once; with so few, the locks stay in the cache.
const shardsPerProc = 16

// shardedMap has at least shardsPerProc shards for each processor, by the GOMAXPROCS at its
// construction, rounded up to a power of two.
type shardedMap[K, V comparable] struct {
	seed   maphash.Seed
	shards []shard[K, V]
}

// shard fills two cache lines, because processors fetch lines in pairs.
type shard[K, V comparable] struct {
	rwMutexMap[K, V]
	_ [128 - 32]byte
}

func newShardedMap[K, V comparable](capacity int) kv.Map[K, V] {
	n := 1 << bits.Len(uint(runtime.GOMAXPROCS(0)*shardsPerProc-1))
	m := &shardedMap[K, V]{seed: maphash.MakeSeed(), shards: make([]shard[K, V], n)}
	for i := range m.shards {
		m.shards[i].m = make(builtin[K, V], capacity/n)
	}
	return m
}

func (m *shardedMap[K, V]) shard(key K) *shard[K, V] {
	return &m.shards[maphash.Comparable(m.seed, key)&uint64(len(m.shards)-1)]
}

func (m *shardedMap[K, V]) Get(key K) (V, bool) { return m.shard(key).Get(key) }
func (m *shardedMap[K, V]) Set(key K, value V)  { m.shard(key).Set(key, value) }
func (m *shardedMap[K, V]) Delete(key K)        { m.shard(key).Delete(key) }

// All walks from shard to shard and holds one lock at a time.
func (m *shardedMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for i := range m.shards {
			if !m.shards[i].each(yield) {
				return
			}
		}
	}
}

func (m *shardedMap[K, V]) Len() int {
	n := 0
	for i := range m.shards {
		n += m.shards[i].Len()
	}
	return n
}

func (m *shardedMap[K, V]) Swap(key K, value V) (previous V, loaded bool) {
	return m.shard(key).Swap(key, value)
}

func (m *shardedMap[K, V]) LoadOrStore(key K, value V) (actual V, loaded bool) {
	return m.shard(key).LoadOrStore(key, value)
}

func (m *shardedMap[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	return m.shard(key).LoadAndDelete(key)
}

func (m *shardedMap[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	return m.shard(key).CompareAndSwap(key, old, new)
}

func (m *shardedMap[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	return m.shard(key).CompareAndDelete(key, old)
}

func (m *shardedMap[K, V]) Update(key K, f func(V, bool) (V, bool)) { m.shard(key).Update(key, f) }

// Clear and Retain go from shard to shard, as All does.

func (m *shardedMap[K, V]) Clear() {
	for i := range m.shards {
		m.shards[i].Clear()
	}
}

func (m *shardedMap[K, V]) Retain(keep func(K, V) bool) {
	for i := range m.shards {
		m.shards[i].Retain(keep)
	}
}
