package kvtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// even reports whether the battery's Retain keeps an entry: it keeps those with even numbers.
func (s *subject[K, V]) even(_ K, v V) bool {
	n, _ := s.number(v)
	return n%2 == 0
}

// clears mixes random writes with Clear and compares with a model.
func (s *subject[K, V]) clears(rng *rand.Rand) error {
	return s.wholeMap(rng, "Clear",
		func(h kv.Map[K, V]) { h.(kv.Clearer).Clear() },
		func(n uint64) (uint64, bool) { return n, false })
}

// retains mixes random writes with Retain and compares with a model.
func (s *subject[K, V]) retains(rng *rand.Rand) error {
	return s.wholeMap(rng, "Retain",
		func(h kv.Map[K, V]) { h.(kv.Retainer[K, V]).Retain(s.even) },
		func(n uint64) (uint64, bool) { return n, n%2 == 0 })
}

// wholeMap does an operation on the whole map between batches of random writes. becomes returns
// what the operation makes of a value, and whether it keeps it. wholeMap does so first on few
// keys, and then on so many that the map grows and shrinks.
func (s *subject[K, V]) wholeMap(rng *rand.Rand, name string, do func(h kv.Map[K, V]), becomes func(n uint64) (uint64, bool)) error {
	for _, keys := range []int{3, universe} {
		m := s.make(0)
		defer kv.Close(m)
		h, done := open(m)
		defer done()
		watcher, done := open(m)
		defer done()
		model := make(map[int]uint64)
		for round := range 8 {
			for _, o := range drawWrites(rng, rng.IntN(keys+2), keys, uint64(round)<<16|1) {
				s.do(h, o)
				o.do(model)
			}
			do(h)
			for key, n := range model {
				if after, keeps := becomes(n); keeps {
					model[key] = after
				} else {
					delete(model, key)
				}
			}
			if round%2 == 0 { // another write in the same batch, after it
				o := op{opSet, rng.IntN(keys), uint64(round)<<16 | 1}
				s.do(h, o)
				o.do(model)
			}
			kv.Publish(h)
			if err := s.agree(watcher, model, keys); err != nil {
				return fmt.Errorf("after %s number %d on %d keys: %w", name, round, keys, err)
			}
		}
	}
	return nil
}

// ownKeys is the number of keys that each of the workers below has for itself.
const ownKeys = 16

// onOwnKeys runs workers at the same time, each on keys of its own, in one map. A worker knows what
// its keys must hold, whatever the other workers do to theirs.
func (s *subject[K, V]) onOwnKeys(rng *rand.Rand, work func(h kv.Map[K, V], rng *rand.Rand, keys []int) error) error {
	const workers = 4
	m := s.make(0)
	defer kv.Close(m)
	seed := rng.Uint64()
	return parallel(workers, func(w int) error {
		h, done := open(m)
		defer done()
		var keys []int
		for i := range ownKeys {
			keys = append(keys, i*workers+w) // adjacent keys belong to different workers
		}
		if err := work(h, rand.New(rand.NewPCG(seed, uint64(w))), keys); err != nil {
			return fmt.Errorf("worker %d, on keys of its own: %w", w, err)
		}
		return nil
	})
}

// concurrentClears lets all workers set keys of their own and clear the map. After its Clear a
// worker must see nothing that it has set before. After its Set it must see that value or nothing.
func (s *subject[K, V]) concurrentClears(rng *rand.Rand) error {
	return s.onOwnKeys(rng, func(h kv.Map[K, V], rng *rand.Rand, keys []int) error {
		for round := range uint64(s.times(50)) {
			for _, key := range keys {
				h.Set(s.keys[key], s.value(round))
			}
			kv.Publish(h)
			runtime.Gosched()
			for _, key := range keys {
				if n, ok, err := s.get(h, key); err != nil || ok && n != round {
					return fmt.Errorf("a Get of key %d finds %s (%v) while others clear; want %d or nothing", key, found(n, ok), err, round)
				}
			}
			if rng.IntN(2) == 0 {
				continue
			}
			h.(kv.Clearer).Clear()
			kv.Publish(h)
			for _, key := range keys {
				if n, ok, err := s.get(h, key); err != nil || ok {
					return fmt.Errorf("a Get of key %d finds %s (%v) after Clear; want nothing", key, found(n, ok), err)
				}
			}
		}
		return nil
	})
}

