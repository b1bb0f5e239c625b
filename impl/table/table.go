// Package table implements the hash tables that store the two copies of the concurrent map. A table
// has no synchronisation of its own, so it can be faster than a concurrent table. There are two
// kinds, see [Kind].
package table

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"unsafe"
)

// Kind is the kind of a table.
type Kind uint8

const (
	// Builtin is Go's map.
	Builtin Kind = iota
	// Flat is this project's own table, made for fast lookups. Key and value are in the slot. A
	// table that grows has 1.6 slots for each entry on average (1.4 to 1.8) if its keys are
	// integers, and 1.5 (1.3 to 1.7) otherwise. It suits integer keys best. It does not suit values
	// of hundreds of bytes.
	Flat
)

// Best returns the kind of table that suits keys and values of these types best: Flat, unless an
// entry is large.
func Best[K comparable, V any]() Kind {
	const large = 128 // bytes; Go's map, too, stores no larger key or value in place
	if unsafe.Sizeof(Slot[K, V]{}) > large {
		return Builtin
	}
	return Flat
}

// Table is a hash table. Like a Go map it is a reference: copies of a Table share their entries.
// The zero Table is empty and read-only; use New. Any number of goroutines may read a table while
// no goroutine writes it.
//
// Keys behave as in Go's map for both kinds: +0 and -0 are one key; each Set of NaN makes a new
// entry that no lookup finds; an unhashable key panics.
type Table[K comparable, V any] struct {
	m    map[K]V
	flat *flat[K, V] // used instead of m unless nil
}

// MostReserved is the memory in bytes that [New] reserves for slots at most. A table that needs
// more grows to it. So a capacity that does not fit in memory does not end the process.
const MostReserved = 1 << 30

// New returns an empty table of the given kind, with a seed of its own. It is sized for capacity
// entries, or for as many as fit in MostReserved. It panics if capacity is negative, or if there is
// no such kind.
func New[K comparable, V any](kind Kind, capacity int) Table[K, V] {
	return NewMaker[K, V](kind).New(capacity)
}

// New returns an empty table, sized as by the function New.
func (m *Maker[K, V]) New(capacity int) Table[K, V] {
	switch {
	case capacity < 0:
		panic(fmt.Sprintf("doublebuf: a table for %d entries; want 0 or more", capacity))
	case m.kind == Flat:
		return Table[K, V]{flat: newFlat(m, capacity)}
	}
	return Table[K, V]{m: make(map[K]V, min(capacity, mostSlots[K, V]()))}
}

func mustKind(kind Kind) {
	if kind > Flat {
		panic(fmt.Sprintf("doublebuf: a table of kind %d; want table.Builtin or table.Flat", kind))
	}
}

// mostSlots returns the number of slots that fit in MostReserved. One byte belongs to each slot.
func mostSlots[K comparable, V any]() int {
	return MostReserved / (int(unsafe.Sizeof(Slot[K, V]{})) + 1)
}

// Get returns the value of key and whether there is one.
func (t Table[K, V]) Get(key K) (value V, ok bool) {
	if t.flat != nil {
		inline(func() { value, ok = t.flat.get(key) })
	} else {
		value, ok = t.m[key]
	}
	return
}

// Ints returns the part of t that a lookup of an integer needs, see [At]. It returns nil unless t
// is a [Flat] table with integer keys. The writer of t changes the result.
func (t Table[K, V]) Ints() *Ints {
	if t.flat == nil || !t.flat.integer {
		return nil
	}
	return &t.flat.Ints
}

// View returns the [Words] of t, or nil if it has none.
func (t *Table[K, V]) View() unsafe.Pointer {
	if t.flat == nil {
		return nil
	}
	return unsafe.Pointer(t.flat.words)
}

// inline calls f. With it, the compiler inlines Get, and the callers of Get, into loops; see
// impl/DESIGN.md, "The inliner".
func inline(f func()) { f() }

// Clone returns an independent table with the same entries. Values are copied shallowly.
func (t Table[K, V]) Clone() Table[K, V] {
	if t.flat != nil {
		return Table[K, V]{flat: t.flat.clone()}
	}
	return Table[K, V]{m: maps.Clone(t.m)}
}

// GetMany looks up every key. It stores the value of keys[i], or the zero value, in values[i], and
// whether there is one in found[i]. Both slices must be at least as long as keys.
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

// Set stores value under key.
func (t Table[K, V]) Set(key K, value V) { t.set(key, value, t.hash(key)) }

// Delete removes key if it is there.
func (t Table[K, V]) Delete(key K) { t.delete(key, t.hash(key)) }

// hash returns the hash of key, or anything if t needs none.
func (t Table[K, V]) hash(key K) uint64 {
	if t.flat == nil {
		return 0
	}
	return t.flat.hash(key)
}

// get, set and delete are Get, Set and Delete of a key that has that hash in t.
func (t Table[K, V]) get(key K, hash uint64) (value V, ok bool) {
	if t.flat == nil || t.flat.integer {
		return t.Get(key)
	}
	return t.flat.getHashed(key, hash)
}

func (t Table[K, V]) set(key K, value V, hash uint64) {
	if t.flat != nil {
		t.flat.set(key, value, hash)
		return
	}
	t.m[key] = value
}

func (t Table[K, V]) delete(key K, hash uint64) {
	if t.flat != nil {
		t.flat.delete(key, hash)
		return
	}
	delete(t.m, key)
}

// Clear removes all entries, also those with NaN in their key. It keeps the memory.
func (t Table[K, V]) Clear() {
	if t.flat != nil {
		t.flat.clear()
		return
	}
	clear(t.m)
}

// Free removes all entries and gives their memory back, also if copies of t remain. Neither t nor
// its copies may be used any more. Only the memory of a [Builtin] table's empty slots remains until
// the last copy is dropped.
func (t *Table[K, V]) Free() {
	if t.flat != nil {
		t.flat.free()
	}
	clear(t.m)
	*t = Table[K, V]{}
}

// Len returns the number of entries.
func (t Table[K, V]) Len() int {
	if t.flat != nil {
		return t.flat.len
	}
	return len(t.m)
}

// All iterates over the entries in no particular order. The table must not change during the
// iteration.
func (t Table[K, V]) All() iter.Seq2[K, V] {
	if t.flat != nil {
		return t.flat.all
	}
	return maps.All(t.m)
}
