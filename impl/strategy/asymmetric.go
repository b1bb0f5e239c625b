package strategy

import (
	"fmt"
	"time"

	"doublebuf/impl/atomicx"
)

// asymmetric: as epoch, but a reader counts its guards with plain loads and stores, without
// a fence or a locked instruction. The writer has the kernel put a memory barrier into all
// threads instead, with membarrier(2), after each swap and before it sleeps. This is the way
// of liburcu's flavour memb.
//
// By Go's memory model the plain words are a race, so the argument is about x86-TSO: a
// thread's stores reach memory in order and its loads are done in order, but a load may be
// done while an earlier store still waits in the thread's buffer. A membarrier empties the
// buffers of all threads at some moment between its start and its return. The Go
// compiler keeps the order of the store and the load, because the load is an atomic one.
//
// Only the reader ever writes its counts. A count tells its generation, so that the
// guards of a detached copy are told from those of its successor without a change to the word.
type asymmetric struct {
	readable atomicx.Pointer[Copy] // readers only load it
	_        [128 - 8]byte

	// The writer's own.
	old     *Copy               // as in epoch
	pending []*asymmetricReader // not yet seen without a guard in old
	swaps   uint64
	opts    Options
	fencing bool // there are fenced names; fixed

	parker atomicx.Parker

	roster[*asymmetricReader]
	generations [2]uint32 // of the copies, see Copy; guarded by mu
}

// Asymmetric returns the strategy that is called asymmetric: atomic. Opening a guard takes
// plain loads and one plain store to a word of the reader's own, closing one likewise; each
// swap takes a system call that interrupts the processors on which the process runs. Where
// that cannot be had, see AsymmetricReady, it returns Epoch. It panics if the
// kernel refuses the call later.
func Asymmetric(o Options) Strategy {
	if AsymmetricReady() != nil {
		return Epoch(o)
	}
	return &asymmetric{opts: o.withDefaults(), parker: atomicx.NewParker()}
}

// AsymmetricReady returns nil, or why Asymmetric and Adaptive return Epoch here. The first call registers
// the process with the kernel.
func AsymmetricReady() error {
	if err := atomicx.MembarrierReady(); err != nil {
		return fmt.Errorf("membarriers are not available, epoch instead, because %w", err)
	}
	return nil
}

// asymmetricReader is a reader's counts and what belongs to them, alone on their cache lines.
type asymmetricReader struct {
	count   [2]plainWord   // for each index the generation of a copy, and the guards open in it
	leaf    [2]plainMark   // see Leaf
	awaited atomicx.Uint32 // 1 + the index of the copy whose last guard is to wake the writer, or 0
	owner   *asymmetric
	registration

	// Under the strategy adaptive.
	fences atomicx.Uint32 // guards opened with a fence
	limit  uint32         // of fences, for guards in name
	name   *Copy          // the fenced name under which the last such guard found a copy

	_ [128 - 88]byte
}

// Open implements Reader. It keeps S1: let the reader have raised its count of c, and then
// have found c readable. If it looked before the membarrier that follows the swap away from c
// reached its thread, that drove the count out of the buffer, and the writer, who looks after
// the return of the membarrier, sees it. If it looked after that, it would have found the
// other copy.
func (r *asymmetricReader) Open() *Copy {
	c := r.owner.readable.Load()
	r.raise(c)
	if c.of != nil {
		r.fenceUnder(c)
	}
	if now := r.owner.readable.Load(); now != c {
		return r.reopen(c.itself(), now.itself())
	}
	return c.itself()
}

// reopen ends the opening of a guard that has been counted in a when b was found to be
// readable instead, or a under another name. As in epoch, both copies are counted before the
// readable one is read for the last time, here with a fence between if there are fenced names: then it
// does not matter under which the copy is found. If that is a third one, another was detached meanwhile,
// and all begins again.
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

// raise counts a guard in c. A count of an earlier generation is of a detached copy, whose
// guards nobody waits for.
func (r *asymmetricReader) raise(c *Copy) {
	count := &r.count[c.Index]
	n := count.Load()
	if uint32(n/generationUnit) != c.generation {
		n = uint64(c.generation) * generationUnit
	}
	count.Store(n + 1)
}

// lower takes a guard in c off the count, unless c has been detached and forgotten, and
// reports whether there was one.
//
// No wake-up is lost: the writer sets awaited, calls membarrier and then looks. If the reader loads
// awaited before the barrier reaches its thread, the writer sees the count that was stored
// before; if after, the reader sees the flag.
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

