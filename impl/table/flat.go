package table

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"reflect"
	"sort"
	"unsafe"
)

// flat is a hash table for fast reads. It does linear probing over an array of slots that is never
// full. impl/DESIGN.md has the measurements that led to this layout.
//
// The home of a key is the slot that its hash selects. A key is in its home or, if that was taken,
// in a slot after it. No slot between the home and the key's slot is empty. Behind the homes there
// is a tail of slots that are no homes. The last one is always empty. So a lookup ends there at the
// latest, and need not look whether it is at the end of the array.
//
// A hash selects its home by the upper half of a product, so the number of homes may be any. (This
// is the method of Lemire, "Fast Random Integer Generation in an Interval", 2019.) So the table can
// grow in small steps and is rarely half empty. Homes have the order of the hashes. So a table that
// grows goes through both arrays from the beginning to the end.
//
// Integers are cheap to compare. A lookup compares the keys in the slots themselves, one after the
// other. It takes one cache miss, whether the key is there or not, and most keys are in their home.
// A slot with key zero is empty. The value of key zero has a place of its own. An integer whose
// home is taken by a key from another home moves that key on. So as many integers are in their
// homes as can be: each is there if no other one has the same home. A processor foresees the end of
// a lookup at home, and mispredicts most others.
//
// Other keys have fingerprints, one byte for each slot. A fingerprint is 0 if the slot is empty.
// Otherwise it holds seven bits of the hash. A lookup checks eight fingerprints at once. So it
// rarely compares a key that differs, and it compares almost none if the key is not there. This
// pays for keys that are expensive to compare, such as strings.
//
// A deletion moves later entries back. So there are no tombstones: the table looks as if the
// deleted key had never been there.
//
// A full table moves to a larger array at once. In the concurrent map the writer grows the copy
// that no reader sees, and readers never wait for it.
type flat[K comparable, V any] struct {
	Ints // of slots

	words   *Words       // of this table, or nil if nobody reads it while it changes
	slots   []Slot[K, V] // the homes, and the tail
	prints  []uint8      // those of all slots, then zeros for a last window; nil for integers
	zero    *Slot[K, V]  // that of the integer zero, or nil if it was never there
	seed    maphash.Seed // for keys that are not integers
	integer bool         // the keys are integers
	pointer bool         // words has values that are pointers
	isSet   bool         // the integer zero is there

	len int

	// The writer changes the fields above. The tables of the two copies may be neighbours in
	// memory. This padding keeps the writer of one from disturbing the readers of the other.
	_ [128 - 120]byte
}

// Ints is the part of a flat table that a lookup of an integer needs. It is not generic: a method
// call of a generic type from another generic function loads from that function's dictionary. The
// number of loads matters, because a processor can have only so many loads under way. The fewer
// loads a lookup has, the more lookups and cache misses overlap. impl/DESIGN.md has figures.
type Ints struct {
	base  unsafe.Pointer // of the slots
	homes uint64         // their number

	Mix
}

// Mix is the hash function of integers. It has the random seed of the Maker. So an adversary cannot
// know which keys collide, and keys that collide in the tables of one Maker do not in others.
type Mix struct {
	mask   uint64
	factor uint64 // odd
}

// at returns the home that a hash selects, if slots have that size.
func (x *Ints) at(hash uint64, size uintptr) unsafe.Pointer {
	return unsafe.Add(x.base, uintptr(x.home(hash))*size)
}

// home returns the index of the home that a hash selects.
func (x *Ints) home(hash uint64) uint64 {
	home, _ := bits.Mul64(hash, x.homes)
	return home
}

// Hash returns the hash of an integer, given as a [Word].
func (x *Mix) Hash(word uint64) uint64 { return mix(word, x.mask, x.factor) }

