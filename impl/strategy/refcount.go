package strategy

import "doublebuf/impl/atomicx"

// refcount: one word of each reader says in which copy it opens guards and how many it has open
// there. So one atomic addition both counts a guard and returns its copy. The writer moves the
// readers to the other copy one by one. From each it learns how many guards it leaves behind in
// the old copy. The sum is the residual. The last guard of the residual to close wakes the
// writer.
//
// This is the strategy of the Rust crate flashmap. While the writer moves the readers, some have
// moved and others have not. So a guard of one reader may miss what an earlier guard of another
// has seen: the level is per handle. When StartSwap has returned, all have moved.
type refcount struct {
	copies [2]atomicx.Pointer[Copy] // by index; readers only load them
	_      [128 - 16]byte

	writer

	registry[*refcountReader]

	// Guarded by mu too.
	old         *Copy // the copy whose residual the writer waits for, or nil
	readable    *Copy
	generations [2]uint32 // of the copies that are in use, by index
}

// Refcount returns the strategy refcount: level per handle. Opening a guard takes one atomic
// addition to a word of the reader's own. Closing one takes one load and one compare-and-swap of
// that word. If the copy was swapped meanwhile, it takes two of each and an addition to a shared
// word.
func Refcount(o Options) Strategy {
	s := new(refcount)
	s.writer = newWriter(s, o)
	return s
}

// residual is Copy.own under refcount: how many guards are still open in the copy after the swap
// to the other one, on a cache line of its own.
type residual struct {
	atomicx.Int64
	_ [64 - 8]byte
}

func (c *Copy) residual() *residual { return c.own.(*residual) }

// prepare gives a copy its generation, and its residual if it is a fresh one. s.mu is held.
func (s *refcount) prepare(c *Copy) {
	c.begin(s.generations[c.Index])
	if c.own == nil {
		c.own = new(residual)
	}
}

// refcountReader is a reader's words and what belongs to them, on cache lines of their own.
type refcountReader struct {
	word  atomicx.Uint64 // the key of the copy in which it opens guards, and their number
	left  atomicx.Uint64 // the same for the copy before that: the reader's part of the residual
	owner *refcount
	registration
	_ [128 - 56]byte
}

const (
	keyUnit   = 1 << 32 // in a word
	countBits = keyUnit - 1
)

// key names a copy: no two of the last two billion copies have the same key.
func (c *Copy) key() uint64 { return uint64(c.generation<<1 | uint32(c.Index)) }

// Open implements Reader. S1 holds because the addition counts the guard and returns the copy at
// one instant, and the writer moves the word by a compare-and-swap.
//
//  1. The move comes before the addition. Then the guard is in the new copy.
//  2. The move comes after it. Then the count that the move takes out of the word holds this
//     guard, and the guard is part of the residual that the writer waits for.
func (r *refcountReader) Open() *Copy {
	c, _ := r.find(r.word.Add(1))
	return c
}

// find returns the copy in which a guard was counted. word is the reader's word after the addition.
// If another copy has taken the place of that copy, it was detached meanwhile, and opening begins
// again.
func (r *refcountReader) find(word uint64) (*Copy, uint64) {
	for {
		key := word / keyUnit
		if c := r.owner.copies[key&1].Load(); c.key() == key {
			return c, word
		}
		word = r.word.Add(1)
	}
}

// Close implements Reader.
//
//  1. The reader still opens guards in c. Then the guard is counted in its word.
//  2. The reader was moved since the guard was opened. Then the guard is part of the residual.
//     The reader was moved only once, because the next swap waits for this guard or c is
//     detached.
//
// The loop of lower ends because only a move makes its compare-and-swap fail.
func (r *refcountReader) Close(c *Copy) {
	if open, ok := lower(&r.word, c.key()); ok {
		if !open {
			panic("doublebuf: guard released twice")
		}
		return
	}
	r.closeResidual(c)
}

// lower subtracts one guard from a word. It reports whether there was one, and whether the word is
// of the copy with that key at all.
func lower(word *atomicx.Uint64, key uint64) (open, ok bool) {
	for {
		w := word.Load()
		if w/keyUnit != key {
			return false, false
		}
		if w&countBits == 0 {
			return false, true
		}
		if word.CompareAndSwap(w, w-1) {
			return true, true
		}
	}
}

// closeResidual closes a guard in the old copy. All changes of the residual are in one order.
// Guards lower it, at first from zero to below zero. Then the writer adds the sum, and guards lower
// it further from there. So exactly one change brings it to zero. If that is the writer's, the
// writer need not wait. If it is a guard's, that guard was the last, and wakes the writer.
//
// If left is of another copy, c was detached, and the writer does not wait for its guards.
func (r *refcountReader) closeResidual(c *Copy) {
	open, ok := lower(&r.left, c.key())
	if ok && !open {
		panic("doublebuf: guard released twice")
	}
	if open && c.residual().Add(-1) == 0 {
		r.owner.parker.Unpark()
	}
}

