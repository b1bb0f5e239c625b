package kvtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// swaps performs random operations of kv.Swapper and compares each result with a model.
func (s *subject[K, V]) swaps(rng *rand.Rand) error {
	const keys = 4
	m := s.make(keys)
	defer kv.Close(m)
	h, done := open(m)
	defer done()
	model := make(map[int]uint64)
	for i := range 2000 {
		// Few numbers, so that comparisons succeed often.
		key, old, n := rng.IntN(keys), rng.Uint64N(3), rng.Uint64N(3)
		if err := s.swap(h.(kv.Swapper[K, V]), model, rng.IntN(5), key, old, n); err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
		kv.Publish(h)
		if err := s.agreeOn(h, model, key); err != nil {
			return fmt.Errorf("after operation %d: %w", i, err)
		}
	}
	return s.agree(h, model, keys)
}

// swap performs one operation on h and model, and compares the results.
func (s *subject[K, V]) swap(h kv.Swapper[K, V], model map[int]uint64, kind, key int, old, n uint64) error {
	before, had := model[key]
	var (
		name     string
		got      V
		ok, want bool
		answers  bool // got must be wantN
		wantN    = before
	)
	k, matches := s.keys[key], had && before == old
	switch kind {
	case 0:
		name, want, answers = "Swap", had, had
		got, ok = h.Swap(k, s.value(n))
		model[key] = n
	case 1:
		name, want, answers = "LoadOrStore", had, true
		got, ok = h.LoadOrStore(k, s.value(n))
		if !had {
			wantN, model[key] = n, n
		}
	case 2:
		name, want, answers = "LoadAndDelete", had, had
		got, ok = h.LoadAndDelete(k)
		delete(model, key)
	case 3:
		name, want = fmt.Sprintf("CompareAndSwap from %d", old), matches
		ok = h.CompareAndSwap(k, s.value(old), s.value(n))
		if matches {
			model[key] = n
		}
	case 4:
		name, want = fmt.Sprintf("CompareAndDelete of %d", old), matches
		ok = h.CompareAndDelete(k, s.value(old))
		if matches {
			delete(model, key)
		}
	}
	if ok != want {
		return fmt.Errorf("%s answers %v on key %d, which has %s; want %v", name, ok, key, found(before, had), want)
	}
	if !answers {
		return nil
	}
	gotN, err := s.decode(key, got)
	if err == nil && gotN != wantN {
		err = fmt.Errorf("%s returns %d on key %d, which has %s; want %d", name, gotN, key, found(before, had), wantN)
	}
	return err
}

// concurrentSwaps lets workers contend for the same keys with each operation. If an operation is
// not atomic, its results show it.
func (s *subject[K, V]) concurrentSwaps(*rand.Rand) error {
	const workers, rounds = 4, 5
	contests := []func(workers int) error{
		s.countBySwaps, s.chainOfSwaps, s.oneStores,
		func(workers int) error {
			return s.oneDeletes(workers, "LoadAndDelete", func(h kv.Swapper[K, V], key int) bool {
				_, loaded := h.LoadAndDelete(s.keys[key])
				return loaded
			})
		},
		func(workers int) error {
			return s.oneDeletes(workers, "CompareAndDelete", func(h kv.Swapper[K, V], key int) bool {
				return h.CompareAndDelete(s.keys[key], s.value(uint64(key)))
			})
		},
	}
	for range rounds {
		for _, contest := range contests {
			if err := contest(workers); err != nil {
				return err
			}
		}
	}
	return nil
}

