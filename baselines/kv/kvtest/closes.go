package kvtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// closes closes a map with writes that are published and, if the map publishes, with one that is
// pending. From then on each method that writes must fail and change nothing. All handles, old and
// new, must see what they saw before. Closing twice does no harm.
func (s *subject[K, V]) closes(rng *rand.Rand) error {
	const keys = 12
	m := s.make(0)
	h, done := open(m)
	defer done()
	watcher, done := open(m)
	defer done()
	model := make(map[int]uint64)
	for _, o := range drawWrites(rng, 2*keys, keys, 1) {
		s.do(h, o)
		o.do(model)
	}
	kv.Publish(h)
	if _, publishes := h.(kv.Publisher); publishes {
		h.Set(s.keys[0], s.value(1000))
	}
	kv.Close(m)
	kv.Close(m)
	for _, w := range s.writesOf(h) {
		if attempt(w.call) == nil && (w.publishes || !s.entry.Caps.Has(kv.OwnLogs)) {
			return fmt.Errorf("%s works after the map was closed; want a panic or an error", w.name)
		}
		late, done := open(m)
		defer done()
		for name, r := range map[string]kv.Map[K, V]{"the handle that wrote": h, "another handle": watcher, "a handle opened later": late} {
			if err := s.agree(r, model, keys); err != nil {
				return fmt.Errorf("%s, after the map was closed and %s was called: %w", name, w.name, err)
			}
		}
	}
	return nil
}

// namedCall is a call of a method that writes or publishes.
type namedCall struct {
	name      string
	publishes bool
	call      func() error
}

// writesOf returns calls of all methods of h that write or publish.
func (s *subject[K, V]) writesOf(h kv.Map[K, V]) []namedCall {
	key, value := s.keys[1], s.value(2000)
	done := func(f func()) func() error { return func() error { f(); return nil } }
	of := func(name string, f func()) namedCall { return namedCall{name, false, done(f)} }
	publishing := func(name string, f func()) namedCall { return namedCall{name, true, done(f)} }
	all := []namedCall{
		of("Set", func() { h.Set(key, value) }),
		of("Delete", func() { h.Delete(key) }),
	}
	if h, ok := h.(kv.Clearer); ok {
		all = append(all, of("Clear", h.Clear))
	}
	if h, ok := h.(kv.Retainer[K, V]); ok {
		all = append(all, of("Retain", func() { h.Retain(func(K, V) bool { return false }) }))
	}
	if h, ok := h.(kv.Updater[K, V]); ok {
		all = append(all, of("Update", func() { h.Update(key, func(V, bool) (V, bool) { return value, true }) }))
	}
	if h, ok := h.(kv.Rewriter[K, V]); ok {
		all = append(all, of("Rewrite", func() { h.Rewrite(func(K, *V) bool { return false }) }))
	}
	if h, ok := h.(kv.Swapper[K, V]); ok {
		all = append(all, of("Swap", func() { h.Swap(key, value) }),
			of("LoadOrStore", func() { h.LoadOrStore(key, value) }),
			of("LoadAndDelete", func() { h.LoadAndDelete(key) }))
	}
	if h, ok := h.(kv.Publisher); ok {
		all = append(all, publishing("Publish", func() { h.Publish() }))
	}
	if h, ok := h.(kv.HandOverer); ok {
		all = append(all, publishing("HandOver", h.HandOver))
	}
	if h, ok := h.(kv.TryPublisher); ok {
		all = append(all, publishing("TryPublish", func() { h.TryPublish() }))
	}
	if h, ok := h.(kv.ContextPublisher); ok {
		all = append(all, namedCall{"PublishContext", true, func() error {
			_, err := h.PublishContext(context.Background())
			return err
		}})
	}
	return all
}

// concurrentCloses closes a map while workers write, each to a key of its own, and publish if the
// map does. A goroutine walks over the map meanwhile, so that writers wait. A write that returned
// before the map was closed must stay, and one that was refused must have done nothing.
func (s *subject[K, V]) concurrentCloses(rng *rand.Rand) error {
	rounds := s.times(4)
	if s.pace.less {
		rounds = 1
	}
	for round := range rounds {
		if err := s.closeBeside(rng.IntN(12)); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

// closeBeside closes the map when the workers have written the given number of times.
func (s *subject[K, V]) closeBeside(writes int) error {
	const workers = 3
	m := s.make(0)
	var wrote [workers]atomic.Uint64 // the last write of each worker that has returned
	var total atomic.Int64
	var closing, closed atomic.Bool
	err := parallel(workers+2, func(i int) error {
		h, done := open(m)
		defer done()
		switch i {
		case workers:
			defer closed.Store(true)
			for total.Load() < int64(writes) && !closed.Load() {
				runtime.Gosched()
			}
			closing.Store(true)
			kv.Close(m)
		case workers + 1:
			s.walkUntil(h, &closed)
		default:
			for n := uint64(1); ; n++ {
				late := closed.Load()
				err := attempt(func() error {
					h.Set(s.keys[i], s.value(n))
					kv.Publish(h)
					return nil
				})
				switch {
				case err != nil && !closing.Load():
					closed.Store(true)
					return fmt.Errorf("before the map was closed: %w", err)
				case err != nil:
					return nil
				case late:
					return errors.New("a write works after the map was closed; want a panic")
				}
				wrote[i].Store(n)
				total.Add(1)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	h, done := open(m)
	defer done()
	_, publishes := h.(kv.Publisher)
	for i := range workers {
		n, _, err := s.get(h, i)
		last := wrote[i].Load()
		// Another worker may have published the write whose own publish was refused.
		if err != nil || n != last && !(publishes && n == last+1) {
			return fmt.Errorf("after the map was closed key %d holds %d (%v); the last write to it that returned was of %d", i, n, err, last)
		}
	}
	return nil
}

// walkUntil walks over the map again and again, if it can, until done.
func (s *subject[K, V]) walkUntil(h kv.Map[K, V], done *atomic.Bool) {
	r, ok := h.(kv.Ranger[K, V])
	for ok && !done.Load() {
		for range r.All() {
			runtime.Gosched()
		}
		runtime.Gosched()
	}
}
