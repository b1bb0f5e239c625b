package table

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"unsafe"
)

// flat is a hash table that is quick to read: linear probing over an array of slots that is
// never full.
//
// The home of a key is the slot that its hash names. A key stands in its home, or in the
// first slot after it that was free; no slot between its home and its own is empty.
//
// Integers are cheap to compare, and are looked for in the slots themselves, one after the other. That is
// one cache miss, for keys that are there and for those that are not, and the branch that
// expects a key in its home is right for 7 of 8. A slot with key zero is empty; the value of key zero
// itself stands apart.
//
// All else goes by tags, one byte for each slot. A tag is 0 for an empty slot, and else tells
// seven bits of the hash. Eight tags are looked at in one step, so that keys that are dear to
// compare, such as strings, are seldom compared in vain, and a key that is not there is compared with none.
//
// Deletion moves later entries back, so that the table is always as if the deleted keys had
// never been there: there are no tombstones, and nothing decays.
//
// A full table grows to twice its size, all at once. In the concurrent map the writer does
// that, in the copy that no reader sees; readers never wait for it.
//
// The layout was chosen by measurement, with one hash for all: 8-byte integers as keys and
// values, keys that are there in random order, one call each; ns with the loop (2 ns), lower
// deciles, 2 processors of an AMD EPYC with 32 MB of L3.
//
//	n                                         1,000  10,000  1,000,000
//	built-in map                                9.2    11.1         75
//	groups of 8 slots behind 8 control bytes    6.8     8.2         61
//	buckets of 4, compared without a branch     7.5     9.5         55
//	linear probing, at most 1/2 full            9.9     8.7         49
//	linear probing, at most 1/4 full            6.9     7.6         47
//	home and next without a branch, 1/2         7.0     6.9         45
//	home and next without a branch, 3/8         5.6     7.0         42
//
// A group has its control bytes and its slot in different cache lines, of which the second is
// known only when the first has come; buckets cost more instructions, so that fewer misses
// overlap; plain probing mispredicts. For strings of 45 bytes all are equal within a
// tenth, as the strings themselves are what is missed; there a table that is smaller is
// quicker, and the tags bear more load: 5/8.
//
// With the hash of today, which takes more instructions, integers are looked up by plain probing, which is the
// shorter code. What depends on the first slot fills the processor's queues until that has come, all the more where
// others keep the processor's other thread busy. Lower quartiles of 3 runs of 40 rounds, tables 1/4, 1/7 and 1/4
// full, 2 processors of an AMD EPYC of family 25, model 1, shared with others:
//
//	n                                         1,000   10,000  1,000,000
//	home and next without a branch          4.9–8.3   6.5–13      58–82
//	linear probing                          5.2–7.6   5.9–10      45–72
//
// In a quiet minute, and with 10,000 keys in a table that is 3/10 full, the bare look-up takes 9.5 with it and 8.4
// without a branch, and one through a handle the same with both, 9.2 to 10.
type flat[K comparable, V any] struct {
	Ints // of slots

	slots   []Slot[K, V] // as many as a power of two
	tags    []uint8      // of the slots, and once more of the first eight; nil if keys are integers
	zero    *V           // the value of the integer zero, or nil if that was never there
	seed    maphash.Seed // of keys that are no integers
	integer bool         // whether keys are integers
	isSet   bool         // whether the integer zero is there

	len int

	// The writer changes what stands above. The tables of both copies may be neighbours in
	// memory, and without this he would disturb the readers of the other.
	_ [128 - 112]byte
}

// Ints is what a look-up of an integer needs of a flat table. It is no generic type: calls of a
// generic one's methods from another generic function load from the function's dictionary, and
// a look-up among many keys costs what it loads: processors have no more than some 70 loads under way,
// so that the fewer there are in a look-up the more look-ups, and cache misses, overlap.
type Ints struct {
	base unsafe.Pointer // of the slots
	last uint64         // the index of the last slot

	// The hash is seeded at random, a table at a time: an adversary cannot know which keys
	// collide, and what is slow in one table is not so in another.
	mask   uint64
	factor uint64 // odd
}