// countBySwaps increments one counter by CompareAndSwap and expects no increment to be lost.
func (s *subject[K, V]) countBySwaps(workers int) error {
	const each = 1000
	m := s.make(1)
	defer kv.Close(m)
	m.Set(s.keys[0], s.value(0))
	kv.Publish(m)
	total := workers * each
	err := parallel(workers, func(int) error {
		h, done := open(m)
		defer done()
		for range each {
			if err := s.increment(h, total); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	h, done := open(m)
	defer done()
	if n, _, err := s.get(h, 0); err != nil || n != uint64(total) {
		return fmt.Errorf("%d increments by CompareAndSwap end at %d (%v)", total, n, err)
	}
	return nil
}

// increment adds 1 to the value of key 0. Each failure means that another increment came between.
// There are at most total increments.
func (s *subject[K, V]) increment(h kv.Map[K, V], total int) error {
	for range total + 1 {
		n, _, err := s.get(h, 0)
		if err != nil {
			return err
		}
		if n%4 == 0 {
			runtime.Gosched()
		}
		swapped := h.(kv.Swapper[K, V]).CompareAndSwap(s.keys[0], s.value(n), s.value(n+1))
		kv.Publish(h)
		if swapped {
			return nil
		}
	}
	return fmt.Errorf("CompareAndSwap failed more often than the value changed (%d times)", total)
}

// chainOfSwaps swaps distinct values into one key. Each must be returned once.
func (s *subject[K, V]) chainOfSwaps(workers int) error {
	const each = 1000
	m := s.make(1)
	defer kv.Close(m)
	out := make([]atomic.Int32, workers*each+1) // how often each number was returned; 0 stands for no value
	err := parallel(workers, func(w int) error {
		h, done := open(m)
		defer done()
		for i := range each {
			previous, loaded := h.(kv.Swapper[K, V]).Swap(s.keys[0], s.value(uint64(w*each+i+1)))
			kv.Publish(h)
			if i%8 == 7 {
				runtime.Gosched()
			}
			n := uint64(0)
			if loaded {
				var err error
				if n, err = s.decode(0, previous); err != nil {
					return err
				}
			}
			if n >= uint64(len(out)) {
				return fmt.Errorf("a Swap returns %d, which was never written", n)
			}
			out[n].Add(1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	h, done := open(m)
	defer done()
	last, ok, err := s.get(h, 0)
	if err != nil || !ok || last >= uint64(len(out)) {
		return fmt.Errorf("after a chain of swaps Get finds %s (%v)", found(last, ok), err)
	}
	out[last].Add(1)
	for n := range out {
		if times := out[n].Load(); times != 1 {
			return fmt.Errorf("in a chain of swaps the value %d was returned %d times (0 is the empty map); want once", n, times)
		}
	}
	return nil
}

// oneStores lets all workers store to the same keys by LoadOrStore. Exactly one must win for each
// key.
func (s *subject[K, V]) oneStores(workers int) error {
	const keys = 300
	m := s.make(0)
	defer kv.Close(m)
	actual := make([][keys]uint64, workers)
	var winners [keys]atomic.Int32
	err := parallel(workers, func(w int) error {
		h, done := open(m)
		defer done()
		for key := range keys {
			v, loaded := h.(kv.Swapper[K, V]).LoadOrStore(s.keys[key], s.value(uint64(w)))
			kv.Publish(h)
			n, err := s.decode(key, v)
			if err != nil {
				return err
			}
			actual[w][key] = n
			if !loaded {
				winners[key].Add(1)
			}
			if key%8 == 7 {
				runtime.Gosched()
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	h, done := open(m)
	defer done()
	for key := range keys {
		if n := winners[key].Load(); n != 1 {
			return fmt.Errorf("LoadOrStore of key %d stored %d times; want once", key, n)
		}
		n, ok, err := s.get(h, key)
		if err != nil {
			return err
		}
		for w := range workers {
			if !ok || actual[w][key] != n {
				return fmt.Errorf("LoadOrStore of key %d returned %d, but the map has %s", key, actual[w][key], found(n, ok))
			}
		}
	}
	return nil
}

// oneDeletes lets all workers delete the same keys, whose values are their indexes. Each must be
// deleted once.
func (s *subject[K, V]) oneDeletes(workers int, name string, remove func(h kv.Swapper[K, V], key int) bool) error {
	const keys = 300
	m := s.make(keys)
	defer kv.Close(m)
	for key := range keys {
		m.Set(s.keys[key], s.value(uint64(key)))
	}
	kv.Publish(m)
	var deleted [keys]atomic.Int32
	err := parallel(workers, func(int) error {
		h, done := open(m)
		defer done()
		for key := range keys {
			if remove(h.(kv.Swapper[K, V]), key) {
				deleted[key].Add(1)
			}
			kv.Publish(h)
			if key%8 == 7 {
				runtime.Gosched()
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	h, done := open(m)
	defer done()
	for key := range keys {
		if n := deleted[key].Load(); n != 1 {
			return fmt.Errorf("%s reported %d times that it deleted key %d; want once", name, n, key)
		}
	}
	return s.agree(h, nil, keys)
}
