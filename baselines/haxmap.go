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
		Broken:   true, // it loses a Set after a Delete of the same key, while other goroutines write
	})
}

// haxAdapter is haxmap.Map with the methods of package kv.
//
// It lacks the capability Swaps, because haxmap's Swap stores nothing under an absent key, and
// haxmap cannot compare and delete. It lacks Clears, because haxmap's Clear drops the list first
// and the index later, and does not block writers between the two. It has no keys of type
// float64, because haxmap has an entry for each of the two zeros.
type haxAdapter[K haxKey, V any] struct{ *haxmap.Map[K, V] }

// haxKey lists the key types of this project, which are among those that haxmap allows.
type haxKey interface{ uint64 | int | string }

// newHaxAdapter makes an index that is half full with capacity entries, as haxmap's own are after
// they have grown.
func newHaxAdapter[K haxKey, V any](capacity int) kv.Map[K, V] {
	return haxAdapter[K, V]{haxmap.New[K, V](2 * uintptr(capacity))}
}

func (m haxAdapter[K, V]) Delete(key K)         { m.Del(key) }
func (m haxAdapter[K, V]) All() iter.Seq2[K, V] { return m.ForEach }
func (m haxAdapter[K, V]) Len() int             { return int(m.Map.Len()) }
