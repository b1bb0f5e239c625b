package strategy

import "doublebuf/impl/atomicx"

// Optimistic returns the strategy optimistic: level atomic. Its guards are those of [Epoch]. But a
// lookup can do without a guard, if all that it reads of the copy are atomic words: see [Glance].
// Such a lookup only loads, so it holds no writer up, and it takes no time to announce itself.
//
// A reader validates what it has read, as with a sequence lock. The use of atomic words for the
// data is that of Boehm (Can seqlocks get along with programming language memory models?, 2012).
// The writer of a sequence lock changes what is read, so readers repeat their reads while it
// writes. Here it changes the other copy. So a reader repeats a lookup only if a swap comes while
// the lookup is under way.
func Optimistic(o Options) Strategy {
	e := new(epoch)
	e.writer = newWriter(e, o)
	e.validated = true
	return e
}

// Glances reports whether the readers of s have a [Glance].
func Glances(s Strategy) bool {
	switch s := s.(type) {
	case watched:
		return Glances(s.Strategy)
	case *epoch:
		return s.validated
	}
	return false
}

// Glance lets a reader look at the readable copy without a guard:
//
//	c, swaps := g.Begin()
//	… // read c.View, atomic words only
//	if g.Valid(swaps) { … } // what was read is right
//
// The copy that Begin returns may be changing. Then Valid returns false. So a reader relies on what
// it has read only after Valid has returned true. Any number of goroutines may use a Glance.
type Glance struct {
	readable *atomicx.Pointer[Copy]
	swapped  *atomicx.Uint64
}

// GlanceOf returns the Glance of a reader, and whether it has one.
func GlanceOf(r Reader) (Glance, bool) {
	if r, ok := r.(*epochReader); ok && r.epoch.validated {
		return Glance{&r.epoch.readable, &r.epoch.swapped}, true
	}
	return Glance{}, false
}

// Begin returns the readable copy, and the number of swaps for Valid.
func (g *Glance) Begin() (c *Copy, swaps uint64) {
	swaps = g.swapped.Load() // before the copy, see Valid
	return g.readable.Load(), swaps
}

// Valid reports whether the copy that Begin returned has not changed since then. swaps is the
// number that Begin returned.
//
// If it returns true, all that was read is of the version that the load of the readable copy
// returned. Call that load L, and the copy c. The writer swaps away from c, in this order:
//
//	(A) it makes the other copy readable,
//	(B) it stores the number of that swap,
//	(C) it changes c, and perhaps makes it readable again.
//
// Take any change of c, and the last swap away from c before it.
//
//  1. L comes before (A). If the reader sees the change, then (B) comes before the end of its
//     reads, and so before the load in Valid. That load returns at least the number of this swap.
//     Begin has loaded a smaller number, because its load comes before L, and so before (B). The
//     numbers differ, and Valid returns false.
//  2. L comes after (A). L returned c, so c has become readable again after (A) and before L. The
//     writer makes a copy readable when it is done with it. So the change comes before L, and
//     belongs to that version.
//
// Numbers never return, unlike the copies. So a reader that stops for long, while both copies are
// changed and readable again, finds another number.
func (g *Glance) Valid(swaps uint64) bool { return g.swapped.Load() == swaps }
