package hashmap

import (
	"context"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/table"
)

// Writers lets any number of goroutines write one map. Each writes through a [Writer] of its own,
// with a log of its own, and shares nothing with the others until it publishes.
//
// A publish hands the log over. If no other goroutine publishes, the caller becomes the publisher:
// it publishes what has been handed over, and goes on while others hand over more. Otherwise the
// caller returns at once, and the publisher publishes its log too. This is flat combining
// (Hendler, Incze, Shavit and Tzafrir, 2010) in which no caller waits for its answer.
//
// The laws:
//
//   - W1: the operations of one Writer take effect in their order, each exactly once.
//   - W2: what was handed over at once takes effect at once: one version has all of it. The order
//     of what different Writers hand over is the same in both copies.
//   - W3: what has been handed over is in the next version that is made after that, or in the
//     one after it.
//   - W4: a Publish that finds more than MaxBacklog operations handed over waits until its own are
//     visible. So at most three times MaxBacklog operations wait for a publish, and what each
//     Writer hands over at once.
//   - W5: a PublishContext or TryPublish that fails has handed over nothing. Its operations are in
//     no version before a later call of its Writer.
//
// Any goroutine may call the methods of Writers at any time.
type Writers[K comparable, V any] struct {
	handed   atomicx.Pointer[batch[K, V]] // a stack: writers push, the publisher takes all
	backlog  atomicx.Int64                // operations on it
	_        [48]byte
	led      atomicx.Bool // a goroutine is the publisher
	ended    atomicx.Pointer[error]
	sleepers sleepers[K, V]

	// Only the publisher uses the fields below.
	w      *WriteHandle[K, V]
	logged []receipt[K, V] // of what is in the log of w, and not published
	ops    int             // in the log of w, and not published
	ending bool            // Close has been called, and everything before it is in the log of w
}

// MaxBacklog is the number of operations that may be handed over and not published before a
// Publish waits.
const MaxBacklog = 1 << 14

// NewWriters returns the writing side of a new, empty map.
func NewWriters[K comparable, V any](options ...Option) *Writers[K, V] {
	return &Writers[K, V]{w: New[K, V](options...)}
}

// NewReadHandle returns a new handle for reading.
func (s *Writers[K, V]) NewReadHandle() *ReadHandle[K, V] { return s.w.NewReadHandle() }

// Share returns a new Shared for the map, or ErrHandles.
func (s *Writers[K, V]) Share() (*Shared[K, V], error) { return s.w.Share() }

// Close publishes what has been handed over, and ends writing. It waits for readers as
// [WriteHandle.Publish] does. What has not been handed over is lost, and what is handed over
// beside Close may be: the Publish may return nil, but Wait returns ErrClosed. Readers keep the
// last version. Closing twice does no harm.
func (s *Writers[K, V]) Close() {
	w := s.NewWriter()
	w.handOver(true)
	_, _ = w.await(nil)
}

// Writer is the writer of one goroutine. It needs no Close: when it is dropped, what it has handed
// over is published all the same, and the rest is lost.
type Writer[K comparable, V any] struct {
	log     []table.Op[K, V] // not handed over
	writers *Writers[K, V]
	box     *mailbox[K, V]
	handed  uint64 // how often it has handed over
	_       [64]byte
}

// NewWriter returns a new Writer. Any number of them may be in use.
func (s *Writers[K, V]) NewWriter() *Writer[K, V] {
	return &Writer[K, V]{writers: s, box: &mailbox[K, V]{parker: atomicx.NewParker()}}
}

// Insert sets key to value. Like all operations it only goes to the log of w. It waits for nothing
// and touches nothing that other goroutines use. It panics if key cannot be hashed.
func (w *Writer[K, V]) Insert(key K, value V) {
	s := w.writers.w
	s.check(key)
	w.log = append(w.log, s.maker.Set(key, value))
}

// Remove removes key if it is there.
func (w *Writer[K, V]) Remove(key K) {
	s := w.writers.w
	s.check(key)
	w.log = append(w.log, s.maker.Delete(key))
}

// Clear removes all entries; see [WriteHandle.Clear].
func (w *Writer[K, V]) Clear() { w.log = append(w.log, w.writers.w.maker.Clear()) }

// Update changes the value of key by f; see [WriteHandle.Update]. The publisher calls f, which may
// be another goroutine. If f panics, the operation is dropped, and the next Publish, PublishContext
// or Wait of w panics with the same value.
func (w *Writer[K, V]) Update(key K, f func(value V, ok bool) (V, bool)) {
	mustFunc(f == nil, "Update")
	s := w.writers.w
	s.check(key)
	w.log = append(w.log, s.maker.Update(key, f).Recovering(w.box.complain))
}

// Retain calls f for every entry and removes those for which f returns false; see
// [WriteHandle.Retain]. The publisher calls f, as it calls that of Update.
func (w *Writer[K, V]) Retain(f func(key K, value *V) bool) {
	mustFunc(f == nil, "Retain")
	w.log = append(w.log, w.writers.w.maker.Retain(f).Recovering(w.box.complain))
}

