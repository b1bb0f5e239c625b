// Package table holds what one copy of the concurrent map is: a hash table without any
// synchronisation, which is what lets it be faster than a concurrent one.
package table

import (
	"iter"
	"maps"
)

// Table is a hash table over Go's built-in map. Like a map it is a reference, so that
// copies of a Table share their entries, and nothing in it changes but what it refers to.
// The zero Table is empty but cannot be written; use New. Any number of goroutines may
// read a table that nobody writes.
type Table[K comparable, V any] struct {
	m map[K]V
}

// New returns an empty table sized for capacity entries.
func New[K comparable, V any](capacity int) Table[K, V] {
	return Table[K, V]{make(map[K]V, capacity)}
}

// Get returns the value of key and whether there is one.
func (t Table[K, V]) Get(key K) (V, bool) {
	v, ok := t.m[key]
	return v, ok
}

// Set stores value under key.
func (t Table[K, V]) Set(key K, value V) { t.m[key] = value }

// Delete removes key if it is there.
func (t Table[K, V]) Delete(key K) { delete(t.m, key) }

// Clear removes all entries, those with NaN in their key too.
func (t Table[K, V]) Clear() { clear(t.m) }

// Len returns the number of entries.
func (t Table[K, V]) Len() int { return len(t.m) }

// All iterates over the entries in no particular order.
func (t Table[K, V]) All() iter.Seq2[K, V] { return maps.All(t.m) }
