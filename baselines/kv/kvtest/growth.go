package kvtest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"doublebuf/baselines/kv"
)

// growth lets one goroutine fill a map from nothing, empty it and fill it again, and compares what
// the map holds at every doubling and every halving. It stops growing at a number of entries, or at
// a time if the map is slow.
func (s *subject[K, V]) growth(rng *rand.Rand) error {
	m := s.make(0)
	defer kv.Close(m)
	h, done := open(m)
	defer done()
	g := grown[K, V]{s: s, h: h, rng: rng}
	start := time.Now()
	g.more = func() bool { return s.pace.goesOn(time.Since(start), len(g.keys)) }
	for size := 64; size <= s.pace.Most && g.more(); size *= 2 {
		if err := g.grow(size); err != nil {
			return err
		}
	}
	s.grown(Growth{Entries: len(g.keys), Slow: len(g.keys) < s.pace.Most})
	if err := g.whole(); err != nil {
		return err
	}
	rng.Shuffle(len(g.there), func(i, j int) { g.there[i], g.there[j] = g.there[j], g.there[i] })
	for len(g.there) > 0 {
		if err := g.shrink(len(g.there) / 2); err != nil {
			return err
		}
	}
	g.keys, start = g.keys[:0], time.Now()
	// It is closed with so many entries.
	if err := g.grow(min(s.pace.Most, 2048)); err != nil {
		return fmt.Errorf("again after all were deleted: %w", err)
	}
	return g.whole()
}

// goesOn reports whether a map goes on growing that has grown to so many entries in that time.
func (p Pace) goesOn(taken time.Duration, entries int) bool {
	whole := float64(taken) * float64(p.Most) / float64(entries+1) // if it goes on like this
	return taken < p.Grow || whole < 8*float64(p.Grow)
}

// unpublished is the number of writes between two publishes while a map grows.
const unpublished = 256

// grown is a map that one goroutine fills and empties. The number of a value is the index of its
// key.
type grown[K, V comparable] struct {
	s     *subject[K, V]
	h     kv.Map[K, V]
	rng   *rand.Rand
	keys  []K   // all that were set
	there []int // indexes of those that were not deleted
	more  func() bool
}

// grow sets keys until there are size of them, or until g.more returns false. A guard that is open
// meanwhile must not see them.
func (g *grown[K, V]) grow(size int) error {
	var guard kv.Guard[K, V]
	before := len(g.keys)
	if r, ok := g.h.(kv.Versioned[K, V]); ok && size <= 4096 {
		guard = r.Read()
		defer func() { guard.Release() }()
	}
	for n := before; n < size; n++ {
		key := g.s.key(n)
		g.keys, g.there = append(g.keys, key), append(g.there, n)
		g.h.Set(key, g.s.value(uint64(n)))
		if n%unpublished == unpublished-1 && guard == nil {
			kv.Publish(g.h)
			if !g.more() {
				break
			}
		}
	}
	kv.Publish(g.h)
	if guard != nil && guard.Len() != before {
		return fmt.Errorf("a guard that was opened at %d entries has %d after %d more sets and a publish", before, guard.Len(), len(g.keys)-before)
	}
	if err := g.len(); err != nil {
		return err
	}
	for range 64 {
		if err := g.get(g.rng.IntN(len(g.keys)), true); err != nil {
			return err
		}
	}
	return nil
}

// shrink deletes keys until n are left, in random order, and compares all those with what they must
// be, and some of the deleted.
func (g *grown[K, V]) shrink(n int) error {
	gone := g.there[n:]
	for i, key := range gone {
		g.h.Delete(g.keys[key])
		if i%unpublished == unpublished-1 {
			kv.Publish(g.h)
		}
	}
	kv.Publish(g.h)
	g.there = g.there[:n]
	for range 64 {
		if err := g.get(gone[g.rng.IntN(len(gone))], false); err != nil {
			return err
		}
	}
	return g.whole()
}

// whole reads all that must be there, by Get, by Len and by a walk.
func (g *grown[K, V]) whole() error {
	left := make([]bool, len(g.keys))
	for _, key := range g.there {
		left[key] = true
		if err := g.get(key, true); err != nil {
			return err
		}
	}
	r, ok := g.h.(kv.Ranger[K, V])
	if !ok {
		return nil
	}
	if err := g.len(); err != nil {
		return err
	}
	seen := 0
	for k, v := range r.All() {
		i, whole := g.s.number(v)
		switch {
		case !whole || i >= uint64(len(g.keys)) || g.keys[i] != k:
			return fmt.Errorf("%s: a walk over All yields %d under %v, which was never written to it", g, i, k)
		case !left[i]:
			return fmt.Errorf("%s: a walk over All yields key %d (%v) twice, or after its delete", g, i, k)
		}
		left[i] = false
		seen++
	}
	if seen < len(g.there) {
		return fmt.Errorf("%s: a walk over All yields %d entries", g, seen)
	}
	return nil
}

// String says what was done.
func (g *grown[K, V]) String() string {
	return fmt.Sprintf("after %d keys were set and %d of them deleted", len(g.keys), len(g.keys)-len(g.there))
}

// get compares the value of the key of that index.
func (g *grown[K, V]) get(key int, there bool) error {
	v, ok := g.h.Get(g.keys[key])
	n, whole := g.s.number(v)
	if ok != there || ok && (!whole || n != uint64(key)) {
		want := found(uint64(key), there)
		return fmt.Errorf("%s: a Get of key %d (%v) finds %s; want %s", g, key, g.keys[key], found(n, ok), want)
	}
	return nil
}

// len compares Len, if the map has it.
func (g *grown[K, V]) len() error {
	if r, ok := g.h.(kv.Ranger[K, V]); ok && r.Len() != len(g.there) {
		return fmt.Errorf("%s: the Len is %d; want %d", g, r.Len(), len(g.there))
	}
	return nil
}