// Find returns the slot of an integer other than zero, and whether it is there. If it is not, that
// is the empty slot where its lookup ends. x must be from a table with these types, and hash the
// hash of key. Find is small enough to be inlined.
func Find[K comparable, V any](x *Ints, hash uint64, key K) (s *Slot[K, V], ok bool) {
	var none K
	for s = at[K, V](x, x.home(hash)); s.Key != key; s = next(s) {
		if s.Key == none {
			return s, false
		}
	}
	return s, true
}

// at returns slot i.
func at[K comparable, V any](x *Ints, i uint64) *Slot[K, V] {
	return (*Slot[K, V])(unsafe.Add(x.base, uintptr(i)*unsafe.Sizeof(Slot[K, V]{})))
}

// next returns the slot after s.
func next[K comparable, V any](s *Slot[K, V]) *Slot[K, V] {
	return (*Slot[K, V])(unsafe.Add(unsafe.Pointer(s), unsafe.Sizeof(*s)))
}

// Slot holds one entry. The value comes first, because Go pads a struct whose last field has size
// zero.
type Slot[K comparable, V any] struct {
	Value V
	Key   K
}

const (
	window  = 8 // fingerprints checked at once
	lowBits = 0x0101010101010101
	topBits = 0x8080808080808080 // set in every fingerprint of an entry

	leastHomes = 8
	mostTail   = 32 // slots; in a full table of random hashes one in 10^9 needs more, and grows
)

func newFlat[K comparable, V any](m *Maker[K, V], capacity int) *flat[K, V] {
	f := &flat[K, V]{Ints: Ints{Mix: Mix{m.mask, m.factor}}, seed: m.seed, integer: m.integer, pointer: m.pointer}
	f.allocate(f.homesFor(capacity))
	if m.shared {
		f.words = new(Words)
		f.show()
	}
	return f
}

// homesFor returns the number of homes to reserve for capacity entries.
func (f *flat[K, V]) homesFor(capacity int) int {
	least, most := leastHomes, max(leastHomes, mostSlots[K, V]()-mostTail)
	return least + sort.Search(most-least, func(n int) bool { return f.room(least+n) >= capacity })
}

func isInteger(k reflect.Kind) bool { return reflect.Int <= k && k <= reflect.Uintptr }

// room returns the largest number of entries for n homes.
func (f *flat[K, V]) room(n int) int {
	if f.integer {
		return n/25*18 + n%25*18/25
	}
	return n/4*3 + n%4*3/4
}

func (f *flat[K, V]) allocate(homes int) {
	n := homes + min(homes, mostTail)
	f.use(make([]Slot[K, V], n), homes)
	if !f.integer {
		f.prints = make([]uint8, n+window)
	}
}

// use makes slots the slots of the table.
func (f *flat[K, V]) use(slots []Slot[K, V], homes int) {
	f.slots = slots
	f.base, f.homes = unsafe.Pointer(unsafe.SliceData(slots)), uint64(homes)
}

// hash returns the hash of key. Its high bits select the home, and its low bits are the
// fingerprint. It panics if key is unhashable. The hash of NaN differs at each call.
func (f *flat[K, V]) hash(key K) uint64 {
	if f.integer {
		return f.Hash(Word(key))
	}
	return maphash.Comparable(f.seed, key)
}

// mix hashes an integer by two products. The first is the one of wyhash and Abseil: its two halves
// together depend on all bits of both factors. Alone it is not enough. Keys at regular distances,
// such as multiples of a power of two, would have hashes at regular distances, and linear probing
// would be slow. The second product mixes the folded halves. Its upper bits, which select the home,
// are mixed best. TestScatter checks the distances of such keys from their homes; impl/DESIGN.md
// has its figures.
func mix(word, mask, factor uint64) uint64 {
	hi, lo := bits.Mul64(word^mask, factor)
	return (hi ^ lo) * factor
}