// Hash returns the hash of an integer, given as a [Word]; its low bits name the home, as in [At].
func (x *Ints) Hash(word uint64) uint64 { return mix(word, x.mask, x.factor) }

// At returns slot i, taken modulo their number; x is of a table of such keys and values.
func At[K comparable, V any](x *Ints, i uint64) *Slot[K, V] {
	return (*Slot[K, V])(unsafe.Add(x.base, uintptr(i&x.last)*unsafe.Sizeof(Slot[K, V]{})))
}

// Slot is what an entry stands in. The value comes first, since Go pads a struct whose last
// field has no size.
type Slot[K comparable, V any] struct {
	Value V
	Key   K
}

const (
	window  = 8 // tags looked at in one step
	lowBits = 0x0101010101010101
	topBits = 0x8080808080808080 // set in every tag of an entry
)

func newFlat[K comparable, V any](capacity int) *flat[K, V] {
	f := &flat[K, V]{
		Ints:    Ints{mask: rand.Uint64(), factor: rand.Uint64() | 1},
		seed:    maphash.MakeSeed(),
		integer: isInteger(reflect.TypeFor[K]().Kind()),
	}
	n := window
	for f.room(n) < capacity && n > 0 { // or make panics
		n *= 2
	}
	f.allocate(n)
	return f
}

func isInteger(k reflect.Kind) bool { return reflect.Int <= k && k <= reflect.Uintptr }

// room returns how many entries n slots may hold.
func (f *flat[K, V]) room(n int) int {
	if f.integer {
		return n / 8 * 3
	}
	return n / 8 * 5
}

func (f *flat[K, V]) allocate(n int) {
	f.use(make([]Slot[K, V], n))
	if !f.integer {
		f.tags = make([]uint8, n+window)
	}
}

// use makes slots those of the table.
func (f *flat[K, V]) use(slots []Slot[K, V]) {
	f.slots = slots
	f.base, f.last = unsafe.Pointer(unsafe.SliceData(slots)), uint64(len(slots)-1)
}

// hash returns the hash of key, whose low bits name the home and whose top bits are the
// tag. It panics if key cannot be hashed. That of NaN is another each time.
func (f *flat[K, V]) hash(key K) uint64 {
	if f.integer {
		return mix(Word(key), f.mask, f.factor)
	}
	return maphash.Comparable(f.seed, key)
}

// mix hashes an integer. The first product is that of wyhash and Abseil: its two halves together
// depend on all bits of both factors. It does not do alone: of keys at regular distances, such as
// multiples of a power of two, it makes hashes at regular distances, which linear probing
// does not bear. The second one mixes what is no longer linear, best into its upper half, which
// becomes the lower. In 35,000 trials with 1,000 such keys in 4,096 slots an entry stood at most 0.30 slots from
// home on average, as with random hashes (0.26); without the mask 52 in the worst trial, with 64 bits
// of the first product 34, with one product 500. TestScatter holds it.
func mix(word, mask, factor uint64) uint64 {
	hi, lo := bits.Mul64(word^mask, factor)
	return bits.RotateLeft64((hi^lo)*factor, 32)
}

// Word returns an integer as a word. It uses unsafe because no conversion from a type
// parameter compiles to nothing, as this does: the size is known to the compiler, and the
// key stays in its register. To ask an interface for its type would cost as much as the rest
// of a look-up.
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

func tagOf(hash uint64) uint8 { return uint8(hash>>57) | 0x80 }

// get returns the value of key and whether there is one.
func (f *flat[K, V]) get(key K) (value V, ok bool) {
	if f.integer {
		return f.getInt(key)
	}
	hash := maphash.Comparable(f.seed, key)
	// Most keys are the first with their tag. That they are compared here saves a call.
	if m := matches(f.window(hash), hash); m != 0 {
		if s := &f.slots[f.slotOf(hash, m)]; s.Key == key {
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
			return *f.zero, true
		}
		return value, false
	}
	for i := f.Hash(w); ; i++ {
		s := At[K, V](&f.Ints, i)
		if s.Key == key {
			return s.Value, true
		}
		if Word(s.Key) == 0 {
			return value, false
		}
	}
}