// concurrentRetains lets all workers set keys of their own and remove odd values. An even value
// must stay, whatever other workers remove. An odd value must be gone when its worker has removed
// the odd ones.
func (s *subject[K, V]) concurrentRetains(rng *rand.Rand) error {
	return s.onOwnKeys(rng, func(h kv.Map[K, V], rng *rand.Rand, keys []int) error {
		for round := range uint64(s.times(50)) {
			for _, key := range keys {
				h.Set(s.keys[key], s.value(2*round+1))
			}
			runtime.Gosched()
			for _, key := range keys {
				h.Set(s.keys[key], s.value(2*round+uint64(key/8%2)))
			}
			kv.Publish(h)
			runtime.Gosched()
			for _, key := range keys {
				want, stays := 2*round+uint64(key/8%2), key/8%2 == 0
				if n, ok, err := s.get(h, key); err != nil || ok && n != want || stays && !ok {
					return fmt.Errorf("a Get of key %d finds %s (%v) while others remove odd values; want %d", key, found(n, ok), err, want)
				}
			}
			if rng.IntN(2) == 0 {
				continue
			}
			h.(kv.Retainer[K, V]).Retain(s.even)
			kv.Publish(h)
			for _, key := range keys {
				if n, ok, err := s.get(h, key); err != nil || ok != (key/8%2 == 0) {
					return fmt.Errorf("a Get of key %d finds %s (%v) after Retain", key, found(n, ok), err)
				}
			}
		}
		return nil
	})
}

// unsharedSwaps lets all workers do every operation of kv.Swapper on keys of their own, where each
// answer is certain. The map grows and shrinks by what the other workers do.
func (s *subject[K, V]) unsharedSwaps(rng *rand.Rand) error {
	return s.onOwnKeys(rng, func(h kv.Map[K, V], rng *rand.Rand, keys []int) error {
		model := make(map[int]uint64)
		for i := range 500 {
			key, old, n := keys[rng.IntN(len(keys))], rng.Uint64N(3), rng.Uint64N(3)
			if err := s.swap(h.(kv.Swapper[K, V]), model, rng.IntN(5), key, old, n); err != nil {
				return fmt.Errorf("operation %d: %w", i, err)
			}
			kv.Publish(h)
			if err := s.agreeOn(h, model, key); err != nil {
				return fmt.Errorf("after operation %d: %w", i, err)
			}
			if i%8 == 7 {
				runtime.Gosched()
			}
		}
		return nil
	})
}

// forgets checks that the map does not keep deleted values alive. It may keep them for a few more
// writes and publishes.
func forgets(e kv.Entry) error {
	const entries, stays, collections = 64, 1000, 20
	type block struct { // large enough to be collected by itself
		value uint64
		_     [56]byte
	}
	m := e.Pointer(0)
	defer kv.Close(m)
	for key := range uint64(entries) {
		m.Set(key, new(uint64))
	}
	m.Set(stays, new(uint64))
	h, done := open(m)
	defer done()
	forgotten := new(atomic.Int32)
	for key := range uint64(entries) {
		v := new(block)
		runtime.AddCleanup(v, func(n *atomic.Int32) { n.Add(1) }, forgotten)
		h.Set(key, &v.value)
	}
	kv.Publish(h)
	for key := range uint64(entries) {
		h.Delete(key)
	}
	for range 4 {
		h.Set(stays, new(uint64))
		kv.Publish(h)
	}
	for range collections {
		runtime.GC() // which queues cleanups
		for range 100 {
			runtime.Gosched()
		}
		if forgotten.Load() == entries {
			return nil
		}
	}
	return fmt.Errorf("of %d values that were deleted %d are still held; want none", entries, entries-forgotten.Load())
}
