package explore

import (
	"fmt"

	"doublebuf/impl/atomicx/hooked"
)

// Program sets up one execution: it makes the shared state and calls Go for each
// goroutine. Nothing that it does itself is a step.
type Program func(x *Exec)

// Exec is one execution, seen from the program.
type Exec struct{ e *execution }

// MaxGoroutines is how many goroutines a program can have.
const MaxGoroutines = 64 / numMoves

// Go adds a goroutine that runs body once the Program has returned. The name stands in
// traces. Only the Program itself may call it.
func (x *Exec) Go(name string, body func()) {
	e := x.e
	if e.started || len(e.goroutines) == MaxGoroutines {
		panic(fmt.Sprintf("explore: Go(%q): goroutines are started by the Program, and at most %d of them", name, MaxGoroutines))
	}
	e.spawn(name, body)
}

// Finally adds a check that runs alone after all goroutines have ended. If it panics,
// or calls Failf, the execution has failed.
func (x *Exec) Finally(check func()) { x.e.finally = append(x.e.finally, check) }

// Failf fails the execution; it does not return.
func (x *Exec) Failf(format string, args ...any) { panic(assertion(fmt.Sprintf(format, args...))) }

type assertion string

// Outcome adds to what the execution ended with, for the set of outcomes in the Result.
// Only Finally's checks may call it.
func (x *Exec) Outcome(format string, args ...any) {
	if x.e.outcome != "" {
		x.e.outcome += " "
	}
	x.e.outcome += fmt.Sprintf(format, args...)
}

// Name gives a name to what a trace would call by type and number: to root, if it is a
// word of package hooked or a copy, and to all that can be reached from root through
// pointers, slices and fields when the execution has ended.
func (x *Exec) Name(name string, root any) {
	x.e.roots = append(x.e.roots, namedRoot{name, root})
}

// OnToken has told called with each token that is made. To find its holder unreachable, and to have it tell
// then, is up to the program.
func (x *Exec) OnToken(told func(holder any, tell func())) { x.e.token = told }

// RefuseMembarriers has all membarriers of this execution fail, as a kernel may.
func (x *Exec) RefuseMembarriers() { x.e.refuses = true }

// AtMost runs f on the calling goroutine of the program and fails the execution if f
// takes more than n steps.
func (x *Exec) AtMost(n int, f func()) {
	g := x.e.current
	outer := g.limit
	g.limit = g.steps + n
	f()
	g.limit = outer
}

// Steps returns the number of steps that the calling goroutine has taken.
func (x *Exec) Steps() int { return x.e.current.steps }

// Reading tells the explorer that copy, a pointer, is being read while f runs.
func Reading(copy any, f func()) {
	hooked.BeginRead(copy)
	f()
	hooked.EndRead(copy)
}
