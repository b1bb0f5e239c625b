// Package buffers builds a double buffer of any type T in three layers. Each is built on the one
// before it:
//
//   - [WriteHandle] with its [ReadHandle] and [ReadGuard]: two copies and a strategy. It swaps, and
//     can wait for the swap to finish.
//   - [DelayWriteHandle]: a swap is started now and finished when the copy is next needed.
//   - [OpWriteHandle]: a log, so that every operation is applied once to each copy.
//
// One goroutine at a time uses a write handle. Any goroutine may make read handles. One goroutine
// at a time uses a read handle.
package buffers

import (
	"runtime"
	"unsafe"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

// slot is one copy. While it is readable, nothing changes it. While it is the writer's, no guard is
// open in it (law S1).
type slot[T any] struct {
	strategy.Copy // first, see slotOf
	data          T
	_             [64]byte            // what is above does not change at each publish
	version       uint64              // of data, when it was last made readable
	opened        *invariants.Counter // guards open on the data
	_             [112]byte           // so that the two copies share no cache line
}

func newSlot[T any](index int, data T) *slot[T] {
	s := &slot[T]{data: data, opened: new(invariants.Counter)}
	s.Index, s.Guards = index, invariants.NewGuards()
	if v, ok := any(&s.data).(viewer); ok {
		s.View = v.View()
	}
	return s
}

// viewer is implemented by *T if lookups can read a copy without a guard. They read what View
// returns. It is the same for one copy at all times. See [strategy.Glance].
type viewer interface{ View() unsafe.Pointer }

// renewed returns another slot with the data of s.
func (s *slot[T]) renewed() *slot[T] {
	r := &slot[T]{data: s.data, opened: s.opened}
	r.Index, r.View, r.Guards = s.Index, s.View, invariants.NewGuards()
	return r
}

// slotOf returns the slot whose first field is c. Strategies do not know the type of the data,
// and return the pointers that they were given.
func slotOf[T any](c *strategy.Copy) *slot[T] { return (*slot[T])(unsafe.Pointer(c)) }

// WriteHandle is the writer's side of a double buffer.
type WriteHandle[T any] struct {
	strategy         strategy.Strategy
	readable, writer *slot[T] // writer is nil after Close
	version          uint64
	renewing         bool // the strategy is Renewing
}

// NewWriteHandle returns a double buffer under s, which must be new and is used for nothing else.
// A T must remain valid when its struct is copied, because a strategy may need that. Both copies
// must have equal contents. Copy 0 is readable first.
func NewWriteHandle[T any](s strategy.Strategy, copy0, copy1 T) *WriteHandle[T] {
	w := &WriteHandle[T]{strategy: s, readable: newSlot(0, copy0), writer: newSlot(1, copy1)}
	_, w.renewing = s.(strategy.Renewing)
	s.Begin(&w.readable.Copy)
	atomicx.BeginWrite(w.writer)
	return w
}

// Version returns the number of swaps started so far. This is the version that new guards see.
func (w *WriteHandle[T]) Version() uint64 { return w.version }

// Writer returns the writer's copy. The caller may read and change it from the end of the wait
// for one swap to the start of the next.
func (w *WriteHandle[T]) Writer() *T { return &w.writer.data }

// StartSwap makes the writer's copy the readable one, as the next version. It does not wait. The
// swap before it must have finished.
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

// TryFinishSwap reports whether the last swap has finished. It does not wait. When it has
// returned true, it must not be called again before the next swap.
func (w *WriteHandle[T]) TryFinishSwap() bool {
	if !w.strategy.TryFinish() {
		return false
	}
	w.enter()
	return true
}

// FinishSwap waits until the last swap has finished or cancel is closed, as described at
// [strategy.Strategy]. When it has returned nil, it must not be called again before the next swap.
func (w *WriteHandle[T]) FinishSwap(cancel <-chan struct{}) error {
	if err := w.strategy.Finish(cancel); err != nil {
		return err
	}
	w.enter()
	return nil
}

// Detach ends the last swap without waiting for it. The old copy is left to the guards in it and
// to the garbage collector, and the writer gets a clone of the readable copy instead. clone is
// called once, and must only read its argument.
func (w *WriteHandle[T]) Detach(clone func(*T) T) {
	data := clone(&w.readable.data) // if that panics, nothing has been detached
	w.strategy.Detach()
	w.writer = newSlot(w.writer.Index, data)
	w.enter()
}

// freer is implemented by *T if Free gives back the memory of a copy, even if something still
// refers to it. A handle caches the copy of its last lookup until its next one.
type freer interface{ Free() }

// Close ends writing, without waiting. Readers keep the readable copy. The other one is freed if no
// guard is open there. Otherwise it is left to those guards and to the garbage collector.
// outstanding says whether the last swap has not been finished. Closing twice is harmless.
func (w *WriteHandle[T]) Close(outstanding bool) {
	if w.writer == nil {
		return
	}
	if w.strategy.End() {
		if outstanding {
			w.enter()
		}
		if t, ok := any(&w.writer.data).(freer); ok {
			t.Free()
		}
	}
	w.writer = nil
}

// enter records the end of the wait. From now on the copy is the writer's.
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

// NewReadHandle returns a new handle for reading. Any goroutine may call it at any time, also
// while the writer waits. The name appears in the report of a stall; an empty one is replaced by
// a number.
func (w *WriteHandle[T]) NewReadHandle(name string) *ReadHandle[T] {
	h := new(ReadHandle[T])
	w.Register(h, name)
	return h
}

// Register makes the zero ReadHandle h a new handle, as NewReadHandle does. So a handle can be
// part of a larger struct, which must not be copied.
func (w *WriteHandle[T]) Register(h *ReadHandle[T], name string) { h.register(w.strategy, name) }

// Share returns new handles that any number of goroutines may use at once, except for Close. A
// guard may be passed from one goroutine to another. Which handle a goroutine uses affects only
// the time it takes; see [strategy.Sharer]. If the strategy is not a Sharer, Share returns no
// handles.
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

// ReadHandle is a registered reader. If a handle is dropped without Close, the garbage collector
// unregisters it, and ends the guards of it that were dropped without Release.
type ReadHandle[T any] struct {
	reader   strategy.Reader
	strategy strategy.Strategy
	use      *use // in checked builds
	token    *atomicx.Token
}

// use is what checked builds record of the use of a handle.
type use struct {
	invariants.Owner
	shared  bool
	calls   invariants.Counter // under way, if not shared
	version uint64             // that the lookup under way sees, if not shared
}

func (h *ReadHandle[T]) register(s strategy.Strategy, name string) {
	h.prepare(s, s.NewReader(name), false)
}

// prepare makes the zero ReadHandle h a handle that reads through r.
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

// Clone makes the zero ReadHandle clone another handle on the same double buffer, independent of
// h. Unlike the other methods of h, it may be called from any goroutine.
func (h *ReadHandle[T]) Clone(clone *ReadHandle[T], name string) { clone.register(h.strategy, name) }

// Close unregisters h. Opening a guard through it panics from now on. Open guards stay valid, and
// hold the writer up, until they are released. Closing twice is harmless.
func (h *ReadHandle[T]) Close() {
	if _, ok := h.reader.(closedReader); ok {
		return
	}
	h.reader.Unregister()
	h.reader = closedReader{h.reader}
}

// closedReader replaces the reader of a closed handle, so that open guards can still be released
// and no read has to check.
type closedReader struct{ strategy.Reader }

func (closedReader) Open() *strategy.Copy { panic("doublebuf: read handle used after Close") }

// Begin and End enclose each call on h in checked builds. Begin panics if another call is under
// way.
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

// Read opens a guard. It never blocks. Except in checked builds it never allocates.
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

// opened returns the record that checked builds keep of a guard that h has opened in s.
func (h *ReadHandle[T]) opened(s *slot[T]) (g invariants.Guard) {
	if invariants.Enabled {
		// A guard that is dropped reads nothing any more, so S1 does not count it. Whether the
		// writer still waits for it depends on the strategy. The strategy may end the guard
		// together with its handle or its copy. That happens only after this function was called,
		// because the function refers to both.
		g = s.Guards.Open(&h.use.Owner, s.version, func() {
			s.opened.Add(-1)
			runtime.KeepAlive(h)
		})
	}
	return g
}

// Lookup makes the zero Lookup l the lookup guard of h. It returns false if the strategy has none.
// A lookup guard lets the compiler inline all that Read and Release do into the caller. The caller
// opens the guard, calls Enter, reads the Data, calls Leave, and closes the guard.
func (h *ReadHandle[T]) Lookup(l *strategy.Lookup) bool { return l.Init(h.reader) }

// Indicators returns an opener of lookup guards on the handles of one call of Share, and whether
// the strategy has them. It is used like Lookup.
func Indicators[T any](handles []*ReadHandle[T]) (strategy.Indicators, bool) {
	return strategy.IndicatorsOf(readersOf(handles))
}

// Glance returns the means to look at the readable copy without a guard, and whether the strategy
// has them.
func (h *ReadHandle[T]) Glance() (strategy.Glance, bool) { return strategy.GlanceOf(h.reader) }

func readersOf[T any](handles []*ReadHandle[T]) (readers []strategy.Reader) {
	for _, h := range handles {
		readers = append(readers, h.reader)
	}
	return readers
}

// Readable returns the word that holds the readable copy, if a load of that word alone opens a
// guard. Otherwise it returns nil; see [strategy.ReadableOf].
func Readable[T any](handles []*ReadHandle[T]) *atomicx.Pointer[strategy.Copy] {
	return strategy.ReadableOf(readersOf(handles))
}

// Data returns the data of a copy. It may only be read, and only while a guard of the reader pins
// the copy.
func (h *ReadHandle[T]) Data(c *strategy.Copy) *T { return &slotOf[T](c).data }

// Enter must be called after the caller has opened a lookup guard in c, by Lookup, Indicators or
// Readable.
func (h *ReadHandle[T]) Enter(c *strategy.Copy) {
	s := slotOf[T](c)
	s.enter()
	if invariants.Enabled && !h.use.shared {
		h.use.version = s.version
	}
}

// Leave must be called before the caller closes that guard.
func (h *ReadHandle[T]) Leave(c *strategy.Copy) {
	s := slotOf[T](c)
	if invariants.Enabled && !h.use.shared {
		s.checkVersion(h.use.version)
	}
	s.leave()
}

// enter records that a guard has been opened in s, and leave that it is about to be closed.
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

// checkVersion asserts on the reader's side what checkExclusion asserts on the writer's: while a
// guard is open, the copy that it pins is of one version.
func (s *slot[T]) checkVersion(opened uint64) {
	invariants.Check(opened == s.version, "G1 or V1", "a guard opened on version %d finds version %d in its copy", opened, s.version)
}

// ReadGuard is an open read. It pins one version, which does not change until Release. The
// goroutine that uses its handle uses it. While a guard is open, the writer can publish once more
// and not twice. So a goroutine that holds a guard must not wait for a second publish.
type ReadGuard[T any] struct {
	open   invariants.Guard
	handle *ReadHandle[T]
	slot   *slot[T]
}

// Value returns the copy that the guard pins. The caller must not change it, nor use it after
// Release.
func (g ReadGuard[T]) Value() *T { return &g.slot.data }

// Version returns the number of swaps that the guard sees.
func (g ReadGuard[T]) Version() uint64 { return g.slot.version }

// KeepAlive keeps the guard open until this call, even if the caller has dropped it. Release does
// so too. A caller that uses Value and may forget to call Release calls KeepAlive after each use.
// In checked builds it panics if the guard has been released.
func (g ReadGuard[T]) KeepAlive() {
	if invariants.Enabled {
		g.slot.Guards.MustBeOpen(g.open, "guard used after its release")
	}
	runtime.KeepAlive(g.handle)
	runtime.KeepAlive(g.slot) // which is the guard, under some strategies
}

// Release closes the guard. It wakes the writer if that sleeps, and never blocks. In checked
// builds it panics if the guard has been released.
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
