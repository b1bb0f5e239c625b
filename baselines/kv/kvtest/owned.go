package kvtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"doublebuf/baselines/kv"
)

// owned lets several goroutines fill and empty a map at full speed. Each key is written by one of
// them, its owner, and read by all. So every answer can be judged when it is given, by how far the
// owner had come before the call and after it. The maps are of three sizes in turn.
func (s *subject[K, V]) owned(rng *rand.Rand) error {
	sizes := [...]int{5, 256, 1024} // keys of each owner
	start := time.Now()
	t := s.of(s.first(owners * slices.Max(sizes[:])))
	for i := 0; i < len(sizes) || time.Since(start) < s.pace.Race; i++ {
		began := time.Now()
		o := ownedMap[K, V]{s: t, m: s.make(0), steps: make([]progress, owners*sizes[i%len(sizes)])}
		o.over = func() bool { return time.Since(began) > s.pace.Race/time.Duration(len(sizes)) }
		err := o.run(rng.Uint64())
		kv.Close(o.m)
		if err != nil {
			return err
		}
		s.grown(Growth{Entries: o.used(), Together: true})
	}
	return nil
}

// owners is the number of goroutines of owned. The i-th owns every key whose index is i modulo
// owners, so that adjacent keys belong to different owners.
const owners = 4

// ownedMap is a map in which the content of each key follows from the number of its step. Before
// step 1 there is nothing. Every third step deletes the key. The others set it to a number from
// which the key and the step follow.
type ownedMap[K, V comparable] struct {
	s     *subject[K, V]
	m     kv.Map[K, V]
	steps []progress // by key
	over  func() bool
}

// progress is how far the owner of a key has come: the last step that it has begun, and the last
// one that every later read must see.
type progress struct{ begun, done atomic.Uint64 }

// used returns the number of keys that have been written.
func (o *ownedMap[K, V]) used() (n int) {
	for key := range o.steps {
		if o.steps[key].begun.Load() > 0 {
			n++
		}
	}
	return n
}

// deletes reports whether the step deletes the key. Step 0 stands for the empty map.
func deletes(step uint64) bool { return step%3 == 0 }

// numberOf returns what the step writes to the key.
func numberOf(key int, step uint64) uint64 { return step<<16 | uint64(key) }

// run lets the owners take turns with all of their keys, and then compares what is left.
func (o *ownedMap[K, V]) run(seed uint64) error {
	const rounds = 60 // of three steps for each key
	err := parallel(owners, func(i int) error {
		w := o.worker(i, rand.New(rand.NewPCG(seed, uint64(i))))
		defer w.close()
		for range rounds {
			for range 3 {
				if err := w.turn(); err != nil {
					return err
				}
			}
			if o.over() {
				break
			}
		}
		w.publish()
		return nil
	})
	if err != nil {
		return err
	}
	w := o.worker(0, nil)
	defer w.close()
	for key := range o.steps {
		if err := w.read(key); err != nil {
			return fmt.Errorf("in the end: %w", err)
		}
	}
	return w.walk()
}

// owner is one of the goroutines, with its handle.
type owner[K, V comparable] struct {
	*ownedMap[K, V]
	i           int
	rng         *rand.Rand
	h           kv.Map[K, V]
	close       func()
	seen        []uint64 // the last step of each key that it has seen
	unpublished []int    // keys that it has written since its last publish
	from, to    []uint64 // of walk, for each key
}

func (o *ownedMap[K, V]) worker(i int, rng *rand.Rand) *owner[K, V] {
	n := len(o.steps)
	w := &owner[K, V]{ownedMap: o, i: i, rng: rng, seen: make([]uint64, n), from: make([]uint64, n), to: make([]uint64, n)}
	w.h, w.close = open(o.m)
	return w
}

// turn takes the next step of each of its keys, and reads that key and another after it. Sometimes
// it walks over the map.
func (w *owner[K, V]) turn() error {
	for key := w.i; key < len(w.steps); key += owners {
		w.step(key)
		if err := w.read(key); err != nil {
			return err
		}
		if err := w.read(w.rng.IntN(len(w.steps))); err != nil {
			return err
		}
		if key/owners%8 == 7 {
			if w.over() {
				return nil
			}
			runtime.Gosched()
		}
	}
	if w.rng.IntN(owners) > 0 {
		return nil
	}
	return w.walk()
}

