package strategy

import "doublebuf/impl/atomicx"

// epoch: every reader counts its open guards in two words of its own, one for each copy. The writer
// swaps, and then waits until it has seen each reader with no guard in the old copy.
//
// This is the strategy of the Rust crates evmap and left-right, with two counts in place of a
// parity. A parity allows only one guard for each handle. One count for both copies would starve
// the writer: a reader that chains guards (open A, open B, close A, open C, close B, …) always
// has one open.
type epoch struct {
	// Readers only load these words.
	readable atomicx.Pointer[Copy]
	swapped  atomicx.Uint64 // the number of swaps, if validated
	_        [128 - 2*8]byte

	validated bool // the strategy is optimistic

	perReader[*epochReader]
}

// Epoch returns the strategy epoch: level atomic.
//
// Opening a guard takes one atomic addition to a word of the reader's own and two loads of the
// readable copy. If a swap comes in between, it takes three and three. Closing a guard takes one
// atomic addition. With a MaxWait it takes a load and a compare-and-swap instead. They are repeated
// at most twice, if the writer changes the word in between.
func Epoch(o Options) Strategy {
	e := new(epoch)
	e.writer = newWriter(e, o)
	return e
}

// epochReader is a reader's counts and what belongs to them, on a cache line of its own. A pair of
// lines would make publishes slower where there are many handles; see impl/DESIGN.md.
type epochReader struct {
	count  [2]atomicx.Uint64 // by the index of the copy; see count.go
	lookup [2]atomicx.Uint32 // by index: see Lookup
	epoch  *epoch
	registration
}

// guards implements counter.
func (r *epochReader) guards(index int, generation uint32) uint64 {
	n := r.count[index].Load() & guardBits
	if r.lookup[index].Load() == tagOf(generation) {
		n++
	}
	return n
}

func (r *epochReader) idle() bool { return r.epoch.perReader.idle(r) }

// Open implements Reader.
//
// # The two-counts argument
//
// This is why S1 holds when readers count their guards themselves. Other files cite it by this
// name.
//
// The reader, in this order,
//
//	(a) loads the readable copy, c,
//	(b) raises its count of c,
//	(c) loads the readable copy again. If it is c, the guard is open in x = c. If it is not,
//	(d) raises its count of the other index too,
//	(e) loads the readable copy a third time. The guard is open in that copy, x,
//	(f) lowers the count that is not of x.
//
// The writer, before it changes a copy, has
//
//	(A) swapped away from that copy,
//	(B) then seen every reader's count of that copy at zero.
//
// Let L be the load that returned x: (c) or (e). The count of the index of x was raised before L.
// If it was raised for x, it stays raised until the guard is closed. Take any swap away from x.
//
//  1. L comes before that swap. Then the count was raised before (A), so the writer finds it raised
//     at (B), and waits for the guard.
//
//  2. L comes after that swap. L returned x, so x has become readable again before L. The writer
//     makes a copy readable only when it is done with it. So all that it did to x because of that
//     swap comes before the guard. It changes x again only after another swap away from x, for
//     which case 1 holds.
//
//  3. The count was not raised for x, but for an earlier copy with the index of x, which was
//     detached before L. Detach sets the counts of that index to zero and gives them a new
//     generation. It does so after the earlier copy was readable for the last time, and before x
//     is readable for the first time. The reader compares the generation of the raised count with
//     that of x. They differ, so the guard is not open, and opening begins again. If L is (c),
//     this cannot happen: L returned the copy for which the count was raised, and a detached copy
//     is never readable again.
//
// Steps (d) and (e) bound the number of steps. A reader that repeated (a) to (c) until they succeed
// could repeat them for ever beside a writer that keeps publishing. With both counts raised, the
// reader already counts in the copy that (e) returns. That may be c again, so (e) cannot be left
// out.
func (r *epochReader) Open() *Copy {
	c := r.epoch.readable.Load()      // (a)
	n := r.count[c.Index].Add(1)      // (b)
	if r.epoch.readable.Load() != c { // (c)
		c = r.reopen(c.Index, n)
	}
	return c
}

// reopen is steps (d) to (f) of the two-counts argument. The count of index has been raised, to n.
// Lowering the other count may be what the writer sleeps for.
func (r *epochReader) reopen(index int, n uint64) *Copy {
	var counts [2]uint64
	counts[index] = n
	counts[1-index] = r.count[1-index].Add(1) // (d)
	c := r.epoch.readable.Load()              // (e)
	r.release(1-c.Index, uint32(counts[1-c.Index]/generationUnit))
	if uint32(counts[c.Index]/generationUnit) != c.generation {
		return r.Open() // case 3
	}
	return c
}

// Close implements Reader. What the reader did under the guard comes before the atomic operation
// that lowers the count. What the writer does to the copy comes after it has seen the count
// lowered.
func (r *epochReader) Close(c *Copy) { r.release(c.Index, c.generation) }

// release lowers the count of index. If the count is of a later generation, the copy was detached
// and the writer does not wait for its guards. Then the count stays as it is.
//
// Without a MaxWait no copy is ever detached, and an addition is enough. Otherwise a
// compare-and-swap makes sure that the generation is still the same. Only the writer makes it fail:
// by setting or clearing awaited, or by detaching the copy. While the guard is open it does each at
// most once. Under indicator other goroutines make it fail too.
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

// Unregister implements Reader.
func (r *epochReader) Unregister() { r.epoch.leave(r) }

// Abandon implements Reader. No goroutine uses the reader any more, so its guards may be ended
// here.
func (r *epochReader) Abandon() {
	r.epoch.mu.Lock()
	r.epoch.remove(r)
	r.epoch.mu.Unlock()
	for i := range 2 {
		r.lookup[i].Store(0)
		if n := r.count[i].And(^uint64(awaited | guardBits)); n&awaited != 0 {
			r.wake()
		}
	}
}

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

// StartSwap implements Strategy. The swap comes before the readers are listed. A reader that
// registers too late to be listed opens its first guard after the swap, in the copy that is
// readable then, so the writer need not wait for it.
func (e *epoch) StartSwap(next *Copy) {
	next.begin(e.generations[next.Index])
	e.old = e.readable.Load()
	e.readable.Store(next)
	e.swaps++
	if e.validated {
		e.swapped.Store(e.swaps)
	}

	e.mu.Lock()
	defer e.mu.Unlock()
	if e.retry {
		e.uncache()
	}
	index, tag := e.old.Index, tagOf(e.old.generation)
	e.forget()
	for _, r := range e.readers { // r.guards, inlined by hand: these loads are the time of a publish
		counted := r.count[index].Load() & guardBits
		if r.lookup[index].Load() == tag || counted != 0 {
			e.pending = append(e.pending, r)
		}
	}
	e.reap()
}

// look implements counter. A lookup guard does not wake the writer, so it is silent.
func (r *epochReader) look(old *Copy, sleep bool) holders {
	h := free
	if r.lookup[old.Index].Load() == tagOf(old.generation) {
		h = silent
	}
	if countHeld(&r.count[old.Index], sleep) {
		h = waking
	}
	return h
}

// Detach implements Strategy. It sets the counts of the old copy's index to zero, with a new
// generation, for all readers. A reader that is about to open a guard there finds that the copy is
// no longer readable.
func (e *epoch) Detach() {
	e.mu.Lock()
	defer e.mu.Unlock()
	index := e.old.Index
	e.generations[index]++
	for _, r := range e.readers {
		r.count[index].Store(uint64(e.generations[index]) * generationUnit)
	}
	e.uncache()
	e.forget()
}