// countedLookup is refcount's part of a Lookup: a guard like any other, in few instructions.
type countedLookup struct {
	word *atomicx.Uint64 // the reader's
	seen uint64          // what it was after the guard was counted in it
}

// tryOpen counts a guard, and reports whether it is in the copy with that key. It is counted in
// the copy whose key the addition returns, as in refcountReader.Open, and a key is one copy's.
func (l *countedLookup) tryOpen(key uint32) bool {
	l.seen = l.word.Add(1)
	return uint32(l.seen/keyUnit) == key
}

// tryClose subtracts the guard from the word if the word is what it was. Then the key is the same,
// so the guard is still counted there. If the word has changed, the reader was moved, or has
// opened or closed another guard.
func (l *countedLookup) tryClose() bool { return l.word.CompareAndSwap(l.seen, l.seen-1) }

// Unregister implements Reader.
func (r *refcountReader) Unregister() { r.owner.leave(r) }

// Abandon implements Reader. No goroutine uses the reader any more, so only a move can change its
// words, and the lock prevents that.
func (r *refcountReader) Abandon() {
	s := r.owner
	s.mu.Lock()
	defer s.mu.Unlock()
	r.word.Store(r.word.Load() &^ countBits)
	if n := s.leftOf(r); n != 0 && s.old.residual().Add(-int64(n)) == 0 {
		s.parker.Unpark()
	}
	r.left.Store(0)
	s.remove(r)
}

// leftOf returns how many guards r has open in the old copy. s.mu is held.
func (s *refcount) leftOf(r *refcountReader) uint64 {
	if left := r.left.Load(); s.old != nil && left/keyUnit == s.old.key() {
		return left & countBits
	}
	return 0
}

func (r *refcountReader) idle() bool {
	return r.word.Load()&countBits == 0 && r.owner.leftOf(r) == 0
}

// Begin implements Strategy.
func (s *refcount) Begin(readable *Copy) {
	s.prepare(readable)
	s.readable = readable
	s.copies[readable.Index].Store(readable)
}

// NewReader implements Strategy. Without the lock, a new reader could start in a copy that the
// writer is just moving the others away from.
func (s *refcount) NewReader(name string) Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &refcountReader{owner: s}
	r.word.Store(s.readable.key() * keyUnit)
	s.add(r, name)
	return r
}

// StartSwap implements Strategy. left must hold a reader's part of the residual before its word
// is moved, because its guards look there from then on. So the writer loads the word, stores it
// in left, and moves the word only if it has not changed meanwhile. Until the writer adds the
// sum, the residual is at most zero, because guards only lower it.
func (s *refcount) StartSwap(next *Copy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare(next)
	if slot := &s.copies[next.Index]; slot.Load() != next {
		slot.Store(next)
	}
	s.old, s.readable = s.readable, next
	s.swaps++
	s.reap()
	total := int64(0)
	for _, r := range s.readers {
		for {
			word := r.word.Load()
			r.left.Store(word)
			if r.word.CompareAndSwap(word, next.key()*keyUnit) {
				total += int64(word & countBits)
				break
			}
		}
	}
	s.old.residual().Add(total)
}

// look implements scan.
func (s *refcount) look(bool) holders {
	if s.quiet() {
		return free
	}
	return waking
}

// quiet implements scan.
func (s *refcount) quiet() bool { return s.old == nil || s.old.residual().Load() == 0 }

// holding implements scan.
func (s *refcount) holding() (Holders, []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return holding(s.readers, s.leftOf), s.old.Guards.Places(true)
}

// Detach implements Strategy. The residual belongs to the old copy. So guards that are closed late
// do not change that of its successor.
func (s *refcount) Detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detach()
}

// detach is Detach. s.mu is held.
func (s *refcount) detach() {
	s.generations[s.old.Index]++
	s.old = nil
}

// End implements Strategy. Guards that are open in the old copy are left behind, as by Detach. An
// empty successor takes the place of the old copy. A reader that has counted a guard in the old
// copy, but has not yet looked for that copy, finds the successor, and opening begins again.
func (s *refcount) End() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := s.quiet()
	if s.old != nil {
		s.detach()
	}
	s.ended = true
	index := 1 - s.readable.Index
	s.copies[index].Store(&Copy{Index: index, generation: s.generations[index]})
	return free
}
