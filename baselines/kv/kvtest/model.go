package kvtest

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"

	"doublebuf/baselines/kv"
)

// op is one operation of a random run.
type op struct {
	kind opKind
	key  int
	n    uint64 // what a set writes
}

type opKind byte

const (
	opGet opKind = iota
	opSet
	opDelete
)

func (o op) String() string {
	switch o.kind {
	case opSet:
		return fmt.Sprintf("set %d=%d", o.key, o.n)
	case opDelete:
		return fmt.Sprintf("delete %d", o.key)
	default:
		return fmt.Sprintf("get %d", o.key)
	}
}

// do performs o, which is not a get, on h.
func (s *subject[K, V]) do(h kv.Map[K, V], o op) {
	if o.kind == opSet {
		h.Set(s.keys[o.key], s.value(o.n))
	} else {
		h.Delete(s.keys[o.key])
	}
}

// do performs o, which is not a get, on a model.
func (o op) do(model map[int]uint64) {
	if o.kind == opSet {
		model[o.key] = o.n
	} else {
		delete(model, o.key)
	}
}

// drawWrites draws sets and deletes on the first keys. The i-th sets the number base+i.
func drawWrites(rng *rand.Rand, count, keys int, base uint64) []op {
	ops := make([]op, count)
	for i := range ops {
		ops[i] = op{opSet, rng.IntN(keys), base + uint64(i)}
		if rng.IntN(3) == 0 {
			ops[i].kind = opDelete
		}
	}
	return ops
}

// promises checks that handles have the methods that the entry's capabilities declare.
func (s *subject[K, V]) promises(*rand.Rand) error {
	m := s.make(0)
	defer kv.Close(m)
	h, done := open(m)
	defer done()
	_, ranger := h.(kv.Ranger[K, V])
	_, many := h.(kv.BatchReader[K, V])
	_, swapper := h.(kv.Swapper[K, V])
	_, versioned := h.(kv.Versioned[K, V])
	_, publisher := h.(kv.Publisher)
	_, clearer := h.(kv.Clearer)
	_, retainer := h.(kv.Retainer[K, V])
	_, updater := h.(kv.Updater[K, V])
	_, rewriter := h.(kv.Rewriter[K, V])
	_, tries := h.(kv.TryPublisher)
	_, cancels := h.(kv.ContextPublisher)
	_, flusher := h.(kv.Flusher)
	_, handsOver := h.(kv.HandOverer)
	_, closer := m.(interface{ Close() })
	batches := false
	if versioned {
		g := h.(kv.Versioned[K, V]).Read()
		_, batches = g.(kv.BatchReader[K, V])
		g.Release()
	}
	for _, p := range []struct {
		promised, kept bool
		text           string
	}{
		{s.entry.Caps.Has(kv.Range), ranger, "capability Range, but %T is no kv.Ranger"},
		{s.entry.Caps.Has(kv.Snapshot), many, "capability Snapshot, but %T is no kv.BatchReader"},
		{s.entry.Caps.Has(kv.Swaps), swapper, "capability Swaps, but %T is no kv.Swapper"},
		{s.entry.Caps.Has(kv.Versions), versioned, "capability Versions, but %T is no kv.Versioned"},
		{s.entry.Caps.Has(kv.Versions), publisher, "capability Versions, but %T is no kv.Publisher"},
		{s.entry.Caps.Has(kv.Clears), clearer, "capability Clears, but %T is no kv.Clearer"},
		{s.entry.Caps.Has(kv.Retains), retainer, "capability Retains, but %T is no kv.Retainer"},
		{s.entry.Caps.Has(kv.Updates), updater, "capability Updates, but %T is no kv.Updater"},
		{s.entry.Caps.Has(kv.Rewrites), rewriter, "capability Rewrites, but %T is no kv.Rewriter"},
		{s.entry.Caps.Has(kv.BatchReads), batches, "capability BatchReads, but the guards of %T are no kv.BatchReader"},
		{s.entry.Caps.Has(kv.TryPublishes), tries, "capability TryPublishes, but %T is no kv.TryPublisher"},
		{s.entry.Caps.Has(kv.Cancels), cancels, "capability Cancels, but %T is no kv.ContextPublisher"},
		{s.entry.Caps.Has(kv.Flushes), flusher, "capability Flushes, but %T is no kv.Flusher"},
		{s.entry.Caps.Has(kv.OwnLogs), handsOver && publisher, "capability OwnLogs, but %T is no kv.HandOverer and kv.Publisher"},
		{s.entry.Caps.Has(kv.Ends), closer, "capability Ends, but the map of %T has no Close"},
		{s.entry.Policy != kv.Policy{}, publisher, "a publish policy, but %T is no kv.Publisher"},
	} {
		if p.promised && !p.kept {
			return fmt.Errorf(p.text, h)
		}
	}
	return nil
}

