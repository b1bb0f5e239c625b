package baselines

import (
	"hash/maphash"
	"iter"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/benbjohnson/immutable"

	"doublebuf/baselines/kv"
)

func immutableMap() kv.Entry {
	return withPersistentMap(kv.Entry{
		Name:     "immutable",
		Doc:      "atomic pointer to a persistent hash trie (benbjohnson/immutable); a write makes the next trie under a lock",
		Identity: kv.Identity{Family: "immutable", Module: "github.com/benbjohnson/immutable"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Clears | kv.Retains,
	})
}

// persistentMap reads without any lock, as cowMap does. A write copies the few nodes on the path
// to its key. Writers take a lock instead of retrying a compare-and-swap, so that no writer makes
// nodes that it has to throw away.
type persistentMap[K comparable, V any] struct {
	current atomic.Pointer[immutable.Map[K, V]]
	empty   *immutable.Map[K, V]
	mu      sync.Mutex // held by writers
}

// newPersistentMap makes a map that cannot be sized in advance.
func newPersistentMap[K comparable, V any](int) kv.Map[K, V] {
	m := &persistentMap[K, V]{empty: immutable.NewMap[K, V](hasherOf[K]())}
	m.current.Store(m.empty)
	return m
}

// hasherOf returns the hasher of keys of the type K. For integers and strings it returns nil, which
// stands for the library's own.
func hasherOf[K comparable]() immutable.Hasher[K] {
	switch k := reflect.TypeFor[K]().Kind(); {
	case k == reflect.Float64:
		return any(floatHasher{}).(immutable.Hasher[K])
	case k >= reflect.Int && k <= reflect.Uintptr || k == reflect.String:
		return nil
	}
	return comparableHasher[K]{maphash.MakeSeed()}
}

func (m *persistentMap[K, V]) Get(key K) (V, bool) { return m.current.Load().Get(key) }

func (m *persistentMap[K, V]) GetMany(keys []K, values []V, found []bool) {
	trie := m.current.Load()
	for i, key := range keys {
		values[i], found[i] = trie.Get(key)
	}
}

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

// floatHasher is for float64: the library has no hasher for it.
type floatHasher struct{}

func (floatHasher) Equal(a, b float64) bool { return a == b }

func (floatHasher) Hash(key float64) uint32 { return uint32(floatHash(key) >> 32) }

// comparableHasher is for all other types.
type comparableHasher[K comparable] struct{ seed maphash.Seed }

func (comparableHasher[K]) Equal(a, b K) bool { return a == b }

func (h comparableHasher[K]) Hash(key K) uint32 { return uint32(maphash.Comparable(h.seed, key)) }
