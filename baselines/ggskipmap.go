package baselines

import (
	"cmp"
	"iter"
	"net/netip"

	"github.com/bytedance/gg/collection/skipmap"

	"doublebuf/baselines/kv"
)

func ggSkipMap() kv.Entry {
	e := withGGSkipAdapter(kv.Entry{
		Name:     "gg-skipmap",
		Doc:      "skipmap.OrderedMap of bytedance/gg, a sorted skip list; readers take no lock",
		Identity: kv.Identity{Family: "gg-skipmap", Module: "github.com/bytedance/gg"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range,
		Aside:    true,
		// See skipMap.
		Broken: true,
	})
	e.Float64 = func(int) kv.Map[float64, uint64] {
		return ggSkipFunc[float64, uint64]{skipmap.NewFunc[float64, uint64](cmp.Less)}
	}
	e.Prefix = func(int) kv.Map[netip.Prefix, uint64] {
		return ggSkipFunc[netip.Prefix, uint64]{skipmap.NewFunc[netip.Prefix, uint64](prefixLess)}
	}
	return e
}

// ggSkipAdapter is to gg's skipmap what skipAdapter is to skipmap, from which gg's was copied.
type ggSkipAdapter[K plainKey, V any] struct{ *skipmap.OrderedMap[K, V] }

func newGGSkipAdapter[K plainKey, V any](int) kv.Map[K, V] {
	return ggSkipAdapter[K, V]{skipmap.New[K, V]()}
}

func (m ggSkipAdapter[K, V]) Get(key K) (V, bool)  { return m.Load(key) }
func (m ggSkipAdapter[K, V]) Set(key K, value V)   { m.Store(key, value) }
func (m ggSkipAdapter[K, V]) Delete(key K)         { m.OrderedMap.Delete(key) }
func (m ggSkipAdapter[K, V]) All() iter.Seq2[K, V] { return m.Range }

// ggSkipFunc is for keys that need a function to compare them: float64 because of NaN, and
// netip.Prefix.
type ggSkipFunc[K comparable, V any] struct{ *skipmap.FuncMap[K, V] }

func (m ggSkipFunc[K, V]) Get(key K) (V, bool)  { return m.Load(key) }
func (m ggSkipFunc[K, V]) Set(key K, value V)   { m.Store(key, value) }
func (m ggSkipFunc[K, V]) Delete(key K)         { m.FuncMap.Delete(key) }
func (m ggSkipFunc[K, V]) All() iter.Seq2[K, V] { return m.Range }
