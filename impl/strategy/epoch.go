package strategy

import (
	"time"

	"doublebuf/impl/atomicx"
)

// epoch: every reader counts its open guards in words of its own, one for each
// copy. The writer swaps and then waits until it has seen each reader with no guard in
// the old copy.
//
// This is the scheme of the Rust crates evmap and left-right, with two counts where they
// have a parity. A parity forbids a second guard on one handle; and with one count for
// both copies a reader that chains guards (open A, open B, close A, open C, close B, …)
// is never seen without a guard and starves the writer.
type epoch struct {
	readable atomicx.Pointer[Copy] // readers only load it
	_        [128 - 8]byte

	// The writer's own.
	old     *Copy          // that the swap before last made readable and the last one did not
	pending []*epochReader // not yet seen without a guard in old
	swaps   uint64
	opts    Options

	parker atomicx.Parker

	roster[*epochReader]
	generations [2]uint32 // of the copies, see Copy; guarded by mu
}

// Epoch returns the strategy that is called epoch: atomic, and the default. Opening a guard
// takes one atomic addition to a word of the reader's own and two loads of the readable
// copy, or, if a swap comes between, three and three; closing one takes a load and a
// compare-and-swap.
func Epoch(o Options) Strategy {
	return &epoch{opts: o.withDefaults(), parker: atomicx.NewParker()}
}

// epochReader is a reader's counts and what belongs to them: a cache line, alone on it. With a pair of lines for
// each, as processors may fetch them, 10,000 idle handles added 24 µs to a publish instead of 14, and two
// readers next to each other were no quicker, on an AMD EPYC of family 25, model 1.
type epochReader struct {
	count [2]atomicx.Uint64 // for each copy its generation, the bit awaited, and the guards open in it
	leaf  [2]atomicx.Uint32 // see Leaf
	epoch *epoch
	registration
}

const (
	// awaited is set in a count by a writer that sleeps until no guard is left in it. That
	// the flag stands in the same word as the count makes a lost wake-up impossible: all
	// changes of a word are in one order, so either the writer, as it sets the flag, finds the
	// count at zero and does not sleep, or whoever brings it to zero finds the flag. (A flag of
	// the writer's own would have to be loaded by every reader after every guard: 1 ns of 12 for a
	// look-up, on an AMD EPYC 9004.)
	awaited = 1 << 31

	guardBits      = awaited - 1
	generationUnit = 1 << 32 // in a count
)

// guards returns the number of guards that are open in the copy of that index, whose generation
// is the present one, leaf or not.
func (r *epochReader) guards(index int, generation uint32) uint64 {
	n := r.count[index].Load() & guardBits
	if r.leaf[index].Load() == mark(generation) {
		n++
	}
	return n
}

func (r *epochReader) idle() bool {
	for i, g := range r.epoch.generations {
		if r.guards(i, g) != 0 {
			return false
		}
	}
	return true
}

// Open implements Reader. It keeps S1: a writer that is about to change copy c has swapped
// away from c and has afterwards seen this reader's count of c at zero. Let the reader
// have raised that count. If it then finds c readable, either that look came before the
// swap, so that the count stood when the writer looked; or c has become readable again, and
// the next writer to want it has yet to swap and to look. And the count is of c and not of a
// copy before it with the same index, for a count changes its generation after the earlier copy
// was readable for the last time and before the later one is for the first.
func (r *epochReader) Open() *Copy {
	c := r.epoch.readable.Load()
	n := r.count[c.Index].Add(1)
	if r.epoch.readable.Load() != c {
		c = r.reopen(c.Index, n)
	}
	return c
}

// reopen ends the opening of a guard that has raised the count of index, to n, and then
// found that its copy had ceased to be readable. Trying again with the other copy alone could
// go on for ever. Instead both counts stand before the readable copy is read for the last time, so
// that whichever it is, perhaps the first one once more, it is held by the argument at Open.
// The other count is given back, which may be what the writer sleeps for.
//
// If the generations differ, the count was raised for a copy that has been detached and
// replaced meanwhile, and no longer stands. Only then all begins again.
func (r *epochReader) reopen(index int, n uint64) *Copy {
	var counts [2]uint64
	counts[index] = n
	counts[1-index] = r.count[1-index].Add(1)
	c := r.epoch.readable.Load()
	r.release(1-c.Index, uint32(counts[1-c.Index]/generationUnit))
	if uint32(counts[c.Index]/generationUnit) != c.generation {
		return r.Open()
	}
	return c
}

// Close implements Reader. Nothing that the reader did under the guard can come after the
// compare-and-swap, and whatever the writer does to the copy comes after it has seen the count.
func (r *epochReader) Close(c *Copy) { r.release(c.Index, c.generation) }

