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
	for i := range ops {
		s.w.log.Push(ops[i])
	}
	s.ops += len(ops)
	s.logged = append(s.logged, receipt[K, V]{of, n})
	s.ending = last
}

// lead publishes what has been handed over, and gives up the role of the publisher, which the
// caller has. wait says whether to wait for readers; it does so, too, if too much is in the log.
//
// Nothing that is handed over is left behind by accident. A Writer pushes its batch and then finds
// that the role is taken; the publisher gives up the role and then looks at the stack. So it sees
// the batch, or there is another publisher. It leaves a batch only to readers that are still in the
// copy. Then the next publisher takes it (law W3).
func (s *Writers[K, V]) lead(wait bool, cancel <-chan struct{}) (err error) {
	whole := false
	defer func() {
		if !whole { // the report of a stall has panicked
			s.led.Store(false)
			s.wakeOne()
		}
	}()
	for rounds := 0; ; rounds++ {
		published, err := s.round(wait, cancel)
		s.led.Store(false)
		whole = true
		if rounds >= fair {
			atomicx.Yield() // the goroutine that hands over so much may take the role
		}
		if err != nil || !published || s.handed.Load() == nil {
			s.wakeOne()
			return err
		}
		if !s.led.CompareAndSwap(false, true) {
			return nil
		}
		whole = false
	}
}

// fair is the number of publishes after which a publisher offers its role to others.
const fair = 2

// round publishes once. It reports whether it did, or whether readers are in the way.
func (s *Writers[K, V]) round(wait bool, cancel <-chan struct{}) (published bool, err error) {
	if e := s.ended.Load(); e != nil {
		return false, *e
	}
	if err := s.w.log.Err(); err != nil { // the last round has panicked on the second copy
		s.end(err)
		return false, err
	}
	s.take()
	if wait || s.ops > MaxBacklog {
		if _, err = s.w.log.Apply(cancel); err == nil {
			s.take() // what has arrived during the wait
			err = s.w.log.Publish(nil)
		}
		published = err == nil
	} else {
		published, err = s.w.log.TryPublish()
	}
	if published {
		s.deliver()
	}
	return published, err
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
	s, box := w.writers, w.box
	for i := 0; box.done.Load() < w.handed; i++ {
		if e := s.ended.Load(); e != nil && box.done.Load() < w.handed {
			return 0, *e
		}
		switch {
		case !s.led.Load() && s.led.CompareAndSwap(false, true):
			if err := w.lead(true, cancel); err != nil {
				return 0, err
			}
		case i < atomicx.Rounds(polls):
			atomicx.Yield()
		default:
			if err := s.sleep(w, cancel); err != nil {
				return 0, err
			}
		}
	}
	return box.version.Load(), nil
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

// sleep returns when the batches of w may be published, or when there may be no publisher.
//
// No wake-up is lost. w sleeps only if it saw a publisher after it had entered itself among the
// sleepers. If that publisher publishes the batches of w, it wakes w. Otherwise it gives up the
// role, and wakes one of those that sleep and whose batches are not published. That one either
// becomes the publisher, and waits for readers; or it finds another publisher, for which the same
// holds; or its ctx is done, and it wakes another.
func (s *Writers[K, V]) sleep(w *Writer[K, V], cancel <-chan struct{}) error {
	s.sleepers.enter(w.box, w.handed)
	w.box.asleep.Store(true)
	woken := atomicx.Woken
	if s.led.Load() && w.box.done.Load() < w.handed {
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
