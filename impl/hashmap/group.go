package hashmap

import "doublebuf/impl/atomicx"

// Group is a writer for any number of goroutines at once, whose operations return what
// they found. Each takes effect for all readers at one instant between its call and its
// return: with a strategy whose level is atomic, and with look-ups by Get or by a
// guard each, the map is linearizable.
//
// Writers that come while another publishes are combined: one of them, the leader, takes the
// operations of all that wait to the log, publishes once, and answers everyone. The idea is
// flat combining (Hendler, Incze, Shavit and Tzafrir, 2010), or the group commit of databases.
// It pays where a publish waits for readers, for all that come meanwhile share the next one. Where it does
// not, a writer leads again and again without meeting another, as with a lock, and is about as quick
// as a WriteHandle under one. To have him stand back so that the others can join him was tried:
// every operation then takes a switch of goroutines, which costs more than the publish that it
// saves. See BenchmarkTargets in package baselines.
//
// Every method waits as Publish does, so whoever has a guard open must not call one. All panic
// with ErrClosed after Close, and if key cannot be hashed. Insert and Remove allocate nothing.
// If the report of a stall panics, the caller who leads has that panic and has done nothing, and another leads.
type Group[K comparable, V any] struct {
	waiting  atomicx.Pointer[request[K, V]] // a stack: anyone pushes, the leader takes all
	led      atomicx.Bool                   // there is a leader
	requests atomicx.Pool                   // of *request[K, V]

	// The leader's.
	w      *WriteHandle[K, V]
	closed error            // why nothing is written any more, or nil
	batch  []*request[K, V] // kept for its memory
}

// NewGroup returns the writer of a new, empty map.
func NewGroup[K comparable, V any](options ...Option) *Group[K, V] {
	return &Group[K, V]{
		w:        New[K, V](options...),
		requests: atomicx.Pool{New: func() any { return &request[K, V]{parker: atomicx.NewParker()} }},
	}
}

// NewReadHandle returns a new handle for reading. Any goroutine may call it at any time.
func (g *Group[K, V]) NewReadHandle() *ReadHandle[K, V] { return g.w.NewReadHandle() }

// Share returns a new Shared for the map of g, or ErrHandles. Any goroutine may call it at any time.
func (g *Group[K, V]) Share() (*Shared[K, V], error) { return g.w.Share() }

// Insert sets key to value.
func (g *Group[K, V]) Insert(key K, value V) {
	g.do(call[K, V]{kind: groupInsert, key: key, value: value})
}

// Remove removes key if it is there.
func (g *Group[K, V]) Remove(key K) { g.do(call[K, V]{kind: groupRemove, key: key}) }

// Swap sets key to value, and returns the value before and whether there was one.
func (g *Group[K, V]) Swap(key K, value V) (previous V, loaded bool) {
	return g.do(call[K, V]{kind: groupSwap, key: key, value: value})
}

// LoadOrStore returns the value of key if there is one, and true. Otherwise it sets key to
// value and returns that.
func (g *Group[K, V]) LoadOrStore(key K, value V) (actual V, loaded bool) {
	actual, loaded = g.do(call[K, V]{kind: groupLoadOrStore, key: key, value: value})
	if !loaded {
		actual = value
	}
	return actual, loaded
}