// window returns the tags of slot i, taken modulo their number, and of those after it.
func (f *flat[K, V]) window(i uint64) uint64 {
	return binary.LittleEndian.Uint64(f.tags[i&f.last:])
}

// matches returns the tags that are that of a hash: the top bit of each byte. There may be others,
// but only of entries, whose keys compare unequal.
func matches(tags, hash uint64) uint64 {
	x := tags ^ uint64(tagOf(hash))*lowBits
	return (x - lowBits) &^ x & topBits
}

// slotOf returns the slot of the first match in the window of slot i.
func (f *flat[K, V]) slotOf(i, matches uint64) uint64 {
	return (i + uint64(bits.TrailingZeros64(matches)/8)) & f.last
}

// find returns the slot of key, and whether there is one.
func (f *flat[K, V]) find(key K, hash uint64) (slot uint64, ok bool) {
	if f.integer {
		return f.findInt(key, hash)
	}
	for i := hash; ; i += window {
		tags := f.window(i)
		for m := matches(tags, hash); m != 0; m &= m - 1 {
			if j := f.slotOf(i, m); f.slots[j].Key == key {
				return j, true
			}
		}
		if ^tags&topBits != 0 { // an empty slot
			return 0, false
		}
	}
}

// findInt is find for integers but zero.
func (f *flat[K, V]) findInt(key K, hash uint64) (slot uint64, ok bool) {
	for i := hash & f.last; ; i = (i + 1) & f.last {
		switch at := f.slots[i].Key; {
		case at == key:
			return i, true
		case Word(at) == 0:
			return 0, false
		}
	}
}

// batch is how many keys getMany treats at once. With 16 a look-up among 1,000,000 integers
// takes 35 ns, with 32 27, and with 64 or 128 24, on the machine named above.
const batch = 64

// getMany looks keys up. It first hashes a batch of them and loads what they will be
// compared with, so that many cache misses are under way at once. Then it compares.
func (f *flat[K, V]) getMany(keys []K, values []V, found []bool) {
	var hashes [batch]uint64
	for len(keys) > 0 {
		n := min(batch, len(keys))
		f.touch(keys[:n], hashes[:n])
		for i, key := range keys[:n] {
			if f.integer && Word(key) != 0 {
				// Its slot is in the first cache by now, so that a mispredicted branch is what costs most.
				next := b2u(At[K, V](&f.Ints, hashes[i]).Key != key)
				if s := At[K, V](&f.Ints, hashes[i]+next); s.Key == key {
					values[i], found[i] = s.Value, true
					continue
				}
			}
			values[i], found[i] = f.get(key)
		}
		keys, values, found = keys[n:], values[n:], found[n:]
	}
}

// b2u returns 1 for true. The compiler makes no branch of it.
func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// touch hashes keys, and loads what is looked at first for each.
func (f *flat[K, V]) touch(keys []K, hashes []uint64) {
	hashes = hashes[:len(keys)]
	slots, tags, sum := f.slots, f.tags, uint8(0)
	last := uint64(len(slots) - 1)
	if f.integer {
		// A loop without a call: misses overlap only within some hundred instructions.
		mask, factor := f.mask, f.factor
		for i, key := range keys {
			hash := mix(Word(key), mask, factor)
			hashes[i] = hash
			sum += firstByte(&slots[hash&last].Key)
		}
	} else {
		for i, key := range keys {
			hash := maphash.Comparable(f.seed, key)
			hashes[i] = hash
			sum += tags[hash&last] + firstByte(&slots[hash&last].Key)
		}
	}
	runtime.KeepAlive(sum) // or nothing would be loaded
}

