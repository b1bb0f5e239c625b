package controls

import (
	"iter"
	"maps"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// Faults says how often a Batched map makes each mistake: 0 is never, n is every n-th time.
type Faults struct{ LosePublish, StaleRead, StaleGuard uint64 }

// Batched is a map whose writes become visible in batches, as in a double buffer. Without faults
// it is correct, of level atomic. Each publish makes a new immutable State. The map is simple, not
// fast. Any number of goroutines may use it at once.
type Batched struct {
	faults                   Faults
	publishes, reads, guards atomic.Uint64

	mu       sync.Mutex
	writing  map[uint64]uint64
	current  atomic.Pointer[State]
	previous atomic.Pointer[State]
}

// State is the content that one publish made visible. It is also a guard of that version;
// releasing it does nothing.
type State struct {
	version uint64
	content map[uint64]uint64
}

// NewBatched returns an empty map that makes the given mistakes.
func NewBatched(f Faults) *Batched {
	m := &Batched{faults: f, writing: map[uint64]uint64{}}
	m.current.Store(&State{})
	m.previous.Store(&State{})
	return m
}

// Constructor returns NewBatched in the form that a kv.Entry needs.
func Constructor(f Faults) func(capacity int) kv.Map[uint64, uint64] {
	return func(int) kv.Map[uint64, uint64] { return NewBatched(f) }
}

// due counts a call, and reports whether it is an n-th one.
func due(count *atomic.Uint64, n uint64) bool { return n != 0 && count.Add(1)%n == 0 }

// Current returns the state that the last publish made.
func (m *Batched) Current() *State { return m.current.Load() }

// Get looks key up in the current state, or, as a mistake, in the one before.
func (m *Batched) Get(key uint64) (uint64, bool) {
	if due(&m.reads, m.faults.StaleRead) {
		return m.previous.Load().Get(key)
	}
	return m.current.Load().Get(key)
}

// Set adds a write to the batch.
func (m *Batched) Set(key, value uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writing[key] = value
}

// Delete adds a delete to the batch.
func (m *Batched) Delete(key uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.writing, key)
}

// Publish makes the batch visible and returns the new version. As a mistake it drops the batch.
func (m *Batched) Publish() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := m.current.Load()
	if due(&m.publishes, m.faults.LosePublish) {
		m.writing = maps.Clone(last.content)
		if m.writing == nil {
			m.writing = map[uint64]uint64{}
		}
		return last.version
	}
	m.previous.Store(last)
	m.current.Store(&State{last.version + 1, maps.Clone(m.writing)})
	return last.version + 1
}

// Read opens a guard of the current state, or, as a mistake, of the one before.
func (m *Batched) Read() kv.Guard[uint64, uint64] {
	if due(&m.guards, m.faults.StaleGuard) {
		return m.previous.Load()
	}
	return m.current.Load()
}

// Get looks key up.
func (s *State) Get(key uint64) (uint64, bool) {
	v, ok := s.content[key]
	return v, ok
}

// All ranges over the whole content.
func (s *State) All() iter.Seq2[uint64, uint64] { return maps.All(s.content) }

// Len returns the number of entries.
func (s *State) Len() int { return len(s.content) }

// Version returns the number of the publish that made the state.
func (s *State) Version() uint64 { return s.version }

// Release does nothing.
func (s *State) Release() {}
