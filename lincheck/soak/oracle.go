package soak

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// oracle judges every guard of a running map by C7, in constant memory. It knows two numbers. The
// goroutine of the writer stores them, and readers only load them. So the oracle does not
// synchronise readers with each other. It adds no fence to them beyond that of a load.
//
// A reader loads completed before it opens a guard, and started after that. The guard's version v
// is right if completed <= v <= started. Then v had been published or was about to be (C1), and no
// newer version had certainly been published (C2).
//
// Before a reader closes a guard of version v it loads both numbers again. The guard's lag is
// bounded if started <= v+1: the writer has not begun to change the guard's copy, to make v+2 (C5).
// For this the writer must store started after its wait and before its first change. A map may not
// know when that is. Then the writer stores started before the wait, and the oracle checks
// completed <= v+1 only. That misses a writer that does not wait, if it has not published v+2
// before the guard is closed.
//
// The oracle cannot see inversions between readers (C3), because it knows no order between them.
type oracle struct {
	_         [64]byte
	started   atomic.Uint64 // the version that the writer makes, or may begin to make
	completed atomic.Uint64 // the last version whose publish has returned
	_         [64]byte
	knowsWait bool // the map reports the end of the writer's wait
	bounded   bool // the map has a bounded lag
}

// newOracle returns a new map of e with its oracle.
func newOracle(e kv.Entry) (*oracle, kv.Map[uint64, uint64]) {
	o := &oracle{knowsWait: e.Watched != nil, bounded: e.Caps.Has(kv.BoundedLag)}
	if !o.knowsWait {
		return o, e.Uint64(0)
	}
	o.started.Store(1) // the first publish has no wait
	return o, e.Watched(0, func() { o.started.Add(1) })
}

// Three entries of a map under an oracle determine all its other entries: the version, the number
// of operations in all, and the number of operations before the last Clear. So any entry can be
// checked. Operation i concerns key i modulo contentKeys. It deletes the key if deletes(i), else it
// sets the key to i.
const (
	contentKeys   = 1 << 11
	keyVersion    = 1 << 40
	keyOperations = keyVersion + 1
	keyCleared    = keyVersion + 2
)

func deletes(i uint64) bool { return i%7 == 3 }

// contentAt returns what a key below contentKeys holds after the given numbers of operations.
func contentAt(key, operations, cleared uint64) (uint64, bool) {
	if operations <= key {
		return 0, false
	}
	i := key + (operations-1-key)/contentKeys*contentKeys
	if i < cleared || deletes(i) {
		return 0, false
	}
	return i, true
}

// writer is the one client that writes.
type writer struct {
	o                            *oracle
	h                            kv.Map[uint64, uint64]
	version, operations, cleared uint64
}

// publish does the given number of operations, after a Clear if clear is true, and publishes them.
func (w *writer) publish(operations int, clear bool) *violation {
	if c, ok := w.h.(kv.Clearer); ok && clear {
		c.Clear()
		w.cleared = w.operations
	}
	w.version++
	first := w.operations
	w.operations += uint64(operations)
	// The entries that determine the content come first in one batch and last in the next. So both
	// the first and the last operations of batches matter.
	if w.version%2 == 0 {
		w.writeContent()
	}
	for i := first; i < w.operations; i++ {
		if deletes(i) {
			w.h.Delete(i % contentKeys)
		} else {
			w.h.Set(i%contentKeys, i)
		}
	}
	if w.version%2 == 1 {
		w.writeContent()
	}
	if !w.o.knowsWait {
		w.o.started.Store(w.version)
	}
	made := kv.Publish(w.h)
	if made != w.version {
		return &violation{"C0", fmt.Sprintf("publish number %d made version %d", w.version, made)}
	}
	w.o.completed.Store(made)
	return nil
}

// writeContent writes the three entries that determine the content.
func (w *writer) writeContent() {
	w.h.Set(keyVersion, w.version)
	w.h.Set(keyOperations, w.operations)
	w.h.Set(keyCleared, w.cleared)
}

// violation is a law that the oracle found broken.
type violation struct{ law, reason string }

// reader is one client that reads.
type reader struct {
	name string
	o    *oracle
	h    kv.Map[uint64, uint64]
	rng  *rand.Rand
	last uint64 // last version that the handle has seen

	link    openGuard // the last guard of a chain
	chained bool      // link is open
}

