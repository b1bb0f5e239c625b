package strategy

import (
	"fmt"
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
	residual atomicx.Int64 // guards in the old copy that are still open; plus turning, during StartSwap
	_        [128 - 8]byte

	parker atomicx.Parker
	opts   Options

	mu      atomicx.Mutex // guards what follows, and is never held during a wait
	swaps   uint64
	readers []*refcountReader
	created int // readers so far, to name them
}

// turning keeps the residual from zero until all readers have been turned: before, guards
// that close may outnumber those that the writer has added.
const turning = 1 << 40

// Refcount returns the strategy that is called refcount: per handle. Opening a guard takes
// one atomic addition to a word of the reader's own; closing one takes one load and one
// compare-and-swap there, or two of them and an addition to a shared word if the copy was
// swapped meanwhile.
func Refcount(o Options) Strategy {
	return &refcount{opts: o.withDefaults(), parker: atomicx.NewParker()}
}

// refcountReader is a reader's word and what belongs to it, alone on their cache lines.
type refcountReader struct {
	word  atomicx.Uint64 // guards opened in the copy that bit copyBit names, and that bit
	left  atomicx.Int64  // its part of the residual
	owner *refcount
	name  string
	index int  // in owner.readers, or -1; guarded by owner.mu
	gone  bool // unregistered, but perhaps with guards; guarded by owner.mu
	_     [128 - 56]byte
}

const copyBit = 1 << 32

// Open implements Reader. The addition counts the guard and tells the copy at one instant:
// the writer turns the word before or after it. If before, the guard is in the new copy.
// If after, the count that the writer takes away from the word holds this guard.
func (r *refcountReader) Open() (copy int) { return int(r.word.Add(1) / copyBit) }

// Close implements Reader. A guard of the copy in which the reader opens now is in its word.
// If the reader was turned since the guard was opened, the guard is part of the residual; it
// was turned once at most, for the next swap waits for this guard. That is also why the
// loop ends: only a turn makes the compare-and-swap fail.
func (r *refcountReader) Close(copy int) {
	for {
		word := r.word.Load()
		if int(word/copyBit) != copy {
			r.closeResidual()
			return
		}
		if word%copyBit == 0 {
			panic("doublebuf: guard released twice")
		}
		if r.word.CompareAndSwap(word, word-1) {
			return
		}
	}
}

// closeResidual gives back a guard in the old copy. All changes of the residual are in one
// order, so exactly one of them brings it to zero: the last of the readers, or the writer as
// it takes turning away, who then need not wait. A wake-up that nobody waits for is
// kept by the parker and costs a later wait one more look.
func (r *refcountReader) closeResidual() {
	if r.left.Add(-1) < 0 {
		r.left.Add(1)
		panic("doublebuf: guard released twice")
	}
	if r.owner.residual.Add(-1) == 0 {
		r.owner.parker.Unpark()
	}
}

// NewReader implements Strategy. The lock keeps a new reader from starting out in a copy
// that the writer is just turning the others away from.
func (s *refcount) NewReader(name string) Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" {
		name = fmt.Sprintf("reader %d", s.created)
	}
	s.created++
	r := &refcountReader{owner: s, name: name, index: len(s.readers)}
	r.word.Store(s.swaps & 1 * copyBit)
	s.readers = append(s.readers, r)
	return r
}

// Unregister implements Reader. A reader with open guards remains in the list until a
// swap finds it without any.
func (r *refcountReader) Unregister() {
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	r.gone = true
	r.owner.reap(r)
}

// Abandon implements Reader. Nobody uses the reader, so its words are as good as frozen, but
// for a turn, which the lock keeps away.
func (r *refcountReader) Abandon() {
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	r.gone = true
	r.word.Store(r.word.Load() &^ (copyBit - 1))
	if n := r.left.Swap(0); n != 0 && r.owner.residual.Add(-n) == 0 {
		r.owner.parker.Unpark()
	}
	r.owner.reap(r)
}

// reap takes r off the list if it is unregistered and has no guards, and reports whether it
// has. s.mu is held.
func (s *refcount) reap(r *refcountReader) bool {
	if !r.gone || r.index < 0 || r.word.Load()%copyBit != 0 || r.left.Load() != 0 {
		return false
	}
	last := len(s.readers) - 1
	s.readers[r.index] = s.readers[last]
	s.readers[r.index].index = r.index
	s.readers[last] = nil
	s.readers = s.readers[:last]
	r.index = -1
	return true
}

// StartSwap implements Strategy. A reader's part of the residual stands in left before the
// word is turned, since its guards look there as soon as it is: the word is read, left is
// set to the count, and the turn is made only if the count has not changed meanwhile.
func (s *refcount) StartSwap() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swaps++
	s.residual.Store(turning)
	total := int64(0)
	for i := 0; i < len(s.readers); {
		r := s.readers[i]
		if s.reap(r) {
			continue // another reader has moved to place i
		}
		for {
			word := r.word.Load()
			r.left.Store(int64(word % copyBit))
			if r.word.CompareAndSwap(word, s.swaps&1*copyBit) {
				total += int64(word % copyBit)
				break
			}
		}
		i++
	}
	s.residual.Add(total - turning)
}

// TryFinish implements Strategy.
func (s *refcount) TryFinish() bool { return s.residual.Load() == 0 }

// Finish implements Strategy.
func (s *refcount) Finish(cancel <-chan struct{}) error {
	if atomicx.AwaitWhole(s.TryFinish) {
		return nil
	}
	return wait(&s.parker, func(bool) bool { return s.TryFinish() }, cancel, s.opts.StallAfter, s.stalled)
}

func (s *refcount) stalled(waited time.Duration) {
	s.mu.Lock()
	stall := Stall{Swap: s.swaps, Waited: waited}
	for _, r := range s.readers {
		if n := r.left.Load(); n != 0 {
			stall.Holders = append(stall.Holders, Holder{Reader: r.name, Guards: int(n)})
		}
	}
	s.mu.Unlock()
	s.opts.Stalled(stall)
}
