package kvtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"doublebuf/baselines/kv"
)

// openGuard is a guard with the version that it must see.
type openGuard[K comparable, V any] struct {
	kv.Guard[K, V]
	version int
}

// guards writes, publishes, and opens, reads and releases guards of two handles. It does so in a
// random order, in one goroutine. Each guard must see the whole of its own version for as long as
// it is open. Before a publish it releases the guards that the publish would wait for: those of
// versions before the last one.
func (s *subject[K, V]) guards(rng *rand.Rand) error {
	const keys = 12
	m := s.make(keys)
	defer kv.Close(m)
	h, done := open(m)
	defer done()
	other, done := open(m)
	defer done()
	handles := []kv.Versioned[K, V]{h.(kv.Versioned[K, V]), other.(kv.Versioned[K, V])}

	states := []map[int]uint64{{}} // by version
	pending := make(map[int]uint64)
	var opened []openGuard[K, V]
	release := func(drop func(g openGuard[K, V]) bool) {
		opened = slices.DeleteFunc(opened, func(g openGuard[K, V]) bool {
			if drop(g) {
				g.Release()
				return true
			}
			return false
		})
	}
	defer release(func(openGuard[K, V]) bool { return true })

	for step := range s.times(3000) {
		version := len(states) - 1
		switch rng.IntN(8) {
		case 0, 1, 2:
			o := drawWrites(rng, 1, keys, uint64(step))[0]
			s.do(h, o)
			o.do(pending)
		case 3:
			release(func(g openGuard[K, V]) bool { return g.version < version })
			if got := kv.Publish(h); got != uint64(version+1) {
				return fmt.Errorf("step %d: Publish returns %d; want %d, the number of publishes", step, got, version+1)
			}
			states = append(states, maps.Clone(pending))
		case 4, 5:
			g := handles[rng.IntN(2)].Read()
			opened = append(opened, openGuard[K, V]{g, version})
		case 6:
			release(func(openGuard[K, V]) bool { return rng.IntN(4) == 0 })
		case 7:
			for _, g := range opened {
				if err := s.checkGuard(g, states[g.version], keys); err != nil {
					return fmt.Errorf("step %d, %d guards open, %d publishes so far: %w", step, len(opened), version, err)
				}
			}
		}
	}
	return nil
}

// checkGuard checks that g sees state, which is that of its version.
func (s *subject[K, V]) checkGuard(g openGuard[K, V], state map[int]uint64, keys int) error {
	if got := g.Version(); got != uint64(g.version) {
		return fmt.Errorf("guard opened after publish %d says that it sees version %d", g.version, got)
	}
	if err := s.agree(g.Guard, state, keys); err != nil {
		return fmt.Errorf("guard of version %d: %w", g.version, err)
	}
	return nil
}

// watchRows runs watch beside a writer. For each version the writer sets the keys of a row to the
// number of the version, and publishes. Version 1 is published before watch starts. The witness
// knows which versions a guard may see.
func (s *subject[K, V]) watchRows(row, versions int, watch func(h kv.Versioned[K, V], w *witness, more func() bool) error) error {
	m := s.make(row)
	defer kv.Close(m)
	var w witness
	write := func(h kv.Map[K, V], round int) error {
		v := uint64(round)
		for key := range row {
			h.Set(s.keys[key], s.value(v))
		}
		w.started.Store(v)
		if got := kv.Publish(h); got != v {
			return fmt.Errorf("this Publish returns %d; want %d, the number of publishes", got, v)
		}
		w.completed.Store(v)
		return nil
	}
	if err := write(m, 1); err != nil {
		return err
	}
	return beside(m, versions,
		func(h kv.Map[K, V], round int) error { return write(h, round+2) },
		func(h kv.Map[K, V], more func() bool) error { return watch(h.(kv.Versioned[K, V]), &w, more) })
}

// witness holds the last publish that has been called, and the last that has returned.
type witness struct{ started, completed atomic.Uint64 }

// concurrentGuards reads through two guards at a time while a writer publishes. A guard must see a
// whole version. The version must not be older than the last publish that had returned before the
// guard was opened, nor newer than the last publish that had been called after it was opened. It
// must not be older than a version that the handle has seen before.
func (s *subject[K, V]) concurrentGuards(*rand.Rand) error {
	const row = 16
	versions := s.times(100)
	return s.watchRows(row, versions, func(h kv.Versioned[K, V], w *witness, more func() bool) error {
		newest := uint64(0)
		read := func() (kv.Guard[K, V], error) {
			completed := w.completed.Load()
			g := h.Read()
			started, v := w.started.Load(), g.Version()
			if v < completed || v > started {
				return g, fmt.Errorf("guard of version %d, opened after publish %d had returned and before publish %d was called", v, completed, started+1)
			}
			if v < newest {
				return g, fmt.Errorf("guard of version %d, after a guard of the same handle that saw %d", v, newest)
			}
			newest = v
			return g, s.checkRow(g, row)
		}
		for more() {
			if err := s.readTwice(read, row); err != nil {
				return err
			}
		}
		return nil
	})
}

// readTwice opens two guards, one after the other, and checks both again while both are open.
func (s *subject[K, V]) readTwice(read func() (kv.Guard[K, V], error), row int) error {
	first, err := read()
	defer first.Release()
	if err != nil {
		return err
	}
	runtime.Gosched()
	second, err := read()
	defer second.Release()
	if err != nil {
		return err
	}
	if err := s.checkRow(second, row); err != nil {
		return err
	}
	return s.checkRow(first, row)
}

// checkRow checks that g sees its version of a row whole.
func (s *subject[K, V]) checkRow(g kv.Guard[K, V], row int) error {
	state := make(map[int]uint64)
	for key := range row {
		state[key] = g.Version()
	}
	if err := s.agree(g, state, row); err != nil {
		return fmt.Errorf("guard of version %d: %w", g.Version(), err)
	}
	return nil
}

// patience is how long chainedGuards lets a writer wait before it reports that the writer starves.
var patience = 2 * time.Minute

// chainedGuards always keeps a guard open: it opens the next one before it releases the last. The
// writer must still publish.
func (s *subject[K, V]) chainedGuards(*rand.Rand) error {
	const row = 4
	versions := s.times(20)
	return s.watchRows(row, versions, func(h kv.Versioned[K, V], w *witness, more func() bool) error {
		completed, since := w.completed.Load(), time.Now()
		g := h.Read()
		defer func() { g.Release() }()
		for more() {
			next := h.Read()
			g.Release()
			g = next
			if err := s.checkRow(g, row); err != nil {
				return err
			}
			if c := w.completed.Load(); c != completed {
				completed, since = c, time.Now()
			} else if time.Since(since) > patience {
				return fmt.Errorf("chained guards starve the writer: no publish for %[2]v after publish %[1]d", c, patience)
			}
		}
		return nil
	})
}
