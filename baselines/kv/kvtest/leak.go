package kvtest

import (
	"fmt"
	"math/rand/v2"
	"runtime"

	"doublebuf/baselines/kv"
)

// leak is the name of keepsNothing in the battery.
const leak = "leak"

// keepsNothing overwrites and deletes a few keys and measures the live heap. A map may keep what it
// has replaced for a while, in a log or until it grows. Then the heap stops growing at some time. A
// map whose heap grows with every round, up to a million writes, keeps it for good.
func (s *subject[K, V]) keepsNothing(*rand.Rand) error {
	const (
		keys  = 16
		least = 32       // bytes for each write that are too many
		total = 1 << 20  // writes
		heap  = 64 << 20 // or bytes that are enough
	)
	m := s.make(keys)
	defer kv.Close(m)
	h, done := open(m)
	defer done()
	writes := 1 << 12
	s.overwrite(h, keys, writes)
	first := liveHeap()
	for before, n, round := first, 0, 0; ; round++ {
		s.overwrite(h, keys, writes)
		n += writes
		now := liveHeap()
		if now < before+least*writes {
			return nil
		}
		if n >= total || now-first >= heap {
			return fmt.Errorf("the live heap grows by %d bytes for each of %d writes to the same %d keys", (now-first)/n, n, keys)
		}
		if before = now; round >= 3 {
			writes *= 2
		}
	}
}

// overwrite writes to the first keys in turn. Every fifth write is a delete. It publishes now and
// then.
func (s *subject[K, V]) overwrite(h kv.Map[K, V], keys, writes int) {
	const batch = 256
	for i := range writes {
		o := op{opSet, i % keys, uint64(i % 8)}
		if i%5 == 4 {
			o.kind = opDelete
		}
		s.do(h, o)
		if i%batch == batch-1 {
			kv.Publish(h)
		}
	}
	kv.Publish(h)
}

// liveHeap returns the bytes of the heap that are in use. What only a finalizer or a cleanup keeps
// is gone after the second collection.
func liveHeap() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