// step takes the next step of a key. If the map publishes, later reads must see it only after a
// publish.
func (w *owner[K, V]) step(key int) {
	const most = 16 // writes between two publishes
	p := &w.steps[key]
	step := p.begun.Load() + 1
	p.begun.Store(step)
	o := op{opSet, key, numberOf(key, step)}
	if deletes(step) {
		o.kind = opDelete
	}
	w.s.do(w.h, o)
	w.unpublished = append(w.unpublished, key)
	if _, publishes := w.h.(kv.Publisher); !publishes || w.rng.IntN(most) == 0 {
		w.publish()
	}
}

func (w *owner[K, V]) publish() {
	kv.Publish(w.h)
	for _, key := range w.unpublished {
		w.steps[key].done.Store(w.steps[key].begun.Load())
	}
	w.unpublished = w.unpublished[:0]
}

// read gets the value of a key and judges it.
func (w *owner[K, V]) read(key int) error {
	from := max(w.steps[key].done.Load(), w.seen[key])
	v, ok := w.h.Get(w.s.keys[key])
	to := w.steps[key].begun.Load()
	step, err := w.stepOf(key, v, ok, from, to)
	if err != nil {
		return fmt.Errorf("a Get of %w", err)
	}
	w.seen[key] = step
	return nil
}

// stepOf returns the step after which the key has the value v, or none if ok is false. It must be
// one between from and to, and it is the first one if there are several.
func (w *owner[K, V]) stepOf(key int, v V, ok bool, from, to uint64) (uint64, error) {
	step := (from + 2) / 3 * 3 // the first that leaves nothing
	if ok {
		n, err := w.s.decode(key, v)
		if err != nil {
			return 0, err
		}
		step = n >> 16
		if n != numberOf(key, step) || deletes(step) {
			return 0, fmt.Errorf("key %s finds %d, which was never written to it", w.s.name(key), n)
		}
	}
	if step < from || step > to {
		answer := "nothing"
		if ok {
			answer = fmt.Sprintf("what step %d wrote", step)
		}
		return 0, fmt.Errorf("key %s finds %s, beside others that write other keys; steps %d to %d were right, of which every third deletes it", w.s.name(key), answer, from, to)
	}
	return step, nil
}

// walk compares Len and a walk over the map with what they may see: each key once that is there all
// the time, and none that is not.
func (w *owner[K, V]) walk() error {
	r, ok := w.h.(kv.Ranger[K, V])
	if !ok || !w.s.entry.Caps.Has(kv.Range) {
		return nil
	}
	n, err := w.between(func() (n int, err error) { return r.Len(), nil })
	if err != nil {
		return err
	}
	if least, most := w.bounds(); n < least || n > most {
		return fmt.Errorf("the Len is %d, while others write; there were %d to %d entries", n, least, most)
	}
	values := make(map[int]V)
	_, err = w.between(func() (int, error) {
		for k, v := range r.All() {
			key, known := w.s.index[k]
			if _, twice := values[key]; twice || !known || key >= len(w.steps) {
				return 0, fmt.Errorf("a walk over All yields the key %v, which it has seen before or which was never written", k)
			}
			values[key] = v
		}
		return 0, nil
	})
	for key := 0; key < len(w.steps) && err == nil; key++ {
		v, seen := values[key]
		if _, err = w.stepOf(key, v, seen, w.from[key], w.to[key]); err != nil {
			err = fmt.Errorf("a walk over All: %w", err)
		}
	}
	return err
}

// between notes how far each key has come before look and after it.
func (w *owner[K, V]) between(look func() (int, error)) (int, error) {
	for key := range w.steps {
		w.from[key] = w.steps[key].done.Load()
	}
	n, err := look()
	for key := range w.steps {
		w.to[key] = w.steps[key].begun.Load()
	}
	return n, err
}

// bounds returns how many keys were certainly there between from and to, and how many may have
// been.
func (w *owner[K, V]) bounds() (least, most int) {
	for key, from := range w.from {
		to := w.to[key]
		if (from+2)/3*3 > to { // no step leaves nothing
			least++
		}
		if from != to || !deletes(from) {
			most++
		}
	}
	return least, most
}
