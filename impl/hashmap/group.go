package hashmap

import "doublebuf/impl/atomicx"

// Group is a writer for any number of goroutines at once, whose operations return what
// they found. Each takes effect for all readers at one instant between its call and its
// return: with a strategy whose level is atomic, and with look-ups by ReadHandle.Get or by a
// guard each, the map is linearizable.
//
// Writers that come while another publishes are combined: one of them, the leader, takes the
// operations of all that wait to the log, publishes once, and answers everyone. The idea is
// flat combining (Hendler, Incze, Shavit and Tzafrir, 2010), or the group commit of databases.
// It pays where a publish waits for readers. Where it does not, waking the callers costs more than
// the publishes that are saved, and a WriteHandle under a lock is quicker: see
// BenchmarkTargets in package baselines.
//
// Every method waits as Publish does, so whoever has a guard open must not call one. All panic
// with ErrClosed after Close, and if key cannot be hashed.
type Group[K comparable, V any] struct {
	w      *WriteHandle[K, V] // the leader's, and so is closed
	closed bool

	mu      atomicx.Mutex // guards what follows, and is never held while anything is published
	waiting []*request[K, V]
	led     bool // there is a leader
}

// NewGroup returns the writer of a new, empty map.
func NewGroup[K comparable, V any](options ...Option) *Group[K, V] {
	return &Group[K, V]{w: New[K, V](options...)}
}

// NewReadHandle returns a new handle for reading. Any goroutine may call it at any time.
func (g *Group[K, V]) NewReadHandle() *ReadHandle[K, V] { return g.w.NewReadHandle() }

// Insert sets key to value.
func (g *Group[K, V]) Insert(key K, value V) {
	g.do(&request[K, V]{kind: groupInsert, key: key, value: value})
}

// Remove removes key if it is there.
func (g *Group[K, V]) Remove(key K) { g.do(&request[K, V]{kind: groupRemove, key: key}) }

// Swap sets key to value, and returns the value before and whether there was one.
func (g *Group[K, V]) Swap(key K, value V) (previous V, loaded bool) {
	return g.do(&request[K, V]{kind: groupSwap, key: key, value: value})
}

// LoadOrStore returns the value of key if there is one, and true. Otherwise it sets key to
// value and returns that.
func (g *Group[K, V]) LoadOrStore(key K, value V) (actual V, loaded bool) {
	actual, loaded = g.do(&request[K, V]{kind: groupLoadOrStore, key: key, value: value})
	if !loaded {
		actual = value
	}
	return actual, loaded
}

// LoadAndDelete removes key, and returns the value that it had and whether it had one.
func (g *Group[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	return g.do(&request[K, V]{kind: groupRemove, key: key})
}

// CompareAndSwap sets key to new if its value is equal to old, and reports whether it was.
// It panics if old is of a type that cannot be compared.
func (g *Group[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	mustCompare(old)
	_, swapped = g.do(&request[K, V]{kind: groupCompareAndSwap, key: key, old: old, value: new})
	return swapped
}

// CompareAndDelete removes key if its value is equal to old, and reports whether it was.
// It panics if old is of a type that cannot be compared.
func (g *Group[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	mustCompare(old)
	_, deleted = g.do(&request[K, V]{kind: groupCompareAndDelete, key: key, old: old})
	return deleted
}

// mustCompare panics here, in the caller, if v cannot be compared. What can be compared with
// itself can be compared with anything: a comparison panics only where both sides have
// the same type that has no equality.
func mustCompare[V any](v V) { _ = any(v) == any(v) }

// Close ends writing. Operations that were called before are answered; readers keep the last
// version. Closing twice is harmless.
func (g *Group[K, V]) Close() { g.enter(&request[K, V]{kind: groupClose}) }

type groupKind uint8

const (
	groupInsert groupKind = iota
	groupSwap
	groupLoadOrStore
	groupRemove
	groupCompareAndSwap
	groupCompareAndDelete
	groupClose
)

// request is one call that waits for its answer.
type request[K comparable, V any] struct {
	kind       groupKind
	key        K
	value, old V

	// The answer, written by the leader before it wakes the caller.
	found V
	ok    bool
	err   error

	leads  bool // it is woken to lead, and has not been answered
	parker atomicx.Parker
}

// do has r answered.
func (g *Group[K, V]) do(r *request[K, V]) (V, bool) {
	if g.w.checkKeys {
		mustHash(r.key)
	}
	g.enter(r)
	if r.err != nil {
		panic(r.err)
	}
	return r.found, r.ok
}

// enter returns when r has been answered. Who finds no leader leads, once; then the first of
// those that came meanwhile does, so that nobody works for others without end.
func (g *Group[K, V]) enter(r *request[K, V]) {
	g.mu.Lock()
	g.waiting = append(g.waiting, r)
	leads := !g.led
	g.led = true
	if !leads {
		r.parker = atomicx.NewParker()
	}
	g.mu.Unlock()
	if !leads {
		r.parker.Park(nil, 0)
	}
	if leads || r.leads {
		g.lead(r)
	}
}

// lead answers all that wait, of whom the leader is one, and names the next leader.
func (g *Group[K, V]) lead(leader *request[K, V]) {
	g.mu.Lock()
	batch := g.waiting
	g.waiting = nil
	g.mu.Unlock()

	g.commit(batch)
	for _, r := range batch {
		if r != leader {
			r.parker.Unpark()
		}
	}

	g.mu.Lock()
	defer g.mu.Unlock()
	if g.led = len(g.waiting) > 0; g.led {
		next := g.waiting[0]
		next.leads = true
		next.parker.Unpark()
	}
}

// commit logs the requests, each of which finds what those before it have left, and
// publishes. Nobody is answered before that.
func (g *Group[K, V]) commit(batch []*request[K, V]) {
	for _, r := range batch {
		switch {
		case g.closed:
			r.err = ErrClosed
		case r.kind == groupClose:
			g.publish(batch)
			g.closed = true
			g.w.Close()
		case r.kind == groupInsert || r.key != r.key && r.kind <= groupLoadOrStore: // NaN is never found
			g.w.Insert(r.key, r.value)
		default:
			g.w.Update(r.key, r.resolve)
		}
	}
	if !g.closed {
		g.publish(batch)
	}
}

func (g *Group[K, V]) publish(batch []*request[K, V]) {
	if err := g.w.Publish(); err != nil {
		for _, r := range batch {
			r.err = err
		}
	}
}

// resolve is the function of an Update.
func (r *request[K, V]) resolve(value V, ok bool) (V, bool) {
	r.found, r.ok = value, ok
	switch r.kind {
	case groupLoadOrStore:
		if ok {
			return value, true
		}
	case groupRemove:
		return value, false
	case groupCompareAndSwap:
		if r.ok = ok && any(value) == any(r.old); !r.ok {
			return value, ok
		}
	case groupCompareAndDelete:
		r.ok = ok && any(value) == any(r.old)
		return value, ok && !r.ok
	}
	return r.value, true
}
