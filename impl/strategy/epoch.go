package strategy

import (
	"fmt"
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
	version atomicx.Uint64 // number of swaps; its parity is the readable copy; readers only load it
	_       [128 - 8]byte

	// The writer's own.
	pending []*epochReader // not yet seen without a guard in the old copy
	opts    Options

	parker atomicx.Parker

	mu      atomicx.Mutex // guards what follows, and is never held during a wait
	readers []*epochReader
	created int // readers so far, to name them
}

// Epoch returns the strategy that is called epoch: atomic, and the default. Opening a guard
// takes one atomic addition to a word of the reader's own and two loads of the version, or,
// if a swap comes between, three and three; closing one takes one addition.
func Epoch(o Options) Strategy {
	return &epoch{opts: o.withDefaults(), parker: atomicx.NewParker()}
}

// epochReader is a reader's counts and what belongs to them, alone on their cache lines
// (two, since processors fetch them in pairs).
type epochReader struct {
	count [2]atomicx.Uint32 // guards open in each copy, and the bit awaited
	leaf  [2]atomicx.Uint32 // the same, of a leaf
	epoch *epoch
	name  string
	index int  // in epoch.readers, or -1; guarded by epoch.mu
	left  bool // unregistered, but perhaps with guards; guarded by epoch.mu
	_     [128 - 56]byte
}

// awaited is set in a count by a writer that sleeps until no guard is left in it. That
// the flag stands in the same word as the count makes a lost wake-up impossible: all
// changes of a word are in one order, so either the writer, as it sets the flag, finds the
// count at zero and does not sleep, or whoever brings it to zero finds the flag. (A flag of
// the writer's own would have to be loaded by every reader after every guard: 1 ns of 12 for a
// look-up, on an AMD EPYC 9004.)
const awaited = 1 << 31

// guards returns the number of guards that are open in copy, leaf or not.
func (r *epochReader) guards(copy int) uint32 {
	return r.count[copy].Load()&^awaited + r.leaf[copy].Load()&^awaited
}

// Open implements Reader. It keeps S1: a writer that is about to change copy c has swapped
// away from c and has afterwards seen this reader's count of c at zero. Let the reader
// have raised that count. If it then finds the version naming c, either that look came
// before the swap, so that the count stood when the writer looked; or c has become
// readable again, and the next writer to want it has yet to swap and to look.
func (r *epochReader) Open() (copy int) {
	c := r.epoch.version.Load() & 1
	r.count[c].Add(1)
	if r.epoch.version.Load()&1 != c {
		c = r.reopen(&r.count, c) & 1
	}
	return int(c)
}

// reopen ends the opening of a guard that has raised the count of c and then found that c
// had ceased to be readable. Trying again with the other copy alone could go on for ever.
// Instead both counts stand before the version is read for the last time, so that whichever
// copy it names, perhaps c once more, is held by the argument at Open. The other count is
// given back, which may be what the writer sleeps for.
func (r *epochReader) reopen(count *[2]atomicx.Uint32, c uint64) (version uint64) {
	count[1-c].Add(1)
	version = r.epoch.version.Load()
	if count[1-version&1].Add(^uint32(0)) == awaited {
		r.wake()
	}
	return version
}

// Close implements Reader. Nothing that the reader did under the guard can come after the
// addition, and whatever the writer does to the copy comes after it has seen the count.
func (r *epochReader) Close(copy int) {
	switch n := r.count[copy&1].Add(^uint32(0)); n {
	case awaited:
		r.wake()
	case ^uint32(0), awaited - 1:
		r.count[copy&1].Add(1)
		panic("doublebuf: guard released twice")
	}
}

//go:noinline
func (r *epochReader) wake() { r.epoch.parker.Unpark() }

// Leaf opens guards that a look-up needs for itself alone, one at a time. It counts them
// apart from other guards, so that its count goes from zero to one and back. That can be done by
// a store and a swap whose operands are at hand, where an addition to the count of the copy
// that is just readable would have to wait for the version: a leaf is opened in the copy
// that was readable last time, and then looks, as any guard does, whether that is so.
// That makes 1 ns of 12. The calls are small enough to be inlined.
//
//	if !l.TryOpen() { copy = l.Reopen() } // else copy remains that of the last time, first 0
//	…
//	if !l.TryClose() { l.Wake() }
type Leaf struct {
	count   *atomicx.Uint32 // of the copy that is readable in version guess
	version *atomicx.Uint64 // epoch.version
	guess   uint64
	reader  *epochReader
}

// LeafOf returns the leaf of r, if its strategy is epoch. It is the reader's only one and
// must not be copied once it is used.
func LeafOf(r Reader) (l Leaf, ok bool) {
	e, ok := r.(*epochReader)
	if ok {
		l = Leaf{&e.leaf[0], &e.epoch.version, 0, e}
	}
	return l, ok
}

// TryOpen opens a guard in the copy that the last Reopen returned, or copy 0 before the
// first, if that is still readable; else it returns false and must be followed by Reopen.
// The argument is the one at epochReader.Open: the count stands before the version is looked at.
// The store may overwrite the flag awaited, but only over a count of zero, whose writer
// has been woken or need not be.
func (l Leaf) TryOpen() bool {
	l.count.Store(1)
	return l.version.Load() == l.guess
}

