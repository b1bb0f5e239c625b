package kvtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"doublebuf/baselines/kv"
)

// published is a map with versions, in the hands of one goroutine that knows each version.
type published[K, V comparable] struct {
	*subject[K, V]
	h, reader kv.Map[K, V]
	keys      int
	states    []map[int]uint64 // by version
	pending   map[int]uint64
	opened    []openGuard[K, V]
}

// publishing makes a map with one handle to write and another to read. The returned function
// releases all that is open.
func (s *subject[K, V]) publishing(keys int) (p *published[K, V], done func()) {
	m := s.make(0)
	h, closeWriter := open(m)
	r, closeReader := open(m)
	p = &published[K, V]{subject: s, h: h, reader: r, keys: keys, states: []map[int]uint64{{}}, pending: map[int]uint64{}}
	return p, func() {
		p.release(0)
		closeReader()
		closeWriter()
		kv.Close(m)
	}
}

// last is the number of the last version.
func (p *published[K, V]) last() int { return len(p.states) - 1 }

// write does some random writes, which stay pending.
func (p *published[K, V]) write(rng *rand.Rand, writes int) {
	for _, o := range drawWrites(rng, writes, p.keys, uint64(p.last())<<8|1) {
		p.do(p.h, o)
		o.do(p.pending)
	}
}

// publish publishes with the given function, which must do so. The guards that hold it up must have
// been released.
func (p *published[K, V]) publish(by func() (uint64, error)) error {
	v, err := by()
	if err != nil {
		return fmt.Errorf("publish number %d: %w; want none, because no guard holds it up", p.last()+1, err)
	}
	return p.published("the publish", v)
}

// published notes that what has made version v. It then checks that readers see it.
func (p *published[K, V]) published(what string, v uint64) error {
	p.states = append(p.states, maps.Clone(p.pending))
	if v != uint64(p.last()) {
		return fmt.Errorf("%s returns version %d; want %d, the number of publishes", what, v, p.last())
	}
	return p.visible(what)
}

// visible checks that a new guard sees the last version.
func (p *published[K, V]) visible(what string) error {
	g := p.read()
	defer g.Release()
	if err := p.checkGuard(g, p.states[p.last()], p.keys); err != nil {
		return fmt.Errorf("after %s, when version %d is the last: %w", what, p.last(), err)
	}
	return nil
}

// read opens a guard of the last version.
func (p *published[K, V]) read() openGuard[K, V] {
	return openGuard[K, V]{p.reader.(kv.Versioned[K, V]).Read(), p.last()}
}

func (p *published[K, V]) open() { p.opened = append(p.opened, p.read()) }

// held reports whether a guard is open that a publish would wait for.
func (p *published[K, V]) held() bool {
	return slices.ContainsFunc(p.opened, func(g openGuard[K, V]) bool { return g.version < p.last() })
}

// release closes all open guards but the first few, after it has checked each.
func (p *published[K, V]) release(keep int) (err error) {
	for _, g := range p.opened[keep:] {
		if e := p.checkGuard(g, p.states[g.version], p.keys); err == nil {
			err = e
		}
		g.Release()
	}
	p.opened = slices.Delete(p.opened, keep, len(p.opened)) // no reference may keep a guard open
	return err
}

// tryPublishes writes, opens and releases guards and calls TryPublish, in one goroutine and in a
// random order. TryPublish must publish if no guard of a version before the last is open. If one is
// open, it must not publish on a map of bounded lag. Readers must see what it says.
func (s *subject[K, V]) tryPublishes(rng *rand.Rand) error {
	p, done := s.publishing(6)
	defer done()
	for step := range 200 {
		if err := p.tryStep(rng); err != nil {
			return fmt.Errorf("step %d, with %d guards open: %w", step, len(p.opened), err)
		}
	}
	return nil
}

func (p *published[K, V]) tryStep(rng *rand.Rand) error {
	switch rng.IntN(6) {
	case 0, 1:
		p.write(rng, 1)
		return nil
	case 2:
		p.open()
		return nil
	case 3:
		return p.release(rng.IntN(len(p.opened) + 1))
	}
	held := p.held()
	v, ok := p.h.(kv.TryPublisher).TryPublish()
	switch {
	case ok && held && p.entry.Caps.Has(kv.BoundedLag):
		return fmt.Errorf("TryPublish publishes version %d while a guard of a version before %d is open", v, p.last())
	case ok:
		return p.published("TryPublish", v)
	case !held && !p.entry.Collects:
		return fmt.Errorf("TryPublish publishes nothing, though no guard of a version before %d is open", p.last())
	}
	return p.visible("a TryPublish that returned false")
}

