package explore

import (
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"doublebuf/impl/atomicx/hooked"
)

// run runs program.
func (e *execution) run(program Program) {
	if goroutineID != nil {
		e.driver = goroutineID()
	}
	hooked.Install(e)
	defer hooked.Install(nil)
	if e.mode.plain {
		running = e
		defer func() { running = nil }()
	}
	program(&Exec{e})
	e.started = true
	if e.whole {
		e.guard(e.steps)
		e.unwinding = true
		if slices.ContainsFunc(e.goroutines, func(g *goroutine) bool { return g.launched && !g.finished }) {
			e.guard(e.unwind)
		}
	} else {
		e.steps()
		e.unwinding = true
		e.unwind()
	}
	e.current, e.unwinding = nil, false
	if e.failure == nil && !e.pruned {
		e.check()
	}
}

// steps launches the goroutines and lets them take steps until the execution is over.
func (e *execution) steps() {
	e.launching = true
	for _, g := range e.goroutines {
		if e.failure == nil && !g.launched && g.born < 0 {
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
		g.launched = true
		e.resume(g)
	}
}

// unwind ends the goroutines of an execution that is over.
func (e *execution) unwind() {
	for _, g := range e.goroutines {
		if g.launched && !g.finished {
			e.resume(g)
		}
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

// Step implements hooked.Hook. It is called on the goroutine that is about to do op.
func (e *execution) Step(op hooked.Op) (timedOut bool) {
	e.outside = false
	g := e.current
	if g == nil { // before the goroutines start, or after they have ended
		if op.Kind.AccessesCopy() {
			e.enterCopy(op, "the program")
		}
		return false
	}
	if e.peeking {
		g.accesses = append(g.accesses, access{loc: e.locate(op.Loc)})
		return false
	}
	if e.unwinding {
		if op.Kind == hooked.OpYield || op.Ready != nil && !op.Ready() {
			e.abandon()
		}
		return false
	}
	if g.solo = e.alone(g, &op); g.solo {
		return false
	}
	e.announce(g, op)
	if e.launching || !e.keeps(g) {
		g.yield(struct{}{})
		if e.unwinding {
			e.abandon()
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
		g.accesses = append(g.accesses, access{loc: e.locate(buffers{})})
	case op.Kind == hooked.OpMembarrier:
		g.accesses = append(g.accesses, access{loc: e.locate(buffers{}), writes: true})
	case op.Loc != nil:
		e.access(g, &op)
	}
	for _, also := range op.Also {
		g.accesses = append(g.accesses, access{loc: e.locate(also), writes: op.AlsoWrites})
	}
}

// pick makes flushes until the chooser chooses a step of a goroutine, and returns that goroutine.
// It returns nil when the execution is over.
func (e *execution) pick() *goroutine {
	for e.failure == nil && !e.pruned {
		enabled := e.enabled()
		if !enabled.empty() {
			e.forced = 0
		} else if e.whole {
			enabled = e.spinning()
		}
		if enabled.empty() {
			// In other schedules goroutines that wait for ever may go on.
			if d, ok := e.chooser.(*dfs); ok && !d.everyTurn && e.whole {
				d.noteBlocked(e, enabled)
			}
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
		if e.follower != nil {
			e.follower.follow(e, t, enabled)
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
			s.add(of(g.id, flush))
		}
		if g.finished || len(g.buffer) > 0 && g.op.Kind.Drains() {
			continue
		}
		if e.ready(g) {
			s.add(of(g.id, step))
		}
		if g.op.Timeout && g.suffered < e.mode.timeouts || g.op.Other != nil && g.op.Other() {
			s.add(of(g.id, timeout))
		}
	}
	return s
}

func (e *execution) ready(g *goroutine) bool {
	switch {
	case g.op.Kind == hooked.OpYield || g.op.Kind == hooked.OpSpin:
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
	case e.whole:
		return g.op.Ready()
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
		ev := Event{Goroutine: g.name, Op: op.Kind.String(), Loc: -1, Value: op.What, Source: caller(e.whole)}
		if op.Loc != nil {
			ev.Loc, ev.Writes = e.locate(op.Loc), op.Kind.Writes()
			if e.whole {
				ev.Loc = g.accesses[0].loc
			}
		}
		e.trace = append(e.trace, ev)
	}
	switch {
	case e.racing >= 0:
		e.failRace(g)
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
		e.abandon()
	}
}

// Did implements hooked.Hook.
func (e *execution) Did(changed bool, value any) {
	g := e.current
	if g == nil || e.peeking || e.unwinding {
		return
	}
	e.outside = true
	if g.solo {
		g.solo = false
		return
	}
	switch {
	case g.op.Kind == hooked.OpYield:
		g.seen, g.changed = g.seen[:0], false
	case e.whole:
		e.didWhole(g, changed)
	case changed:
		g.changed = true
		e.locations[e.locate(g.op.Loc)].changes++
	case g.op.Loc != nil:
		n := e.locate(g.op.Loc)
		g.seen = append(g.seen, seen{n, e.locations[n].changes})
		g.changed = g.changed || g.op.Kind == hooked.OpPlainStore
	}
	if e.tracing && value != nil {
		e.trace[len(e.trace)-1].Value = e.show(value)
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
		if g.finished || g.background {
			continue
		}
		ok = false
		stuck = append(stuck, fmt.Sprintf("%s at %s", g.name, g.op.Kind))
		switch {
		case g.op.Kind == hooked.OpPark:
			kind = LostWakeUp
		case (g.op.Kind == hooked.OpYield || g.op.Kind == hooked.OpSpin) && kind != LostWakeUp:
			kind = Livelock
		}
	}
	if !ok {
		e.fail(kind, "no goroutine can continue: %s", strings.Join(stuck, ", "))
	}
}

// caller returns the source line of the current step, as folder/file:line. It skips the frames of
// this package and of package atomicx. In a program that began with Exec.Main it skips those of all
// packages that belong to the explorer.
func caller(whole bool) string {
	var pcs [24]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs[:])])
	for {
		f, more := frames.Next()
		if whole && slices.ContainsFunc(inner, func(p string) bool { return strings.HasPrefix(f.Function, p) }) {
			if !more {
				return ""
			}
			continue
		}
		if !strings.Contains(f.Function, "/atomicx") && !strings.HasSuffix(f.Function, "explore.Reading") || !more {
			dir, file := path.Split(f.File)
			return fmt.Sprintf("%s/%s:%d", path.Base(dir), file, f.Line)
		}
	}
}
