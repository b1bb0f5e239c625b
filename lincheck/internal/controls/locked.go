package controls

import "sync"

// Locked is a Go map behind a lock. Any number of goroutines may use it at once.
type Locked struct {
	mu      sync.RWMutex
	content map[uint64]uint64
}

// NewLocked returns an empty map.
func NewLocked() *Locked { return &Locked{content: map[uint64]uint64{}} }

// Get looks key up.
func (l *Locked) Get(key uint64) (uint64, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v, ok := l.content[key]
	return v, ok
}

// Set stores value under key.
func (l *Locked) Set(key, value uint64) { l.mu.Lock(); defer l.mu.Unlock(); l.content[key] = value }

// Delete removes key.
func (l *Locked) Delete(key uint64) { l.mu.Lock(); defer l.mu.Unlock(); delete(l.content, key) }

// Swap implements kv.Swapper.
func (l *Locked) Swap(key, value uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.content[key]
	l.content[key] = value
	return v, ok
}

// LoadOrStore implements kv.Swapper.
func (l *Locked) LoadOrStore(key, value uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.content[key]; ok {
		return v, true
	}
	l.content[key] = value
	return value, false
}

// LoadAndDelete implements kv.Swapper.
func (l *Locked) LoadAndDelete(key uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.content[key]
	delete(l.content, key)
	return v, ok
}

// CompareAndSwap implements kv.Swapper.
func (l *Locked) CompareAndSwap(key, old, new uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.content[key]; !ok || v != old {
		return false
	}
	l.content[key] = new
	return true
}

// CompareAndDelete implements kv.Swapper.
func (l *Locked) CompareAndDelete(key, old uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.content[key]; !ok || v != old {
		return false
	}
	delete(l.content, key)
	return true
}
