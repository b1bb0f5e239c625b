package strategy

import (
	"fmt"

	"doublebuf/impl/atomicx"
)

// asymmetric: like epoch, but a reader counts its guards with plain loads and stores, without a
// fence or a locked instruction. Instead, the writer has the kernel execute a memory barrier on all
// threads, with membarrier(2), after each swap and before it sleeps. The flavour memb of liburcu
// does the same.
//
// By Go's memory model the plain words are a race. So the argument is about x86-TSO. A thread's
// stores reach memory in order, and its loads are done in order. But a load may be done while an
// earlier store still waits in the thread's store buffer. A membarrier empties the buffers of all
// threads, each at some moment between its start and its return. The Go compiler keeps the order of
// the store and the load, because the load is an atomic one.
//
// Only the reader writes its counts. A count holds the generation of the copy whose guards it
// counts. So the reader and the writer can distinguish the guards of a detached copy from those of
// its successor, although Detach does not change the word.
type asymmetric struct {
	readable atomicx.Pointer[Copy] // readers only load it
	_        [128 - 8]byte

	perReader[*asymmetricReader]
	fencing bool // the readable word may hold fenced names, see adaptive; fixed
}

// Asymmetric returns the strategy asymmetric: level atomic. Opening a guard takes plain loads and
// one plain store to a word of the reader's own, and so does closing it. Each swap takes a system
// call that interrupts the processors on which the process runs.
//
// If the system call is not available (see [AsymmetricReady]), it returns Epoch. It panics if the
// kernel refuses the call later.
func Asymmetric(o Options) Strategy {
	if AsymmetricReady() != nil {
		return Epoch(o)
	}
	s := new(asymmetric)
	s.writer = newWriter(s, o)
	return s
}

// AsymmetricReady returns nil, or the reason why Asymmetric and Adaptive return Epoch here. The
// first call registers the process with the kernel.
func AsymmetricReady() error {
	if err := atomicx.MembarrierReady(); err != nil {
		return fmt.Errorf("membarriers are not available, epoch instead, because %w", err)
	}
	return nil
}

// asymmetricReader is a reader's counts and what belongs to them, on cache lines of its own.
type asymmetricReader struct {
	count   [2]plainWord   // by index: the generation of a copy, and the guards open in it
	lookup  [2]plainTag    // by index: see Lookup
	awaited atomicx.Uint32 // 1 + the index of the copy whose last guard wakes the writer, or 0
	owner   *asymmetric
	registration

	// Used under the strategy adaptive.
	fences atomicx.Uint32 // guards opened with a fence so far
	limit  uint32         // the value of fences at which name is given up
	name   uint64         // 1 + the key of the copy in which the last such guard was opened

	_ [128 - 88]byte
}

// Open implements Reader. S1 holds by the two-counts argument (see epochReader.Open). Only case 1
// has other reasons here: the load L comes before a swap away from x, and the count was raised
// before L. The count may still wait in the store buffer when the swap is made. A membarrier
// follows the swap.
//
//   - L was done before the membarrier reached the reader's thread. Then the count had been stored
//     before that too, and the membarrier drove it out of the buffer. The writer looks after the
//     membarrier has returned, and finds it.
//   - L was done after that. Then it came after the swap, and this is case 2.
func (r *asymmetricReader) Open() *Copy {
	c := r.owner.readable.Load() // (a)
	r.raise(c)                   // (b)
	if c.fenced() {
		r.fenceUnder(c)
	}
	if now := r.owner.readable.Load(); now != c { // (c)
		return r.reopen(c.itself(), now.itself())
	}
	return c.itself()
}

// reopen is steps (d) to (f) of the two-counts argument. A guard was counted in a. Then b was found
// readable; if b is a, it was found under its other name. Under adaptive a fence separates the
// counts from the last load, so the name under which that load finds a copy does not matter. If the
// load returns a third copy, one of the first two was detached meanwhile, and opening begins again.
func (r *asymmetricReader) reopen(a, b *Copy) *Copy {
	for {
		if a != b {
			r.raise(b)
		}
		if r.owner.fencing {
			r.fence()
		}
		switch c := r.owner.readable.Load().itself(); {
		case a == b && c == a:
			return a
		case a == b:
			b = c
		case c == a:
			r.lower(b)
			return a
		case c == b:
			r.lower(a)
			return b
		default:
			r.lower(a)
			r.lower(b)
			return r.Open()
		}
	}
}

// raise counts a guard in c. If the count is of an earlier generation, it counts guards in a
// detached copy. The writer does not wait for those.
func (r *asymmetricReader) raise(c *Copy) {
	count := &r.count[c.Index]
	n := count.Load()
	if uint32(n/generationUnit) != c.generation {
		n = uint64(c.generation) * generationUnit
	}
	count.Store(n + 1)
}

