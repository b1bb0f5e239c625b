package explore

import (
	"fmt"
	"slices"
	"sync/atomic"
	"unsafe"

	"doublebuf/impl/atomicx/hooked"
)

// This file has what programs need that begin with Exec.Main: they start goroutines at any time,
// wait in loops that the explorer does not know, and may do what it cannot control.

// ours begins the names of the explorer's own functions.
const ours = "doublebuf/lincheck/explore"

// inner begins the names of functions that are not shown as the place of a step.
var inner = []string{ours, "doublebuf/impl/atomicx/hooked", "runtime.", "iter."}

// maxForced is the number of rounds in a row that waiting loops make when nothing else can happen.
// A loop that still waits then is a livelock.
const maxForced = 1000

// freeRounds is the number of useless rounds of a loop that counts its rounds.
const freeRounds = 3

// maxSeen is the number of reads that a goroutine remembers. A loop that reads more in two rounds
// is not taken for one that waits.
const maxSeen = 10_000

// goroutineID returns a number of the calling goroutine that no other one has. It is nil unless
// the program was built with a runtime that tells.
var goroutineID func() uint64

// foreign is set when a goroutine that is not the explorer's has done an operation.
var foreign atomic.Bool

// SetGoroutineID sets the function that tells goroutines apart. With it the explorer notices
// operations of goroutines that it does not control. Call it before the first exploration.
func SetGoroutineID(f func() uint64) { goroutineID = f }

// spawned is the location of the list of goroutines. Goroutines are numbered by the order of their
// starts, so this order matters.
type spawned struct{}

// Main sets the body of the first goroutine, main. Only a Program calls it, and then does not call
// Go. The body may start goroutines by hooked.Hook.Spawn. Its operations are steps as soon as there
// is a second goroutine.
func (x *Exec) Main(body func()) {
	x.e.whole = true
	x.Go("main", body)
}

// Spawn implements hooked.Hook.
func (e *execution) Spawn(name string, body func()) {
	if len(e.goroutines) == MaxGoroutines {
		e.fail(TooMany, "more than %d goroutines", MaxGoroutines)
		e.abandon()
	}
	parent := e.current
	e.Step(hooked.Op{Kind: hooked.OpGo, Loc: spawned{}, What: name})
	parent.solo = false
	if e.unwinding {
		return
	}
	id := len(e.goroutines)
	background := name == ""
	if background {
		name = fmt.Sprintf("%s.%d", parent.name, parent.count(spawned{})+1)
	}
	e.spawn(name, body)
	g := e.goroutines[id]
	g.background = background
	g.op = hooked.Op{Kind: hooked.OpStart}
	g.born = len(e.path) - 1
	e.Did(true, nil)
}

// guard runs f, which resumes goroutines and can be called again. A goroutine that calls
// runtime.Goexit ends the one that resumed it too. So f runs on a goroutine of its own. If that
// ends, f starts again on another one.
func (e *execution) guard(f func()) {
	for {
		if e.work == nil {
			e.work, e.worked = make(chan func()), make(chan bool)
			go serve(e.work, e.worked)
		}
		e.work <- f
		if <-e.worked {
			return
		}
		e.work = nil
	}
}

// serve runs what comes from work. It sends true after each function, and false if one has ended
// the goroutine.
func serve(work <-chan func(), worked chan<- bool) {
	closed := false
	defer func() {
		if !closed {
			worked <- false
		}
	}()
	for f := range work {
		f()
		worked <- true
	}
	closed = true
}

// alone reports whether the operation is no step, because g is the only goroutine so far.
func (e *execution) alone(g *goroutine, op *hooked.Op) bool {
	if !e.whole || len(e.goroutines) > 1 || op.Ready != nil && !op.Ready() || op.Other != nil && op.Other() {
		return false
	}
	if g.quiet++; g.quiet > 100*e.maxSteps {
		e.fail(Livelock, "%s: no end after %d operations", g.name, g.quiet)
		e.abandon()
	}
	return true
}

// access adds the accesses of op to those of g. Memory is divided into words of 8 bytes.
func (e *execution) access(g *goroutine, op *hooked.Op) {
	a := access{writes: op.Kind.Writes(), commutes: op.Commutes, plain: op.Kind == hooked.OpPlainLoad || op.Kind == hooked.OpPlainStore}
	p, memory := op.Loc.(unsafe.Pointer)
	if !memory || op.Size == 0 {
		a.loc = e.locate(op.Loc)
		g.accesses = append(g.accesses, a)
		return
	}
	for size := op.Size; ; {
		offset := uintptr(p) % 8
		n := min(size, 8-offset)
		word := unsafe.Add(p, -int(offset))
		a.loc, a.bytes = e.locate(word), byte((1<<n-1)<<offset)
		g.accesses = append(g.accesses, a)
		if size -= n; size == 0 {
			return
		}
		p = unsafe.Add(word, 8)
	}
}

// didWhole is Did in a program that began with Exec.Main.
func (e *execution) didWhole(g *goroutine, changed bool) {
	if changed {
		g.effects++
		g.seen = g.seen[:0]
	}
	for _, a := range g.accesses {
		l := &e.locations[a.loc]
		switch {
		case changed && a.writes:
			l.changes++
		case !changed && len(g.seen) < maxSeen:
			g.seen = append(g.seen, seen{a.loc, l.changes})
		}
	}
}

// round is what a goroutine did since it passed the head of a loop.
type round struct {
	site       int
	effects    int // g.effects at the last pass
	prev, last int // positions in g.seen of the last two passes; prev is -1 if there was only one
	repeated   int // rounds that only repeated the one before
}

