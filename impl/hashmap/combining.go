package hashmap

import (
	"slices"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// mailbox is what the publisher tells one Writer.
type mailbox[K comparable, V any] struct {
	done    atomicx.Uint64               // how many of the batches of the Writer are published
	version atomicx.Uint64               // that has the last of them
	panics  atomicx.Pointer[panicked]    // a stack
	idle    atomicx.Pointer[batch[K, V]] // a stack of used batches; only the Writer takes from it
	asleep  atomicx.Bool                 // the Writer sleeps, or is about to
	parker  atomicx.Parker
	taken   uint64 // batches so far; of the publisher, in checked builds
	_       [64]byte
}

// panicked is what a function of the user panicked with.
type panicked struct {
	value any
	next  *panicked
}

// batch is a log that has been handed over.
type batch[K comparable, V any] struct {
	ops  []table.Op[K, V]
	of   *mailbox[K, V]
	n    uint64 // it is the nth of its Writer
	last bool   // Close hands it over
	next *batch[K, V]
}

// receipt says that a batch is in the log.
type receipt[K comparable, V any] struct {
	of *mailbox[K, V]
	n  uint64 // the batch is the nth of its Writer
}

// reuse returns a batch without operations.
func (m *mailbox[K, V]) reuse() *batch[K, V] {
	for {
		b := m.idle.Load()
		if b == nil {
			return &batch[K, V]{of: m}
		}
		if m.idle.CompareAndSwap(b, b.next) { // only this goroutine takes, so b.next is still true
			return b
		}
	}
}

// push hands b over. It returns the number of operations that are handed over and not taken.
func (s *Writers[K, V]) push(b *batch[K, V]) int {
	n := s.backlog.Add(int64(len(b.ops))) // the publisher may use b as soon as it is on the stack
	for {
		b.next = s.handed.Load()
		if s.handed.CompareAndSwap(b.next, b) {
			return int(n)
		}
	}
}

// take moves what has been handed over to the log of the map, in the order in which it was handed
// over. It gives the batches back.
func (s *Writers[K, V]) take() {
	if s.handed.Load() == nil {
		return
	}
	var first *batch[K, V]
	for b := s.handed.Swap(nil); b != nil; {
		b.next, first, b = first, b, b.next
	}
	taken := 0
	for b := first; b != nil; {
		next := b.next
		taken += len(b.ops)
		s.enter(b.ops, b.of, b.n, b.last)
		b.ops = emptied(b.ops)
		for {
			b.next = b.of.idle.Load()
			if b.of.idle.CompareAndSwap(b.next, b) {
				break
			}
		}
		b = next
	}
	s.backlog.Add(-int64(taken))
}

// mostKept is the number of operations for which an empty log keeps memory. A larger one gives its
// memory back, because the next batch is likely to be small.
const mostKept = 1 << 13

// emptied returns ops without operations. It keeps no keys and values alive.
func emptied[K comparable, V any](ops []table.Op[K, V]) []table.Op[K, V] {
	if cap(ops) > mostKept {
		return nil
	}
	clear(ops)
	return ops[:0]
}

// enter puts the nth batch of a Writer into the log. What comes after the end of writing is
// dropped.
func (s *Writers[K, V]) enter(ops []table.Op[K, V], of *mailbox[K, V], n uint64, last bool) {
	if invariants.Enabled {
		of.taken++
		invariants.Check(n == of.taken, "W1", "batch %d of a writer comes after %d others", n, of.taken-1)
	}
	if s.ending || s.ended.Load() != nil {
		return
	}
	s.w.log.Push(ops...)
	s.ops += len(ops)
	s.logged = append(s.logged, receipt[K, V]{of, n})
	s.ending = last
}

// turn says what a publisher does first. Afterwards it publishes what others have handed over.
type turn[K comparable, V any] struct {
	waits  patience
	cancel <-chan struct{} // ends the wait
	flush  bool            // only wait, and publish nothing
	own    *Writer[K, V]   // its log is published too; see round
}

// patience says whether a publisher waits for readers.
type patience uint8

const (
	ifMuch patience = iota // if more than MaxBacklog operations are in the log
	always
	never
)

// lead takes its turn, publishes what has been handed over meanwhile, and gives up the role of the
// publisher, which the caller has. It reports whether its turn succeeded, or whether readers are in
// the way.
//
// Nothing that is handed over is left behind by accident. A Writer pushes its batch and then finds
// that the role is taken; the publisher gives up the role and then looks at the stack. So it sees
// the batch, or there is another publisher. It leaves a batch only to readers that are still in the
// copy. Then the next publisher takes it (law W3).
func (s *Writers[K, V]) lead(t turn[K, V]) (ok bool, err error) {
	whole := false
	defer func() {
		if !whole { // the report of a stall has panicked
			s.led.Store(false)
			s.wakeOne()
		}
	}()
	for rounds := 0; ; rounds++ {
		more, e := s.round(t)
		s.led.Store(false)
		whole = true
		if rounds == 0 {
			ok, err = more, e
			t.own, t.flush = nil, false
			if t.waits == always { // nobody who waits for others' batches needs this goroutine to wait
				t.waits = ifMuch
			}
		}
		if rounds >= fair {
			atomicx.Yield() // the goroutine that hands over so much may take the role
		}
		if !more || s.handed.Load() == nil {
			s.wakeOne()
			return ok, err
		}
		if !s.led.CompareAndSwap(false, true) {
			return ok, err
		}
		whole = false
	}
}

// fair is the number of publishes after which a publisher offers its role to others.
const fair = 2

// round takes a turn. It reports whether that succeeded. Without an error that is false if readers
// are in the way.
//
// The log of t.own is entered when no reader is in the way any more. From then on nothing waits and
// nothing can be cancelled, and the version is made. So if a turn fails, t.own has handed over
// nothing, and no other publisher can publish any of its log. What t.own has handed over before is
// in the log of the map already, because the publisher has taken the stack (law W1).
func (s *Writers[K, V]) round(t turn[K, V]) (ok bool, err error) {
	if e := s.ended.Load(); e != nil {
		return false, *e
	}
	if err := s.w.log.Err(); err != nil { // the last round has panicked on the second copy
		s.end(err)
		return false, err
	}
	if t.flush {
		err := s.w.log.Flush(t.cancel)
		return err == nil, err
	}
	s.take()
	if t.waits == always || t.waits == ifMuch && s.ops > MaxBacklog {
		if _, err := s.w.log.Apply(t.cancel); err != nil {
			return false, err
		}
		s.take() // what has arrived during the wait
	} else if !s.w.log.TryFinish() {
		return false, nil
	}
	if w := t.own; w != nil && !s.ending {
		w.handed++
		s.enter(w.log, w.box, w.handed, false)
		w.log = emptied(w.log)
	}
	if err := s.w.log.Publish(nil); err != nil {
		return false, err
	}
	s.deliver()
	return true, nil
}

// deliver tells Writers that their batches are published, and wakes those that sleep. If Close is
// among them, it ends writing.
func (s *Writers[K, V]) deliver() {
	version := s.w.Version()
	for i, r := range s.logged {
		r.of.version.Store(version)
		r.of.done.Store(r.n)
		if r.of.asleep.Load() {
			r.of.parker.Unpark()
		}
		s.logged[i] = receipt[K, V]{}
	}
	s.logged, s.ops = s.logged[:0], 0
	if s.ending {
		s.w.Close()
		s.end(ErrClosed)
	}
}

// end makes all Writers fail with err, and wakes those that sleep.
func (s *Writers[K, V]) end(err error) {
	s.ended.Store(&err)
	s.sleepers.mu.Lock()
	defer s.sleepers.mu.Unlock()
	for _, x := range s.sleepers.list {
		x.of.parker.Unpark()
	}
}

// await waits until all that w has handed over is published, or until cancel is closed, or writing
// has ended. It publishes itself if no other goroutine does.
func (w *Writer[K, V]) await(cancel <-chan struct{}) (version uint64, err error) {
	for w.box.done.Load() < w.handed {
		led, err := w.become(w.handed, cancel)
		if err == nil && led {
			err = w.lead(turn[K, V]{waits: always, cancel: cancel})
		}
		if err != nil {
			return 0, err
		}
	}
	return w.box.version.Load(), nil
}

// become waits until the caller is the publisher, or the nth batch of w is published, or cancel is
// closed, or writing has ended. It reports whether the caller is the publisher.
func (w *Writer[K, V]) become(n uint64, cancel <-chan struct{}) (led bool, err error) {
	s := w.writers
	for i := 0; w.box.done.Load() < n; i++ {
		if e := s.ended.Load(); e != nil && w.box.done.Load() < n {
			return false, *e
		}
		switch {
		case !s.led.Load() && s.led.CompareAndSwap(false, true):
			return true, nil
		case i < atomicx.Rounds(polls):
			atomicx.Yield()
		default:
			if err := s.sleep(w, n, cancel); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// publishOwn publishes what has been handed over together with the log of w. The caller is the
// publisher. It reports whether it has published. If not, the log of w is as it was.
func (w *Writer[K, V]) publishOwn(t turn[K, V]) (ok bool, err error) {
	before := w.handed
	t.own = w
	_, err = w.writers.lead(t)
	if w.handed > before && w.box.done.Load() == w.handed {
		return true, nil
	}
	if e := w.writers.ended.Load(); err == nil && e != nil { // Close was handed over before
		err = *e
	}
	return false, err
}

// sleepers are the Writers that sleep.
type sleepers[K comparable, V any] struct {
	n    atomicx.Int64
	mu   atomicx.Mutex
	list []sleeper[K, V]
}

// sleeper is a Writer that sleeps until its nth batch is published.
type sleeper[K comparable, V any] struct {
	of *mailbox[K, V]
	n  uint64
}

// sleep returns when the nth batch of w may be published, or when there may be no publisher.
//
// No wake-up is lost. w sleeps only if it saw a publisher after it had entered itself among the
// sleepers. If that publisher publishes the batch, it wakes w. Otherwise it gives up the role, and
// wakes one of those that sleep and whose batches are not published. That one either becomes the
// publisher, and wakes another when it gives up the role; or it finds another publisher, for which
// the same holds; or its ctx is done, and it wakes another. A Writer that only wants the role waits
// for a batch that it has not handed over, so it is always one of those.
func (s *Writers[K, V]) sleep(w *Writer[K, V], n uint64, cancel <-chan struct{}) error {
	s.sleepers.enter(w.box, n)
	w.box.asleep.Store(true)
	woken := atomicx.Woken
	if s.led.Load() && w.box.done.Load() < n {
		woken = w.box.parker.Park(cancel, 0)
	}
	w.box.asleep.Store(false)
	s.sleepers.leave(w.box)
	if woken == atomicx.Cancelled {
		if !s.led.Load() {
			s.wakeOne()
		}
		return strategy.ErrCancelled
	}
	return nil
}

func (b *sleepers[K, V]) enter(of *mailbox[K, V], n uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, sleeper[K, V]{of, n})
	b.n.Add(1)
}

func (b *sleepers[K, V]) leave(of *mailbox[K, V]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.list, func(x sleeper[K, V]) bool { return x.of == of })
	b.list = slices.Delete(b.list, i, i+1)
	b.n.Add(-1)
}

// wakeOne wakes a Writer that sleeps and whose batches are not published, if there is one.
func (s *Writers[K, V]) wakeOne() {
	if s.sleepers.n.Load() == 0 {
		return
	}
	s.sleepers.mu.Lock()
	defer s.sleepers.mu.Unlock()
	for _, x := range s.sleepers.list {
		if x.of.done.Load() < x.n {
			x.of.parker.Unpark()
			return
		}
	}
}
