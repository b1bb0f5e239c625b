// Package sync stands in for sync in code that the explorer runs: every operation is a step.
// Without an explorer it does what sync does.
package sync

import (
	"sync"

	"doublebuf/impl/atomicx/hooked"
)

// Locker is sync.Locker.
type Locker = sync.Locker

// Mutex has the methods of sync.Mutex.
type Mutex struct{ mu sync.Mutex }

func (m *Mutex) Lock() {
	h := hooked.Current()
	if h != nil {
		h.Step(hooked.Op{Kind: hooked.OpLock, Loc: m, Ready: m.free})
	}
	m.mu.Lock()
	did(h, true)
}

func (m *Mutex) free() bool {
	free := m.mu.TryLock()
	if free {
		m.mu.Unlock()
	}
	return free
}

func (m *Mutex) TryLock() bool {
	h := begin(hooked.OpTryLock, m)
	locked := m.mu.TryLock()
	did(h, locked)
	return locked
}

func (m *Mutex) Unlock() {
	h := begin(hooked.OpUnlock, m)
	if h != nil && m.free() { // Unlock of a sync.Mutex would end the process
		panic("sync: unlock of unlocked mutex")
	}
	m.mu.Unlock()
	did(h, true)
}

// RWMutex has the methods of sync.RWMutex. A writer that waits keeps new readers out.
type RWMutex struct {
	mu     sync.RWMutex
	writer bool // under the explorer: a writer holds the lock or waits for the readers
}

func (m *RWMutex) Lock() {
	h := hooked.Current()
	if h == nil {
		m.mu.Lock()
		return
	}
	h.Step(hooked.Op{Kind: hooked.OpLock, Loc: m, Ready: func() bool { return !m.writer }})
	m.writer = true
	if m.mu.TryLock() {
		h.Did(true, nil)
		return
	}
	h.Did(true, nil)
	h.Step(hooked.Op{Kind: hooked.OpLock, Loc: m, Ready: m.empty, What: "after the readers"})
	m.mu.Lock()
	h.Did(true, nil)
}

func (m *RWMutex) empty() bool {
	empty := m.mu.TryLock()
	if empty {
		m.mu.Unlock()
	}
	return empty
}

func (m *RWMutex) TryLock() bool {
	h := begin(hooked.OpTryLock, m)
	locked := (h == nil || !m.writer) && m.mu.TryLock()
	if h != nil && locked {
		m.writer = true
	}
	did(h, locked)
	return locked
}

func (m *RWMutex) Unlock() {
	h := begin(hooked.OpUnlock, m)
	if h != nil {
		if m.mu.TryRLock() {
			panic("sync: Unlock of unlocked RWMutex")
		}
		m.writer = false
	}
	m.mu.Unlock()
	did(h, true)
}

func (m *RWMutex) RLock() {
	h := hooked.Current()
	if h != nil {
		h.Step(hooked.Op{Kind: hooked.OpLock, Loc: m, What: "read", Commutes: true, Ready: func() bool { return !m.writer }})
	}
	m.mu.RLock()
	did(h, true)
}

func (m *RWMutex) TryRLock() bool {
	h := begin(hooked.OpTryLock, m)
	locked := (h == nil || !m.writer) && m.mu.TryRLock()
	did(h, locked)
	return locked
}

func (m *RWMutex) RUnlock() {
	h := hooked.Current()
	if h != nil {
		h.Step(hooked.Op{Kind: hooked.OpUnlock, Loc: m, What: "read", Commutes: true})
		if m.empty() {
			panic("sync: RUnlock of unlocked RWMutex")
		}
	}
	m.mu.RUnlock()
	did(h, true)
}

// RLocker returns a Locker whose methods are RLock and RUnlock.
func (m *RWMutex) RLocker() Locker { return (*reader)(m) }

type reader RWMutex

func (r *reader) Lock()   { (*RWMutex)(r).RLock() }
func (r *reader) Unlock() { (*RWMutex)(r).RUnlock() }

// begin announces an operation that is always possible. It returns the hook, or nil.
func begin(kind hooked.Kind, loc any) hooked.Whole {
	h := hooked.Current()
	if h != nil {
		h.Step(hooked.Op{Kind: kind, Loc: loc})
	}
	return h
}

func did(h hooked.Whole, changed bool) {
	if h != nil {
		h.Did(changed, nil)
	}
}

type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
