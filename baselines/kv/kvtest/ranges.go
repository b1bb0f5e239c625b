package kvtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// ranges walks over the map while other goroutines write. The first half of the keys is never
// deleted. Every second key of that half is overwritten. Every walk must see all of that half. Of
// the other keys it may see what was ever written. The number of a value is the index of its key
// plus a multiple of universe.
func (s *subject[K, V]) ranges(rng *rand.Rand) error {
	const keys, stable, walkers, walks = 64, 32, 2, 60
	m := s.make(keys)
	defer kv.Close(m)
	for key := range stable {
		m.Set(s.keys[key], s.value(uint64(key)))
	}
	kv.Publish(m)

	var walking atomic.Int32
	walking.Store(walkers)
	seed := rng.Uint64()
	return parallel(walkers+2, func(i int) error {
		h, done := open(m)
		defer done()
		if i < walkers {
			defer walking.Add(-1)
			return s.walkRepeatedly(h.(kv.Ranger[K, V]), walks, stable, keys)
		}
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		for walking.Load() > 0 {
			for range 16 {
				key := stable + rng.IntN(keys-stable)
				s.do(h, op{opSet + opKind(rng.IntN(2)), key, uint64(key)})
				key = 2 * rng.IntN(stable/2)
				s.do(h, op{opSet, key, uint64(key) + universe*rng.Uint64N(100)})
			}
			kv.Publish(h)
			runtime.Gosched()
		}
		return nil
	})
}

// walkRepeatedly walks over a map in which each value holds the index of its key. It leaves every
// other walk early. That must not affect the next.
func (s *subject[K, V]) walkRepeatedly(r kv.Ranger[K, V], walks, stable, keys int) error {
	for walk := range walks {
		runtime.Gosched()
		if walk%2 == 1 {
			left := walk
			for range r.All() {
				if left--; left < 0 {
					break
				}
			}
			continue
		}
		if n := r.Len(); n < stable || n > keys {
			return fmt.Errorf("the Len is %d while writers change keys; want %d to %d", n, stable, keys)
		}
		seen, err := s.walk(r)
		if err != nil {
			return err
		}
		for key, n := range seen {
			if n%universe != uint64(key) {
				return fmt.Errorf("a walk over All yields %d under key %d, which was never written to it", n, key)
			}
		}
		for key := range stable {
			if _, ok := seen[key]; !ok {
				return fmt.Errorf("a walk over All misses key %d, which was not deleted or added during the walk", key)
			}
		}
	}
	return nil
}

// snapshots reads several keys of the map at once, in three ways, while one writer follows a rule.
// There is a row of keys, and there are two more keys that take turns. In round x the writer sets
// the keys of the row to x, one after the other. It sets one of the two other keys, deletes the
// other one, and publishes. So every state has all keys of the row, the first of them at x and the
// rest at x-1, and one or two of the other keys. On a map that publishes, all keys of the row are
// equal, and there is one of the other keys.
func (s *subject[K, V]) snapshots(*rand.Rand) error {
	const row = 32
	m := s.make(row + 2)
	defer kv.Close(m)
	write := func(h kv.Map[K, V], x int) {
		for key := range row {
			h.Set(s.keys[key], s.value(uint64(x)))
			if key%8 == 7 {
				runtime.Gosched() // in the middle of the row
			}
		}
		h.Set(s.keys[row+x%2], s.value(uint64(x)))
		h.Delete(s.keys[row+(x+1)%2])
		kv.Publish(h)
	}
	write(m, 0)
	return beside(m, s.times(60),
		func(h kv.Map[K, V], round int) error {
			write(h, round+1)
			return nil
		},
		func(h kv.Map[K, V], more func() bool) error {
			_, publishes := h.(kv.Publisher)
			for more() {
				if err := s.checkSnapshot(h.(kv.Ranger[K, V]), row, publishes); err != nil {
					return err
				}
				if err := s.checkMany(h.(kv.BatchReader[K, V]), row, publishes); err != nil {
					return err
				}
			}
			return nil
		})
}

// checkSnapshot checks the rule of snapshots on one Len and one walk.
func (s *subject[K, V]) checkSnapshot(r kv.Ranger[K, V], row int, publishes bool) error {
	least, most := row+1, row+2
	if publishes {
		most = least
	}
	if n := r.Len(); n < least || n > most {
		return fmt.Errorf("the Len is %d; every state has %d to %d entries", n, least, most)
	}
	seen, err := s.walk(r)
	if err != nil {
		return err
	}
	if n := len(seen); n < least || n > most {
		return fmt.Errorf("a walk over All yields %d entries; every state has %d to %d", n, least, most)
	}
	return oneState("a walk over All", seen, row, publishes)
}

// checkMany checks the rule of snapshots on one GetMany of all keys.
func (s *subject[K, V]) checkMany(r kv.BatchReader[K, V], row int, publishes bool) error {
	n := row + 2
	values, got, seen := make([]V, n), make([]bool, n), make(map[int]uint64)
	r.GetMany(s.keys[:n], values, got)
	for key, ok := range got {
		if !ok {
			continue
		}
		v, err := s.decode(key, values[key])
		if err != nil {
			return fmt.Errorf("a GetMany: %w", err)
		}
		seen[key] = v
	}
	if least := row + 1; len(seen) < least || publishes && len(seen) > least {
		return fmt.Errorf("a GetMany finds %d of %d keys; every state has %d, and one more between two writes", len(seen), n, least)
	}
	return oneState("a GetMany", seen, row, publishes)
}

// oneState checks that the entries of the row, as a reader has seen them, can be of one state.
func oneState(reader string, seen map[int]uint64, row int, publishes bool) error {
	for key := range row {
		if _, ok := seen[key]; !ok {
			return fmt.Errorf("%s misses key %d, which every state has", reader, key)
		}
		if key > 0 && seen[key] > seen[key-1] {
			return fmt.Errorf("%s mixes states: key %d is at round %d, but key %d, which is set before it, at %d", reader, key, seen[key], key-1, seen[key-1])
		}
	}
	front, back := seen[0], seen[row-1]
	if front-back > 1 || publishes && front != back {
		return fmt.Errorf("%s mixes states: the row begins at round %d and ends at %d", reader, front, back)
	}
	return nil
}