// cancels calls PublishContext with a context that is done, or that is done soon, while a guard
// holds the publish up or while none does. If it returns an error it has published nothing, and the
// next publish takes all that was written.
func (s *subject[K, V]) cancels(rng *rand.Rand) error {
	p, done := s.publishing(6)
	defer done()
	for round := range s.times(20) {
		if err := p.cancel(rng, rng.IntN(3) > 0, rng.IntN(4) == 0); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

func (p *published[K, V]) cancel(rng *rand.Rand, held, late bool) error {
	publish := func() (uint64, error) { return p.h.(kv.ContextPublisher).PublishContext(context.Background()) }
	if held {
		p.open()
		p.write(rng, 2)
		if err := p.publish(publish); err != nil { // it waits for no guard of the last version
			return err
		}
	}
	p.write(rng, 3)
	why := errors.New("the cause")
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	if late {
		time.AfterFunc(time.Millisecond, func() { cancel(why) })
	} else {
		cancel(why)
	}
	v, err := p.h.(kv.ContextPublisher).PublishContext(ctx)
	switch {
	case err == nil && held && p.entry.Caps.Has(kv.BoundedLag):
		return fmt.Errorf("PublishContext publishes version %d while a guard of a version before %d is open", v, p.last())
	case err == nil:
		err = p.published("PublishContext", v)
	case !errors.Is(err, why) && p.entry.Caps.Has(kv.Concurrent): // otherwise it may refuse to wait
		err = fmt.Errorf("a PublishContext that was cancelled with %q returns %q", why, err)
	default:
		err = p.visible("a PublishContext that was cancelled")
	}
	if released := p.release(0); err == nil {
		err = released
	}
	if err != nil {
		return err
	}
	return p.publish(publish)
}

// flushes calls Flush while a guard of the version before the last is open. Flush must not return
// without an error before the guard is released. It must return soon after that.
func (s *subject[K, V]) flushes(rng *rand.Rand) error {
	p, done := s.publishing(6)
	defer done()
	publish := func() (uint64, error) { return kv.Publish(p.h), nil }
	for range 4 {
		p.open()
		p.write(rng, 2)
		if err := p.publish(publish); err != nil {
			return err
		}
		var flushing, flushed atomic.Bool
		result := make(chan error, 1)
		go func() {
			flushing.Store(true)
			err := attempt(p.h.(kv.Flusher).Flush)
			flushed.Store(true)
			result <- err
		}()
		for looks := 0; looks < 1000; looks++ { // long enough for a Flush that does not wait
			if !flushing.Load() {
				looks = 0
			}
			runtime.Gosched()
		}
		early := flushed.Load()
		released := p.release(0)
		switch err := <-result; {
		case early && err == nil:
			return fmt.Errorf("a Flush returned while a guard of version %d was open and version %d was published", p.last()-1, p.last())
		case released != nil:
			return released
		}
	}
	return nil
}

// passes passes guards from one goroutine to another, while the handles that have opened them open
// more, and a writer publishes. The other goroutine reads and releases them.
func (s *subject[K, V]) passes(*rand.Rand) error {
	const row = 8
	versions := s.times(60)
	var began, ended atomic.Int32
	passed := [2]chan kv.Guard[K, V]{make(chan kv.Guard[K, V], 1), make(chan kv.Guard[K, V], 1)} // to each watcher
	return s.watchRows(row, versions, func(h kv.Versioned[K, V], _ *witness, more func() bool) (err error) {
		own := began.Add(1) - 1
		to, from := passed[1-own], passed[own]
		take := func(from chan kv.Guard[K, V]) {
			select {
			case g := <-from:
				if wrong := s.checkRow(g, row); err == nil {
					err = wrong
				}
				g.Release()
			default:
			}
		}
		defer func() { // both watchers end, and each empties both after the last guard that it sends
			ended.Add(1)
			take(from)
			take(to)
		}()
		for more() && err == nil && ended.Load() == 0 {
			g := h.Read()
			if err := s.checkRow(g, row); err != nil {
				g.Release()
				return err
			}
			select {
			case to <- g:
			default: // the other goroutine has not yet received the last one
				g.Release()
			}
			runtime.Gosched()
			take(from)
		}
		return err
	})
}
