package explore

import (
	"fmt"
	"iter"

	"doublebuf/impl/atomicx/hooked"
)

// execution runs a program once. A chooser chooses the steps. The goroutines of the program are
// coroutines, so that exactly one piece of code runs at a time, and execution is their hook. After
// reset the next execution uses the same coroutines and the same memory.
type execution struct {
	mode     mode
	maxSteps int
	cut      bool // an execution of more than maxSteps is skipped; otherwise it is a livelock
	tracing  bool
	chooser  chooser

	pool       []*goroutine // all goroutines made so far
	goroutines []*goroutine // those of this execution
	finally    []func()
	roots      []namedRoot
	refuses    bool // membarriers fail
	token      func(holder any, unreachable func())
	final      string // the final state

	started   bool // Program has returned
	launching bool // goroutines run to their first steps
	unwinding bool
	current   *goroutine // the one that runs, or whose Ready is being called
	peeking   bool       // within a Ready
	handoff   *goroutine // the next one to run, chosen in another goroutine's Step
	last      int        // the goroutine that took the last step, or -1
	path      []transition
	trace     []Event
	failure   *Failure
	pruned    bool // the chooser abandoned it

	flushing  [1]access // memory for the result of accessesOf for a flush
	numbers   map[any]int
	locations []location
}

// chooser chooses the next transition.
type chooser interface {
	// choose returns one of the enabled transitions, or false to abandon the execution.
	choose(e *execution, enabled set) (transition, bool)
}

// goroutine is one goroutine of the program. In the pool it may be unused.
type goroutine struct {
	next  func() (struct{}, bool) // resumes its coroutine
	stop  func()
	yield func(struct{}) bool // suspends its coroutine

	id   int
	name string
	body func()

	launched bool // its body has begun
	finished bool
	op       hooked.Op // its next operation
	accesses []access  // the accesses of op
	timedOut bool      // op ends by its timeout
	steps    int
	limit    int // the largest number of steps, from AtMost; 0 means none
	suffered int // timeouts so far

	// The words that the goroutine has read since its last Yield, each with its number of
	// changes at that time. If none has changed, reading them again is useless.
	seen    []seen
	changed bool // it has itself changed something since its last Yield

	buffer  []store // plain stores that have not reached memory, the oldest first
	barrier []debt  // what its membarrier waits for
}

// debt is what a membarrier waits for: the stores that were in a goroutine's buffer when the
// membarrier began.
type debt struct {
	goroutine int
	stores    int // not yet flushed
	paid      int // the move that flushed the last one
}

type seen struct{ loc, changes int }

// abandoned is the panic that unwinds a goroutine of an execution that is over.
type abandoned struct{}

func (e *execution) fail(kind FailureKind, format string, args ...any) {
	if e.failure == nil {
		e.failure = &Failure{Kind: kind, Message: fmt.Sprintf(format, args...)}
	}
}

// location is something that steps access: a word, a lock, a parker, a channel, a copy.
type location struct {
	key     any // the pointer or channel
	changes int // the number of changes of its content
	// Of a copy: the number of reads under way, and whether it is being written.
	readers int
	written bool
}

// access is one location of a step.
type access struct {
	loc    int
	writes bool
}

// store is a plain store on its way to memory.
type store struct {
	loc    int
	value  any
	apply  func()
	pushed int // the move that stored it in the buffer
}

// buffers is the location for the state of all store buffers. Under TSO plain stores read it and
// membarriers write it. So the order of a store and a membarrier matters, and the order of two
// stores does not.
type buffers struct{}

type namedRoot struct {
	name string
	root any
}

type assertion string

// spawn adds a goroutine.
func (e *execution) spawn(name string, body func()) {
	id := len(e.goroutines)
	if id == len(e.pool) {
		g := &goroutine{}
		g.next, g.stop = iter.Pull(func(yield func(struct{}) bool) {
			g.yield = yield
			for alive := true; alive; alive = yield(struct{}{}) {
				e.runBody(g)
			}
		})
		e.pool = append(e.pool, g)
	}
	g := e.pool[id]
	*g = goroutine{
		next: g.next, stop: g.stop, yield: g.yield, id: id, name: name, body: body,
		accesses: g.accesses[:0], seen: g.seen[:0],
	}
	e.goroutines = append(e.goroutines, g)
}

// runBody runs g's body and records a panic.
func (e *execution) runBody(g *goroutine) {
	defer func() {
		g.finished = true
		if p := recover(); p != nil && p != any(abandoned{}) {
			e.failPanic(g.name, p)
		}
	}()
	g.body()
}

func (e *execution) failPanic(who string, p any) {
	if a, ok := p.(assertion); ok {
		e.fail(Assertion, "%s: %s", who, string(a))
		return
	}
	e.fail(Panic, "%s: %v", who, p)
}

// reset makes e ready to run again.
func (e *execution) reset() {
	clear(e.numbers)
	*e = execution{
		mode: e.mode, pool: e.pool, goroutines: e.goroutines[:0], last: -1,
		path: e.path[:0], numbers: e.numbers, locations: e.locations[:0],
	}
}

// close ends the coroutines.
func (e *execution) close() {
	for _, g := range e.pool {
		g.stop()
	}
}