// Round implements hooked.Hook. A round waits if it reads the same words as the round before and
// finds the same values, and changes nothing. The next round begins when one of these words has
// changed. So does it if nothing else can happen, because a loop may count its rounds. Such a loop
// also makes freeRounds rounds that do not wait.
func (e *execution) Round(site int, counts bool) {
	g := e.current
	if g == nil || e.peeking {
		return
	}
	if e.unwinding {
		if g.quiet++; g.quiet > 100*e.maxSteps {
			e.abandon()
		}
		return
	}
	i := slices.IndexFunc(g.rounds, func(r round) bool { return r.site == site })
	if i < 0 {
		g.rounds = append(g.rounds, round{site, g.effects, -1, len(g.seen), 0})
		return
	}
	r := &g.rounds[i]
	if r.effects != g.effects || r.last > len(g.seen) {
		*r = round{site, g.effects, -1, len(g.seen), 0}
		return
	}
	now := g.seen[r.last:]
	if len(now) == 0 {
		return
	}
	if r.prev < 0 || !slices.Equal(now, g.seen[r.prev:r.last]) {
		r.prev, r.last, r.repeated = r.last, len(g.seen), 0
		return
	}
	g.seen = g.seen[:r.last] // forget the round
	if r.repeated++; counts && r.repeated <= freeRounds {
		return
	}
	if counts {
		e.bounded[site] = true
	}
	e.spin(g, r.prev)
	r.prev, r.last = -1, len(g.seen)
}

// spin waits until a word has changed that g read at a position of g.seen or later.
func (e *execution) spin(g *goroutine, from int) {
	g.seen = append(g.seen[:0], g.seen[from:]...)
	also := make([]any, 0, len(g.seen))
	for _, s := range g.seen {
		also = append(also, e.locations[s.loc].key)
	}
	e.Step(hooked.Op{Kind: hooked.OpSpin, Also: also})
	g.solo = false
	e.outside = true
	g.seen = g.seen[:0]
	g.rounds = g.rounds[:0]
}

// Access is called before a goroutine accesses memory plainly, if the program was built for that.
// The access is a step, unless the explorer itself makes it.
func Access(p unsafe.Pointer, size uintptr, writes bool) {
	e := running
	if e == nil || !e.outside || e.current == nil || len(e.goroutines) == 1 || e.unwinding || !e.Mine() {
		return
	}
	kind := hooked.OpPlainLoad
	if writes {
		kind = hooked.OpPlainStore
	}
	e.Step(hooked.Op{Kind: kind, Loc: p, Size: size})
	e.Did(writes, nil)
}

// running is the execution whose plain accesses are steps, or nil.
var running *execution

// spinning returns the next steps of the goroutines whose loops wait, if there is a goroutine that
// must still end.
func (e *execution) spinning() (s set) {
	waits := false
	for _, g := range e.goroutines {
		if !g.finished && g.op.Kind == hooked.OpSpin {
			s.add(of(g.id, step))
		}
		waits = waits || !g.finished && !g.background
	}
	if e.forced++; !waits || e.forced > maxForced {
		return set{}
	}
	return s
}

// show returns a value as text. Pointers are numbered, so that the text is the same in every run.
func (e *execution) show(value any) string {
	p, ok := value.(unsafe.Pointer)
	switch {
	case !ok || !e.whole:
		return fmt.Sprint(value)
	case p == nil:
		return "nil"
	}
	n, ok := e.shown[p]
	if !ok {
		if e.shown == nil {
			e.shown = map[unsafe.Pointer]int{}
		}
		n = len(e.shown) + 1
		e.shown[p] = n
	}
	return fmt.Sprintf("pointer %d", n)
}

// failRace reports that the step of g races with an earlier one.
func (e *execution) failRace(g *goroutine) {
	other := e.path[e.racing].goroutine()
	if !e.tracing {
		e.fail(DataRace, "%s and %s", e.goroutines[other].name, g.name)
		return
	}
	before, now := e.trace[e.racing], e.trace[len(e.trace)-1]
	e.fail(DataRace, "%s does %s at %s, and %s does %s at %s, and nothing orders the two",
		before.Goroutine, before.Op, before.Source, now.Goroutine, now.Op, now.Source)
}

// count returns how often it was called with this key before.
func (g *goroutine) count(key any) int {
	if g.counts == nil {
		g.counts = map[any]int{}
	}
	n := g.counts[key]
	g.counts[key]++
	return n
}

// Count implements hooked.Hook.
func (e *execution) Count(key any) int {
	if e.current == nil {
		return 0
	}
	return e.current.count(key)
}

// State implements hooked.Hook.
func (e *execution) State(key any, make func() any) any {
	s, ok := e.shadows[key]
	if !ok {
		s = make()
		e.shadows[key] = s
	}
	return s
}

// Uncontrolled implements hooked.Hook.
func (e *execution) Uncontrolled(what string) { e.warnings[what] = true }

// Enter implements hooked.Hook.
func (e *execution) Enter() { e.outside = false }

// Mine implements hooked.Hook.
func (e *execution) Mine() bool {
	mine := e.driver
	if g := e.current; g != nil {
		mine = g.goid
	}
	if goroutineID == nil || goroutineID() == mine {
		return true
	}
	foreign.Store(true)
	return false
}

// Tracing implements hooked.Hook.
func (e *execution) Tracing() bool { return e.tracing }
