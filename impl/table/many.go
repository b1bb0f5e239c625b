package table

import (
	"hash/maphash"
	"runtime"
	"unsafe"
)

// batch is the number of keys that getMany handles at once; see impl/DESIGN.md.
const batch = 64

// getMany looks up keys. For each batch it first hashes all keys and loads the memory of their
// homes, so that many cache misses overlap. Then it compares.
func (f *flat[K, V]) getMany(keys []K, values []V, found []bool) {
	var hashes [batch]uint64
	for len(keys) > 0 {
		n := min(batch, len(keys))
		f.prefetch(keys[:n], hashes[:n])
		for i, key := range keys[:n] {
			if f.integer && Word(key) != 0 {
				// The slot is in the first cache now, and a mispredicted branch would cost most. So
				// the choice between the home and the next slot has no branch.
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

// b2u returns 1 for true and 0 for false. It compiles to code without a branch.
func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// prefetch hashes keys and loads the memory that a lookup of each reads first.
func (f *flat[K, V]) prefetch(keys []K, hashes []uint64) {
	hashes = hashes[:len(keys)]
	slots, prints, sum := f.slots, f.prints, uint8(0)
	last := uint64(len(slots) - 1)
	if f.integer {
		// This loop has no call: a call would keep cache misses from overlapping; see
		// impl/DESIGN.md.
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
			sum += prints[hash&last] + firstByte(&slots[hash&last].Key)
		}
	}
	runtime.KeepAlive(sum) // otherwise the compiler would remove the loads
}

// firstByte loads the first byte of a key of any type.
func firstByte[K any](key *K) uint8 { return *(*uint8)(unsafe.Pointer(key)) }
