package hashmap

import (
	"unsafe"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// look looks up integers without a guard; see [strategy.Glance].
type look struct {
	glance strategy.Glance
	hash   table.Mix
}

// get returns the value of the integer with that word, and whether there is one, if sure. It is not
// sure if there was a swap meanwhile, or if four slots do not decide. Then seek continues.
//
// No branch depends on which of the four slots has the key, or on whether one has it. A processor
// would mispredict such branches often, and that takes longer than the comparisons of all four
// slots. get calls nothing and needs no stack frame.
//
// While the table changes, several slots may have the key. Then the sum of their places is at most
// six, and that slot is in the array too. What is read there is not valid.
//
//go:noinline
func (l *look) get(w uint64) (value uint64, ok, sure bool) {
	if w == 0 {
		return
	}
	c, swaps := l.glance.Begin()
	s := (*table.Words)(c.View).Slots().Home(l.hash.Hash(w))
	k0, k1, k2, k3 := atomicx.LoadWord(&s.Key), atomicx.LoadWord(&s.Next(1).Key), atomicx.LoadWord(&s.Next(2).Key), atomicx.LoadWord(&s.Next(3).Key)
	in1, in2, in3 := b2u(k1 == w), b2u(k2 == w), b2u(k3 == w)
	found := b2u(k0 == w) | in1 | in2 | in3
	ended := b2u(k0 == 0) | b2u(k1 == 0) | b2u(k2 == 0) | b2u(k3 == 0)
	if found|ended == 0 {
		return
	}
	value = atomicx.LoadWord(&s.Next(in1+2*in2+3*in3).Value) & -found // zero if it is not there
	return value, found != 0, l.glance.Valid(swaps)
}

// seek is get for all that get is not sure of.
//
//go:noinline
func (l *look) seek(w uint64) (value uint64, ok, sure bool) {
	c, swaps := l.glance.Begin()
	if s := find((*table.Words)(c.View), l.hash, w); s != nil {
		value = atomicx.LoadWord(&s.Value)
		return value, true, l.glance.Valid(swaps)
	}
	return 0, false, l.glance.Valid(swaps)
}

// seekPointer is seek for values that are pointers.
//
//go:noinline
func (l *look) seekPointer(w uint64) (value unsafe.Pointer, ok, sure bool) {
	c, swaps := l.glance.Begin()
	if s := find((*table.Words)(c.View), l.hash, w); s != nil {
		value = atomicx.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&s.Value)))
		return value, true, l.glance.Valid(swaps)
	}
	return nil, false, l.glance.Valid(swaps)
}

// find returns the slot of an integer, or nil if it is not there.
//
// The loop ends at the last slot of the array at the latest. That slot is always empty, also while
// the table changes.
func find(words *table.Words, hash table.Mix, w uint64) *table.WordSlot {
	if w == 0 {
		return words.Zero()
	}
	for s := words.Slots().Home(hash.Hash(w)); ; s = s.Next(1) {
		switch atomicx.LoadWord(&s.Key) {
		case w:
			return s
		case 0:
			return nil
		}
	}
}

// b2u returns 1 for true and 0 for false. It compiles to code without a branch.
func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
