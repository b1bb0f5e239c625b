package strategy

import (
	"time"

	"doublebuf/impl/atomicx"
)

// refcount: one word of each reader says how many guards it has open and in which copy it
// opens them, so that one atomic addition does both. The writer turns the readers to the
// other copy one by one, and learns from each how many guards it left behind; the sum of these
// is the residual, and the last guard of the residual to close wakes the writer.
//
// It is the scheme of the Rust crate flashmap. While the writer is at it some readers are
// turned and others not yet, so that what one reader has seen a later guard of another may
// not see: the level is per handle. Once StartSwap has returned all are turned.
type refcount struct {
	copies [2]atomicx.Pointer[Copy] // by index; readers only load them
	_      [128 - 16]byte

	parker atomicx.Parker
	opts   Options

	roster[*refcountReader]

	// Guarded by mu too.
	old         *Copy // whose residual the writer waits for, or nil
	readable    *Copy
	swaps       uint64
	generations [2]uint32 // of the copies, see Copy
}

// Refcount returns the strategy that is called refcount: per handle. Opening a guard takes
// one atomic addition to a word of the reader's own; closing one takes one load and one
// compare-and-swap there, or two of them and an addition to a shared word if the copy was
// swapped meanwhile.
func Refcount(o Options) Strategy {
	return &refcount{opts: o.withDefaults(), parker: atomicx.NewParker()}
}

// refcountReader is a reader's word and what belongs to it, alone on their cache lines.
type refcountReader struct {
	word  atomicx.Uint64 // the key of the copy in which it opens guards, and how many are open there
	left  atomicx.Uint64 // the same of the copy before: its part of the residual
	owner *refcount
	registration
	_ [128 - 56]byte
}

const (
	keyUnit   = 1 << 32 // in a word
	countBits = keyUnit - 1
)

// key names a copy, and no other of the last two billion.
func (c *Copy) key() uint64 { return uint64(c.generation<<1 | uint32(c.Index)) }

// Open implements Reader. The addition counts the guard and tells the copy at one instant:
// the writer turns the word before or after it. If before, the guard is in the new copy.
// If after, the count that the writer takes away from the word holds this guard.
func (r *refcountReader) Open() *Copy {
	c, _ := r.find(r.word.Add(1))
	return c
}

// find returns the copy in which a guard has been counted, given the word as the addition left it. Only if that
// copy has been detached since does another stand in its place, and all begins again.
func (r *refcountReader) find(word uint64) (*Copy, uint64) {
	for {
		key := word / keyUnit
		if c := r.owner.copies[key&1].Load(); c.key() == key {
			return c, word
		}
		word = r.word.Add(1)
	}
}

// Close implements Reader. A guard of the copy in which the reader opens now is in its word.
// If the reader was turned since the guard was opened, the guard is part of the residual; it
// was turned once at most, for the next swap waits for this guard or detaches its copy. That is also why the
// loop ends: only a turn makes the compare-and-swap fail.
func (r *refcountReader) Close(c *Copy) {
	if open, ok := lower(&r.word, c.key()); ok {
		if !open {
			panic("doublebuf: guard released twice")
		}
		return
	}
	r.closeResidual(c)
}

// lower takes one guard off a word. It reports whether there was one, and whether the word
// is of the copy with that key at all.
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

// closeResidual gives back a guard in the old copy. All changes of the residual are in one
// order: it falls from zero until the writer adds the sum, and then from there. So exactly
// one change brings it to zero, the last guard's or the writer's, who then need not wait. If
// left is of another copy, c has been detached: nobody waits for its guards.
func (r *refcountReader) closeResidual(c *Copy) {
	open, ok := lower(&r.left, c.key())
	if ok && !open {
		panic("doublebuf: guard released twice")
	}
	if open && c.residual.Add(-1) == 0 {
		r.owner.parker.Unpark()
	}
}

// countedLeaf is refcount's part of a Leaf: a guard like any other, in a few instructions.
type countedLeaf struct {
	word *atomicx.Uint64 // the reader's
	seen uint64          // what it was when the leaf had been counted in it
}

// tryOpen counts a guard, and reports whether it is in the copy with that key. By the argument at
// refcountReader.Open it is counted in the copy whose key the addition answers, and a key
// is one copy's.
func (l *countedLeaf) tryOpen(key uint32) bool {
	l.seen = l.word.Add(1)
	return uint32(l.seen/keyUnit) == key
}

// tryClose takes the guard off the word if that is what it was: then the key is the same, so that the
// guard is still counted there. If not, the reader was turned, or has opened or closed another guard.
func (l *countedLeaf) tryClose() bool { return l.word.CompareAndSwap(l.seen, l.seen-1) }

// Begin implements Strategy.
func (s *refcount) Begin(readable *Copy) {
	s.readable = readable
	s.copies[readable.Index].Store(readable)
}

// NewReader implements Strategy. The lock keeps a new reader from starting out in a copy
// that the writer is just turning the others away from.
func (s *refcount) NewReader(name string) Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &refcountReader{owner: s}
	r.word.Store(s.readable.key() * keyUnit)
	s.add(r, name)
	return r
}

// Unregister implements Reader.
func (r *refcountReader) Unregister() { r.owner.leave(r) }

// Abandon implements Reader. Nobody uses the reader, so its words are as good as frozen, but
// for a turn, which the lock keeps away.
func (r *refcountReader) Abandon() {
	s := r.owner
	s.mu.Lock()
	defer s.mu.Unlock()
	r.word.Store(r.word.Load() &^ countBits)
	if n := s.leftOf(r); n != 0 && s.old.residual.Add(-int64(n)) == 0 {
		s.parker.Unpark()
	}
	r.left.Store(0)
	s.remove(r)
}

// leftOf returns the guards of r in the old copy. s.mu is held.
func (s *refcount) leftOf(r *refcountReader) uint64 {
	if left := r.left.Load(); s.old != nil && left/keyUnit == s.old.key() {
		return left & countBits
	}
	return 0
}

func (r *refcountReader) idle() bool { return r.word.Load()&countBits == 0 && r.owner.leftOf(r) == 0 }

// StartSwap implements Strategy. A reader's part of the residual stands in left before the
// word is turned, since its guards look there as soon as it is: the word is read, left is
// set to it, and the turn is made only if the word has not changed meanwhile. Until the
// sum is added the residual is at most zero, since guards are only closed in it.
func (s *refcount) StartSwap(next *Copy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next.begin(s.generations[next.Index])
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
	s.old.residual.Add(total)
}

// TryFinish implements Strategy.
func (s *refcount) TryFinish() bool { return s.old == nil || s.old.residual.Load() == 0 }

// Finish implements Strategy.
func (s *refcount) Finish(cancel <-chan struct{}) error {
	if atomicx.AwaitWhole(s.TryFinish) {
		return nil
	}
	return s.opts.wait(&s.parker, s.look, cancel, s.stalled)
}

func (s *refcount) look(bool) holders {
	if s.TryFinish() {
		return free
	}
	return waking
}

// Detach implements Strategy. The residual is the old copy's own, so that guards that are
// closed late change nothing of its successor's.
func (s *refcount) Detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generations[s.old.Index]++
	s.old = nil
}

func (s *refcount) stalled(waited time.Duration) {
	s.mu.Lock()
	holders := holding(s.readers, s.leftOf)
	s.mu.Unlock()
	s.opts.Stalled(Stall{s.swaps, waited, holders, s.old.Guards.Places(true)})
}
