package explore

import (
	"fmt"

	"doublebuf/impl/atomicx/hooked"
)

// locate returns the number of the location with the given key. Numbers follow the order of first
// use, so that the same schedule gives the same numbers.
func (e *execution) locate(key any) int {
	n, ok := e.numbers[key]
	if !ok {
		n = len(e.locations)
		e.numbers[key] = n
		e.locations = append(e.locations, location{key: key})
	}
	return n
}

// accessesOf returns the accesses of an enabled transition.
func (e *execution) accessesOf(t transition) []access {
	g := e.goroutines[t.goroutine()]
	if t.move() == flush {
		e.flushing[0] = access{loc: g.buffer[0].loc, writes: true}
		return e.flushing[:]
	}
	return g.accesses
}

// dependent reports whether the order of two enabled transitions can matter: the two orders may
// lead to different states, or one transition may disable or enable the other.
func (e *execution) dependent(t, u transition) bool {
	if t.goroutine() == u.goroutine() {
		// A goroutine reads its own stores, buffered or not. So a flush matters only to those of
		// its steps that wait for the flush, and they are not enabled together with it.
		return (t.move() == flush) == (u.move() == flush)
	}
	var first [4]access // a copy, since accessesOf has room for one flush
	for _, x := range append(first[:0], e.accessesOf(t)...) {
		for _, y := range e.accessesOf(u) {
			if x.conflicts(y) {
				return true
			}
		}
	}
	return false
}

// flushOldest applies g's oldest buffered store to memory.
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

// enterCopy tracks the reads and writes of a copy. It fails the execution if they overlap.
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
			wrong = "is left by a reader although no reader is in it"
		}
		l.readers--
	case hooked.OpBeginWrite:
		if l.readers > 0 {
			wrong = "is written while it is being read"
		} else if l.written {
			wrong = "is written by two goroutines at once"
		}
		l.written = true
	case hooked.OpEndWrite:
		if !l.written {
			wrong = "is left by a writer although no writer is in it"
		}
		l.written = false
	}
	if wrong != "" {
		e.fail(Exclusion, "%s at %s: the copy %s", who, op.Kind, wrong)
		e.abandon()
	}
}
