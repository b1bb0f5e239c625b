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
	loc    int
	value  any
	apply  func()
	pushed int // the move that put it into the buffer
}

// buffers stands, as a location, for whether store buffers are empty: under TSO plain
// stores read it and membarriers write it, since their order matters, but not that of two stores.
type buffers struct{}

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

// accessesOf returns what a transition that is enabled now touches.
func (e *execution) accessesOf(t transition) []access {
	g := e.goroutines[t.goroutine()]
	if t.move() == flush {
		e.flushing[0] = access{g.buffer[0].loc, true}
		return e.flushing[:]
	}
	return g.accesses
}

// dependent reports whether the order of two enabled transitions can matter: swapped
// when they are neighbours they might lead to another state, or the one might disable
// or enable the other.
func (e *execution) dependent(t, u transition) bool {
	if t.goroutine() == u.goroutine() {
		// A goroutine sees its own stores, buffered or not, so that a flush matters only to
		// those of its steps that wait for it, which are not enabled beside it.
		return (t.move() == flush) == (u.move() == flush)
	}
	var first [4]access // accessesOf has room for one flush
	for _, x := range append(first[:0], e.accessesOf(t)...) {
		for _, y := range e.accessesOf(u) {
			if x.loc == y.loc && (x.writes || y.writes) {
				return true
			}
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
	for _, other := range e.goroutines {
		for i := range other.barrier {
			if d := &other.barrier[i]; d.goroutine == g.id && d.stores > 0 {
				d.stores--
				d.paid = len(e.path) - 1
			}
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
	g.buffer = append(g.buffer, store{e.locate(loc), value, apply, len(e.path) - 1})
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
