package explore

import (
	"slices"

	"doublebuf/impl/atomicx/hooked"
)

// This file finds out which other turns the exhaustive search must take. It does not try
// every goroutine in every state, but runs one execution and looks for races in it: two
// dependent moves of different processes that are ordered by nothing but the schedule.
// Before the first of them another turn is noted, towards an execution in which they come
// the other way round. This is source-DPOR (Abdulla, Aronsson, Jonsson and Sagonas, 2014),
// with moves that can be disabled treated as in Flanagan and Godefroid (2005).

// process is what the order of events speaks of: a goroutine, or its store buffer.
type process int

func (t transition) process() process {
	if t.move() == flush {
		return process(2*t.goroutine() + 1)
	}
	return process(2 * t.goroutine())
}

// moves returns the transitions of p.
func (p process) moves() set {
	if p%2 == 1 {
		return of(int(p)/2, flush).set()
	}
	return of(int(p)/2, step).set() | of(int(p)/2, timeout).set()
}

// clock counts, for each process, how many of its events happen before something.
type clock []int32

func (c clock) join(d clock) {
	for i, n := range d {
		c[i] = max(c[i], n)
	}
}

// event is what a node's chosen move did, as far as order goes.
type event struct {
	process  process
	number   int32    // of the process's events, this one included
	accesses []access // a copy: they are those of the prefix, whatever comes later
	clock    clock    // of what happens before it, and itself
}

func (ev *event) before(c clock) bool { return c[ev.process] >= ev.number }

// history indexes the events of the running execution.
type history struct {
	last []int   // process -> its last event, or -1
	at   [][]int // location -> the events that touch it
}

func (h *history) reset() {
	h.last = h.last[:0]
	h.at = h.at[:0]
}

// grow makes room for the processes and locations that have come up.
func (h *history) grow(e *execution) {
	for len(h.last) < 2*len(e.goroutines) {
		h.last = append(h.last, -1)
	}
	for n := len(h.at); n < len(e.locations); n++ {
		if n == cap(h.at) {
			h.at = append(h.at, nil)
			continue
		}
		h.at = h.at[:n+1]
		h.at[n] = h.at[n][:0]
	}
}

// record enters the chosen move of node i, which is about to happen, into the history,
// and if it is a new one finds its races.
func (d *dfs) record(e *execution, i int) {
	d.history.grow(e)
	n := &d.stack[i]
	if n.fresh {
		n.fresh = false
		d.analyse(e, i)
	}
	d.history.last[n.event.process] = i
	for _, a := range n.event.accesses {
		d.history.at[a.loc] = append(d.history.at[a.loc], i)
	}
}

// analyse computes the event of node i and notes the turns that its races call for.
func (d *dfs) analyse(e *execution, i int) {
	n := &d.stack[i]
	g := e.goroutines[n.chosen.goroutine()]
	ev := &n.event
	ev.process = n.chosen.process()
	ev.accesses = append(ev.accesses[:0], e.accessesOf(n.chosen)...)
	ev.number = 1
	ev.clock = append(ev.clock[:0], make(clock, len(d.history.last))...)
	last := d.history.last[ev.process]
	if last >= 0 {
		ev.clock.join(d.stack[last].event.clock)
		ev.number += d.stack[last].event.number
	}
	d.joinEnablers(e, g, n.chosen, ev.clock)
	ordered := slices.Clone(ev.clock) // by more than the schedule
	ev.clock[ev.process] = ev.number

	rivals := d.rivals(ev)
	for _, j := range rivals {
		ev.clock.join(d.stack[j].event.clock)
	}
	for _, j := range rivals {
		rival := &d.stack[j].event
		if rival.before(ordered) || last < j && d.enabledBy(j, i, rivals) {
			continue
		}
		d.reverse(j, i)
		// What comes before this rival is no race of its own: the two are ordered by it. But a
		// step that waits may just have been enabled by the rival, as Lock is by Unlock, and
		// then the race is with what disabled it.
		if n.chosen.move() == flush || g.op.Ready == nil {
			ordered.join(rival.clock)
		}
	}
}

