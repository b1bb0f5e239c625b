package baselines

import (
	"iter"

	"github.com/alphadose/haxmap"

	"doublebuf/baselines/kv"
)

func haxMap() kv.Entry {
	return withHaxAdapter(kv.Entry{
		Name:     "haxmap",
		Doc:      "haxmap.Map, a lock-free sorted list with an index of hashes",
		Identity: kv.Identity{Family: "haxmap", Module: "github.com/alphadose/haxmap"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range,
		// A Set that races with a Delete of the same key can put the deleted entry into the
		// index. From then on each Set of that key is lost, even if nothing else runs
		// (lincheck.TestHaxmapLosesASet). A Set of one key beside a Delete of another can be lost
		// too (TestHaxmapLosesAnEntry).
		Broken: true,
	})
}

// haxAdapter is haxmap.Map with the methods of package kv.
//
// It lacks the capability Swaps, because haxmap's Swap stores nothing under an absent key, and
// haxmap cannot compare and delete. It lacks Clears, because haxmap's Clear drops the list first
// and the index later, and does not block writers between the two. It lacks Retains, because a
// caller could only delete entries that may have been overwritten since.
type haxAdapter[K hashedKey, V any] struct{ *haxmap.Map[K, V] }

// newHaxAdapter makes an index that is half full with capacity entries, as haxmap's own are after
// they have grown.
func newHaxAdapter[K hashedKey, V any](capacity int) kv.Map[K, V] {
	m := haxmap.New[K, V](2 * uintptr(capacity))
	if floats, ok := any(m).(*haxmap.Map[float64, V]); ok {
		floats.SetHasher(floatHash) // haxmap's own hash tells the two zeros apart
	}
	return haxAdapter[K, V]{m}
}

func (m haxAdapter[K, V]) Delete(key K)         { m.Del(key) }
func (m haxAdapter[K, V]) All() iter.Seq2[K, V] { return m.ForEach }
func (m haxAdapter[K, V]) Len() int             { return int(m.Map.Len()) }
