package strategy

import "doublebuf/impl/atomicx"

// counted: each copy has one count of the guards that are open in it, for all readers. This is the
// simplest rule: a reference count, with a second check that the copy is still readable. It is a
// baseline for measurements.
//
// It keeps S3 only in part. All readers write the same count. Opening a guard is lock-free but not
// wait-free: it begins again whenever a swap comes in between.
type counted struct {
	readable atomicx.Pointer[Copy] // readers only load it
	_        [128 - 8]byte

	// The writer's own.
	writer
	old *Copy // the copy that the writer waits for, or nil

	registry[*countedReader]
}

// Counted returns the strategy counted: level atomic. Opening a guard takes two loads of the
// readable copy and an addition to a word that all readers share, and more if swaps come in
// between. Closing one takes another such addition.
func Counted(o Options) Strategy {
	s := new(counted)
	s.writer = newWriter(s, o)
	return s
}

// sharedCount is Copy.own under counted: a count (see count.go) of the guards that are open in
// the copy, on cache lines of its own.
type sharedCount struct {
	atomicx.Uint64
	_ [128 - 8]byte
}

func (c *Copy) sharedCount() *sharedCount { return c.own.(*sharedCount) }

// prepare gives a fresh copy its count.
func (*counted) prepare(c *Copy) {
	if c.own == nil {
		c.own = new(sharedCount)
	}
}

// countedReader records the reader's own part of the counts, for Abandon and for reports.
type countedReader struct {
	in    [2]atomicx.Pointer[sharedCount] // by index: the count of the copy to which held[index] belongs
	held  [2]atomicx.Uint64               // guards open there
	owner *counted
	registration
	_ [128 - 72]byte
}

// Open implements Reader. S1 holds by the two-counts argument (see epochReader.Open). Open does
// steps (a) to (c) of it, with the count of the copy in place of the reader's. Cases 1 and 2 apply.
// Case 3 does not occur: a detached copy is never readable again, and its count is its own.
func (r *countedReader) Open() *Copy {
	s := r.owner
	for {
		c := s.readable.Load()
		count := c.sharedCount()
		count.Add(1)
		if s.readable.Load() == c {
			if in := &r.in[c.Index]; in.Load() != count {
				r.held[c.Index].Store(0)
				in.Store(count)
			}
			r.held[c.Index].Add(1)
			return c
		}
		s.lower(count, 1)
	}
}

// Close implements Reader. If the reader has opened a guard in a successor of c, then c was
// detached, and the writer does not wait for its guards. The count belongs to c, so Close never
// changes that of a successor.
func (r *countedReader) Close(c *Copy) {
	count := c.sharedCount()
	if in := r.in[c.Index].Load(); in != nil && in != count {
		return
	}
	if r.held[c.Index].Load() == 0 {
		panic("doublebuf: guard released twice")
	}
	r.held[c.Index].Add(^uint64(0))
	r.owner.lower(count, 1)
}

// lower subtracts n guards from the count of a copy. If the writer sleeps until the last guard is
// closed, it wakes the writer.
func (s *counted) lower(count *sharedCount, n uint64) {
	if count.Add(-n)&(awaited|guardBits) == awaited {
		s.parker.Unpark()
	}
}

// Unregister implements Reader.
func (r *countedReader) Unregister() { r.owner.leave(r) }

// Abandon implements Reader. No goroutine uses the reader any more, so its guards may be ended
// here.
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
func (s *counted) Begin(readable *Copy) {
	s.prepare(readable)
	s.readable.Store(readable)
}

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
	s.prepare(next)
	s.old = s.readable.Load()
	s.readable.Store(next)
	s.swaps++
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reap()
}

// look implements scan. It forgets the old copy once it has seen the copy without a guard. A late
// reader may still raise the count for a moment. That is no guard, because its second check fails.
func (s *counted) look(sleep bool) holders {
	if s.old != nil && countHeld(&s.old.sharedCount().Uint64, sleep) {
		return waking
	}
	s.old = nil
	return free
}

// quiet implements scan.
func (s *counted) quiet() bool { return s.old == nil || s.old.sharedCount().Load()&guardBits == 0 }

// holding implements scan.
func (s *counted) holding() (Holders, []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return holding(s.readers, func(r *countedReader) uint64 {
		if r.in[s.old.Index].Load() != s.old.sharedCount() {
			return 0
		}
		return r.held[s.old.Index].Load()
	}), s.old.Guards.Places(true)
}

// Detach implements Strategy. The count goes with the copy.
func (s *counted) Detach() { s.old = nil }

// End implements Strategy.
func (s *counted) End() bool {
	free := s.quiet()
	s.old, s.ended = nil, true
	return free
}