// LoadAndDelete removes key, and returns the value that it had and whether it had one.
func (g *Group[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	return g.do(call[K, V]{kind: groupLoadAndDelete, key: key})
}

// CompareAndSwap sets key to new if its value is equal to old, and reports whether it was.
// It panics if old is of a type that cannot be compared.
func (g *Group[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	mustCompare(old)
	_, swapped = g.do(call[K, V]{kind: groupCompareAndSwap, key: key, old: old, value: new})
	return swapped
}

// CompareAndDelete removes key if its value is equal to old, and reports whether it was.
// It panics if old is of a type that cannot be compared.
func (g *Group[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	mustCompare(old)
	_, deleted = g.do(call[K, V]{kind: groupCompareAndDelete, key: key, old: old})
	return deleted
}

// mustCompare panics here, in the caller, if v cannot be compared. What can be compared with
// itself can be compared with anything: a comparison panics only where both sides have
// the same type that has no equality.
func mustCompare[V any](v V) { _ = any(v) == any(v) }

// Close ends writing. Operations that were called before are answered; readers keep the last
// version. Closing twice is harmless.
func (g *Group[K, V]) Close() { g.ask(call[K, V]{kind: groupClose}) }

type groupKind uint8

const (
	groupInsert groupKind = iota
	groupRemove
	groupSwap
	groupLoadOrStore
	groupLoadAndDelete
	groupCompareAndSwap
	groupCompareAndDelete
	groupClose
)

// call is what a caller asks for.
type call[K comparable, V any] struct {
	kind       groupKind
	key        K
	value, old V
}

// answer is what he gets.
type answer[V any] struct {
	found V
	ok    bool
	err   error
}

// request is a call that waits for its answer.
type request[K comparable, V any] struct {
	call[K, V]
	answer[V] // written by the leader before state says so

	state  atomicx.Uint32
	next   *request[K, V] // that was pushed before
	parker atomicx.Parker
}

// The states of a request.
const (
	pending  uint32 = iota
	parked          // and the caller sleeps, or is about to
	answered        // and the request is the caller's again
)

// polls is how often a caller looks, with a yield between, before he sleeps.
const polls = 64

// do has c answered.
func (g *Group[K, V]) do(c call[K, V]) (V, bool) {
	if g.w.checkKeys {
		mustHash(c.key)
	}
	a := g.ask(c)
	if a.err != nil {
		panic(a.err)
	}
	return a.found, a.ok
}

func (g *Group[K, V]) ask(c call[K, V]) answer[V] {
	r := g.requests.Get().(*request[K, V])
	r.call = c
	if g.led.CompareAndSwap(false, true) {
		g.lead(r, false)
	} else {
		g.push(r)
		g.await(r)
	}
	a := r.answer
	r.call, r.answer, r.next = call[K, V]{}, answer[V]{}, nil // let go of keys and values
	r.state.Store(pending)                                    // a leader may still look at it, see await
	g.requests.Put(r)
	return a
}

func (g *Group[K, V]) push(r *request[K, V]) {
	for {
		r.next = g.waiting.Load()
		if g.waiting.CompareAndSwap(r.next, r) {
			return
		}
	}
}

// await returns when r, which has been pushed, is answered, by another leader or by the caller as
// one: who leads takes all that wait.
//
// No wake-up is lost. A caller sleeps only if he has found a leader after he had said that he
// would. That leader ceases to be one later, and then looks at the top of the stack. If r is there he wakes
// its caller. If another request is, its caller does not sleep yet and finds no leader before he
// does, or is woken, and leads. If there is none, r has been taken. A request that was taken and
// answered meanwhile may be in use again: its caller is then woken for nothing, and looks again.
func (g *Group[K, V]) await(r *request[K, V]) {
	for i := 0; r.state.Load() != answered; i++ {
		switch {
		case !g.led.Load() && g.led.CompareAndSwap(false, true):
			g.lead(r, true)
		case i < atomicx.Rounds(polls):
			atomicx.Yield()
		case r.state.CompareAndSwap(pending, parked):
			if g.led.Load() {
				r.parker.Park(nil, 0)
			}
			r.state.CompareAndSwap(parked, pending)
		}
	}
}

// lead answers all that wait, and own, the leader's, which has been pushed or is none of those. It
// first waits for readers, if there are such to wait for, so that who comes meanwhile is among those.
//
// A panic within that wait is that of a function of the user's, the report of a stall above all. Nothing has
// been taken then: the leader has the panic, and his operation alone is dropped, as law L3 wants; the
// others have another leader. If the laws hold there is none later.
func (g *Group[K, V]) lead(own *request[K, V], pushed bool) {
	batch, whole := g.batch[:0], false
	apart := own // from those that wait
	if pushed {
		apart = nil
	}
	defer func() {
		if !whole {
			g.fail(own, batch, apart)
		}
		clear(batch)
		g.batch = batch
		g.led.Store(false)
		if top := g.waiting.Load(); top != nil && top.state.CompareAndSwap(parked, pending) {
			top.parker.Unpark()
		}
	}()
	if apart == nil && own.state.Load() == answered { // by the leader before
		whole = true
		return
	}
	_, err := g.w.log.Apply(nil)
	if apart != nil {
		batch = append(batch, apart)
	}
	if g.waiting.Load() != nil {
		for r := g.waiting.Swap(nil); r != nil; r = r.next {
			batch = append(batch, r)
		}
	}
	g.commit(batch, err)
	g.answer(batch, apart)
	whole = true
}

// fail ends the work of a leader who panics. If it had not begun he drops own, which may stand among those
// that wait: they are put back without it. What has been taken may be in the log, or not: no more can be written.
func (g *Group[K, V]) fail(own *request[K, V], batch []*request[K, V], apart *request[K, V]) {
	if len(batch) == 0 {
		for r := g.waiting.Swap(nil); r != nil; {
			next := r.next
			if r != own {
				g.push(r)
			}
			r = next
		}
		return
	}
	g.w.Close()
	g.closed = ErrPoisoned
	for _, r := range batch {
		r.err = g.closed
	}
	g.answer(batch, apart)
}

// answer tells the callers of batch that they are answered, but for one who does not wait.
func (g *Group[K, V]) answer(batch []*request[K, V], apart *request[K, V]) {
	for _, r := range batch {
		if r != apart && r.state.Swap(answered) == parked {
			r.parker.Unpark()
		}
	}
}

// commit logs the requests, each of which finds what those before it have left, and
// publishes; or err says why that cannot be. Nobody is answered before that.
func (g *Group[K, V]) commit(batch []*request[K, V], err error) {
	for _, r := range batch {
		switch {
		case g.closed != nil:
			r.err = g.closed
		case r.kind == groupClose:
			if err == nil {
				g.publish()
			}
			g.w.Close()
			g.closed = ErrClosed
		case err != nil:
			r.err = err
		case r.kind == groupRemove:
			g.w.Remove(r.key)
		case r.kind == groupInsert || r.key != r.key && r.kind <= groupLoadOrStore: // NaN is never found
			g.w.Insert(r.key, r.value)
		default:
			g.w.Update(r.key, r.resolve)
		}
	}
	if g.closed == nil && err == nil {
		g.publish()
	}
}

// publish need not wait for readers, since lead has, and so cannot fail.
func (g *Group[K, V]) publish() {
	if err := g.w.Publish(); err != nil {
		panic(err)
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
	case groupLoadAndDelete:
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
