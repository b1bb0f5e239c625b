package baselines

import (
	"iter"
	"net/netip"

	"github.com/zhangyunhao116/skipmap"

	"doublebuf/baselines/kv"
)

func skipMap() kv.Entry {
	e := withSkipAdapter(kv.Entry{
		Name:     "skipmap",
		Doc:      "skipmap.OrderedMap, a sorted skip list; readers take no lock",
		Identity: kv.Identity{Family: "skipmap", Module: "github.com/zhangyunhao116/skipmap"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range,
		Aside:    true,
		// A Set that finds a key while another Set inserts it changes the value and returns. Gets
		// do not find the key until the other Set has finished, so the first Set is lost for a
		// while. A Delete does not find it either. Skipmap has further faults in methods that are
		// not used here (bytedance/gg issue 36).
		Broken: true,
	})
	e.Float64 = func(int) kv.Map[float64, uint64] {
		return skipFunc[float64, uint64]{skipmap.NewFloat64[uint64]()}
	}
	e.Prefix = func(int) kv.Map[netip.Prefix, uint64] {
		return skipFunc[netip.Prefix, uint64]{skipmap.NewFunc[netip.Prefix, uint64](prefixLess)}
	}
	return e
}

// skipAdapter is skipmap.OrderedMap with the methods of package kv. Its Len is skipmap's own. A
// skip list cannot be sized in advance. The maps that skipmap generates for single key types, as
// skipmap.Uint64Map, are not faster.
//
// It lacks the capability Swaps, because skipmap cannot swap or compare. It lacks Clears, because
// skipmap has no such method. It lacks Retains, because a caller could only delete entries that may
// have been overwritten since.
type skipAdapter[K plainKey, V any] struct{ *skipmap.OrderedMap[K, V] }

func newSkipAdapter[K plainKey, V any](int) kv.Map[K, V] {
	return skipAdapter[K, V]{skipmap.New[K, V]()}
}

func (m skipAdapter[K, V]) Get(key K) (V, bool)  { return m.Load(key) }
func (m skipAdapter[K, V]) Set(key K, value V)   { m.Store(key, value) }
func (m skipAdapter[K, V]) Delete(key K)         { m.OrderedMap.Delete(key) }
func (m skipAdapter[K, V]) All() iter.Seq2[K, V] { return m.Range }

// skipFunc is for keys that need a function to compare them: float64 because of NaN, and
// netip.Prefix.
type skipFunc[K comparable, V any] struct{ *skipmap.FuncMap[K, V] }

func (m skipFunc[K, V]) Get(key K) (V, bool)  { return m.Load(key) }
func (m skipFunc[K, V]) Set(key K, value V)   { m.Store(key, value) }
func (m skipFunc[K, V]) Delete(key K)         { m.FuncMap.Delete(key) }
func (m skipFunc[K, V]) All() iter.Seq2[K, V] { return m.Range }

func prefixLess(a, b netip.Prefix) bool { return a.Compare(b) < 0 }
