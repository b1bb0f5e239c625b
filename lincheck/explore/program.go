package explore

import (
	"fmt"

	"doublebuf/impl/atomicx/hooked"
)

// Program sets up one execution: it makes the shared state and calls Go for each goroutine. Its own
// operations are not steps.
type Program func(x *Exec)

// Exec is one execution, as the program sees it.
type Exec struct{ e *execution }

// Go adds a goroutine that runs body after the Program has returned. Traces show the name. Only the
// Program may call Go.
func (x *Exec) Go(name string, body func()) {
	e := x.e
	if e.started || len(e.goroutines) == MaxGoroutines {
		panic(fmt.Sprintf("explore: Go(%q): goroutines are started by the Program, and at most %d of them", name, MaxGoroutines))
	}
	e.spawn(name, body)
}

// Finally adds a check that runs alone after all goroutines have ended. The execution fails if the
// check panics or calls Failf.
func (x *Exec) Finally(check func()) { x.e.finally = append(x.e.finally, check) }

// Failf fails the execution with a message. It does not return.
func (x *Exec) Failf(format string, args ...any) { panic(assertion(fmt.Sprintf(format, args...))) }

// FinalState adds to the description of the state in which the execution ends. The Result counts
// each final state. Only checks of Finally may call it.
func (x *Exec) FinalState(format string, args ...any) {
	if x.e.final != "" {
		x.e.final += " "
	}
	x.e.final += fmt.Sprintf(format, args...)
}

// Name names root in traces, and everything that can be reached from root through pointers, slices
// and fields when the execution has ended. Without a name a trace shows the type and a number.
func (x *Exec) Name(name string, root any) {
	x.e.roots = append(x.e.roots, namedRoot{name, root})
}

// OnToken sets the function that is called for each new token. The program plays the garbage
// collector: it calls unreachable when it finds that nothing refers to holder any more.
func (x *Exec) OnToken(made func(holder any, unreachable func())) { x.e.token = made }

// RefuseMembarriers makes all membarriers of this execution fail, as a kernel may.
func (x *Exec) RefuseMembarriers() { x.e.refuses = true }

// AtMost runs f on the calling goroutine. The execution fails if f takes more than n steps.
func (x *Exec) AtMost(n int, f func()) {
	g := x.e.current
	outer := g.limit
	g.limit = g.steps + n
	f()
	g.limit = outer
}

// Steps returns the number of steps that the calling goroutine has taken.
func (x *Exec) Steps() int { return x.e.current.steps }

// Reading marks copy, a pointer, as being read while f runs.
func Reading(copy any, f func()) {
	hooked.BeginRead(copy)
	f()
	hooked.EndRead(copy)
}
