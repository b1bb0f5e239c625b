package baselines

import (
	"iter"

	"github.com/alphadose/haxmap"

	"doublebuf/baselines/kv"
)

func haxMap() kv.Entry {
	return withHaxAdapter(kv.Entry{
		Name:     "haxmap",
		Doc:      "haxmap.Map, a sorted list without locks under an index of hashes",
		Identity: kv.Identity{Family: "haxmap"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range,
		Broken:   true, // it loses a Set that comes after a Delete of the same key beside others
	})
}

// haxAdapter is haxmap.Map under the names of package kv. It has no capability Swaps, since
// haxmap's Swap stores nothing under a key that is not there, and it cannot compare and delete; and no keys of type float64, since
// it has an entry for each of the two zeros. Nor has it Clears: haxmap's Clear lets go of the list first and of the index
// later, and holds no writer off meanwhile.
type haxAdapter[K haxKey, V any] struct{ *haxmap.Map[K, V] }

// haxKey lists the key types of this project, which are among those that haxmap allows.
type haxKey interface{ uint64 | int | string }

// newHaxAdapter asks for an index that capacity entries leave half empty, as haxmap itself
// would have it once it has grown.
func newHaxAdapter[K haxKey, V any](capacity int) kv.Map[K, V] {
	return haxAdapter[K, V]{haxmap.New[K, V](2 * uintptr(capacity))}
}

func (m haxAdapter[K, V]) Delete(key K)         { m.Del(key) }
func (m haxAdapter[K, V]) All() iter.Seq2[K, V] { return m.ForEach }
func (m haxAdapter[K, V]) Len() int             { return int(m.Map.Len()) }