// empty checks a map without any writes, of capacity 0 and of a large one.
func (s *subject[K, V]) empty(*rand.Rand) error {
	for _, capacity := range []int{0, 1000} {
		m := s.make(capacity)
		defer kv.Close(m)
		h, done := open(m)
		defer done()
		for range 2 {
			if err := s.agree(h, nil, 3); err != nil {
				return fmt.Errorf("empty map of capacity %d: %w", capacity, err)
			}
			h.Delete(s.keys[0])
			kv.Publish(h)
		}
	}
	return nil
}

// model performs random writes, each followed by a publish, and compares. The first runs are short
// and on few keys, so that the first failure is easy to read. The last run makes the map grow.
func (s *subject[K, V]) model(rng *rand.Rand) error {
	for length := range s.times(40) {
		ops := drawWrites(rng, length, 4, 1)
		if err := s.modelRun(ops, 4); err != nil {
			return fmt.Errorf("after %v: %w", ops, err)
		}
	}
	ops := drawWrites(rng, s.times(3*universe), universe, 1)
	if err := s.modelRun(ops, universe); err != nil {
		return fmt.Errorf("run of %d writes on %d keys: %w", len(ops), universe, err)
	}
	return nil
}

// modelRun performs the first third of ops as prefill, before any handle is open. It performs the
// rest through one handle and reads through another.
func (s *subject[K, V]) modelRun(ops []op, keys int) error {
	m := s.make(keys / 2)
	defer kv.Close(m)
	model := make(map[int]uint64)
	prefill := len(ops) / 3
	for _, o := range ops[:prefill] {
		s.do(m, o)
		o.do(model)
	}
	kv.Publish(m)
	for key := range keys {
		if err := s.agreeOn(m, model, key); err != nil {
			return fmt.Errorf("before a handle is opened: %w", err)
		}
	}
	writer, done := open(m)
	defer done()
	watcher, done := open(m)
	defer done()
	for _, o := range ops[prefill:] {
		s.do(writer, o)
		kv.Publish(writer)
		o.do(model)
		if err := s.agreeOn(watcher, model, o.key); err != nil {
			return err
		}
	}
	if err := s.agree(watcher, model, keys); err != nil {
		return err
	}
	return s.agree(writer, model, keys)
}

// pending checks that a batch stays unseen until it is published, and is seen from then on.
func (s *subject[K, V]) pending(rng *rand.Rand) error {
	const keys = 20
	m := s.make(keys)
	defer kv.Close(m)
	writer, done := open(m)
	defer done()
	watcher, done := open(m)
	defer done()
	model := make(map[int]uint64)
	for batch := range s.times(50) {
		before := maps.Clone(model)
		for _, o := range drawWrites(rng, rng.IntN(30), keys, uint64(batch)<<8|1) {
			s.do(writer, o)
			o.do(model)
			if err := s.agreeOn(watcher, before, o.key); err != nil {
				return fmt.Errorf("batch %d, before its publish and after %v: %w", batch, o, err)
			}
		}
		if err := s.agree(watcher, before, keys); err != nil {
			return fmt.Errorf("batch %d, before its publish: %w", batch, err)
		}
		kv.Publish(writer)
		if err := s.agree(watcher, model, keys); err != nil {
			return fmt.Errorf("batch %d, after its publish: %w", batch, err)
		}
	}
	return nil
}

// oddKeys checks keys that are not equal to themselves, and keys that are equal but differ in their
// bits. It does not check how often an entry with the key NaN is counted or seen: the built-in map
// keeps such entries, but cannot find them.
func oddKeys(e kv.Entry) error {
	m := e.Float64(0)
	defer kv.Close(m)
	h, done := open(m)
	defer done()
	nan, minusZero := math.NaN(), math.Copysign(0, -1)
	set := func(key float64, value uint64) {
		h.Set(key, value)
		kv.Publish(h)
	}
	for i := range 100 {
		set(float64(i), uint64(i))
		set(nan, uint64(i))
		h.Delete(nan)
		kv.Publish(h)
		if v, ok := h.Get(nan); ok {
			return fmt.Errorf("a Get finds %d under NaN; want nothing, since NaN is equal to no key", v)
		}
	}
	for i := range 100 {
		if v, ok := h.Get(float64(i)); !ok || v != uint64(i) {
			return fmt.Errorf("key %d beside entries with the key NaN: Get finds %s; want %d", i, found(v, ok), i)
		}
	}
	set(minusZero, 1000)
	if v, ok := h.Get(0); !ok || v != 1000 {
		return fmt.Errorf("a Get of +0 after Set of -0 finds %s; want 1000, since they are one key", found(v, ok))
	}
	h.Delete(0)
	kv.Publish(h)
	if v, ok := h.Get(minusZero); ok {
		return fmt.Errorf("a Get of -0 after Delete of +0 finds %d; want nothing, since they are one key", v)
	}
	return nil
}