// Close implements Reader. Processors of this kind do no store before an earlier load, so
// that what the reader looked at under the guard it has seen before the count falls.
func (r *asymmetricReader) Close(c *Copy) {
	if !r.lower(c) {
		panic("doublebuf: guard released twice")
	}
}

// counted returns the number of guards that are open in the copy of that index and generation,
// but for the leaf.
func (r *asymmetricReader) counted(index int, generation uint32) uint64 {
	n := r.count[index].Load()
	if uint32(n/generationUnit) != generation {
		return 0
	}
	return n % generationUnit
}

// guards is the same with the leaf.
func (r *asymmetricReader) guards(index int, generation uint32) uint64 {
	n := r.counted(index, generation)
	if r.leaf[index].Load() == mark(generation) {
		n++
	}
	return n
}

func (r *asymmetricReader) idle() bool {
	for i, g := range r.owner.generations {
		if r.guards(i, g) != 0 {
			return false
		}
	}
	return true
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

// Unregister implements Reader.
func (r *asymmetricReader) Unregister() { r.owner.leave(r) }

// Abandon implements Reader. Nobody uses the reader, so that its words may be written here.
func (r *asymmetricReader) Abandon() {
	r.owner.mu.Lock()
	r.owner.remove(r)
	r.owner.mu.Unlock()
	for i := range r.count {
		r.count[i].Store(0)
		r.leaf[i].Store(0)
	}
	if r.awaited.Load() != 0 {
		r.owner.parker.Unpark()
	}
}

func membarrier() {
	if err := atomicx.Membarrier(); err != nil {
		panic("doublebuf: asymmetric needs a system call that worked before and now fails: " + err.Error())
	}
}

// StartSwap implements Strategy. The swap comes before the barrier, the barrier before the
// list and the looks. A reader that registers too late to be on the list opens its first
// guard after the swap.
func (s *asymmetric) StartSwap(next *Copy) {
	next.begin(s.generations[next.Index])
	s.old = s.readable.Load()
	s.readable.Store(next)
	s.swaps++
	membarrier()
	s.list()
}

// list makes pending the readers that have guards in the old copy.
func (s *asymmetric) list() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.readers {
		if r.guards(s.old.Index, s.old.generation) != 0 {
			s.pending = append(s.pending, r)
		}
	}
	s.reap()
}

// TryFinish implements Strategy.
func (s *asymmetric) TryFinish() bool { return s.look(false) == free }

// look takes the readers off pending that have no guard in the old copy any more, and
// reports what is left. With sleep, the last guard of those that remain wakes the writer when it is
// closed, unless they are all leaves.
func (s *asymmetric) look(sleep bool) holders {
	if sleep && len(s.pending) != 0 {
		for _, r := range s.pending {
			r.awaited.Store(uint32(s.old.Index) + 1)
		}
		membarrier()
	}
	still, all := s.pending[:0], free
	for _, r := range s.pending {
		h := free
		if r.leaf[s.old.Index].Load() == mark(s.old.generation) {
			h = silent
		}
		if r.counted(s.old.Index, s.old.generation) != 0 {
			h = waking
		}
		if h != free {
			still = append(still, r)
		} else if r.awaited.Load() != 0 {
			r.awaited.Store(0)
		}
		all = max(all, h)
	}
	clear(s.pending[len(still):])
	s.pending = still
	return all
}

// Finish implements Strategy.
func (s *asymmetric) Finish(cancel <-chan struct{}) error {
	if atomicx.AwaitWhole(s.quiet) {
		s.pending = s.pending[:0]
		return nil
	}
	return s.opts.wait(&s.parker, s.look, cancel, s.stalled)
}

// quiet reports whether no pending reader has a guard in the old copy. Unlike TryFinish
// it changes nothing.
func (s *asymmetric) quiet() bool {
	for _, r := range s.pending {
		if r.guards(s.old.Index, s.old.generation) != 0 {
			return false
		}
	}
	return true
}

// Detach implements Strategy. The successor has another generation, so that the guards in
// the old copy do not count for it.
func (s *asymmetric) Detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generations[s.old.Index]++
	for _, r := range s.pending {
		r.awaited.Store(0)
	}
	clear(s.pending)
	s.pending = s.pending[:0]
}

func (s *asymmetric) stalled(waited time.Duration) {
	holders := holding(s.pending, func(r *asymmetricReader) uint64 { return r.guards(s.old.Index, s.old.generation) })
	s.opts.Stalled(Stall{s.swaps, waited, holders, s.old.Guards.Places(true)})
}