// release lowers the count of index, unless that is of a later generation: then the copy has
// been detached and nobody waits for its guards. Only the writer makes the compare-and-swap
// fail, as it sets or clears awaited or detaches the copy, which it does not do twice while
// the guard is open. Where nothing is ever detached an addition will do.
func (r *epochReader) release(index int, generation uint32) {
	count := &r.count[index]
	if r.epoch.opts.MaxWait == 0 {
		switch n := count.Add(^uint64(0)); n & (awaited | guardBits) {
		case awaited:
			r.wake()
		case awaited | guardBits, guardBits:
			count.Add(1)
			panic("doublebuf: guard released twice")
		}
		return
	}
	for {
		n := count.Load()
		if uint32(n/generationUnit) != generation {
			return
		}
		if n&guardBits == 0 {
			panic("doublebuf: guard released twice")
		}
		if count.CompareAndSwap(n, n-1) {
			if n&(awaited|guardBits) == awaited|1 {
				r.wake()
			}
			return
		}
	}
}

//go:noinline
func (r *epochReader) wake() { r.epoch.parker.Unpark() }

// Begin implements Strategy.
func (e *epoch) Begin(readable *Copy) { e.readable.Store(readable) }

// NewReader implements Strategy.
func (e *epoch) NewReader(name string) Reader {
	r := &epochReader{epoch: e}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, g := range e.generations {
		r.count[i].Store(uint64(g) * generationUnit)
	}
	e.add(r, name)
	return r
}

// Unregister implements Reader.
func (r *epochReader) Unregister() { r.epoch.leave(r) }

// Abandon implements Reader. Nobody uses the reader, so its guards may be taken away here.
func (r *epochReader) Abandon() {
	r.epoch.mu.Lock()
	r.epoch.remove(r)
	r.epoch.mu.Unlock()
	for i := range 2 {
		r.leaf[i].Store(0)
		if n := r.count[i].And(^uint64(awaited | guardBits)); n&awaited != 0 {
			r.wake()
		}
	}
}

// StartSwap implements Strategy. The swap comes before the list is taken: a reader that
// registers too late to be on the list opens its first guard after the swap, in the copy
// that is readable then, so the writer need not wait for it.
func (e *epoch) StartSwap(next *Copy) {
	next.begin(e.generations[next.Index])
	e.old = e.readable.Load()
	e.readable.Store(next)
	e.swaps++

	e.mu.Lock()
	defer e.mu.Unlock()
	index, leaf := e.old.Index, mark(e.old.generation)
	for _, r := range e.readers { // which is what a publish waits for memory for: guards, written out
		counted := r.count[index].Load() & guardBits
		if r.leaf[index].Load() == leaf || counted != 0 {
			e.pending = append(e.pending, r)
		}
	}
	e.reap()
}

// TryFinish implements Strategy.
func (e *epoch) TryFinish() bool { return e.look(false) == free }

// look takes the readers off pending that have no guard in the old copy any more, and
// reports what is left. A reader that has once been seen so after the swap can open none there
// until the next one. With sleep, the last guard of those that remain wakes the writer when it
// is closed, unless they are all leaves.
func (e *epoch) look(sleep bool) holders {
	still, all := e.pending[:0], free
	for _, r := range e.pending {
		h := free
		if r.leaf[e.old.Index].Load() == mark(e.old.generation) {
			h = silent
		}
		if countHeld(&r.count[e.old.Index], sleep) {
			h = waking
		}
		if h != free {
			still = append(still, r)
		}
		all = max(all, h)
	}
	clear(e.pending[len(still):])
	e.pending = still
	return all
}

// countHeld reports whether count is above zero, and with sleep leaves the flag awaited
// there if so.
func countHeld(count *atomicx.Uint64, sleep bool) bool {
	n := count.Load()
	if sleep && n&guardBits != 0 {
		n = count.Or(awaited) | awaited
	}
	if n&(awaited|guardBits) == awaited {
		count.And(^uint64(awaited))
	}
	return n&guardBits != 0
}

// Finish implements Strategy.
func (e *epoch) Finish(cancel <-chan struct{}) error {
	if atomicx.AwaitWhole(e.quiet) {
		e.pending = e.pending[:0]
		return nil
	}
	return e.opts.wait(&e.parker, e.look, cancel, e.stalled)
}

// quiet reports whether no pending reader has a guard in the old copy. Unlike TryFinish
// it changes nothing.
func (e *epoch) quiet() bool {
	for _, r := range e.pending {
		if r.guards(e.old.Index, e.old.generation) != 0 {
			return false
		}
	}
	return true
}

// Detach implements Strategy. It takes the guards in the old copy out of the counts of all
// readers, and has the counts begin anew, with another generation. A reader that is about to
// open a guard there finds that the copy is not readable any more.
func (e *epoch) Detach() {
	e.mu.Lock()
	defer e.mu.Unlock()
	index := e.old.Index
	e.generations[index]++
	for _, r := range e.readers {
		r.count[index].Store(uint64(e.generations[index]) * generationUnit)
	}
	clear(e.pending)
	e.pending = e.pending[:0]
}

func (e *epoch) stalled(waited time.Duration) {
	holders := holding(e.pending, func(r *epochReader) uint64 { return r.guards(e.old.Index, e.old.generation) })
	e.opts.Stalled(Stall{e.swaps, waited, holders, e.old.Guards.Places(true)})
}
