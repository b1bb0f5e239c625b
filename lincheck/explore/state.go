package explore

import (
	"fmt"
	"iter"
	"runtime"
	"unsafe"

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
	whole      bool   // it began with Exec.Main

	started   bool // Program has returned
	launching bool // goroutines run to their first steps
	unwinding bool
	outside   bool       // code of the program runs, and no operation is under way
	driver    uint64     // the goroutine that runs the execution
	current   *goroutine // the one that runs, or whose Ready is being called
	peeking   bool       // within a Ready
	handoff   *goroutine // the next one to run, chosen in another goroutine's Step
	last      int        // the goroutine that took the last step, or -1
	path      []transition
	trace     []Event
	failure   *Failure
	pruned    bool // the chooser abandoned it

	follower *dfs        // finds data races, if the chooser does not
	racing   int         // the move that the next one races with, or -1
	work     chan func() // of guard
	worked   chan bool
	forced   int // rounds in a row that were allowed because nothing else could happen
	shadows  map[any]any
	shown    map[unsafe.Pointer]int // the pointers in the trace, see show
	warnings map[string]bool        // for all executions of an exploration
	bounded  map[int]bool           // the sites of loops of which some executions were cut, likewise

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

	born       int  // the move that started it, or -1
	background bool // the program does not wait for its end
	goid       uint64
	dead       bool // its coroutine has ended
	solo       bool // its last step was not one, because no other goroutine existed
	quiet      int  // such steps so far
	counts     map[any]int
	rounds     []round // by loop, see Round
	effects    int     // its changes of shared state so far

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

// abandon unwinds the calling goroutine. A program that began with Exec.Main may recover panics, so
// its goroutines end by Goexit, which is slower because it costs the coroutine.
func (e *execution) abandon() {
	if e.whole {
		runtime.Goexit()
	}
	panic(abandoned{})
}

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
	loc      int
	writes   bool
	commutes bool // see hooked.Op.Commutes
	plain    bool // not atomic
	bytes    byte // of the word at loc, which bytes it accesses; 0 if loc is no memory
}

// conflicts reports whether the order of two accesses can matter.
func (a access) conflicts(b access) bool {
	return a.loc == b.loc && (a.writes || b.writes) &&
		(a.bytes&b.bytes != 0 || a.bytes|b.bytes == 0) && !(a.commutes && b.commutes && a.writes == b.writes)
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
		e.pool = append(e.pool, e.newGoroutine())
	} else if e.pool[id].dead {
		e.pool[id] = e.newGoroutine()
	}
	g := e.pool[id]
	clear(g.counts)
	*g = goroutine{
		next: g.next, stop: g.stop, yield: g.yield, id: id, name: name, body: body, born: -1, goid: g.goid,
		accesses: g.accesses[:0], seen: g.seen[:0], rounds: g.rounds[:0], counts: g.counts,
	}
	e.goroutines = append(e.goroutines, g)
}

func (e *execution) newGoroutine() *goroutine {
	g := &goroutine{}
	g.next, g.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() { g.dead = true }()
		g.yield = yield
		if goroutineID != nil {
			g.goid = goroutineID()
		}
		for alive := true; alive; alive = yield(struct{}{}) {
			e.runBody(g)
		}
	})
	return g
}

// runBody runs g's body and records a panic.
func (e *execution) runBody(g *goroutine) {
	defer func() {
		g.finished = true
		e.outside = false
		if p := recover(); p != nil && p != any(abandoned{}) {
			e.failPanic(g.name, p)
		}
	}()
	if g.op.Kind == hooked.OpStart {
		e.begin(g)
	}
	e.outside = true
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
	clear(e.shadows)
	*e = execution{
		mode: e.mode, pool: e.pool, goroutines: e.goroutines[:0], last: -1, racing: -1,
		path: e.path[:0], numbers: e.numbers, locations: e.locations[:0],
		work: e.work, worked: e.worked, shadows: e.shadows, warnings: e.warnings, bounded: e.bounded,
	}
}

// close ends the coroutines.
func (e *execution) close() {
	for _, g := range e.pool {
		g.stop()
	}
	if e.work != nil {
		close(e.work)
	}
}
