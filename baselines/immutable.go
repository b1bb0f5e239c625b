package baselines

import (
	"hash/maphash"
	"iter"
	"math"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/benbjohnson/immutable"

	"doublebuf/baselines/kv"
)

func immutableMap() kv.Entry {
	return kv.Entry{
		Name:     "immutable",
		Doc:      "atomic pointer to a persistent hash trie (benbjohnson/immutable), of which writers make the next one under a lock",
		Identity: kv.Identity{Family: "immutable"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Clears | kv.Retains,
		Uint64:   newPersistentMap[uint64, uint64](nil),
		Int:      newPersistentMap[int, uint64](nil),
		String:   newPersistentMap[string, uint64](nil),
		Float64:  newPersistentMap[float64, uint64](floatHasher{}),
		Wide:     newPersistentMap[uint64, kv.Wide](nil),
		Line:     newPersistentMap[uint64, kv.Line](nil),
		Pointer:  newPersistentMap[uint64, *uint64](nil),
		Prefix:   newPersistentMap[netip.Prefix, uint64](prefixHasher{maphash.MakeSeed()}),
	}
}

// persistentMap reads without any lock, as cowMap does, and a write copies the few nodes on
// the way to its key. Writers take a lock rather than try again by compare-and-swap, so that
// none of them makes nodes in vain.
type persistentMap[K comparable, V any] struct {
	current atomic.Pointer[immutable.Map[K, V]]
	empty   *immutable.Map[K, V]
	mu      sync.Mutex // held by writers
}

// newPersistentMap makes maps with that hasher; nil is the library's own. They cannot be
// sized in advance.
func newPersistentMap[K comparable, V any](h immutable.Hasher[K]) func(capacity int) kv.Map[K, V] {
	return func(int) kv.Map[K, V] {
		m := &persistentMap[K, V]{empty: immutable.NewMap[K, V](h)}
		m.current.Store(m.empty)
		return m
	}
}

func (m *persistentMap[K, V]) Get(key K) (V, bool) { return m.current.Load().Get(key) }

func (m *persistentMap[K, V]) Set(key K, value V) {
	m.mu.Lock()
	m.current.Store(m.current.Load().Set(key, value))
	m.mu.Unlock()
}

func (m *persistentMap[K, V]) Delete(key K) {
	m.mu.Lock()
	m.current.Store(m.current.Load().Delete(key))
	m.mu.Unlock()
}

func (m *persistentMap[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for it := m.current.Load().Iterator(); !it.Done(); {
			if k, v, _ := it.Next(); !yield(k, v) {
				return
			}
		}
	}
}

func (m *persistentMap[K, V]) Len() int { return m.current.Load().Len() }

func (m *persistentMap[K, V]) Clear() {
	m.mu.Lock()
	m.current.Store(m.empty)
	m.mu.Unlock()
}

func (m *persistentMap[K, V]) Retain(keep func(K, V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := m.current.Load()
	for k, v := range m.All() {
		if !keep(k, v) {
			next = next.Delete(k)
		}
	}
	m.current.Store(next)
}

// floatHasher is for the key type that the library has no hasher for.
type floatHasher struct{}

func (floatHasher) Equal(a, b float64) bool { return a == b }

// Hash is the same for the two zeros, which are one key.
func (floatHasher) Hash(key float64) uint32 {
	return uint32(math.Float64bits(key+0) * 0x9e3779b97f4a7c15 >> 32)
}

// prefixHasher is another one of those.
type prefixHasher struct{ seed maphash.Seed }

func (prefixHasher) Equal(a, b netip.Prefix) bool { return a == b }

func (h prefixHasher) Hash(key netip.Prefix) uint32 { return uint32(maphash.Comparable(h.seed, key)) }