// lower subtracts a guard in c from the count, unless c was detached and the count is of its
// successor. It returns false if the count holds no guard.
//
// No wake-up is lost. The writer sets awaited, calls membarrier, and then looks.
//
//  1. The reader loads awaited before the membarrier reaches its thread. Then the lowered count,
//     which was stored before, is out of the store buffer when the membarrier returns. The writer
//     finds it, and does not sleep for this reader.
//  2. The reader loads awaited after that. Then it finds the flag, and wakes the writer.
func (r *asymmetricReader) lower(c *Copy) bool {
	count := &r.count[c.Index]
	n := count.Load()
	if uint32(n/generationUnit) != c.generation {
		return true
	}
	if n%generationUnit == 0 {
		return false
	}
	count.Store(n - 1)
	if r.awaited.Load() == uint32(c.Index)+1 && (n-1)%generationUnit == 0 {
		r.owner.parker.Unpark()
	}
	return true
}

// Close implements Reader. An x86 processor does no store before an earlier load. So the reader has
// done all its loads under the guard before the count falls.
func (r *asymmetricReader) Close(c *Copy) {
	if !r.lower(c) {
		panic("doublebuf: guard released twice")
	}
}

// counted returns the number of guards that are open in the copy of that index and generation,
// without the lookup guard.
func (r *asymmetricReader) counted(index int, generation uint32) uint64 {
	n := r.count[index].Load()
	if uint32(n/generationUnit) != generation {
		return 0
	}
	return n % generationUnit
}

// guards implements counter.
func (r *asymmetricReader) guards(index int, generation uint32) uint64 {
	n := r.counted(index, generation)
	if r.lookup[index].Load() == tagOf(generation) {
		n++
	}
	return n
}

func (r *asymmetricReader) idle() bool { return r.owner.perReader.idle(r) }

// Unregister implements Reader.
func (r *asymmetricReader) Unregister() { r.owner.leave(r) }

// Abandon implements Reader. No goroutine uses the reader any more, so its words may be written
// here.
func (r *asymmetricReader) Abandon() {
	r.owner.mu.Lock()
	r.owner.remove(r)
	r.owner.mu.Unlock()
	for i := range r.count {
		r.count[i].Store(0)
		r.lookup[i].Store(0)
	}
	if r.awaited.Load() != 0 {
		r.owner.parker.Unpark()
	}
}

// Begin implements Strategy.
func (s *asymmetric) Begin(readable *Copy) { s.readable.Store(readable) }

// NewReader implements Strategy.
func (s *asymmetric) NewReader(name string) Reader {
	r := &asymmetricReader{owner: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(r, name)
	return r
}

func membarrier() {
	if err := atomicx.Membarrier(); err != nil {
		panic("doublebuf: membarrier worked before and now fails; asymmetric and adaptive need it: " + err.Error())
	}
}

// StartSwap implements Strategy. The swap comes before the membarrier, and the membarrier before
// the readers are listed and looked at. A reader that registers too late to be listed opens its
// first guard after the swap.
func (s *asymmetric) StartSwap(next *Copy) {
	next.begin(s.generations[next.Index])
	s.old = s.readable.Load()
	s.readable.Store(next)
	s.swaps++
	membarrier()
	s.list()
}

// list makes the readers that have guards in the old copy pending.
func (s *asymmetric) list() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retry {
		s.uncache()
	}
	s.forget()
	for _, r := range s.readers {
		if r.guards(s.old.Index, s.old.generation) != 0 {
			s.pending = append(s.pending, r)
		}
	}
	s.reap()
}

// look implements scan. If the writer will sleep, it first sets the flag awaited of the readers;
// see asymmetricReader.lower.
func (s *asymmetric) look(sleep bool) holders {
	if sleep && len(s.pending) != 0 {
		for _, r := range s.pending {
			r.awaited.Store(uint32(s.old.Index) + 1)
		}
		membarrier()
	}
	return s.perReader.look(sleep)
}

// look implements counter. A lookup guard does not wake the writer, so it is silent.
func (r *asymmetricReader) look(old *Copy, _ bool) holders {
	h := free
	if r.lookup[old.Index].Load() == tagOf(old.generation) {
		h = silent
	}
	if r.counted(old.Index, old.generation) != 0 {
		h = waking
	}
	if h == free && r.awaited.Load() != 0 {
		r.awaited.Store(0)
	}
	return h
}

// Detach implements Strategy. The successor has another generation. So the guards in the old copy
// do not count for it.
func (s *asymmetric) Detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generations[s.old.Index]++
	for _, r := range s.pending {
		r.awaited.Store(0)
	}
	s.uncache()
	s.forget()
}
