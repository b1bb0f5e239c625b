package kvtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// A writeID is the number of a value, and names the operation that wrote it: its key, its worker
// and its place on the tape of that worker.
func writeID(key, worker, place int) uint64 {
	return uint64(key)<<32 | uint64(worker)<<24 | uint64(place)
}

func parseWriteID(n uint64) (key, worker, place int) {
	return int(n >> 32), int(n >> 24 & 0xff), int(n & 0xffffff)
}

// race is a run in which several workers use one map. Each has a tape of operations. The tapes are
// drawn before and never change, so every value that is read can be judged by them.
type race struct {
	tapes   [][]op
	keys    int
	prefill int // so many of the first keys are set before, as if by worker len(tapes)
}

// drawRace draws tapes. Of every four keys one belongs to one worker. Only that worker writes it,
// so its last write is known. If writes is false, the tapes hold gets only.
func drawRace(rng *rand.Rand, workers, length, keys int, writes bool) race {
	r := race{keys: keys, prefill: keys / 2}
	for w := range workers {
		tape := make([]op, length)
		for i := range tape {
			key := rng.IntN(keys)
			o := op{key: key, n: writeID(key, w, i)}
			if owned := key%4 == 0; writes && (!owned || key/4%workers == w) {
				o.kind = opKind(rng.IntN(3))
			}
			tape[i] = o
		}
		r.tapes = append(r.tapes, tape)
	}
	return r
}

// judge returns an error if n was never written under key.
func (r race) judge(key int, n uint64) error {
	k, worker, place := parseWriteID(n)
	switch {
	case k == key && worker == len(r.tapes) && key < r.prefill:
		return nil
	case k == key && worker < len(r.tapes) && place < len(r.tapes[worker]) && r.tapes[worker][place] == op{opSet, key, n}:
		return nil
	}
	return fmt.Errorf("key %d has the value %#x, which was never written to it", key, n)
}

// finals returns for each key the values that it may have in the end: the last write of each worker
// that wrote it, or the prefill if none did. -1 stands for a delete.
func (r race) finals() []map[int64]bool {
	finals := make([]map[int64]bool, r.keys)
	for key := range finals {
		finals[key] = make(map[int64]bool)
	}
	for _, tape := range r.tapes {
		last := make(map[int]op)
		for _, o := range tape {
			if o.kind != opGet {
				last[o.key] = o
			}
		}
		for key, o := range last {
			if o.kind == opSet {
				finals[key][int64(o.n)] = true
			} else {
				finals[key][-1] = true
			}
		}
	}
	for key, final := range finals {
		if len(final) > 0 {
			continue
		}
		if key < r.prefill {
			final[int64(writeID(key, len(r.tapes), 0))] = true
		} else {
			final[-1] = true
		}
	}
	return finals
}

// concurrent lets workers read shared keys, and write them if the map can. It judges each read and
// the final content. Many short races show more than a long one, because only the last write of
// each key is certain.
func (s *subject[K, V]) concurrent(rng *rand.Rand) error {
	for round := range s.times(30) {
		r := drawRace(rng, 4, 200, 24, s.entry.Caps.Has(kv.Writes))
		if err := s.race(r); err != nil {
			return fmt.Errorf("race %d: %w", round, err)
		}
	}
	return nil
}

func (s *subject[K, V]) race(r race) error {
	m := s.make(r.keys / 4) // it has to grow
	defer kv.Close(m)
	for key := range r.prefill {
		m.Set(s.keys[key], s.value(writeID(key, len(r.tapes), 0)))
	}
	kv.Publish(m)
	if err := parallel(len(r.tapes), func(w int) error { return s.work(m, r, r.tapes[w]) }); err != nil {
		return err
	}
	h, done := open(m)
	defer done()
	kv.Publish(h)
	for key, final := range r.finals() {
		n, ok, err := s.get(h, key)
		if err != nil {
			return err
		}
		got := int64(-1)
		if ok {
			got = int64(n)
		}
		if !final[got] {
			return fmt.Errorf("key %d has %#x in the end (-0x1 is nothing), which is no worker's last write to it; those are %#x", key, got, slices.Collect(maps.Keys(final)))
		}
	}
	return nil
}

// work does the operations of one tape. Now and then it publishes, whatever the policy of the
// entry. Now and then it opens a new handle, as readers come and go.
func (s *subject[K, V]) work(m kv.Map[K, V], r race, tape []op) error {
	h, done := open(m)
	defer func() { done() }()
	batch := 8 * 10 / s.times(10)
	for i, o := range tape {
		if o.kind == opGet {
			n, ok, err := s.get(h, o.key)
			if ok && err == nil {
				err = r.judge(o.key, n)
			}
			if err != nil {
				return err
			}
		} else {
			s.do(h, o)
		}
		if i%batch == batch-1 {
			s.publishIfMany(h)
		}
		if i%8 == 7 {
			runtime.Gosched() // so that workers alternate on few processors too
		}
		if i%64 == 63 {
			if s.entry.Caps.Has(kv.OwnLogs) { // or what is in its log would be lost
				s.publishIfMany(h)
			}
			done()
			h, done = open(m)
		}
	}
	s.publishIfMany(h)
	return nil
}

// publishIfMany publishes if several goroutines may do so.
func (s *subject[K, V]) publishIfMany(h kv.Map[K, V]) {
	if s.entry.Caps.Has(kv.Writes) {
		kv.Publish(h)
	}
}

// beside runs write in one goroutine and watch in two others, each with its own handle of m. watch
// reads the map until more returns false. write is called with 0, 1, and so on, at least rounds
// times. It is called on until the watchers have read during many rounds. So neither side ends
// before the other begins.
func beside[K comparable, V any](m kv.Map[K, V], rounds int,
	write func(h kv.Map[K, V], round int) error, watch func(h kv.Map[K, V], more func() bool) error,
) error {
	const watchers = 2
	many := int32(min(100, 5*rounds))
	var round, watched, watching atomic.Int32 // watched counts the rounds in which a watcher looked
	var written atomic.Bool
	watching.Store(watchers)
	look := func(h kv.Map[K, V]) error {
		defer watching.Add(-1)
		last := int32(-1)
		return watch(h, func() bool {
			if r := round.Load(); r != last {
				last = r
				watched.Add(1)
			}
			runtime.Gosched()
			return !written.Load()
		})
	}
	return parallel(1+watchers, func(i int) error {
		h, done := open(m)
		defer done()
		if i > 0 {
			return look(h)
		}
		defer written.Store(true)
		for r := 0; r < rounds || watched.Load() < many && watching.Load() > 0; r++ {
			round.Store(int32(r))
			if err := write(h, r); err != nil {
				return err
			}
			runtime.Gosched()
		}
		return nil
	})
}
