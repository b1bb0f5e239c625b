package controls

import (
	"iter"
	"maps"
	"sync"

	"doublebuf/baselines/kv"
)

// Locked is the Full map of the simplest types.
type Locked = Full[uint64, uint64]

// NewLocked returns an empty map.
func NewLocked() *Locked { return NewFull[uint64, uint64]() }

// Full is a Go map behind a lock, with every operation of package kv that needs no publish. Any
// number of goroutines may use it at once.
type Full[K, V comparable] struct {
	mu      sync.RWMutex
	content map[K]V
}

// NewFull returns an empty map.
func NewFull[K, V comparable]() *Full[K, V] { return &Full[K, V]{content: map[K]V{}} }

// fullCaps are the capabilities of Full.
const fullCaps = kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Swaps | kv.Clears | kv.Retains

// Get looks key up.
func (f *Full[K, V]) Get(key K) (V, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	v, ok := f.content[key]
	return v, ok
}

// GetMany implements kv.BatchReader.
func (f *Full[K, V]) GetMany(keys []K, values []V, found []bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for i, key := range keys {
		values[i], found[i] = f.content[key]
	}
}

// Set stores value under key.
func (f *Full[K, V]) Set(key K, value V) { f.mu.Lock(); defer f.mu.Unlock(); f.content[key] = value }

// Delete removes key.
func (f *Full[K, V]) Delete(key K) { f.mu.Lock(); defer f.mu.Unlock(); delete(f.content, key) }

// Swap implements kv.Swapper.
func (f *Full[K, V]) Swap(key K, value V) (V, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.content[key]
	f.content[key] = value
	return v, ok
}

// LoadOrStore implements kv.Swapper.
func (f *Full[K, V]) LoadOrStore(key K, value V) (V, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v, ok := f.content[key]; ok {
		return v, true
	}
	f.content[key] = value
	return value, false
}

// LoadAndDelete implements kv.Swapper.
func (f *Full[K, V]) LoadAndDelete(key K) (V, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.content[key]
	delete(f.content, key)
	return v, ok
}

// CompareAndSwap implements kv.Swapper.
func (f *Full[K, V]) CompareAndSwap(key K, old, new V) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.content[key]
	if !ok || v != old {
		return false
	}
	f.content[key] = new
	return true
}

// CompareAndDelete implements kv.Swapper.
func (f *Full[K, V]) CompareAndDelete(key K, old V) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.content[key]
	if !ok || v != old {
		return false
	}
	delete(f.content, key)
	return true
}

// Clear implements kv.Clearer.
func (f *Full[K, V]) Clear() { f.mu.Lock(); defer f.mu.Unlock(); clear(f.content) }

// Retain implements kv.Retainer.
func (f *Full[K, V]) Retain(keep func(key K, value V) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.content, func(key K, value V) bool { return !keep(key, value) })
}

// All walks over the content of one instant.
func (f *Full[K, V]) All() iter.Seq2[K, V] {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return maps.All(maps.Clone(f.content))
}

// Len returns the number of entries.
func (f *Full[K, V]) Len() int { f.mu.RLock(); defer f.mu.RUnlock(); return len(f.content) }
