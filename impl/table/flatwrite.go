package table

import (
	"slices"
	"unsafe"
)

// set stores value under key, which has that hash.
func (f *flat[K, V]) set(key K, value V, hash uint64) {
	if f.isZero(key) {
		f.setZero(value)
		return
	}
	if i, ok := f.find(key, hash); ok {
		// The key is stored again, as in Go's map. It may be -0 instead of +0, or a string that
		// keeps less memory alive.
		f.put(i, Slot[K, V]{value, key})
		return
	}
	for f.len >= f.room(int(f.homes)) || !f.place(Slot[K, V]{value, key}, hash) {
		f.grow()
	}
	f.len++
}

// place stores an entry whose key is not there and has the given hash. If only the last slot is
// free for that, it changes nothing and returns false.
func (f *flat[K, V]) place(s Slot[K, V], hash uint64) bool {
	home := f.home(hash)
	free := home
	for !f.empty(free) {
		free++
	}
	if free == uint64(len(f.slots)-1) {
		return false
	}
	if f.integer && free != home && f.home(f.hash(f.slots[home].Key)) != home {
		moved := f.slots[home] // from one slot behind its home to another
		f.put(home, s)
		s = moved
	}
	f.put(free, s)
	if !f.integer {
		f.prints[free] = fingerprint(hash)
	}
	return true
}

// grow makes the homes a quarter more. Readers see the new slots when all entries are there.
func (f *flat[K, V]) grow() {
	old, prints, words := f.slots, f.prints, f.words
	f.words = nil
	for homes := int(f.homes); ; {
		homes += max(homes/4, leastHomes)
		f.allocate(homes)
		i := 0
		for ; i < len(old); i++ {
			if s := &old[i]; !emptyIn(old, prints, uint64(i)) && !f.place(*s, f.hash(s.Key)) {
				break
			}
		}
		if i == len(old) {
			break
		}
	}
	f.words = words
	f.show()
}

// delete removes key, which has that hash, if it is there. It closes the gap.
func (f *flat[K, V]) delete(key K, hash uint64) {
	if f.isZero(key) {
		if f.isSet {
			f.unset()
			f.len--
		}
		return
	}
	gap, ok := f.find(key, hash)
	if !ok {
		return
	}
	for {
		from, ok := f.filler(gap)
		if !ok {
			break
		}
		f.put(gap, f.slots[from])
		if !f.integer {
			f.prints[gap] = f.prints[from]
		}
		gap = from
	}
	f.put(gap, Slot[K, V]{})
	if !f.integer {
		f.prints[gap] = 0
	}
	f.len--
}

// filler returns the slot of an entry that must move into a gap, if there is one. It looks at the
// entries after the gap up to the first empty slot. An entry may move if its home is not after the
// gap. An integer whose home is the gap comes first. NaN has no home and may move anywhere.
func (f *flat[K, V]) filler(gap uint64) (slot uint64, ok bool) {
	for i := gap + 1; !f.empty(i); i++ {
		home := f.home(f.hash(f.slots[i].Key))
		if home == gap || home < gap && !f.integer {
			return i, true
		}
		if home < gap && !ok {
			slot, ok = i, true
		}
	}
	return slot, ok
}

// setZero stores value under the integer zero.
func (f *flat[K, V]) setZero(value V) {
	if f.zero == nil {
		f.zero = new(Slot[K, V])
	}
	f.putValue(f.zero, value)
	if !f.isSet {
		f.isSet = true
		f.len++
		f.showZero()
	}
}

// showZero lets readers see whether the integer zero is there.
func (f *flat[K, V]) showZero() {
	if f.words == nil {
		return
	}
	if f.isSet {
		f.words.zero.Store((*WordSlot)(unsafe.Pointer(f.zero)))
	} else {
		f.words.zero.Store(nil)
	}
}

// unset removes the integer zero. It keeps the slot.
func (f *flat[K, V]) unset() {
	f.isSet = false
	f.showZero()
	var none V
	f.putValue(f.zero, none)
}

// clear removes all entries. If readers may be looking at the slots, it takes others.
func (f *flat[K, V]) clear() {
	if f.words == nil {
		clear(f.slots)
		clear(f.prints)
	} else {
		f.use(make([]Slot[K, V], len(f.slots)), int(f.homes))
		f.show()
	}
	if f.isSet {
		f.unset()
	}
	f.len = 0
}

// clone returns an independent table with the same entries and seeds.
func (f *flat[K, V]) clone() *flat[K, V] {
	clone := *f
	clone.use(slices.Clone(f.slots), int(f.homes))
	clone.prints = slices.Clone(f.prints)
	if f.zero != nil {
		zero := *f.zero
		clone.zero = &zero
	}
	if f.words != nil {
		clone.words = new(Words)
		clone.show()
		clone.showZero()
	}
	return &clone
}

// free removes all entries and gives their memory back.
func (f *flat[K, V]) free() {
	if f.words != nil {
		f.words.slots.Store(&noSlots)
		f.words.zero.Store(nil)
	}
	*f = flat[K, V]{}
}

// noSlots are empty slots, enough for a lookup.
var noSlots = Ints{base: unsafe.Pointer(new([2 * leastHomes]WordSlot)), homes: leastHomes}
