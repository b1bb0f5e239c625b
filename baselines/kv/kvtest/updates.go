package kvtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"

	"doublebuf/baselines/kv"
)

// update is an Update under way, with what its function saw.
type update struct {
	key       int
	saw, want string
	calls     int
}

// update adds n to the value of key, or sets it to n if there is none, or removes it if n is 0. It
// does the same to model.
func (s *subject[K, V]) update(h kv.Updater[K, V], model map[int]uint64, key int, n uint64) *update {
	before, had := model[key]
	u := &update{key: key, want: found(before, had)}
	h.Update(s.keys[key], func(v V, ok bool) (V, bool) {
		before, _ := s.number(v)
		u.calls++
		u.saw = found(before, ok)
		return s.value(before + n), n > 0
	})
	if n > 0 {
		model[key] += n
	} else {
		delete(model, key)
	}
	return u
}

// judge says whether the function of u has been called as it should.
func (u *update) judge() error {
	if u.calls != 1 || u.saw != u.want {
		return fmt.Errorf("the function of an Update of key %d was called %d times, last with %s; want once, with %s", u.key, u.calls, u.saw, u.want)
	}
	return nil
}

// updates mixes random writes with updates and compares with a model. It compares again after a
// publish without any write, so that it sees both copies of a double buffer.
func (s *subject[K, V]) updates(rng *rand.Rand) error {
	const keys = 6
	m := s.make(0)
	defer kv.Close(m)
	h, done := open(m)
	defer done()
	watcher, done := open(m)
	defer done()
	model := make(map[int]uint64)
	for batch := range s.times(40) {
		var all []*update
		for range rng.IntN(8) {
			if rng.IntN(3) == 0 {
				o := drawWrites(rng, 1, keys, uint64(batch)<<8|1)[0]
				s.do(h, o)
				o.do(model)
				continue
			}
			all = append(all, s.update(h.(kv.Updater[K, V]), model, rng.IntN(keys), rng.Uint64N(4)))
		}
		for range 2 {
			kv.Publish(h)
			for _, u := range all {
				if err := u.judge(); err != nil {
					return fmt.Errorf("batch %d: %w", batch, err)
				}
			}
			if err := s.agree(watcher, model, keys); err != nil {
				return fmt.Errorf("batch %d with %d calls of Update: %w", batch, len(all), err)
			}
		}
	}
	return nil
}

// concurrentUpdates lets all workers add 1 to the same keys by Update. No addition may be lost, and
// none may count twice.
func (s *subject[K, V]) concurrentUpdates(*rand.Rand) error {
	const workers, keys = 4, 3
	each := s.times(200)
	m := s.make(0)
	defer kv.Close(m)
	err := parallel(workers, func(w int) error {
		h, done := open(m)
		defer done()
		for i := range each {
			h.(kv.Updater[K, V]).Update(s.keys[i%keys], func(v V, _ bool) (V, bool) {
				n, _ := s.number(v)
				if i%8 == 0 {
					runtime.Gosched()
				}
				return s.value(n + 1), true
			})
			if i%8 == w {
				kv.Publish(h)
				runtime.Gosched()
			}
		}
		if s.entry.Caps.Has(kv.OwnLogs) {
			kv.Publish(h)
		}
		return nil
	})
	if err != nil {
		return err
	}
	h, done := open(m)
	defer done()
	model := make(map[int]uint64)
	for i := range each {
		model[i%keys] += workers
	}
	for range 2 {
		kv.Publish(h)
		if err := s.agree(h, model, keys); err != nil {
			return fmt.Errorf("after %d additions by Update in each of %d goroutines: %w", each, workers, err)
		}
	}
	return nil
}

// rewrites mixes random writes with Rewrite and compares with a model. A third of the values is
// removed, a third is changed, and a third stays.
func (s *subject[K, V]) rewrites(rng *rand.Rand) error {
	becomes := func(n uint64) (uint64, bool) { return n + n%3/2*1000, n%3 > 0 }
	return s.wholeMap(rng, "Rewrite", func(h kv.Map[K, V]) {
		h.(kv.Rewriter[K, V]).Rewrite(func(_ K, v *V) bool {
			before, _ := s.number(*v)
			n, keeps := becomes(before)
			*v = s.value(n)
			return keeps
		})
	}, becomes)
}