// openGuard is an open guard with its version.
type openGuard struct {
	kv.Guard[uint64, uint64]
	version uint64
}

// open opens a guard and checks it.
func (r *reader) open() (openGuard, *violation) {
	completed := r.o.completed.Load()
	g := r.h.(kv.Versioned[uint64, uint64]).Read()
	version := g.Version()
	started := r.o.started.Load()
	if b := r.judge("opened a guard of", version, completed, started); b != nil {
		return openGuard{}, b
	}
	w := openGuard{g, version}
	return w, r.sample(w)
}

// get looks one key up with a lookup guard, and checks the version that it read.
func (r *reader) get() *violation {
	completed := r.o.completed.Load()
	version, _ := r.h.Get(keyVersion)
	started := r.o.started.Load()
	return r.judge("looked up a key in", version, completed, started)
}

// judge checks the version of a guard by C7 and C4. did says how the reader got the guard.
func (r *reader) judge(did string, version, completed, started uint64) *violation {
	switch {
	case version < completed:
		return &violation{"C7", fmt.Sprintf("%s %s version %d, but version %d had been published before that", r.name, did, version, completed)}
	case version > started:
		return &violation{"C7", fmt.Sprintf("%s %s version %d, but after that the writer was yet to begin version %d", r.name, did, version, started+1)}
	case version < r.last:
		return &violation{"C4", fmt.Sprintf("%s %s version %d, but the same handle had seen version %d", r.name, did, version, r.last)}
	}
	r.last = version
	return nil
}

// sample checks one random entry of a guard against the content of its version.
func (r *reader) sample(g openGuard) *violation {
	version, _ := g.Get(keyVersion)
	operations, _ := g.Get(keyOperations)
	cleared, _ := g.Get(keyCleared)
	key := r.rng.Uint64() % contentKeys
	got, found := g.Get(key)
	want, there := contentAt(key, operations, cleared)
	switch {
	case version != g.version:
		return &violation{"C6", fmt.Sprintf("a guard of %s, of version %d, has the content of version %d", r.name, g.version, version)}
	case found != there || got != want:
		return &violation{"C6", fmt.Sprintf("in a guard of %s, of version %d, %d operations, %d of them before a Clear, key %d -> %s; want %s",
			r.name, g.version, operations, cleared, key, orNone(got, found), orNone(want, there))}
	}
	return nil
}

func orNone(v uint64, ok bool) string {
	if !ok {
		return "none"
	}
	return fmt.Sprint(v)
}

// all checks all entries of a guard against the content of its version.
func (r *reader) all(g openGuard) *violation {
	operations, _ := g.Get(keyOperations)
	cleared, _ := g.Get(keyCleared)
	want := 0
	for key := range uint64(contentKeys) {
		if _, there := contentAt(key, operations, cleared); there {
			want++
		}
	}
	seen := 0
	for key, got := range g.All() {
		if key >= keyVersion {
			continue
		}
		seen++
		if v, there := contentAt(key, operations, cleared); !there || got != v {
			return &violation{"C6", fmt.Sprintf("in a guard of %s, of version %d, %d operations, %d of them before a Clear, a walk finds key %d -> %d; want %s",
				r.name, g.version, operations, cleared, key, got, orNone(v, there))}
		}
	}
	if seen != want {
		return &violation{"C6", fmt.Sprintf("in a guard of %s, of version %d, a walk finds %d entries; want %d", r.name, g.version, seen, want)}
	}
	return nil
}

// close checks a guard for the last time and closes it.
func (r *reader) close(g openGuard) *violation {
	b := r.sample(g)
	if b == nil && r.o.bounded {
		completed := r.o.completed.Load()
		started := r.o.started.Load()
		switch {
		case completed > g.version+1:
			b = &violation{"C7", fmt.Sprintf("version %d was published while a guard of %s, of version %d, was open", completed, r.name, g.version)}
		case r.o.knowsWait && started > g.version+1:
			b = &violation{"C7", fmt.Sprintf("the writer began version %d, in the copy of an open guard of %s, of version %d", started, r.name, g.version)}
		}
	}
	g.Release()
	return b
}
