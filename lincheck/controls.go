package lincheck

import (
	"iter"
	"maps"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// Controls returns entries that must fail their check, to show that the checkers can:
// one that loses a publish, one whose reads and one whose guards are stale now and
// then. None of them breaks the rules of Go.
func Controls() []kv.Entry {
	atomicLevel := kv.Entry{Level: kv.Atomic, Caps: kv.Concurrent | kv.Writes, Policy: kv.Policy{Every: 64}, Broken: true, Identity: kv.Identity{Role: kv.NegativeControl}}
	lost := atomicLevel
	lost.Name, lost.Doc = "control-lost-publish", "control: every third publish is lost"
	lost.Uint64 = newFaulty(faults{losePublish: 3})
	read := atomicLevel
	read.Name, read.Doc = "control-stale-read", "control: every eighth read is one version late"
	read.Uint64 = newFaulty(faults{staleRead: 8})
	guard := atomicLevel
	guard.Name, guard.Doc = "control-stale-guard", "control: every eighth guard is one version late"
	guard.Caps |= kv.Versions
	guard.Uint64 = newFaulty(faults{staleGuard: 8})

	return []kv.Entry{lost, read, guard}
}

// faults says how often a faulty map does each wrong thing: 0 is never, n every n-th time.
type faults struct{ losePublish, staleRead, staleGuard uint64 }

// faulty is a map whose writes become visible in batches, like a double buffer's, and
// without faults a correct one of level atomic. Each publish makes a new immutable
// state: it is made to be simple, not fast.
type faulty struct {
	faults
	publishes, reads, guards atomic.Uint64

	mu       sync.Mutex
	writing  map[uint64]uint64
	state    atomic.Pointer[state]
	previous atomic.Pointer[state]
}

// state is the content that a publish made. It doubles as a guard, with nothing to
// release.
type state struct {
	version uint64
	content map[uint64]uint64
}

func newFaulty(f faults) func(capacity int) kv.Map[uint64, uint64] {
	return func(int) kv.Map[uint64, uint64] {
		m := &faulty{faults: f, writing: map[uint64]uint64{}}
		m.state.Store(&state{})
		m.previous.Store(&state{})
		return m
	}
}

// due counts, and reports whether this is an n-th time.
func due(count *atomic.Uint64, n uint64) bool { return n != 0 && count.Add(1)%n == 0 }

func (m *faulty) Get(key uint64) (uint64, bool) {
	if due(&m.reads, m.staleRead) {
		return m.previous.Load().Get(key)
	}
	return m.state.Load().Get(key)
}

func (m *faulty) Set(key, value uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writing[key] = value
}

func (m *faulty) Delete(key uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.writing, key)
}

func (m *faulty) Publish() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := m.state.Load()
	if due(&m.publishes, m.losePublish) {
		m.writing = maps.Clone(last.content)
		if m.writing == nil {
			m.writing = map[uint64]uint64{}
		}
		return last.version
	}
	m.previous.Store(last)
	m.state.Store(&state{last.version + 1, maps.Clone(m.writing)})
	return last.version + 1
}

func (m *faulty) Read() kv.Guard[uint64, uint64] {
	if due(&m.guards, m.staleGuard) {
		return m.previous.Load()
	}
	return m.state.Load()
}

func (s *state) Get(key uint64) (uint64, bool) {
	v, ok := s.content[key]
	return v, ok
}

func (s *state) All() iter.Seq2[uint64, uint64] { return maps.All(s.content) }
func (s *state) Len() int                       { return len(s.content) }
func (s *state) Version() uint64                { return s.version }
func (s *state) Release()                       {}
