package explore

import (
	"fmt"

	"doublebuf/impl/atomicx/hooked"
)

// location is something that steps touch: a word, a lock, a parker, a channel, a copy.
type location struct {
	key     any // the pointer or channel
	changes int // how often its content has changed
	// For copies: how many guards are in it, and whether a writer is.
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
	loc   int
	value any
	apply func()
}

// locate returns the number of the location with that identity. Numbers are given in
// the order of first use, so that the same schedule gives the same numbers.
func (e *execution) locate(key any) int {
	n, ok := e.numbers[key]
	if !ok {
		n = len(e.locations)
		e.numbers[key] = n
		e.locations = append(e.locations, location{key: key})
	}
	return n
}

// dependent reports whether the order of two enabled transitions can matter: swapped
// when they are neighbours they might lead to another state, or the one might disable
// or enable the other.
func (e *execution) dependent(t, u transition) bool {
	a, b := e.goroutines[t.goroutine()], e.goroutines[u.goroutine()]
	tFlush, uFlush := t.move() == flush, u.move() == flush
	switch {
	case a == b:
		// A goroutine sees its own stores, buffered or not, so that a flush matters only to
		// those of its steps that wait for it, which are not enabled beside it.
		return tFlush == uFlush
	case tFlush && uFlush:
		return a.buffer[0].loc == b.buffer[0].loc
	case tFlush:
		return b.touches(access{a.buffer[0].loc, true})
	case uFlush:
		return a.touches(access{b.buffer[0].loc, true})
	}
	if a.op.Kind == hooked.OpMembarrier && b.op.Kind == hooked.OpPlainStore || b.op.Kind == hooked.OpMembarrier && a.op.Kind == hooked.OpPlainStore {
		return true // whether the buffer was empty when the barrier began
	}
	for _, x := range a.accesses {
		if b.touches(x) {
			return true
		}
	}
	return false
}

// touches reports whether g's pending step conflicts with x. Under TSO a plain store
// touches memory only by its flush.
func (g *goroutine) touches(x access) bool {
	for _, y := range g.accesses {
		if x.loc == y.loc && (x.writes || y.writes) {
			return true
		}
	}
	return false
}

// flushOldest brings g's oldest buffered store to memory.
func (e *execution) flushOldest(g *goroutine) {
	s := g.buffer[0]
	g.buffer = g.buffer[1:]
	s.apply()
	e.locations[s.loc].changes++
	if len(g.buffer) == 0 {
		for _, other := range e.goroutines {
			other.unflushed &^= 1 << g.id
		}
	}
	if e.tracing {
		e.trace = append(e.trace, Event{Goroutine: g.name, Op: "flush", Loc: s.loc, Value: fmt.Sprint(s.value)})
	}
}

// Buffer implements hooked.Hook.
func (e *execution) Buffer(loc, value any, apply func()) bool {
	g := e.current
	if !e.mode.tso || g == nil || e.unwinding {
		return false
	}
	g.buffer = append(g.buffer, store{e.locate(loc), value, apply})
	return true
}

// Newest implements hooked.Hook.
func (e *execution) Newest(loc any) (value any, buffered bool) {
	g := e.current
	if g == nil || len(g.buffer) == 0 {
		return nil, false
	}
	n := e.locate(loc)
	for i := len(g.buffer) - 1; i >= 0; i-- {
		if g.buffer[i].loc == n {
			return g.buffer[i].value, true
		}
	}
	return nil, false
}

// enterCopy keeps account of who reads and writes a copy, and fails the execution if
// the access is wrong.
func (e *execution) enterCopy(op hooked.Op, who string) {
	l := &e.locations[e.locate(op.Loc)]
	wrong := ""
	switch op.Kind {
	case hooked.OpBeginRead:
		if l.written {
			wrong = "is read while it is being written"
		}
		l.readers++
	case hooked.OpEndRead:
		if l.readers == 0 {
			wrong = "is left by a reader while none is in it"
		}
		l.readers--
	case hooked.OpBeginWrite:
		if l.readers > 0 {
			wrong = "is written while it is being read"
		} else if l.written {
			wrong = "is written by two at once"
		}
		l.written = true
	case hooked.OpEndWrite:
		if !l.written {
			wrong = "is left by a writer while none is in it"
		}
		l.written = false
	}
	if wrong != "" {
		e.fail(Exclusion, "%s at %s: the copy %s", who, op.Kind, wrong)
		panic(abandoned{})
	}
}