// Reopen ends the opening of a guard and returns the copy that it pins.
func (l *Leaf) Reopen() (copy int) {
	l.guess = l.reader.reopen(&l.reader.leaf, l.guess&1)
	l.count = &l.reader.leaf[l.guess&1]
	return int(l.guess & 1)
}

// Copy returns the copy in which TryOpen opens a guard.
func (l Leaf) Copy() int { return int(l.guess & 1) }

// TryClose closes the guard. If it returns false it must be followed by Wake.
func (l Leaf) TryClose() bool { return l.count.Swap(0) == 1 }

// Wake wakes the writer.
func (l Leaf) Wake() { l.reader.wake() }

// NewReader implements Strategy.
func (e *epoch) NewReader(name string) Reader {
	r := &epochReader{epoch: e, name: name}
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.name == "" {
		r.name = fmt.Sprintf("reader %d", e.created)
	}
	e.created++
	r.index = len(e.readers)
	e.readers = append(e.readers, r)
	return r
}

// Unregister implements Reader. A reader with open guards remains in the list until a
// swap finds it without any.
func (r *epochReader) Unregister() {
	r.epoch.mu.Lock()
	defer r.epoch.mu.Unlock()
	r.left = true
	if r.guards(0)+r.guards(1) == 0 {
		r.epoch.remove(r)
	}
}

// Abandon implements Reader. Nobody uses the reader, so its counts may be written here.
func (r *epochReader) Abandon() {
	r.epoch.mu.Lock()
	r.epoch.remove(r)
	r.epoch.mu.Unlock()
	flags := r.count[0].Swap(0) | r.count[1].Swap(0) | r.leaf[0].Swap(0) | r.leaf[1].Swap(0)
	if flags >= awaited {
		r.wake()
	}
}

// remove takes r off the list if it is there. e.mu is held.
func (e *epoch) remove(r *epochReader) {
	if r.index < 0 {
		return
	}
	last := len(e.readers) - 1
	e.readers[r.index] = e.readers[last]
	e.readers[r.index].index = r.index
	e.readers[last] = nil
	e.readers = e.readers[:last]
	r.index = -1
}

// StartSwap implements Strategy. The swap comes before the list is taken: a reader that
// registers too late to be on the list opens its first guard after the swap, in the copy
// that is readable then, so the writer need not wait for it.
func (e *epoch) StartSwap() {
	old := int(e.version.Load() & 1)
	e.version.Store(e.version.Load() + 1)

	e.mu.Lock()
	defer e.mu.Unlock()
	for i := 0; i < len(e.readers); {
		r := e.readers[i]
		if r.guards(old) != 0 {
			e.pending = append(e.pending, r)
		}
		if r.left && r.guards(0)+r.guards(1) == 0 {
			e.remove(r) // moves another reader to place i
		} else {
			i++
		}
	}
}

// TryFinish implements Strategy.
func (e *epoch) TryFinish() bool { return e.look(false) }

// look takes the readers off pending that have no guard in the old copy any more, and
// reports whether that were all. A reader that has once been seen so after the swap can
// open none there until the next one. With sleep, the last guard of those that remain
// wakes the writer when it is closed.
func (e *epoch) look(sleep bool) bool {
	old := int(e.version.Load()+1) & 1
	still := e.pending[:0]
	for _, r := range e.pending {
		guards, leaf := held(&r.count[old], sleep), held(&r.leaf[old], sleep)
		if guards || leaf {
			still = append(still, r)
		}
	}
	clear(e.pending[len(still):])
	e.pending = still
	return len(still) == 0
}

// held reports whether count is above zero, and with sleep leaves the flag awaited there
// if so.
func held(count *atomicx.Uint32, sleep bool) bool {
	n := count.Load()
	if sleep && n != 0 {
		n = count.Or(awaited) | awaited
	}
	if n == awaited {
		count.And(^uint32(awaited))
	}
	return n&^awaited != 0
}

// Finish implements Strategy.
func (e *epoch) Finish(cancel <-chan struct{}) error {
	if atomicx.AwaitWhole(e.quiet) {
		e.pending = e.pending[:0]
		return nil
	}
	return wait(&e.parker, e.look, cancel, e.opts.StallAfter, e.stalled)
}

// quiet reports whether no pending reader has a guard in the old copy. Unlike TryFinish
// it changes nothing.
func (e *epoch) quiet() bool {
	for _, r := range e.pending {
		if r.guards(int(e.version.Load()+1)&1) != 0 {
			return false
		}
	}
	return true
}

func (e *epoch) stalled(waited time.Duration) {
	swap := e.version.Load()
	s := Stall{Swap: swap, Waited: waited}
	for _, r := range e.pending {
		if n := r.guards(int(swap+1) & 1); n != 0 {
			s.Holders = append(s.Holders, Holder{Reader: r.name, Guards: int(n)})
		}
	}
	e.opts.Stalled(s)
}
