// Package buffers builds a double buffer of any type T in three layers, each over the
// one before it:
//
//   - [WriteHandle] with its [ReadHandle] and [ReadGuard]: two copies and a strategy. It
//     swaps, and can wait for the swap to finish.
//   - [DelayWriteHandle]: a swap is started now and finished when the copy is next needed.
//   - [OpWriteHandle]: a log, so that every operation is applied once to each copy.
//
// A write handle belongs to one goroutine at a time. Read handles may be made on any
// goroutine, and each is used by one goroutine at a time.
package buffers

import (
	"runtime"
	"unsafe"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

// slot is one copy. While it is readable nobody changes it; while it is the writer's no
// guard is open in it (law S1).
type slot[T any] struct {
	strategy.Copy // first, see slotOf
	data          T
	version       uint64              // of data, when it was last made readable
	opened        *invariants.Counter // guards open on the data
	_             [112]byte           // keeps the writer's changes to one copy off the readers' lines of the other
}

func newSlot[T any](index int, data T) *slot[T] {
	s := &slot[T]{data: data, opened: new(invariants.Counter)}
	s.Index, s.Guards = index, invariants.NewGuards()
	return s
}

// renewed returns another slot with the data of s.
func (s *slot[T]) renewed() *slot[T] {
	r := &slot[T]{data: s.data, opened: s.opened}
	r.Index, r.Guards = s.Index, invariants.NewGuards()
	return r
}

// slotOf returns the slot whose first field c is. Strategies know no type of data, and hand
// back the pointers that they were given.
func slotOf[T any](c *strategy.Copy) *slot[T] { return (*slot[T])(unsafe.Pointer(c)) }

// WriteHandle is the writer's side of a double buffer.
type WriteHandle[T any] struct {
	strategy         strategy.Strategy
	readable, writer *slot[T]
	version          uint64
	renewing         bool // the strategy is Renewing
}

// NewWriteHandle returns a double buffer under s, which must be fresh and is used for
// nothing else. A T must be good after it has been moved, which a strategy may ask for. The content of both copies must be equal; copy 0 is readable first.
func NewWriteHandle[T any](s strategy.Strategy, copy0, copy1 T) *WriteHandle[T] {
	w := &WriteHandle[T]{strategy: s, readable: newSlot(0, copy0), writer: newSlot(1, copy1)}
	_, w.renewing = s.(strategy.Renewing)
	s.Begin(&w.readable.Copy)
	atomicx.BeginWrite(w.writer)
	return w
}

// Version returns the number of swaps started so far, which is the version that new
// guards see.
func (w *WriteHandle[T]) Version() uint64 { return w.version }

// Writer returns the writer's copy. It may be read and changed from the end of the wait
// for one swap to the start of the next.
func (w *WriteHandle[T]) Writer() *T { return &w.writer.data }

// StartSwap makes the writer's copy the readable one, as the next version. It does not
// wait. The swap before it must have finished.
func (w *WriteHandle[T]) StartSwap() {
	w.checkExclusion()
	w.version++
	// S1 makes this copy the writer's, so the version may be written like the data.
	w.writer.version = w.version
	atomicx.EndWrite(w.writer)
	w.readable, w.writer = w.writer, w.readable
	w.strategy.StartSwap(&w.readable.Copy)
	if w.renewing {
		w.writer = w.writer.renewed()
	}
}

// TryFinishSwap reports whether the last swap has finished, without waiting. Once it has
// said so, it must not be called again before the next swap.
func (w *WriteHandle[T]) TryFinishSwap() bool {
	if !w.strategy.TryFinish() {
		return false
	}
	w.enter()
	return true
}

// FinishSwap waits until the last swap has finished or cancel is closed, as described at
// [strategy.Strategy]. Once it has returned nil, it must not be called again before the
// next swap.
func (w *WriteHandle[T]) FinishSwap(cancel <-chan struct{}) error {
	if err := w.strategy.Finish(cancel); err != nil {
		return err
	}
	w.enter()
	return nil
}

// Detach ends the last swap without waiting for it. The copy in which readers have guards
// is left to them and the garbage collector, and the writer has a clone of the readable one
// instead. clone is called once, on what it must only read.
func (w *WriteHandle[T]) Detach(clone func(*T) T) {
	data := clone(&w.readable.data) // if that panics, nothing has been detached
	w.strategy.Detach()
	w.writer = newSlot(w.writer.Index, data)
	w.enter()
}

// enter marks the end of the wait, from which on the copy is the writer's.
func (w *WriteHandle[T]) enter() {
	atomicx.BeginWrite(w.writer)
	w.checkExclusion()
}

func (w *WriteHandle[T]) checkExclusion() {
	if invariants.Enabled {
		n := w.writer.opened.Load()
		invariants.Check(n == 0, "S1", "%d guards are open in the writer's copy; version %d is readable", n, w.version)
	}
}

// NewReadHandle returns a new handle for reading. Any goroutine may call it at any time,
// also while the writer waits. An empty name is replaced by a number; names stand in
// the report of a stall.
func (w *WriteHandle[T]) NewReadHandle(name string) *ReadHandle[T] {
	h := new(ReadHandle[T])
	w.Register(h, name)
	return h
}

// Register makes the zero ReadHandle h a new handle, as NewReadHandle does. It lets a
// handle be part of a larger struct, which must not be copied.
func (w *WriteHandle[T]) Register(h *ReadHandle[T], name string) { h.register(w.strategy, name) }

// Share returns new handles that any number of goroutines may use at once, but for Close. A
// guard may go from one goroutine to another. Which handle a goroutine uses makes no
// difference but in time, see [strategy.Sharer]; if the strategy is none, there are no handles.
func (w *WriteHandle[T]) Share() (handles []*ReadHandle[T]) {
	if s, ok := w.strategy.(strategy.Sharer); ok {
		for _, r := range s.NewShared() {
			h := new(ReadHandle[T])
			h.prepare(s, r, true)
			handles = append(handles, h)
		}
	}
	return handles
}

// ReadHandle is a registered reader. A handle that is dropped without Close is
// unregistered when the garbage collector finds it, together with guards of it that
// were dropped without Release.
type ReadHandle[T any] struct {
	reader   strategy.Reader
	strategy strategy.Strategy
	use      *use // in checked builds
	token    *atomicx.Token
}

// use is what checked builds know of the use that is made of a handle.
type use struct {
	invariants.Owner
	shared  bool
	calls   invariants.Counter // that are under way, if not shared
	version uint64             // that the look-up sees that is under way, if not shared
}

func (h *ReadHandle[T]) register(s strategy.Strategy, name string) {
	h.prepare(s, s.NewReader(name), false)
}

// prepare makes the zero ReadHandle h one that reads by r.
func (h *ReadHandle[T]) prepare(s strategy.Strategy, r strategy.Reader, shared bool) {
	h.reader, h.strategy = r, s
	if invariants.Enabled {
		h.use = &use{shared: shared}
	}
	h.token = atomicx.NewToken(h, dropped.abandon, dropped{h.reader, h.use})
}

// dropped is what remains of a handle that was dropped without Close.
type dropped struct {
	reader strategy.Reader
	use    *use
}

func (d dropped) abandon() {
	if invariants.Enabled {
		d.use.Abandon()
	}
	d.reader.Abandon()
}

// Clone makes the zero ReadHandle clone another handle on the same double buffer,
// independent of h. Unlike the other methods of h it may be called from any goroutine.
func (h *ReadHandle[T]) Clone(clone *ReadHandle[T], name string) { clone.register(h.strategy, name) }

// Close unregisters h: opening a guard on it panics from now on. Guards that are open
// stay valid, and hold the writer up, until they are released. Closing twice is harmless.
func (h *ReadHandle[T]) Close() {
	if _, ok := h.reader.(closedReader); ok {
		return
	}
	h.reader.Unregister()
	h.reader = closedReader{h.reader}
}

// closedReader stands in for the reader of a closed handle, so that open guards can
// still be released and no read pays for the check.
type closedReader struct{ strategy.Reader }

func (closedReader) Open() *strategy.Copy { panic("doublebuf: read handle used after Close") }

// Begin and End enclose each call on h in checked builds. Begin panics if another is under way.
func (h *ReadHandle[T]) Begin() {
	if invariants.Enabled && !h.use.shared && h.use.calls.Add(1) != 1 {
		h.use.calls.Add(-1)
		panic("doublebuf: two goroutines use one read handle at once; each needs its own, see Clone")
	}
}

func (h *ReadHandle[T]) End() {
	if invariants.Enabled && !h.use.shared {
		h.use.calls.Add(-1)
	}
}

// Read opens a guard. It never blocks and never allocates, but in checked builds.
func (h *ReadHandle[T]) Read() ReadGuard[T] {
	if invariants.Enabled {
		h.Begin()
		defer h.End()
	}
	c := h.reader.Open()
	s := slotOf[T](c)
	s.enter()
	return ReadGuard[T]{h.opened(s), h, s}
}

// opened is what checked builds know of a guard that h has opened in s.
func (h *ReadHandle[T]) opened(s *slot[T]) (g invariants.Guard) {
	if invariants.Enabled {
		// A guard that is dropped looks at nothing any more, and keeps S1. Whether the writer still
		// waits for it is the strategy's affair. If that ends it with its handle, or the copy, it does so
		// after this, since these are referred to.
		g = s.Guards.Open(&h.use.Owner, s.version, func() {
			s.opened.Add(-1)
			runtime.KeepAlive(h)
		})
	}
	return g
}

// Leaf returns a leaf of the reader of h, if its strategy has one: with that, a caller can
// have all inlined that Read and Release do. He opens a guard by it, calls Enter, reads
// the Data, calls Leave, and closes the guard.
func (h *ReadHandle[T]) Leaf() (strategy.Leaf, bool) { return strategy.LeafOf(h.reader) }

// Indicators returns what Leaf does, for all handles of one call of Share.
func Indicators[T any](handles []*ReadHandle[T]) (strategy.Indicators, bool) {
	return strategy.IndicatorsOf(readersOf(handles))
}

func readersOf[T any](handles []*ReadHandle[T]) (readers []strategy.Reader) {
	for _, h := range handles {
		readers = append(readers, h.reader)
	}
	return readers
}

// Readable returns where to load the copy from that a guard of the handles pins, if nothing
// else opens one, or nil; see [strategy.ReadableOf].
func Readable[T any](handles []*ReadHandle[T]) *atomicx.Pointer[strategy.Copy] {
	return strategy.ReadableOf(readersOf(handles))
}

// Data returns the data of a copy, to be read only while a guard of the reader pins it.
func (h *ReadHandle[T]) Data(c *strategy.Copy) *T { return &slotOf[T](c).data }

// Enter is to be called when the reader of h has opened a guard in c by its leaf or the like.
func (h *ReadHandle[T]) Enter(c *strategy.Copy) {
	s := slotOf[T](c)
	s.enter()
	if invariants.Enabled && !h.use.shared {
		h.use.version = s.version
	}
}

// Leave is to be called before the reader of h closes that guard.
func (h *ReadHandle[T]) Leave(c *strategy.Copy) {
	s := slotOf[T](c)
	if invariants.Enabled && !h.use.shared {
		s.checkVersion(h.use.version)
	}
	s.leave()
}

// enter marks that a guard has been opened in s, and leave that it is about to be closed.
func (s *slot[T]) enter() {
	atomicx.BeginRead(s)
	if invariants.Enabled {
		s.opened.Add(1)
	}
}

func (s *slot[T]) leave() {
	if invariants.Enabled {
		s.opened.Add(-1)
	}
	atomicx.EndRead(s)
}

// checkVersion asserts on the reader's side of the door what checkExclusion asserts on the
// writer's: the copy that a guard pins is of one version as long as the guard is open.
func (s *slot[T]) checkVersion(opened uint64) {
	invariants.Check(opened == s.version, "G1 or V1", "a guard opened on version %d finds version %d in its copy", opened, s.version)
}

// ReadGuard is an open read. It pins one version, which does not change until Release.
// It belongs to the goroutine of its handle. While a guard is open the writer can publish
// once more and not twice, so a goroutine that holds one must not itself wait for a second
// publish.
type ReadGuard[T any] struct {
	open   invariants.Guard
	handle *ReadHandle[T]
	slot   *slot[T]
}

// Value returns the copy that the guard pins. It must not be changed, nor used after Release.
func (g ReadGuard[T]) Value() *T { return &g.slot.data }

// Version returns the number of swaps that the guard sees.
func (g ReadGuard[T]) Version() uint64 { return g.slot.version }

// KeepAlive keeps the guard from being found dropped before this call. Release does so
// too; whoever uses Value and may forget to call Release calls KeepAlive after each use. In checked
// builds it panics if the guard has been released.
func (g ReadGuard[T]) KeepAlive() {
	if invariants.Enabled {
		g.slot.Guards.MustBeOpen(g.open, "guard used after its release")
	}
	runtime.KeepAlive(g.handle)
	runtime.KeepAlive(g.slot) // which is the guard, under some strategies
}

// Release closes the guard. It wakes the writer if it sleeps, and never blocks. In checked builds it
// panics if the guard has been released.
func (g ReadGuard[T]) Release() {
	if invariants.Enabled {
		g.slot.Guards.MustBeOpen(g.open, "guard released twice")
		g.handle.Begin()
		defer g.handle.End()
		g.slot.checkVersion(g.open.Version())
		g.slot.Guards.Close(g.open)
	}
	g.slot.leave()
	g.handle.reader.Close(&g.slot.Copy)
	runtime.KeepAlive(g.handle)
}
