package baselines

import (
	"iter"

	"github.com/cornelk/hashmap"

	"doublebuf/baselines/kv"
)

func cornelkMap() kv.Entry {
	return withCornelkAdapter(kv.Entry{
		Name:     "cornelk",
		Doc:      "cornelk's hashmap.Map, a lock-free sorted list with an index of hashes, which grows in the background",
		Identity: kv.Identity{Family: "cornelk", Module: "github.com/cornelk/hashmap"},
		Level:    kv.Linearizable,
		Caps:     kv.Concurrent | kv.Writes | kv.Range,
		Aside:    true,
		// A Set that races with a Delete of the same key can put the deleted entry back into the
		// index. Gets then find a deleted value, and later Sets write to that entry. Walks do not
		// see it, and it is lost when the index grows. TestCornelkForgetsEntries shows the same
		// with one goroutine and a method that is not used here. See cornelk/hashmap issues 54
		// and 81.
		Broken: true,
	})
}

// cornelkAdapter is cornelk's hashmap.Map with the methods of package kv. Get, Set and Len are its
// own.
//
// It lacks the capability Swaps, because the map returns no value that it replaced, and cannot
// compare. It lacks Clears, because the map has no such method. It lacks Retains, because a caller
// could only delete entries that may have been overwritten since.
type cornelkAdapter[K hashedKey, V any] struct{ *hashmap.Map[K, V] }

// newCornelkAdapter makes an index that is half full with capacity entries, as the map's own are
// after they have grown.
func newCornelkAdapter[K hashedKey, V any](capacity int) kv.Map[K, V] {
	m := hashmap.New[K, V]()
	if capacity > 0 {
		m = hashmap.NewSized[K, V](2 * uintptr(capacity))
	}
	if floats, ok := any(m).(*hashmap.Map[float64, V]); ok {
		floats.SetHasher(floatHash) // the map's own hash tells the two zeros apart
	}
	return cornelkAdapter[K, V]{m}
}

func (m cornelkAdapter[K, V]) Delete(key K)         { m.Del(key) }
func (m cornelkAdapter[K, V]) All() iter.Seq2[K, V] { return m.Range }