// noteBlocked finds the races of steps that cannot happen, as if they did, in an
// execution that is given up: what might enable them is left out here.
func (d *dfs) noteBlocked(e *execution, enabled set) {
	d.history.grow(e)
	for _, g := range e.goroutines {
		if t := of(g.id, step); !g.finished && !enabled.has(t) {
			i := len(d.stack)
			d.stack = append(d.stack, node{enabled: enabled, chosen: t})
			d.analyse(e, i)
			d.stack = d.stack[:i]
		}
	}
}

// joinEnablers joins to c what must come before the move beside its process's own past
// and its rivals: for a flush its store; for a step that waits for an empty buffer, or
// for those of others, the flushes; for the return of a Yield the change that it waited
// for, if only one word can have changed.
func (d *dfs) joinEnablers(e *execution, g *goroutine, t transition, c clock) {
	join := func(i int) { c.join(d.stack[i].event.clock) }
	switch {
	case t.move() == flush:
		join(g.buffer[0].pushed)
	case g.op.Kind == hooked.OpMembarrierEnd:
		for _, debt := range g.barrier {
			if debt.stores == 0 {
				join(debt.paid)
			}
		}
	case g.op.Kind.Drains():
		if i := d.history.last[of(g.id, flush).process()]; i >= 0 {
			join(i)
		}
	case g.op.Kind == hooked.OpYield && len(g.seen) > 0:
		loc := g.seen[0].loc
		if slices.ContainsFunc(g.seen, func(s seen) bool { return s.loc != loc }) {
			return
		}
		for _, i := range slices.Backward(d.history.at[loc]) {
			if d.stack[i].event.writes(loc) {
				join(i)
				return
			}
		}
	}
}

func (ev *event) writes(loc int) bool {
	return slices.Contains(ev.accesses, access{loc, true})
}

// rivals returns the earlier events of other processes that ev depends on, the latest
// first.
func (d *dfs) rivals(ev *event) []int {
	r := d.scratch[:0]
	for _, a := range ev.accesses {
		for _, j := range d.history.at[a.loc] {
			if other := &d.stack[j].event; other.process != ev.process && (a.writes || other.writes(a.loc)) {
				r = append(r, j)
			}
		}
	}
	slices.SortFunc(r, func(a, b int) int { return b - a })
	d.scratch = slices.Compact(r)
	return d.scratch
}

// enabledBy reports whether the move of node i, which was pending before node j's, was
// enabled by that and by nothing else, and so could not have come before it.
func (d *dfs) enabledBy(j, i int, rivals []int) bool {
	t := d.stack[i].chosen
	if d.stack[j].enabled.has(t) || !d.stack[j+1].enabled.has(t) {
		return false
	}
	for _, k := range rivals {
		if k > j && !d.stack[j].event.before(d.stack[k].event.clock) {
			return false // it might have enabled the move too
		}
	}
	return true
}

// reverse sees to it that from node j a turn is taken towards an execution in which the
// move of node i comes before that of node j: by one of the moves that can begin the
// sequence of what happens between the two and does not happen after j, and i.
func (d *dfs) reverse(j, i int) {
	from := &d.stack[j]
	first := make(clock, len(d.history.last)) // number of each process's first event in the sequence, or 0
	var initials set
	for k := j + 1; k <= i; k++ {
		ev := &d.stack[k].event
		if k < i && from.event.before(ev.clock) {
			continue
		}
		initial := true
		for p, n := range first {
			initial = initial && (n == 0 || ev.clock[p] < n)
		}
		if initial {
			initials |= ev.process.moves() & from.enabled
		}
		if first[ev.process] == 0 {
			first[ev.process] = ev.number
		}
	}
	if initials&from.todo != 0 {
		return
	}
	if initials == 0 {
		from.todo = from.enabled
		return
	}
	turn := d.stack[i].event.process
	if initials&turn.moves() == 0 {
		turn = initials.lowest().process()
	}
	from.todo |= initials & turn.moves()
}
