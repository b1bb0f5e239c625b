package kvtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"

	"doublebuf/baselines/kv"
)

// handOvers lets several writers hand over batches. In each batch a writer sets the keys of its row
// to the number of the batch, beside some batches that remove the last key of the row. A guard must
// see a whole batch of each writer, and no older one than an earlier guard of its handle. In the
// end each writer publishes, and its last batch must be there. Before that, two handles take turns:
// what one has handed over must be visible when the other has published, and nothing else.
func (s *subject[K, V]) handOvers(*rand.Rand) error {
	if err := s.handOverAndPublish(); err != nil {
		return err
	}
	const writers, row = 3, 4
	batches := s.times(60)
	m := s.make(0)
	defer kv.Close(m)
	return parallel(writers, func(w int) error {
		h, done := open(m)
		defer done()
		var last [writers]uint64
		for batch := 1; batch <= batches; batch++ {
			for i := range row - 1 {
				h.Set(s.keys[w*row+i], s.value(uint64(batch)))
			}
			if key := s.keys[w*row+row-1]; batch%3 == 0 {
				h.Delete(key)
			} else {
				h.Set(key, s.value(uint64(batch)))
			}
			if batch == batches {
				kv.Publish(h)
			} else {
				h.(kv.HandOverer).HandOver()
			}
			runtime.Gosched()
			g := h.(kv.Versioned[K, V]).Read()
			seen, err := s.wholeRows(g, row, last[:])
			g.Release()
			switch {
			case err != nil:
				return err
			case seen[w] > uint64(batch):
				return fmt.Errorf("writer %d has handed over %d batches, and a guard sees batch %d", w, batch, seen[w])
			case batch == batches && seen[w] != uint64(batch):
				return fmt.Errorf("writer %d has published batch %d, and a guard sees batch %d", w, batch, seen[w])
			}
			copy(last[:], seen)
		}
		return nil
	})
}

func (s *subject[K, V]) handOverAndPublish() error {
	const keys = 4 // those of the first handle; the second writes the next key
	m := s.make(0)
	defer kv.Close(m)
	one, done := open(m)
	defer done()
	other, done := open(m)
	defer done()
	model := make(map[int]uint64)
	publish := func(n uint64) error {
		other.Set(s.keys[keys], s.value(n))
		model[keys] = n
		kv.Publish(other)
		return s.agree(one, model, keys+1)
	}
	for n := range uint64(4) {
		for key := range keys {
			one.Set(s.keys[key], s.value(n))
		}
		if err := publish(2 * n); err != nil {
			return fmt.Errorf("a handle has written %d keys, round %d, and another one has published its own: %w", keys, n, err)
		}
		one.(kv.HandOverer).HandOver()
		for key := range keys {
			model[key] = n
		}
		if err := publish(2*n + 1); err != nil {
			return fmt.Errorf("a handle has handed over %d keys, round %d, and then another one has published: %w", keys, n, err)
		}
	}
	return nil
}

// wholeRows returns which batch of each writer g sees. It must see the whole batch, and none older
// than last says.
func (s *subject[K, V]) wholeRows(g kv.Guard[K, V], row int, last []uint64) (seen []uint64, err error) {
	for w := range last {
		first, _, err := s.get(g, w*row)
		if err != nil {
			return nil, err
		}
		if first < last[w] {
			return nil, fmt.Errorf("a guard sees batch %d of writer %d, after a guard of the same handle that saw %d", first, w, last[w])
		}
		for i := range row {
			n, ok, err := s.get(g, w*row+i)
			want, there := first, first > 0 && (i < row-1 || first%3 > 0)
			if !there {
				want = 0
			}
			if err != nil || n != want || ok != there {
				return nil, fmt.Errorf("a guard sees batch %d of writer %d in its first key, and %d (%v) in key %d of its row; want %d (%v)", first, w, n, ok, i, want, there)
			}
		}
		seen = append(seen, first)
	}
	return seen, nil
}
