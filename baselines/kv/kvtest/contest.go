package kvtest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"doublebuf/baselines/kv"
)

// contest lets goroutines swap values in one or two keys at full speed, by every operation of
// kv.Swapper. Each value is stored once, so each must be given back once: to the operation that
// replaces or removes it, or by a Get in the end. A swap that is not atomic loses one, or gives
// one back twice. On a busy machine the goroutines seldom run at the same time. Then contest goes
// on for up to four times as long, until it has done enough.
func (s *subject[K, V]) contest(rng *rand.Rand) error {
	const enough = 100 // rounds
	start, round := time.Now(), 0
	more := func() bool {
		taken := time.Since(start)
		return round == 0 || taken < s.pace.Swap || round < enough && taken < 4*s.pace.Swap
	}
	for ; more(); round++ {
		c := contested[K, V]{s: s, keys: 1 + round%2}
		if err := c.run(rng.Uint64()); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

const (
	swapping  = 4    // goroutines
	swapsEach = 2000 // operations of each
)

// contested is a map in which goroutines swap.
type contested[K, V comparable] struct {
	s    *subject[K, V]
	keys int
	in   [swapping][]uint64 // the numbers that each stored
	out  [swapping][]uint64 // the numbers that each got back
}

func (c *contested[K, V]) run(seed uint64) error {
	m := c.s.make(0)
	defer kv.Close(m)
	err := parallel(swapping, func(i int) error {
		h, done := open(m)
		defer done()
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		var last [2]uint64 // that it has seen under each key
		for j := range swapsEach {
			key, n := rng.IntN(c.keys), uint64(j*swapping+i)
			stored, got, back, err := c.s.contend(h.(kv.Swapper[K, V]), rng.IntN(5), key, last[key], n)
			if err != nil {
				return err
			}
			kv.Publish(h)
			if back {
				c.out[i], last[key] = append(c.out[i], got), got
			}
			if stored {
				c.in[i], last[key] = append(c.in[i], n), n
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.count(m)
}

// contend does one operation that stores n. It reports whether n was stored, and what was replaced
// or removed.
func (s *subject[K, V]) contend(h kv.Swapper[K, V], kind, key int, old, n uint64) (stored bool, got uint64, back bool, err error) {
	k := s.keys[key]
	var v V
	switch kind {
	case 0:
		v, back = h.Swap(k, s.value(n))
		stored = true
	case 1:
		_, loaded := h.LoadOrStore(k, s.value(n))
		return !loaded, 0, false, nil
	case 2:
		v, back = h.LoadAndDelete(k)
	case 3:
		stored = h.CompareAndSwap(k, s.value(old), s.value(n))
		return stored, old, stored, nil
	case 4:
		return false, old, h.CompareAndDelete(k, s.value(old)), nil
	}
	if back {
		got, err = s.decode(key, v)
	}
	return stored, got, back, err
}

// count compares what was stored with what was given back and what is left.
func (c *contested[K, V]) count(m kv.Map[K, V]) error {
	h, done := open(m)
	defer done()
	kv.Publish(h)
	var stored, back [swapping * swapsEach]int
	for i := range c.in {
		for _, n := range c.in[i] {
			stored[n]++
		}
		for _, n := range c.out[i] {
			if n >= uint64(len(back)) {
				return fmt.Errorf("a swap returns %d, which was never stored", n)
			}
			back[n]++
		}
	}
	for key := range c.keys {
		n, ok, err := c.s.get(h, key)
		if err != nil {
			return err
		}
		if ok && n < uint64(len(back)) {
			back[n]++
		}
	}
	for n := range stored {
		if stored[n] != back[n] {
			return fmt.Errorf("%d goroutines swap values in %d keys: value %d was stored %d times, and given back %d times, by a swap, by a delete or in the end", swapping, c.keys, n, stored[n], back[n])
		}
	}
	return nil
}
