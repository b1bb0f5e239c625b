package hashmap

import (
	"doublebuf/impl/atomicx"
)

// Group is a writer for any number of goroutines. Each operation returns its result. It takes
// effect for all readers at one instant between its call and its return. So the map is
// linearizable if its strategy has the level atomic, and each lookup is a Get or uses a guard of
// its own.
//
// Operations that arrive while another goroutine publishes are combined. One caller, the leader,
// logs the operations of all callers that wait, publishes once, and answers all of them. This is
// flat combining (Hendler, Incze, Shavit and Tzafrir, 2010); databases call it group commit. It
// pays if a publish waits for readers, because all operations that arrive during the wait share
// the next publish. Otherwise a goroutine usually leads alone, and is about as fast as a
// WriteHandle under a lock. impl/DESIGN.md says what else was tried.
//
// Every method waits as Publish does. So a goroutine with an open guard must not call one. After
// Close all methods panic with ErrClosed. They also panic if key is unhashable. Insert and Remove
// allocate nothing. If the report of a stall panics, the leader gets the panic and its operation
// has no effect. The other operations get another leader.
type Group[K comparable, V any] struct {
	waiting  atomicx.Pointer[request[K, V]] // a stack: callers push, the leader takes all
	led      atomicx.Bool                   // there is a leader
	requests atomicx.Pool                   // of *request[K, V]

	// Only the leader uses the fields below.
	w      *WriteHandle[K, V]
	closed error            // the reason why writing has ended, or nil
	batch  []*request[K, V] // reused memory
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

// Share returns a new Shared for the map of g, or ErrHandles. Any goroutine may call it at any
// time.
func (g *Group[K, V]) Share() (*Shared[K, V], error) { return g.w.Share() }

// Insert sets key to value.
func (g *Group[K, V]) Insert(key K, value V) {
	g.do(call[K, V]{kind: groupInsert, key: key, value: value})
}

// Remove removes key if it is there.
func (g *Group[K, V]) Remove(key K) { g.do(call[K, V]{kind: groupRemove, key: key}) }

// Swap sets key to value. It returns the previous value and whether there was one.
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

// LoadAndDelete removes key. It returns the previous value and whether there was one.
func (g *Group[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	return g.do(call[K, V]{kind: groupLoadAndDelete, key: key})
}

// CompareAndSwap sets key to new if its value equals old, and reports whether it did. It panics if
// the type of old has no equality.
func (g *Group[K, V]) CompareAndSwap(key K, old, new V) (swapped bool) {
	mustCompare(old)
	_, swapped = g.do(call[K, V]{kind: groupCompareAndSwap, key: key, old: old, value: new})
	return swapped
}

// CompareAndDelete removes key if its value equals old, and reports whether it did. It panics if
// the type of old has no equality.
func (g *Group[K, V]) CompareAndDelete(key K, old V) (deleted bool) {
	mustCompare(old)
	_, deleted = g.do(call[K, V]{kind: groupCompareAndDelete, key: key, old: old})
	return deleted
}

// Clear removes all entries. Only Clear removes entries with NaN in their key.
func (g *Group[K, V]) Clear() { g.do(call[K, V]{kind: groupClear}) }

// Retain calls f for every entry and removes those for which f returns false. f may change the
// value through the pointer, which is valid until f returns. It is called once for each entry, in
// no particular order. Entries with NaN in their key are kept, and f is not called for them. f must
// not use g. It may run on the goroutine of another caller. If f panics, Retain has no effect, and
// its caller gets the panic.
func (g *Group[K, V]) Retain(f func(key K, value *V) bool) {
	mustFunc(f == nil, "Retain")
	r := retain[K, V]{f: f}
	g.do(call[K, V]{kind: groupRetain, retain: &r})
	if r.panicked != nil {
		panic(r.panicked)
	}
}

// mustCompare panics, in the caller's goroutine, if v cannot be compared. A value that can be
// compared with itself can be compared with every other: a comparison panics only if both sides
// have the same type, and that type has no equality.
func mustCompare[V any](v V) { _ = any(v) == any(v) }

// Close ends writing. Earlier operations are answered. Readers keep the last version. Closing twice
// does no harm.
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
	groupClear
	groupRetain
	groupClose
)

// call is an operation with its arguments.
type call[K comparable, V any] struct {
	kind       groupKind
	key        K
	value, old V
	retain     *retain[K, V] // for groupRetain
}

// retain is the function of a Retain, and what it panicked with.
type retain[K comparable, V any] struct {
	f        func(key K, value *V) bool
	panicked any // or nil
}

// answer is the result of a call.
type answer[V any] struct {
	found V
	ok    bool
	err   error
}

// request is a call that waits for its answer.
type request[K comparable, V any] struct {
	call[K, V]
	answer[V] // the leader writes it before it sets state to answered

	state  atomicx.Uint32
	next   *request[K, V] // the request below it on the stack
	parker atomicx.Parker
}

// The states of a request.
const (
	pending  uint32 = iota
	parked          // pending, and the caller sleeps or is about to
	answered        // only the caller uses the request from now on
)

// polls is the number of times that a caller checks its request before it sleeps. It yields between
// the checks.
const polls = 64

// do returns the result of c, or panics with its error.
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
	r.call, r.answer, r.next = call[K, V]{}, answer[V]{}, nil // keep no keys and values alive
	r.state.Store(pending)                                    // a leader may still read it, see await
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

// await returns when r, which has been pushed, is answered. Another leader answers it, or the
// caller becomes the leader itself. A leader takes all requests on the stack.
//
// No wake-up is lost. A caller sleeps only if it saw a leader after it had set its state to parked.
// That leader stops leading later, and then checks the top of the stack:
//
//  1. r is on top. The leader wakes r's caller.
//  2. Another request is on top, and r below it. If the caller on top is parked, the leader wakes
//     it. If it is not parked yet, it finds no leader before it sleeps, or it finds a new one. So
//     the next leader is that caller or another goroutine. It takes all requests on the stack, and
//     answers r.
//  3. The stack is empty. Then r has been taken, and its leader answers it.
//
// A leader that panics, or that finds its own request answered, may leave requests on the stack. It
// checks the top too, so the same cases hold for it.
//
// The request on top may have been answered and reused since the leader read it. Then its caller
// wakes for nothing and checks again.
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

// lead answers all requests on the stack and own, the leader's request. pushed says whether own is
// on the stack too. lead first waits for readers if it must, so that requests that arrive during
// the wait are answered too.
//
// A panic in that wait comes from a function of the user, such as the report of a stall. No request
// has been taken then. The leader gets the panic and drops only its own operation, as law L3
// demands. The other requests get another leader. If the laws hold there is no later panic: what
// the function of a Retain panics with is recovered where it is called.
func (g *Group[K, V]) lead(own *request[K, V], pushed bool) {
	batch, whole := g.batch[:0], false
	direct := own // the request that is not on the stack
	if pushed {
		direct = nil
	}
	defer func() {
		if !whole {
			g.fail(own, batch, direct)
		}
		clear(batch)
		g.batch = batch
		g.led.Store(false)
		if top := g.waiting.Load(); top != nil && top.state.CompareAndSwap(parked, pending) {
			top.parker.Unpark()
		}
	}()
	if direct == nil && own.state.Load() == answered { // by the previous leader
		whole = true
		return
	}
	_, err := g.w.log.Apply(nil)
	if direct != nil {
		batch = append(batch, direct)
	}
	if g.waiting.Load() != nil {
		for r := g.waiting.Swap(nil); r != nil; r = r.next {
			batch = append(batch, r)
		}
	}
	g.commit(batch, err)
	g.answer(batch, direct)
	whole = true
}

// fail ends the work of a leader that panics. If the leader has taken no requests, only its own
// is dropped: if own is on the stack, the others are pushed again without it. Otherwise the
// requests of batch may or may not be in the log, and the map can no longer be written.
func (g *Group[K, V]) fail(own *request[K, V], batch []*request[K, V], direct *request[K, V]) {
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
	g.answer(batch, direct)
}

// answer sets the state of the requests of batch to answered, and wakes their callers. Only the
// leader itself waits for direct, so answer leaves it out.
func (g *Group[K, V]) answer(batch []*request[K, V], direct *request[K, V]) {
	for _, r := range batch {
		if r != direct && r.state.Swap(answered) == parked {
			r.parker.Unpark()
		}
	}
}

// commit logs the requests in order and publishes. Each request sees the effects of those before
// it. No request is answered before the publish. If err is not nil, nothing can be published, and
// the requests get err.
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
		case r.kind == groupClear:
			g.w.Clear()
		case r.kind == groupRetain:
			// The panic of its function is for its caller, not for the leader.
			g.w.log.Push(g.w.maker.Retain(r.retain.f).Recovering(func(p any) { r.retain.panicked = p }))
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

// publish cannot fail: lead has waited for the readers.
func (g *Group[K, V]) publish() {
	if err := g.w.Publish(); err != nil {
		panic(err)
	}
}

// resolve is the function for Update. It stores what it finds in r and returns the new value.
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