// HasPending reports whether there are operations that have not been handed over.
func (w *Writer[K, V]) HasPending() bool { return len(w.log) > 0 }

// Publish hands over all operations since the last Publish of w. They become visible at once,
// with the next version or the one after it. If no goroutine publishes, the caller does. If
// readers are still in the copy that it needs, or if another goroutine publishes, Publish
// returns: that goroutine, or a later Publish or Wait of any Writer, publishes the operations.
// Only if too much waits for that does Publish wait for readers; see law W4. So a goroutine that
// holds a guard for long must not publish meanwhile. The error is ErrClosed or ErrPoisoned.
func (w *Writer[K, V]) Publish() error {
	defer w.panic()
	total, err := w.handOver(false)
	if err == nil && total > MaxBacklog {
		_, err = w.await(nil)
	}
	return err
}

// Wait waits until everything that w has handed over is visible to each guard that is opened from
// then on. It returns a version that has it, or the cause if ctx is done before. It may publish
// itself, and then waits for readers as [WriteHandle.Publish] does.
func (w *Writer[K, V]) Wait(ctx context.Context) (version uint64, err error) {
	defer w.panic()
	version, err = w.await(ctx.Done())
	return version, cause(ctx, err)
}

// TryPublish publishes the operations since the last Publish of w, if that need not wait: no other
// goroutine publishes, and no reader is in the copy that it needs. It returns the version that has
// them. Otherwise they stay in the log of w, and TryPublish returns false.
func (w *Writer[K, V]) TryPublish() (version uint64, ok bool, err error) {
	defer w.panic()
	if s := w.writers; s.led.CompareAndSwap(false, true) {
		ok, err = w.publishOwn(turn[K, V]{waits: never})
	}
	return w.box.version.Load(), ok, err
}

// PublishContext publishes the operations since the last Publish of w, and returns the version that
// has them. It waits until no other goroutine publishes, and then for readers as
// [WriteHandle.Publish] does. It gives up when ctx is done, and returns the cause. On an error it
// has published nothing and has handed over nothing: the operations stay in the log of w. Publish
// and Wait together cost less beside other Writers, because they need not become the publisher.
func (w *Writer[K, V]) PublishContext(ctx context.Context) (version uint64, err error) {
	defer w.panic()
	if _, err = w.become(w.handed+1, ctx.Done()); err == nil {
		_, err = w.publishOwn(turn[K, V]{waits: always, cancel: ctx.Done()})
	}
	return w.box.version.Load(), cause(ctx, err)
}

// Flush waits until no guard of a version before the last one is open. It publishes nothing of w.
// It first waits until no other goroutine publishes. It gives up when ctx is done, and returns the
// cause. With WithMaxWait it waits for readers no longer than that, and then returns
// [strategy.ErrMaxWait]. Meanwhile other Writers hand over, and Flush publishes that before it
// returns.
func (w *Writer[K, V]) Flush(ctx context.Context) error {
	defer w.panic()
	_, err := w.become(w.handed+1, ctx.Done())
	if err == nil {
		_, err = w.writers.lead(turn[K, V]{cancel: ctx.Done(), flush: true})
	}
	return cause(ctx, err)
}

// Published returns a version that has all that w has handed over, and whether there is one yet.
func (w *Writer[K, V]) Published() (version uint64, ok bool) {
	ok = w.box.done.Load() >= w.handed
	return w.box.version.Load(), ok
}

// handOver hands the log of w over, and publishes if no other goroutine does. It returns the number
// of operations that still wait for a publish, at least. last says that it is for Close.
func (w *Writer[K, V]) handOver(last bool) (total int, err error) {
	s := w.writers
	if err := s.ended.Load(); err != nil {
		return 0, *err
	}
	t := turn[K, V]{}
	if last {
		t.waits = always
	}
	w.handed++
	if s.led.CompareAndSwap(false, true) {
		s.take()
		s.enter(w.log, w.box, w.handed, last)
		w.log = emptied(w.log)
		return 0, w.lead(t)
	}
	b := w.box.reuse()
	b.ops, w.log, b.n, b.last = w.log, b.ops, w.handed, last
	total = s.push(b)
	if s.led.CompareAndSwap(false, true) {
		return 0, w.lead(t)
	}
	return total, nil
}

// lead is that of the Writers. Its error does not concern w if all that w has handed over is
// published: another publisher may have done that, and may have ended writing.
func (w *Writer[K, V]) lead(t turn[K, V]) error {
	if _, err := w.writers.lead(t); w.box.done.Load() < w.handed {
		return err
	}
	return nil
}

// complain hands the value of a panic to the Writer.
func (m *mailbox[K, V]) complain(value any) {
	p := &panicked{value: value}
	for {
		p.next = m.panics.Load()
		if m.panics.CompareAndSwap(p.next, p) {
			return
		}
	}
}

// panic panics if a function of w has.
func (w *Writer[K, V]) panic() {
	for p := w.box.panics.Load(); p != nil; p = w.box.panics.Load() {
		if w.box.panics.CompareAndSwap(p, p.next) {
			panic(p.value)
		}
	}
}
