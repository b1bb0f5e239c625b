package strategy

import (
	"time"

	"doublebuf/impl/atomicx"
)

// counted: each copy counts the guards that are open in it, whoever opened them. It is the
// plainest rule there is, a reference count that is looked at twice, and stands here to be
// measured against.
//
// It does not keep all of S3: readers share the count, and opening a guard is lock-free only,
// for it begins again whenever a swap comes between.
type counted struct {
	readable atomicx.Pointer[Copy] // readers only load it
	_        [128 - 8]byte

	// The writer's own.
	old   *Copy // that the writer waits for, or nil
	swaps uint64
	opts  Options

	parker atomicx.Parker

	roster[*countedReader]
}

// Counted returns the strategy that is called counted: atomic. Opening a guard takes two
// loads of the readable copy and an addition to a word that all readers share, and more if
// swaps come between; closing one takes another such addition.
func Counted(o Options) Strategy {
	return &counted{opts: o.withDefaults(), parker: atomicx.NewParker()}
}

// countedReader knows the reader's part of the counts, for Abandon and for reports.
type countedReader struct {
	in    [2]atomicx.Pointer[Copy] // by index: the copy that held is about
	held  [2]atomicx.Uint64        // guards open there
	owner *counted
	registration
	_ [128 - 72]byte
}

// Open implements Reader. It keeps S1: if the copy is readable after its count was raised,
// either that look came before the swap, so that the count stood when the writer looked; or
// the copy has become readable again, and the next writer to want it has yet to swap and to
// look. A detached copy is never readable again.
func (r *countedReader) Open() *Copy {
	s := r.owner
	for {
		c := s.readable.Load()
		c.shared.Add(1)
		if s.readable.Load() == c {
			if in := &r.in[c.Index]; in.Load() != c {
				r.held[c.Index].Store(0)
				in.Store(c)
			}
			r.held[c.Index].Add(1)
			return c
		}
		s.lower(c, 1)
	}
}

// Close implements Reader. If the reader has come upon a successor of c, then c has been
// detached, and nobody waits for its guards. The count is c's own, so that of a successor is
// never touched.
func (r *countedReader) Close(c *Copy) {
	if in := r.in[c.Index].Load(); in != nil && in != c {
		return
	}
	if r.held[c.Index].Load() == 0 {
		panic("doublebuf: guard released twice")
	}
	r.held[c.Index].Add(^uint64(0))
	r.owner.lower(c, 1)
}

// lower takes n guards off the count of c, and wakes the writer if he sleeps for the last.
func (s *counted) lower(c *Copy, n uint64) {
	if c.shared.Add(-n)&(awaited|guardBits) == awaited {
		s.parker.Unpark()
	}
}

// Unregister implements Reader.
func (r *countedReader) Unregister() { r.owner.leave(r) }

// Abandon implements Reader. Nobody uses the reader, so its guards may be taken away here.
func (r *countedReader) Abandon() {
	s := r.owner
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range r.held {
		if n := r.held[i].Load(); n != 0 {
			r.held[i].Store(0)
			s.lower(r.in[i].Load(), n)
		}
	}
	s.remove(r)
}

func (r *countedReader) idle() bool { return r.held[0].Load()+r.held[1].Load() == 0 }

// Begin implements Strategy.
func (s *counted) Begin(readable *Copy) { s.readable.Store(readable) }

// NewReader implements Strategy.
func (s *counted) NewReader(name string) Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &countedReader{owner: s}
	s.add(r, name)
	return r
}

// StartSwap implements Strategy.
func (s *counted) StartSwap(next *Copy) {
	s.old = s.readable.Load()
	s.readable.Store(next)
	s.swaps++
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reap()
}

// TryFinish implements Strategy.
func (s *counted) TryFinish() bool { return s.look(false) == free }

// look forgets the old copy once it has been seen without a guard: a reader that is late may
// still raise the count for a moment, and holds nothing by it.
func (s *counted) look(sleep bool) holders {
	if s.old != nil && countHeld(&s.old.shared, sleep) {
		return waking
	}
	s.old = nil
	return free
}

// Finish implements Strategy.
func (s *counted) Finish(cancel <-chan struct{}) error {
	if atomicx.AwaitWhole(s.quiet) {
		s.old = nil
		return nil
	}
	return s.opts.wait(&s.parker, s.look, cancel, s.stalled)
}

// quiet is TryFinish, but changes nothing.
func (s *counted) quiet() bool { return s.old == nil || s.old.shared.Load()&guardBits == 0 }

// Detach implements Strategy. The count goes with the copy.
func (s *counted) Detach() { s.old = nil }

func (s *counted) stalled(waited time.Duration) {
	s.mu.Lock()
	holders := holding(s.readers, func(r *countedReader) uint64 {
		if r.in[s.old.Index].Load() != s.old {
			return 0
		}
		return r.held[s.old.Index].Load()
	})
	s.mu.Unlock()
	s.opts.Stalled(Stall{s.swaps, waited, holders, s.old.Guards.Places(true)})
}
