package table

import "slices"

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
	// The key is stored again, as in Go's map. It may be -0 instead of +0, or a string that
	// keeps less memory alive.
	f.slots[i] = Slot[K, V]{value, key}
}

// claim returns the first free slot for a key with the given hash, and sets its fingerprint.
func (f *flat[K, V]) claim(hash uint64) uint64 {
	i := hash & f.last
	for !f.empty(i) {
		i = (i + 1) & f.last
	}
	f.setFingerprint(i, fingerprint(hash))
	return i
}

// setFingerprint sets the fingerprint of slot i, if slots have fingerprints.
func (f *flat[K, V]) setFingerprint(i uint64, b uint8) {
	if f.integer {
		return
	}
	f.prints[i] = b
	if i < window {
		f.prints[uint64(len(f.slots))+i] = b
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

// delete removes key if it is there, and closes the gap. It goes through the entries after the gap
// up to the first empty slot. An entry whose home is not after the gap moves into the gap, and
// leaves a new gap. NaN has no home and may move anywhere.
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
				f.setFingerprint(gap, f.prints[i])
			}
			gap = i
		}
	}
	f.slots[gap] = Slot[K, V]{}
	f.setFingerprint(gap, 0)
	f.len--
}

// unset removes the integer zero. It keeps the memory of its value.
func (f *flat[K, V]) unset() {
	var none V
	*f.zero, f.isSet = none, false
}

func (f *flat[K, V]) clear() {
	clear(f.slots)
	clear(f.prints)
	if f.isSet {
		f.unset()
	}
	f.len = 0
}

// clone returns an independent table with the same entries and seeds.
func (f *flat[K, V]) clone() *flat[K, V] {
	clone := *f
	clone.use(slices.Clone(f.slots))
	clone.prints = slices.Clone(f.prints)
	if f.zero != nil {
		zero := *f.zero
		clone.zero = &zero
	}
	return &clone
}