// Word returns an integer as a word. It uses unsafe because this compiles to nothing, as no other
// conversion from a type parameter does: the compiler knows the size, and the key stays in its
// register. A type switch would cost as much as the rest of a lookup.
func Word[K comparable](key K) uint64 {
	switch p := unsafe.Pointer(&key); unsafe.Sizeof(key) {
	case 8:
		return *(*uint64)(p)
	case 4:
		return uint64(*(*uint32)(p))
	case 2:
		return uint64(*(*uint16)(p))
	default:
		return uint64(*(*uint8)(p))
	}
}

func fingerprint(hash uint64) uint8 { return uint8(hash) | 0x80 }

// get returns the value of key and whether there is one.
func (f *flat[K, V]) get(key K) (value V, ok bool) {
	if f.integer {
		return f.getInt(key)
	}
	return f.getHashed(key, maphash.Comparable(f.seed, key))
}

// getHashed is get for keys other than integers.
func (f *flat[K, V]) getHashed(key K, hash uint64) (value V, ok bool) {
	// Most keys are the first one with their fingerprint. To compare that one here saves a call.
	home := f.home(hash)
	if m := matches(f.window(home), hash); m != 0 {
		if s := &f.slots[slotOf(home, m)]; s.Key == key {
			return s.Value, true
		}
	}
	if i, ok := f.find(key, hash); ok {
		return f.slots[i].Value, true
	}
	return value, false
}

// getInt is get for integers.
func (f *flat[K, V]) getInt(key K) (value V, ok bool) {
	w := Word(key)
	if w == 0 {
		if f.isSet {
			return f.zero.Value, true
		}
		return value, false
	}
	if s, ok := Find[K, V](&f.Ints, f.Hash(w), key); ok {
		return s.Value, true
	}
	return value, false
}

// window returns the fingerprints of eight slots, the first of which is slot i.
func (f *flat[K, V]) window(i uint64) uint64 { return binary.LittleEndian.Uint64(f.prints[i:]) }

// matches finds the fingerprints that equal the fingerprint of a hash, and sets the top bit of
// their bytes. It may find other fingerprints of entries too; the keys of those compare unequal.
func matches(prints, hash uint64) uint64 {
	x := prints ^ uint64(fingerprint(hash))*lowBits
	return (x - lowBits) &^ x & topBits
}

// slotOf returns the slot of the first match in the window of slot i.
func slotOf(i, matches uint64) uint64 { return i + uint64(bits.TrailingZeros64(matches)/8) }

// find returns the slot of key and whether there is one. The integer zero has none.
func (f *flat[K, V]) find(key K, hash uint64) (slot uint64, ok bool) {
	if f.integer {
		s, ok := Find[K, V](&f.Ints, hash, key)
		return uint64(uintptr(unsafe.Pointer(s))-uintptr(f.base)) / uint64(unsafe.Sizeof(*s)), ok
	}
	for i := f.home(hash); ; i += window {
		prints := f.window(i)
		for m := matches(prints, hash); m != 0; m &= m - 1 {
			if j := slotOf(i, m); f.slots[j].Key == key {
				return j, true
			}
		}
		if ^prints&topBits != 0 { // an empty slot
			return 0, false
		}
	}
}

// isZero reports whether key is the integer zero.
func (f *flat[K, V]) isZero(key K) bool { return f.integer && Word(key) == 0 }

// empty reports whether slot i is empty.
func (f *flat[K, V]) empty(i uint64) bool { return emptyIn(f.slots, f.prints, i) }

// emptyIn reports whether slot i is empty. Slots of integers have no fingerprints.
func emptyIn[K comparable, V any](slots []Slot[K, V], prints []uint8, i uint64) bool {
	if prints == nil {
		return Word(slots[i].Key) == 0
	}
	return prints[i] == 0
}

// all iterates over the entries.
func (f *flat[K, V]) all(yield func(K, V) bool) {
	var zero K
	if f.isSet && !yield(zero, f.zero.Value) {
		return
	}
	for i := range f.slots {
		if s := &f.slots[i]; !f.empty(uint64(i)) && !yield(s.Key, s.Value) {
			return
		}
	}
}
