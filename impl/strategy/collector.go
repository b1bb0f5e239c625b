package strategy

import (
	"runtime"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/invariants"
)

// collector: a guard is a reference to the copy, and nothing else. Each swap is to a Copy that has
// never been readable. The data of an old copy is the writer's again when the garbage collector has
// found the old Copy unreachable, which the token of that Copy reports.
//
// S1 rests on the collector, not on Go's memory model: it finds nothing unreachable that a
// goroutine may still use.
//
//   - Which references there are. A reader has loaded the reference before the swap replaced it,
//     or it has loaded the new one. So after the swap the references to the old copy are those of
//     guards, on stacks and in what the stacks refer to.
//   - A guard in use has a live reference, up to the runtime.KeepAlive after the last load of the
//     data. The compiler keeps it in the frame at every instruction at which the goroutine may be
//     preempted, and the collector reads it there. Neither inlining nor reordering takes it away.
//     To the compiler, KeepAlive uses the reference and the state of memory, so no load that
//     comes before it in the program may come after it.
//   - The reader's loads are not late in the processor either. Before the collector reads a stack
//     it stops the goroutine, and both take part in atomic operations for that.
//   - The race detector is told by the runtime that a finalizer comes after all that goroutines
//     have done until then.
type collector struct {
	readable atomicx.Pointer[Copy] // readers only load it
	_        [128 - 8]byte

	// The writer's own.
	writer
	detached bool              // the last swap was ended by Detach
	since    uint64            // copies detached since the last collection that Detach forced
	guards   invariants.Guards // of the old copy, which itself must become unreachable
	found    *found
	tell     func(version uint64) // found.unreachable
}

// found is what the tokens report to the writer. It is an object of its own, because a token keeps
// alive all that it can reach.
type found struct {
	versions atomicx.Uint64 // one more than the latest version whose copy was found unreachable
	copies   atomicx.Uint64 // how many copies were
}

// Collector returns the strategy collector: level atomic, and a [Sharer]. Opening a guard takes
// one load, closing one takes nothing, and all goroutines share one reader. Each swap allocates a
// Copy and its token.
//
// If the swap does not finish after a few looks, the writer forces a garbage collection, and
// further ones at growing intervals while guards are open. So a publish takes as long as a
// collection, which is proportional to all memory of the program; what readers see is as old as
// that. The memory is that of two copies. With GOGC=off it is the same. TryFinish forces nothing:
// with GOGC=off it reports true only after the program itself has run a collection.
//
// With a MaxWait the copy is detached after that time, as under other strategies. Readers then
// see what was published no later than MaxWait plus the time for a clone. Detached copies that
// nobody uses any more are garbage. Collections are forced so that there are at most about 32 of
// them, with GOGC=off too.
//
// The runtime reports what it has found on its one goroutine for finalizers. If a finalizer of
// the program blocks, the writer waits for it. If a finalizer waits for the writer, as every call
// of a hashmap.Group does, it waits for itself. Functions of runtime.AddCleanup run elsewhere,
// and may do so.
//
// A guard that is dropped without Close is closed. The strategy does not know which readers hold
// the writer up, so a Stall names none (in checked builds it says where the guards were opened).
// Closing a guard twice goes unnoticed.
func Collector(o Options) Strategy {
	o.collectAfter = 1
	return CollectorPatient(o)
}

// CollectorPatient is Collector, except that in the first 100 ms of a wait the writer relies on the
// collections that the program runs anyway. What readers see is at most as old as that and a
// collection; with GOGC=off it always is.
func CollectorPatient(o Options) Strategy {
	f := new(found)
	s := &collector{found: f, tell: f.unreachable}
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
	c.own = atomicx.NewToken(c, s.tell, s.swaps)
	s.readable.Store(c)
}

// unreachable is told of each version once, in any order.
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

// Detach implements Strategy. Nothing has to be taken from the guards in the old copy.
func (s *collector) Detach() {
	s.detached = true
	s.since++
	if alive := s.swaps + 1 - s.found.copies.Load(); s.since >= mostGarbage && alive > mostGarbage {
		s.since = 0
		runtime.GC()
	}
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

// Abandon implements Reader. A reader that nobody uses holds no references.
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
