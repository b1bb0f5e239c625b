package explore

import (
	"fmt"
	"iter"
	"path"
	"runtime"
	"slices"
	"strings"

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

// run runs program.
func (e *execution) run(program Program) {
	hooked.Install(e)
	defer hooked.Install(nil)
	program(&Exec{e})
	e.started = true
	e.launching = true
	for _, g := range e.goroutines {
		if e.failure == nil {
			g.launched = true
			e.resume(g)
		}
	}
	e.launching = false
	for e.failure == nil {
		g := e.handoff
		e.handoff = nil
		if g == nil {
			if g = e.pick(); g == nil {
				break
			}
		}
		e.resume(g)
	}
	e.unwinding = true
	for _, g := range e.goroutines {
		if g.launched && !g.finished {
			e.resume(g)
		}
	}
	e.current, e.unwinding = nil, false
	if e.failure == nil && !e.pruned {
		e.check()
	}
}

func (e *execution) resume(g *goroutine) {
	e.current = g
	g.next()
}

// check runs the checks of Finally.
func (e *execution) check() {
	defer func() {
		if p := recover(); p != nil && p != any(abandoned{}) {
			e.failPanic("the final check", p)
		}
	}()
	for _, f := range e.finally {
		f()
	}
}

func (e *execution) fail(kind FailureKind, format string, args ...any) {
	if e.failure == nil {
		e.failure = &Failure{Kind: kind, Message: fmt.Sprintf(format, args...)}
	}
}

func (e *execution) failPanic(who string, p any) {
	if a, ok := p.(assertion); ok {
		e.fail(Assertion, "%s: %s", who, string(a))
		return
	}
	e.fail(Panic, "%s: %v", who, p)
}

// Step implements hooked.Hook. It is called on the goroutine that is about to do op.
func (e *execution) Step(op hooked.Op) (timedOut bool) {
	g := e.current
	if g == nil { // before the goroutines start, or after they have ended
		if op.Kind.AccessesCopy() {
			e.enterCopy(op, "the program")
		}
		return false
	}
	if e.peeking {
		g.accesses = append(g.accesses, access{e.locate(op.Loc), false})
		return false
	}
	if e.unwinding {
		if op.Kind == hooked.OpYield || op.Ready != nil && !op.Ready() {
			panic(abandoned{})
		}
		return false
	}
	e.announce(g, op)
	if e.launching || !e.keeps(g) {
		g.yield(struct{}{})
		if e.unwinding {
			panic(abandoned{})
		}
	}
	e.begin(g)
	return g.timedOut
}

// keeps picks the next goroutine to run and reports whether it is g, which is running. If it is, no
// switch of coroutines is needed.
func (e *execution) keeps(g *goroutine) bool {
	e.handoff = e.pick()
	if e.handoff != g {
		return false
	}
	e.handoff = nil
	return true
}

// announce records the next operation of g.
func (e *execution) announce(g *goroutine, op hooked.Op) {
	g.op = op
	g.accesses = g.accesses[:0]
	switch {
	case e.mode.tso && op.Kind == hooked.OpPlainStore: // it accesses its location later, in the flush
		g.accesses = append(g.accesses, access{e.locate(buffers{}), false})
	case op.Kind == hooked.OpMembarrier:
		g.accesses = append(g.accesses, access{e.locate(buffers{}), true})
	case op.Loc != nil:
		g.accesses = append(g.accesses, access{e.locate(op.Loc), op.Kind.Writes()})
	}
	if op.Also != nil {
		g.accesses = append(g.accesses, access{e.locate(op.Also), false})
	}
}

// pick makes flushes until the chooser chooses a step of a goroutine, and returns that goroutine.
// It returns nil when the execution is over.
func (e *execution) pick() *goroutine {
	for e.failure == nil && !e.pruned {
		enabled := e.enabled()
		if enabled == 0 {
			e.ended()
			return nil
		}
		if len(e.path) >= e.maxSteps {
			if e.pruned = e.cut; !e.pruned {
				e.fail(Livelock, "no end after %d steps", len(e.path))
			}
			return nil
		}
		t, ok := e.chooser.choose(e, enabled)
		if !ok {
			e.pruned = true
			return nil
		}
		e.path = append(e.path, t)
		g := e.goroutines[t.goroutine()]
		if t.move() == flush {
			e.flushOldest(g)
			continue
		}
		g.timedOut = t.move() == timeout
		return g
	}
	return nil
}

// enabled returns the transitions that can happen now.
func (e *execution) enabled() (s set) {
	for _, g := range e.goroutines {
		if len(g.buffer) > 0 {
			s |= of(g.id, flush).set()
		}
		if g.finished || len(g.buffer) > 0 && g.op.Kind.Drains() {
			continue
		}
		if e.ready(g) {
			s |= of(g.id, step).set()
		}
		if g.op.Timeout && g.suffered < e.mode.timeouts {
			s |= of(g.id, timeout).set()
		}
	}
	return s
}

func (e *execution) ready(g *goroutine) bool {
	switch {
	case g.op.Kind == hooked.OpYield:
		if g.changed || len(g.seen) == 0 {
			return true
		}
		for _, s := range g.seen {
			if e.locations[s.loc].changes != s.changes {
				return true
			}
		}
		return false
	case g.op.Kind == hooked.OpMembarrierEnd:
		return !slices.ContainsFunc(g.barrier, func(d debt) bool { return d.stores > 0 })
	case g.op.Kind == hooked.OpAwait:
		g.accesses = g.accesses[:0]
	case g.op.Ready == nil:
		return true
	}
	running := e.current
	e.current, e.peeking = g, true
	ready := g.op.Ready()
	e.current, e.peeking = running, false
	return ready
}

// begin begins the step of g.
func (e *execution) begin(g *goroutine) {
	e.current = g
	e.last = g.id
	g.steps++
	op := &g.op
	if e.tracing {
		ev := Event{Goroutine: g.name, Op: op.Kind.String(), Loc: -1, Source: caller()}
		if op.Loc != nil {
			ev.Loc = e.locate(op.Loc)
		}
		e.trace = append(e.trace, ev)
	}
	switch {
	case g.limit > 0 && g.steps > g.limit:
		e.fail(StepBound, "%s: more steps than its bound", g.name)
	case g.timedOut:
		g.suffered++
	case op.Kind == hooked.OpMembarrier:
		g.barrier = g.barrier[:0]
		for _, other := range e.goroutines {
			if n := len(other.buffer); n > 0 {
				g.barrier = append(g.barrier, debt{other.id, n, 0})
			}
		}
	case op.Kind.AccessesCopy():
		e.enterCopy(*op, g.name)
	}
	if e.failure != nil {
		panic(abandoned{})
	}
}

// Did implements hooked.Hook.
func (e *execution) Did(changed bool, value any) {
	g := e.current
	if g == nil || e.peeking || e.unwinding {
		return
	}
	switch {
	case g.op.Kind == hooked.OpYield:
		g.seen, g.changed = g.seen[:0], false
	case changed:
		g.changed = true
		e.locations[e.locate(g.op.Loc)].changes++
	case g.op.Loc != nil:
		n := e.locate(g.op.Loc)
		g.seen = append(g.seen, seen{n, e.locations[n].changes})
		g.changed = g.changed || g.op.Kind == hooked.OpPlainStore
	}
	if e.tracing && value != nil {
		e.trace[len(e.trace)-1].Value = fmt.Sprint(value)
	}
}

// OneWait implements hooked.Hook.
func (e *execution) OneWait() bool { return e.mode.oneWait }

// Token implements hooked.Hook.
func (e *execution) Token(holder any, unreachable func()) {
	if e.token != nil {
		e.token(holder, unreachable)
	}
}

// Refuses implements hooked.Hook.
func (e *execution) Refuses() bool { return e.refuses }

// ended fails an execution in which no transition is enabled but some goroutine has not finished.
func (e *execution) ended() {
	kind, ok := Deadlock, true
	var stuck []string
	for _, g := range e.goroutines {
		if g.finished {
			continue
		}
		ok = false
		stuck = append(stuck, fmt.Sprintf("%s at %s", g.name, g.op.Kind))
		switch {
		case g.op.Kind == hooked.OpPark:
			kind = LostWakeUp
		case g.op.Kind == hooked.OpYield && kind != LostWakeUp:
			kind = Livelock
		}
	}
	if !ok {
		e.fail(kind, "no goroutine can continue: %s", strings.Join(stuck, ", "))
	}
}

// caller returns the source line of the current step, as folder/file:line. It skips the frames of
// this package and of package atomicx.
func caller() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.Contains(f.Function, "/atomicx") && !strings.HasSuffix(f.Function, "explore.Reading") || !more {
			dir, file := path.Split(f.File)
			return fmt.Sprintf("%s/%s:%d", path.Base(dir), file, f.Line)
		}
	}
}
