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
	// Read by readers. Written only by a swap, and by a writer that goes to sleep.
	version atomicx.Uint64 // number of swaps; its parity is the readable copy
	sleeper
	_ [128 - 24]byte

	// The writer's own.
	pending []*EpochReader // not yet seen without a guard in the old copy
	opts    Options

	mu      atomicx.Mutex // guards what follows, and is never held during a wait
	readers []*EpochReader
	created int // readers so far, to name them
}

// Epoch returns the strategy that is called epoch: atomic, and the default.
// Opening a guard takes at most 3 loads of the version and 3 stores of the reader's own
// counts; closing one takes 1 store and 1 load.
func Epoch(o Options) Strategy {
	return &epoch{opts: o.withDefaults(), sleeper: sleeper{parker: atomicx.NewParker()}}
}

// EpochReader is a Reader of the strategy epoch, for callers that want to have its calls
// inlined: its counts and what belongs to them, alone on their cache lines
// (two, since processors fetch them in pairs).
type EpochReader struct {
	count [2]atomicx.Uint32 // guards open in each copy; written by this reader only
	own   [2]uint32         // the same, for the reader itself: what was stored atomically is slow to be read back
	epoch *epoch
	name  string
	index int  // in epoch.readers, or -1; guarded by epoch.mu
	left  bool // unregistered, but perhaps with guards; guarded by epoch.mu
	_     [128 - 56]byte
}

// Open implements Reader. It keeps S1: a writer that is about to change copy c has swapped
// away from c and has afterwards seen this reader's count of c at zero. Let the reader
// have raised that count. If it then finds the version naming c, either that look came
// before the swap, so that the count stood when the writer looked; or c has become
// readable again, and the next writer to want it has yet to swap and to look.
func (r *EpochReader) Open() (copy int) {
	copy, ok := r.TryOpen()
	if !ok {
		copy = r.Reopen(copy)
	}
	return copy
}

// TryOpen is the part of Open that nearly always suffices, small enough to be inlined
// into a look-up. If it returns false, Reopen of the copy that it returns must follow.
func (r *EpochReader) TryOpen() (copy int, ok bool) {
	c := r.epoch.version.Load() & 1
	r.own[c]++
	r.count[c].Store(r.own[c])
	return int(c), r.epoch.version.Load()&1 == c
}

// Reopen ends an Open that raised the count of c and then found that c had ceased to be
// readable. Trying again with the other copy alone could go on for ever. Instead both
// counts stand before the version is read for the last time, so that whichever copy it
// names, perhaps c once more, is held by the argument at Open. The other count is given
// back, which may be what the writer sleeps for.
func (r *EpochReader) Reopen(c int) (copy int) {
	r.own[1-c]++
	r.count[1-c].Store(r.own[1-c])
	last := int(r.epoch.version.Load() & 1)
	r.Close(1 - last)
	return last
}

// Close implements Reader. Nothing that the reader did under the guard can come after the
// store, and whatever the writer does to the copy comes after its load of the same count.
func (r *EpochReader) Close(copy int) {
	if !r.TryClose(copy) {
		r.Wake()
	}
}

// TryClose is the part of Close that nearly always suffices, small enough to be inlined
// into a look-up. If it returns false, Wake must follow.
func (r *EpochReader) TryClose(copy int) bool {
	c := copy & 1
	r.own[c]--
	r.count[c].Store(r.own[c])
	return r.epoch.asleep.Load() == 0
}

// idle reports whether no guard of r is open.
func (r *EpochReader) idle() bool { return r.count[0].Load()|r.count[1].Load() == 0 }

// Wake wakes the writer if it sleeps.
func (r *EpochReader) Wake() { r.epoch.wakeSlow() }

// NewReader implements Strategy.
func (e *epoch) NewReader(name string) Reader {
	r := &EpochReader{epoch: e, name: name}
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
func (r *EpochReader) Unregister() {
	r.epoch.mu.Lock()
	defer r.epoch.mu.Unlock()
	r.left = true
	if r.idle() {
		r.epoch.remove(r)
	}
}

// Abandon implements Reader. Nobody uses the reader, so its counts may be written here.
func (r *EpochReader) Abandon() {
	r.epoch.mu.Lock()
	r.epoch.remove(r)
	r.epoch.mu.Unlock()
	r.count[0].Store(0)
	r.count[1].Store(0)
	r.epoch.wake()
}

// remove takes r off the list if it is there. e.mu is held.
func (e *epoch) remove(r *EpochReader) {
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
		if r.count[old].Load() != 0 {
			e.pending = append(e.pending, r)
		}
		if r.left && r.idle() {
			e.remove(r) // moves another reader to place i
		} else {
			i++
		}
	}
}

// TryFinish implements Strategy. A reader that has once been seen without a guard in the
// old copy after the swap can open none there until the next one.
func (e *epoch) TryFinish() bool {
	old := int(e.version.Load()+1) & 1
	still := e.pending[:0]
	for _, r := range e.pending {
		if r.count[old].Load() != 0 {
			still = append(still, r)
		}
	}
	clear(e.pending[len(still):])
	e.pending = still
	return len(still) == 0
}

// Finish implements Strategy.
func (e *epoch) Finish(cancel <-chan struct{}) error {
	if atomicx.AwaitWhole(e.quiet) {
		e.pending = e.pending[:0]
		return nil
	}
	return e.wait(e.TryFinish, cancel, e.opts.StallAfter, e.stalled)
}

// quiet reports whether no pending reader has a guard in the old copy. Unlike TryFinish
// it changes nothing.
func (e *epoch) quiet() bool {
	for _, r := range e.pending {
		if r.count[(e.version.Load()+1)&1].Load() != 0 {
			return false
		}
	}
	return true
}

func (e *epoch) stalled(waited time.Duration) {
	swap := e.version.Load()
	s := Stall{Swap: swap, Waited: waited}
	for _, r := range e.pending {
		if n := r.count[(swap+1)&1].Load(); n != 0 {
			s.Holders = append(s.Holders, Holder{Reader: r.name, Guards: int(n)})
		}
	}
	e.opts.Stalled(s)
}
