package soak

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// oracle judges every guard of a map that runs, in constant memory: C7. It knows two numbers,
// which the one goroutine that writes stores and readers only load, so that it does not
// synchronise readers with each other, nor fences them more than a load does.
//
// A guard of version v, opened between the loads of completed and started, is right if
// completed <= v <= started: v had been published or was about to be, and nothing newer had
// been published for certain (C1 and C2). It is one of a bounded lag if also started <= v+1
// before it is closed: the writer has not begun to change the guard's copy, to make v+2 (C5).
// For this last part started must be stored after the writer's wait and before its first change;
// a map that cannot tell when that is has started stored before the wait, and then
// completed <= v+1 is what is left of it. That misses a writer who does not wait, if he has not
// published v+2 by the time the guard is closed.
//
// What it cannot see are inversions between readers (C3), for it knows no order between them.
type oracle struct {
	_         [64]byte
	started   atomic.Uint64 // the version that the writer makes or may begin to make
	completed atomic.Uint64 // the last whose publish has returned
	_         [64]byte
	tells     bool // the map says when the wait is over
	bounded   bool // the map has a bounded lag
}

// newOracle returns a map of e under an oracle.
func newOracle(e kv.Entry) (*oracle, kv.Map[uint64, uint64]) {
	o := &oracle{tells: e.Watched != nil, bounded: e.Caps.Has(kv.BoundedLag)}
	if !o.tells {
		return o, e.Uint64(0)
	}
	o.started.Store(1) // before the first publish there is nothing to wait for
	return o, e.Watched(0, func() { o.started.Add(1) })
}

// The content of a map under an oracle is known from three of its entries, so that any other
// can be checked: the version, how many operations have been logged in all, and how many of
// them before the last Clear. Operation i is about key i modulo contentKeys, and deletes
// it if i is of a deleting kind, and else sets it to i.
const (
	contentKeys   = 1 << 11
	keyVersion    = 1 << 40
	keyOperations = keyVersion + 1
	keyCleared    = keyVersion + 2
)

func deletes(i uint64) bool { return i%7 == 3 }

// contentAt returns what a key below contentKeys holds after so many operations.
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

// scribe is the writer.
type scribe struct {
	o                            *oracle
	h                            kv.Map[uint64, uint64]
	version, operations, cleared uint64
}

// publish logs so many operations, perhaps after a Clear, and publishes them.
func (w *scribe) publish(operations int, clear bool) *breach {
	if c, ok := w.h.(kv.Clearer); ok && clear {
		c.Clear()
		w.cleared = w.operations
	}
	w.version++
	first := w.operations
	w.operations += uint64(operations)
	// What tells the content is written now before the content and now after it, so that both the
	// first and the last operations of batches matter.
	if w.version%2 == 0 {
		w.tell()
	}
	for i := first; i < w.operations; i++ {
		if deletes(i) {
			w.h.Delete(i % contentKeys)
		} else {
			w.h.Set(i%contentKeys, i)
		}
	}
	if w.version%2 == 1 {
		w.tell()
	}
	if !w.o.tells {
		w.o.started.Store(w.version)
	}
	made := kv.Publish(w.h)
	if made != w.version {
		return &breach{"C0", fmt.Sprintf("publish number %d made version %d", w.version, made)}
	}
	w.o.completed.Store(made)
	return nil
}

// tell writes what the content is to be.
func (w *scribe) tell() {
	w.h.Set(keyVersion, w.version)
	w.h.Set(keyOperations, w.operations)
	w.h.Set(keyCleared, w.cleared)
}

// breach is a law that the oracle saw broken.
type breach struct{ law, reason string }

// watcher is one reader with a handle.
type watcher struct {
	name string
	o    *oracle
	h    kv.Map[uint64, uint64]
	rng  *rand.Rand
	last uint64 // version that the handle has seen

	link    watched // the guard that a chain has come to
	chained bool    // there is one
}

// watched is an open guard.
type watched struct {
	kv.Guard[uint64, uint64]
	version uint64
}

// open opens a guard and checks it.
func (r *watcher) open() (watched, *breach) {
	completed := r.o.completed.Load()
	g := r.h.(kv.Versioned[uint64, uint64]).Read()
	version := g.Version()
	started := r.o.started.Load()
	if b := r.judge("opened a guard of", version, completed, started); b != nil {
		return watched{}, b
	}
	w := watched{g, version}
	return w, r.sample(w)
}

// get looks one key up without a guard of its own, and checks what version that was of.
func (r *watcher) get() *breach {
	completed := r.o.completed.Load()
	version, _ := r.h.Get(keyVersion)
	started := r.o.started.Load()
	return r.judge("looked up a key in", version, completed, started)
}

func (r *watcher) judge(did string, version, completed, started uint64) *breach {
	switch {
	case version < completed:
		return &breach{"C7", fmt.Sprintf("%s %s version %d, but version %d had been published before that", r.name, did, version, completed)}
	case version > started:
		return &breach{"C7", fmt.Sprintf("%s %s version %d, but after that the writer was yet to begin version %d", r.name, did, version, started+1)}
	case version < r.last:
		return &breach{"C4", fmt.Sprintf("%s %s version %d, but the same handle had seen version %d", r.name, did, version, r.last)}
	}
	r.last = version
	return nil
}

// sample checks that a guard shows its version, in one entry drawn at random.
func (r *watcher) sample(g watched) *breach {
	version, _ := g.Get(keyVersion)
	operations, _ := g.Get(keyOperations)
	cleared, _ := g.Get(keyCleared)
	key := r.rng.Uint64() % contentKeys
	got, found := g.Get(key)
	want, there := contentAt(key, operations, cleared)
	switch {
	case version != g.version:
		return &breach{"C6", fmt.Sprintf("a guard of %s, of version %d, has the content of version %d", r.name, g.version, version)}
	case found != there || got != want:
		return &breach{"C6", fmt.Sprintf("in a guard of %s, of version %d, %d operations, %d of them before a Clear, key %d -> %s; want %s",
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

// all checks that a guard shows its version, in all entries.
func (r *watcher) all(g watched) *breach {
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
			return &breach{"C6", fmt.Sprintf("in a guard of %s, of version %d, %d operations, %d of them before a Clear, a walk finds key %d -> %d; want %s",
				r.name, g.version, operations, cleared, key, got, orNone(v, there))}
		}
	}
	if seen != want {
		return &breach{"C6", fmt.Sprintf("in a guard of %s, of version %d, a walk finds %d entries; want %d", r.name, g.version, seen, want)}
	}
	return nil
}

// close checks a guard for the last time and closes it.
func (r *watcher) close(g watched) *breach {
	b := r.sample(g)
	if b == nil && r.o.bounded {
		completed := r.o.completed.Load()
		started := r.o.started.Load()
		switch {
		case completed > g.version+1:
			b = &breach{"C7", fmt.Sprintf("version %d was published while a guard of %s, of version %d, was open", completed, r.name, g.version)}
		case r.o.tells && started > g.version+1:
			b = &breach{"C7", fmt.Sprintf("the writer began version %d, in the copy of an open guard of %s, of version %d", started, r.name, g.version)}
		}
	}
	g.Release()
	return b
}
