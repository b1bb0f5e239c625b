package strategy

import (
	"runtime"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/invariants"
)

// collector: a guard is a reference to the copy, and nothing else. Each swap makes a Copy readable
// that has never been readable. When the garbage collector has found the old Copy unreachable, its
// token reports that, and the data of the old copy is the writer's again.
//
// S1 rests on the garbage collector, not on Go's memory model. The collector never finds an object
// unreachable that a goroutine may still use:
//
//   - The references. A reader loads the reference to the old copy before the swap replaces it, or
//     it loads the reference to the new one. So after the swap only guards refer to the old copy,
//     from stacks and from what the stacks refer to.
//   - The compiler. A guard in use has a live reference, up to the runtime.KeepAlive after the last
//     load of the data. The compiler keeps it in the frame at every instruction at which the
//     goroutine may be preempted, and the collector reads it there. Neither inlining nor reordering
//     removes it. For the compiler, KeepAlive uses the reference and the state of memory. So no
//     load that comes before it in the program may come after it.
//   - The processor. The reader's loads are not late. Before the collector reads a stack it stops
//     the goroutine, and both take part in atomic operations for that.
//   - The race detector. The runtime reports to it that a finalizer comes after everything that
//     goroutines have done until then.
type collector struct {
	readable atomicx.Pointer[Copy] // readers only load it
	_        [128 - 8]byte

	// The writer's own.
	writer
	detached bool              // the last swap was ended by Detach
	since    uint64            // copies detached since the last collection that Detach forced
	guards   invariants.Guards // of the old copy, which itself must become unreachable
	found    *found
	report   func(version uint64) // found.unreachable
}

// found is what the tokens report to the writer. It is an object of its own, because a token keeps
// alive all that it can reach.
type found struct {
	versions atomicx.Uint64 // one more than the latest version whose copy was found unreachable
	copies   atomicx.Uint64 // the number of copies found unreachable
}

// Collector returns the strategy collector: level atomic, and a [Sharer]. Opening a guard takes one
// load, closing one takes nothing, and all goroutines share one reader. Each swap allocates a Copy
// and its token.
//
// If the swap does not finish after a few looks, the writer forces a garbage collection. It forces
// further ones at growing intervals while guards are open. So a publish takes as long as a
// collection, which is proportional to all memory of the program. What readers see may be that old.
// There are two copies in memory. All this also holds with GOGC=off. TryFinish forces nothing: with
// GOGC=off it reports true only after the program itself has run a collection.
//
// With a MaxWait the copy is detached after that time, as under other strategies. Readers then
// see what was published no later than MaxWait plus the time for a clone. Detached copies are
// garbage when their guards have ended. The writer forces collections so that there are at most
// about 32 of them, also with GOGC=off. The collections run beside the writer, which waits for
// the end of one only if 32 copies are detached before that.
//
// The runtime calls finalizers on one goroutine, and reports there what it has found. If a
// finalizer of the program blocks, the writer waits for it. If a finalizer waits for the writer, as
// every call of a hashmap.Group does, it waits for itself. Functions of runtime.AddCleanup run
// elsewhere, and may do so.
//
// A guard that is dropped without Close is closed. The strategy does not know which readers hold
// the writer up, so a Stall names none. In checked builds it says where the guards were opened.
// Closing a guard twice goes unnoticed.
func Collector(o Options) Strategy {
	o.collectAfter = 1
	return CollectorPatient(o)
}

// CollectorPatient is Collector, but in the first 100 ms of a wait the writer relies on the
// collections that the program runs anyway. What readers see may be as old as that time plus a
// collection. With GOGC=off it always becomes that old.
func CollectorPatient(o Options) Strategy {
	f := new(found)
	s := &collector{found: f, report: f.unreachable}
	s.writer = newWriter(s, o)
	return s
}

// Renewing is a Strategy that uses a Copy for one swap only. The next swap to the same data is by
// another Copy with the same Index. When StartSwap or Begin has been given that Copy's successor,
// only guards may still refer to the old one.
type Renewing interface {
	Strategy
	renewing()
}

func (s *collector) renewing() {}

// Begin implements Strategy.
func (s *collector) Begin(readable *Copy) { s.publish(readable) }

// publish makes c readable, as version s.swaps. Under collector, Copy.own is the token, and the
// only reference to it.
func (s *collector) publish(c *Copy) {
	c.own = atomicx.NewToken(c, s.report, s.swaps)
	s.readable.Store(c)
}

// unreachable is called once for each version, in any order.
func (f *found) unreachable(version uint64) {
	f.copies.Add(1)
	for {
		v := f.versions.Load()
		if v > version || f.versions.CompareAndSwap(v, version+1) {
			return
		}
	}
}

// StartSwap implements Strategy.
func (s *collector) StartSwap(next *Copy) {
	s.swaps++
	s.detached = false
	s.guards = s.readable.Load().Guards
	s.publish(next)
}

// look implements scan. The copy of version s.swaps is reachable from here, so the latest copy
// that can have been found is that of the version before.
func (s *collector) look(bool) holders {
	if s.quiet() {
		return free
	}
	return silent
}

// quiet implements scan.
func (s *collector) quiet() bool { return s.found.versions.Load() >= s.swaps || s.detached }

// holding implements scan.
func (s *collector) holding() (Holders, []string) { return nil, s.guards.Places(false) }

// mostGarbage is how many copies are detached between two collections that Detach forces.
const mostGarbage = 16

// Detach implements Strategy. The old copy and its guards stay as they are. A collection runs
// beside the writer. Detach waits for it only if twice mostGarbage copies are alive meanwhile, so
// that they do not fill the memory.
func (s *collector) Detach() {
	s.detached = true
	s.since++
	if s.since >= mostGarbage && s.alive() > mostGarbage && !s.collecting.Load() {
		s.since = 0
		s.collect()
	}
	for s.alive() > 2*mostGarbage && s.collecting.Load() {
		s.parker.Park(nil, 0) // the end of the collection wakes the writer
	}
}

// alive returns the number of copies that have been readable and have not been found unreachable.
func (s *collector) alive() uint64 { return s.swaps + 1 - s.found.copies.Load() }

// End implements Strategy. Only guards refer to the old copy, as after every swap.
func (s *collector) End() bool {
	free := s.quiet()
	s.guards, s.ended = invariants.Guards{}, true
	return free
}

// NewReader implements Strategy. The name is not used.
func (s *collector) NewReader(string) Reader { return collectorReader{s} }

// NewShared implements Sharer.
func (s *collector) NewShared() []Reader { return []Reader{collectorReader{s}} }

type collectorReader struct{ s *collector }

// Open implements Reader.
func (r collectorReader) Open() *Copy { return r.s.readable.Load() }

// Close implements Reader.
func (r collectorReader) Close(c *Copy) { runtime.KeepAlive(c) }

// Unregister implements Reader.
func (r collectorReader) Unregister() {}

// Abandon implements Reader. A reader that is no longer used holds no references.
func (r collectorReader) Abandon() {}

// ReadableOf returns the word from which to load the readable copy if that load alone opens a
// guard, as for readers of collector; otherwise nil. The caller must keep the copy alive
// (runtime.KeepAlive) until it has read the data.
func ReadableOf(readers []Reader) *atomicx.Pointer[Copy] {
	if r, ok := readers[0].(collectorReader); ok {
		return &r.s.readable
	}
	return nil
}
