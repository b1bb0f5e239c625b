package selftest

import "doublebuf/baselines/kv"

// between is the number of operations between two delays. A processor executes some tens of
// nanoseconds of the code after a delay during the delay. With long and rare delays this matters
// little.
const between = 1024

// slowed returns e under another name, made slower: each of its handles counts through iterations
// after every between operations. With 0 iterations it is the map that a slowed map is compared
// with, because the wrapping itself takes time.
func slowed(e kv.Entry, name string, iterations int) kv.Entry {
	build := e.Uint64
	return kv.Entry{
		Name: name, Doc: e.Doc + ", slowed down on purpose", Level: e.Level, Caps: e.Caps & (kv.Concurrent | kv.Writes), Policy: e.Policy,
		Uint64: func(capacity int) kv.Map[uint64, uint64] {
			return &slowedMap{slowedHandle{m: build(capacity)}, iterations}
		},
	}
}

// slowedMap opens slowed handles. The map itself is a handle too. It fills the map and is not
// slowed.
type slowedMap struct {
	slowedHandle
	iterations int
}

func (s *slowedMap) Open() kv.Map[uint64, uint64] {
	return &slowedHandle{m: kv.Open(s.m), iterations: s.iterations}
}

// slowedHandle has a cache line for what it writes, so that two handles do not slow each other
// down.
type slowedHandle struct {
	m          kv.Map[uint64, uint64]
	iterations int
	_          [64]byte
	operations uint
	sink       uint64
	_          [64]byte
}

func (s *slowedHandle) Get(key uint64) (uint64, bool) {
	s.delay()
	return s.m.Get(key)
}

func (s *slowedHandle) Set(key, value uint64) {
	s.delay()
	s.m.Set(key, value)
}

func (s *slowedHandle) Delete(key uint64) {
	s.delay()
	s.m.Delete(key)
}

func (s *slowedHandle) Close() { kv.Close(s.m) }

func (s *slowedHandle) delay() {
	if s.operations++; s.operations%between == 0 {
		s.sink = spin(s.sink, s.iterations)
	}
}

// spin counts in a way that no compiler shortens: each step needs the one before.
//
//go:noinline
func spin(x uint64, iterations int) uint64 {
	for range iterations {
		x = x*5 + 1
	}
	return x
}
