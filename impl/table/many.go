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
	var homes [batch]uint64
	for len(keys) > 0 {
		n := min(batch, len(keys))
		f.prefetch(keys[:n], homes[:n])
		for i, key := range keys[:n] {
			if f.integer && Word(key) != 0 {
				// The slot is in the first cache now, and a mispredicted branch would cost most. So
				// the choice between the home and the next slot has no branch.
				next := b2u(at[K, V](&f.Ints, homes[i]).Key != key)
				if s := at[K, V](&f.Ints, homes[i]+next); s.Key == key {
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

// prefetch finds the homes of keys and loads the memory that a lookup of each reads first.
func (f *flat[K, V]) prefetch(keys []K, homes []uint64) {
	homes = homes[:len(keys)]
	x, sum := f.Ints, uint8(0)
	if f.integer {
		// This loop has no call: a call would keep cache misses from overlapping; see
		// impl/DESIGN.md.
		for i, key := range keys {
			home := x.home(x.Hash(Word(key)))
			homes[i] = home
			sum += firstByte(&at[K, V](&x, home).Key)
		}
	} else {
		prints := f.prints
		for i, key := range keys {
			home := x.home(maphash.Comparable(f.seed, key))
			homes[i] = home
			sum += prints[home] + firstByte(&at[K, V](&x, home).Key)
		}
	}
	runtime.KeepAlive(sum) // otherwise the compiler would remove the loads
}

// firstByte loads the first byte of a key of any type.
func firstByte[K any](key *K) uint8 { return *(*uint8)(unsafe.Pointer(key)) }
