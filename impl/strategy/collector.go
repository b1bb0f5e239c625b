package strategy

import (
	"runtime"
	"time"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/invariants"
)

// collector: a guard is a reference to the copy, and nothing else. Each swap is to a Copy that has
// never been readable, and the data of an old one is the writer's again when the garbage
// collector has found the old Copy unreachable, which its token tells.
//
// S1 rests on the collector, not on Go's memory model: it finds nothing unreachable that a
// goroutine may still use. A reader has loaded the reference before the swap, in which it was
// replaced, or it has the new one; so after the swap the references to the old copy are those
// of guards, on stacks and in what the stacks refer to. While a guard is used, up to the
// runtime.KeepAlive behind the last look at the data, its reference is live: the compiler keeps it in
// the frame, at whatever instruction the goroutine is preempted, and the collector reads it there. Neither
// inlining nor reordering can take it away, since to the compiler KeepAlive is a use of the reference
// that has the state of memory as an operand, so that no load before it in the program
// may come after it. Nor do the reader's loads come late in the processor: before the collector
// has read a stack it has stopped the goroutine, and both took part in atomic operations for it.
// The race detector is told by the runtime that a finalizer comes after all that goroutines have
// done until then.
type collector struct {
	readable atomicx.Pointer[Copy] // readers only load it
	_        [128 - 8]byte

	// The writer's own.
	swaps    uint64
	detached bool              // the swap that was started last has been ended by Detach
	since    uint64            // how many copies have been detached since one of them forced a collection
	guards   invariants.Guards // in the copy before, and not that itself, which must become unreachable
	opts     Options

	parker atomicx.Parker
	found  *found
	tell   func(version uint64) // found.unreachable
}

// found is what the tokens tell the writer. It is a thing of its own, since all that a token
// tells of is reachable.
type found struct {
	versions atomicx.Uint64 // one more than the latest version whose copy was found unreachable
	copies   atomicx.Uint64 // how many were
}

// Collector returns the strategy that is called collector: atomic, and a [Sharer]. Opening a guard
// takes one load, closing one takes nothing, and all goroutines share one reader. Each
// swap allocates a Copy, and its token.
//
// The writer forces a garbage collection for each swap for which it has to wait longer than for some
// looks, and further ones at growing intervals as long as guards are open. So a publish takes as long as a
// collection, which is in proportion to all the memory of the program, and what readers see is as
// old as that; the memory is that of two copies. With GOGC=off it is the same. TryFinish forces
// nothing: with GOGC=off it reports true only after the program has itself had a collection run.
//
// With a MaxWait the copy is detached when that is over, as under other strategies, and
// readers see what is published no later than that and the time for a clone. Copies that nobody
// uses any more are then garbage. Collections are forced so that there are no more than
// about 32 of them, with GOGC=off too.
//
// The runtime tells what it has found on its one goroutine for finalizers. A finalizer of the program's that blocks holds the
// writer up, and one that waits for the writer, as every call of a hashmap.Group does, waits for
// itself: runtime.AddCleanup has its functions run elsewhere, and such may.
//
// A guard that is dropped without Close is closed. There is nothing to tell who holds the writer
// up, so that a Stall names nobody (but in checked builds where the guards were opened), and closing a guard twice goes unnoticed.
func Collector(o Options) Strategy {
	o.collectAfter = 1
	return CollectorPatient(o)
}

// CollectorPatient returns Collector, but for the writer leaving it to the collections that the
// program has anyway in the first 100 ms of a wait: what readers see is as old as that and
// a collection at most, with GOGC=off always.
func CollectorPatient(o Options) Strategy {
	f := new(found)
	return &collector{opts: o.withDefaults(), parker: atomicx.NewParker(), found: f, tell: f.unreachable}
}

// Renewing is a Strategy that wants a Copy for one swap only. The next swap to the same data is by
// another Copy with the same Index, and nothing but guards may refer to the old one from
// when StartSwap or Begin has been given that which follows it.
type Renewing interface {
	Strategy
	renewing()
}

func (s *collector) renewing() {}

// Begin implements Strategy.
func (s *collector) Begin(readable *Copy) { s.publish(readable) }

// publish makes c readable, as the version that swaps says.
func (s *collector) publish(c *Copy) {
	c.token = atomicx.NewToken(c, s.tell, s.swaps)
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

// TryFinish implements Strategy. The copy of version swaps is reachable from here, so the latest
// to be found can be that of the version before at most.
func (s *collector) TryFinish() bool { return s.look(false) == free }

func (s *collector) look(bool) holders {
	if s.found.versions.Load() < s.swaps && !s.detached {
		return silent
	}
	return free
}

// Finish implements Strategy.
func (s *collector) Finish(cancel <-chan struct{}) error {
	return s.opts.wait(&s.parker, s.look, cancel, func(waited time.Duration) {
		s.opts.Stalled(Stall{Swap: s.swaps, Waited: waited, Opened: s.guards.Places(false)})
	})
}

// mostGarbage is how many copies are detached between two collections that are forced for it.
const mostGarbage = 16

// Detach implements Strategy. There is nothing to take from the guards in the old copy.
func (s *collector) Detach() {
	s.detached = true
	s.since++
	if alive := s.swaps + 1 - s.found.copies.Load(); s.since >= mostGarbage && alive > mostGarbage {
		s.since = 0
		runtime.GC()
	}
}

// NewReader implements Strategy. Nobody asks for the name.
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

// Abandon implements Reader. Who nobody uses has no references.
func (r collectorReader) Abandon() {}

// ReadableOf returns where the readable copy is to be loaded from if that alone opens a guard,
// as it does if readers are of collector; else nil. The copy is to be kept alive
// (runtime.KeepAlive) until the data has been looked at.
func ReadableOf(readers []Reader) *atomicx.Pointer[Copy] {
	if r, ok := readers[0].(collectorReader); ok {
		return &r.s.readable
	}
	return nil
}