// firstByte loads from where a key stands, of whatever type it is.
func firstByte[K any](key *K) uint8 { return *(*uint8)(unsafe.Pointer(key)) }

// isZero reports whether key is the integer zero.
func (f *flat[K, V]) isZero(key K) bool { return f.integer && Word(key) == 0 }

// set stores value under key.
func (f *flat[K, V]) set(key K, value V) {
	if f.isZero(key) {
		if f.zero == nil {
			f.zero = new(V)
		}
		if !f.isSet {
			f.isSet = true
			f.len++
		}
		*f.zero = value
		return
	}
	hash := f.hash(key)
	i, ok := f.find(key, hash)
	if !ok {
		if f.len >= f.room(len(f.slots)) {
			f.grow()
		}
		i = f.claim(hash)
		f.len++
	}
	// The key too, as in Go's map: it may be -0 where +0 was, or share memory with more.
	f.slots[i] = Slot[K, V]{value, key}
}

// empty reports whether slot i is.
func (f *flat[K, V]) empty(i uint64) bool {
	if f.integer {
		return Word(f.slots[i].Key) == 0
	}
	return f.tags[i] == 0
}

// claim returns the first free slot for a key with hash, and tags it as taken.
func (f *flat[K, V]) claim(hash uint64) uint64 {
	i := hash & f.last
	for !f.empty(i) {
		i = (i + 1) & f.last
	}
	f.tag(i, tagOf(hash))
	return i
}

// tag sets the tag of slot i, if slots have tags.
func (f *flat[K, V]) tag(i uint64, tag uint8) {
	if f.integer {
		return
	}
	f.tags[i] = tag
	if i < window {
		f.tags[uint64(len(f.slots))+i] = tag
	}
}

func (f *flat[K, V]) grow() {
	old := *f
	f.allocate(2 * len(old.slots))
	for i := range old.slots {
		if s := &old.slots[i]; !old.empty(uint64(i)) {
			f.slots[f.claim(f.hash(s.Key))] = *s
		}
	}
}

// delete removes key if it is there, and closes the gap. Of the entries that follow without
// an empty slot between, each whose home is not after the gap is moved into it, and leaves
// a gap itself. NaN has no home, and may go anywhere.
func (f *flat[K, V]) delete(key K) {
	if f.isZero(key) {
		if f.isSet {
			f.unset()
			f.len--
		}
		return
	}
	gap, ok := f.find(key, f.hash(key))
	if !ok {
		return
	}
	for i := (gap + 1) & f.last; !f.empty(i); i = (i + 1) & f.last {
		home := f.hash(f.slots[i].Key)
		if (i-home)&f.last >= (i-gap)&f.last {
			f.slots[gap] = f.slots[i]
			if !f.integer {
				f.tag(gap, f.tags[i])
			}
			gap = i
		}
	}
	f.slots[gap] = Slot[K, V]{}
	f.tag(gap, 0)
	f.len--
}

// unset removes the integer zero, and keeps the memory for its value.
func (f *flat[K, V]) unset() {
	var none V
	*f.zero, f.isSet = none, false
}

func (f *flat[K, V]) clear() {
	clear(f.slots)
	clear(f.tags)
	if f.isSet {
		f.unset()
	}
	f.len = 0
}

// clone returns an independent table with the same entries and seeds.
func (f *flat[K, V]) clone() *flat[K, V] {
	clone := *f
	clone.use(slices.Clone(f.slots))
	clone.tags = slices.Clone(f.tags)
	if f.zero != nil {
		zero := *f.zero
		clone.zero = &zero
	}
	return &clone
}

// all iterates over the entries.
func (f *flat[K, V]) all(yield func(K, V) bool) {
	var zero K
	if f.isSet && !yield(zero, *f.zero) {
		return
	}
	for i := range f.slots {
		if s := &f.slots[i]; !f.empty(uint64(i)) && !yield(s.Key, s.Value) {
			return
		}
	}
}
