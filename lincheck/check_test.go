package lincheck

import (
	"sync"
	"testing"

	"doublebuf/baselines/kv"
)

// locked is the simplest linearizable map.
type locked struct {
	mu sync.RWMutex
	m  map[uint64]uint64
}

func (l *locked) Get(key uint64) (uint64, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v, ok := l.m[key]
	return v, ok
}
func (l *locked) Set(key, value uint64) { l.mu.Lock(); defer l.mu.Unlock(); l.m[key] = value }
func (l *locked) Delete(key uint64)     { l.mu.Lock(); defer l.mu.Unlock(); delete(l.m, key) }

func (l *locked) Swap(key, value uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.m[key]
	l.m[key] = value
	return v, ok
}

func (l *locked) LoadOrStore(key, value uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.m[key]; ok {
		return v, true
	}
	l.m[key] = value
	return value, false
}

func (l *locked) LoadAndDelete(key uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.m[key]
	delete(l.m, key)
	return v, ok
}

func (l *locked) CompareAndSwap(key, old, new uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.m[key]; !ok || v != old {
		return false
	}
	l.m[key] = new
	return true
}

func (l *locked) CompareAndDelete(key, old uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.m[key]; !ok || v != old {
		return false
	}
	delete(l.m, key)
	return true
}

var lockedEntry = kv.Entry{
	Name: "locked", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes | kv.Swaps,
	Uint64: func(int) kv.Map[uint64, uint64] { return &locked{m: map[uint64]uint64{}} },
}

// batchedEntry is a correct map of level atomic.
var batchedEntry = kv.Entry{
	Name: "batched", Level: kv.Atomic, Caps: kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Versions,
	Policy: kv.Policy{Every: 64}, Uint64: newFaulty(faults{}),
}

func TestCorrectMapsPass(t *testing.T) {
	perHandle := batchedEntry
	perHandle.Name, perHandle.Level = "batched-per-handle", kv.PerHandle
	readOnly := lockedEntry
	readOnly.Name, readOnly.Caps = "read-only", kv.Concurrent
	for _, e := range []kv.Entry{lockedEntry, batchedEntry, perHandle, readOnly} {
		v := Check(e, Options{Seed: 1})
		if v.Outcome != Ok || v.Counts.Histories == 0 {
			t.Errorf("%s: %v", e.Name, v)
		}
		t.Logf("%s: %v %+v", e.Name, v, v.Counts)
	}
}

func TestControlsFail(t *testing.T) {
	for _, e := range Controls(batchedEntry) {
		v := Check(e, Options{Seed: 1, Dir: t.TempDir()})
		if !v.AsExpected() {
			t.Errorf("%s: %v", e.Name, v)
		}
		t.Logf("%s: %v %+v", e.Name, v, v)
	}
}
