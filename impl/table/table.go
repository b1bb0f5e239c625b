// Package table holds what one copy of the concurrent map is: a hash table without any
// synchronisation, which is what lets it be faster than a concurrent one. There are two
// kinds of it, see [Kind].
package table

import (
	"iter"
	"maps"
	"slices"
	"unsafe"
)

// Kind says how a table is built.
type Kind uint8

const (
	// Builtin is Go's map.
	Builtin Kind = iota
	// Flat is a table of ours that spends memory on quick look-ups, see flat.go: 2.7 to 5.3
	// slots for each entry, keys and values in place. It is meant for integers above all,
	// and not for values of hundreds of bytes.
	Flat
)

// Table is a hash table. Like a map it is a reference, so that copies of a Table share
// their entries, and nothing in it changes but what it refers to. The zero Table is empty
// but cannot be written; use New. Any number of goroutines may read a table that nobody
// writes.
//
// Keys behave as they do in Go's map, whatever the kind: +0 and -0 are one key; each Set of
// NaN makes a new entry, which is never found; a key that cannot be hashed panics.
type Table[K comparable, V any] struct {
	m    map[K]V
	flat *flat[K, V] // used instead of m unless nil
}

// New returns an empty table of a kind, sized for capacity entries.
func New[K comparable, V any](kind Kind, capacity int) Table[K, V] {
	if kind == Flat {
		return Table[K, V]{flat: newFlat[K, V](capacity)}
	}
	return Table[K, V]{m: make(map[K]V, capacity)}
}

// Get returns the value of key and whether there is one.
func (t Table[K, V]) Get(key K) (value V, ok bool) {
	if t.flat != nil {
		apart(func() { value, ok = t.flat.get(key) })
	} else {
		value, ok = t.m[key]
	}
	return
}

// Ints returns what a look-up of an integer needs, see [At], or nil if t has none: if it is not a
// [Flat] table of integers. The writer of t changes what it returns.
func (t Table[K, V]) Ints() *Ints {
	if t.flat == nil || !t.flat.integer {
		return nil
	}
	return &t.flat.Ints
}

// apart calls f. The compiler reduces this to the call within f; but its inliner takes it
// for cheaper than that call itself, and without it neither Get nor what calls Get
// would be inlined into loops, which is a fifth of the time of a look-up. (Seen with Go 1.26.)
func apart(f func()) { f() }

// Clone returns an independent table with the same entries. Values are copied shallowly.
func (t Table[K, V]) Clone() Table[K, V] {
	if t.flat != nil {
		return Table[K, V]{flat: t.flat.clone()}
	}
	return Table[K, V]{m: maps.Clone(t.m)}
}

// GetMany looks up keys[i] and stores its value, or the zero value, in values[i] and
// whether it was there in found[i], for every i. The slices must not be shorter than keys.
func (t Table[K, V]) GetMany(keys []K, values []V, found []bool) {
	values, found = slices.Clip(values)[:len(keys)], slices.Clip(found)[:len(keys)]
	if t.flat != nil {
		t.flat.getMany(keys, values, found)
		return
	}
	for i, k := range keys {
		values[i], found[i] = t.m[k]
	}
}

// Touches reports whether Touch is worth the while: if t is a [Flat] table too large for the first caches, and its keys are no
// integers, of which the misses overlap anyhow where they are treated in a loop without calls, nor so large that it takes more to
// gather them (64 such would not be on the stack).
func (t Table[K, V]) Touches() bool {
	var key K
	return t.flat != nil && !t.flat.integer && len(t.flat.slots) >= 1<<14 && unsafe.Sizeof(key) <= 256
}

// Touch loads what a Get, Set or Delete of each of at most 64 keys will look at first, so that their cache
// misses overlap. It changes nothing.
func (t Table[K, V]) Touch(keys []K) {
	var hashes [batch]uint64
	t.flat.touch(keys, hashes[:])
}

// Set stores value under key.
func (t Table[K, V]) Set(key K, value V) {
	if t.flat != nil {
		t.flat.set(key, value)
		return
	}
	t.m[key] = value
}

// Delete removes key if it is there.
func (t Table[K, V]) Delete(key K) {
	if t.flat != nil {
		t.flat.delete(key)
		return
	}
	delete(t.m, key)
}

// Clear removes all entries, those with NaN in their key too. The memory is kept.
func (t Table[K, V]) Clear() {
	if t.flat != nil {
		t.flat.clear()
		return
	}
	clear(t.m)
}

// Len returns the number of entries.
func (t Table[K, V]) Len() int {
	if t.flat != nil {
		return t.flat.len
	}
	return len(t.m)
}

// All iterates over the entries in no particular order. The table must not be changed
// meanwhile.
func (t Table[K, V]) All() iter.Seq2[K, V] {
	if t.flat != nil {
		return t.flat.all
	}
	return maps.All(t.m)
}
