package explore

import (
	"slices"

	"doublebuf/impl/atomicx/hooked"
)

// This file finds the turns that the exhaustive search must take. The search does not try every
// goroutine in every state. It runs one execution and looks for races in it. A race is two
// dependent moves of different processes that only the schedule orders. Before the first move of a
// race it adds another turn, which leads to an execution with the two moves in the other order.
// This is source-DPOR (Abdulla, Aronsson, Jonsson and Sagonas, 2014). Moves that can be disabled
// are treated as in Flanagan and Godefroid (2005).

// record adds the chosen move of node i, which is about to happen, to the history. If the move is
// new, it finds the races of the move.
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

// analyse computes the event of node i and adds the turns that its races need.
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
	ordered := slices.Clone(ev.clock) // what comes before the event, for reasons other than the schedule
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
		if e.mode.plain && ev.races(rival) {
			e.racing = j
		}
		d.reverse(j, i)
		// An event before this rival is no race of its own, because the rival orders the two. There
		// is an exception. The rival may have enabled a step that waits, as Unlock enables Lock.
		// Then the race is with the event that disabled the step.
		if n.chosen.move() == flush || g.op.Ready == nil {
			ordered.join(rival.clock)
		}
	}
}

// noteBlocked finds the races of the disabled steps in an abandoned execution, as if these steps
// happened. The rest of the execution, which might enable them, is not run.
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

// joinEnablers joins to c the events that must come before the move, other than the past of its own
// process and its rivals. For a flush this is its store. For a step that waits for empty buffers
// these are the flushes. For the return of a Yield it is the change that the Yield waited for, if
// only one word can have changed.
func (d *dfs) joinEnablers(e *execution, g *goroutine, t transition, c clock) {
	join := func(i int) { c.join(d.stack[i].event.clock) }
	if g.born >= 0 && d.history.last[of(g.id, step).process()] < 0 {
		join(g.born)
	}
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
	return slices.ContainsFunc(ev.accesses, func(a access) bool { return a.loc == loc && a.writes })
}

func (ev *event) conflicts(a access) bool {
	return slices.ContainsFunc(ev.accesses, a.conflicts)
}

// rivals returns the earlier events of other processes that ev depends on. The latest comes first.
func (d *dfs) rivals(ev *event) []int {
	r := d.scratch[:0]
	for _, a := range ev.accesses {
		for _, j := range d.history.at[a.loc] {
			if other := &d.stack[j].event; other.process != ev.process && other.conflicts(a) {
				r = append(r, j)
			}
		}
	}
	slices.SortFunc(r, func(a, b int) int { return b - a })
	d.scratch = slices.Compact(r)
	return d.scratch
}

// races reports whether two events that only the schedule orders are a data race.
func (ev *event) races(rival *event) bool {
	return slices.ContainsFunc(ev.accesses, func(a access) bool {
		return slices.ContainsFunc(rival.accesses, func(b access) bool {
			return (a.plain || b.plain) && a.conflicts(b)
		})
	})
}

// follow adds a move that another chooser has chosen, so that its data races are found.
func (d *dfs) follow(e *execution, t transition, enabled set) {
	d.stack = append(d.stack, node{enabled: enabled, todo: enabled, chosen: t, fresh: true})
	d.record(e, len(d.stack)-1)
}

// enabledBy reports whether only the move of node j enabled the move of node i, which was pending
// before. Then the move of node i could not have come before that of node j.
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

// reverse adds a turn at node j that leads to an execution in which the move of node i comes before
// the move of node j. Consider the moves between the two that do not depend on j's, followed by
// i's. The turn is one of the moves that can begin this sequence.
func (d *dfs) reverse(j, i int) {
	from := &d.stack[j]
	first := make(clock, len(d.history.last)) // the number of each process's first event in the sequence, or 0
	var initials set
	for k := j + 1; k <= i; k++ {
		ev := &d.stack[k].event
		if k < i && from.event.before(ev.clock) {
			continue
		}
		initial := true
		for p, n := range first {
			initial = initial && (n == 0 || p >= len(ev.clock) || ev.clock[p] < n)
		}
		if initial {
			initials = initials.or(ev.process.moves().and(from.enabled))
		}
		if first[ev.process] == 0 {
			first[ev.process] = ev.number
		}
	}
	if !initials.and(from.todo).empty() {
		return
	}
	if initials.empty() {
		from.todo = from.enabled
		return
	}
	turn := d.stack[i].event.process
	if initials.and(turn.moves()).empty() {
		turn = initials.lowest().process()
	}
	from.todo = from.todo.or(initials.and(turn.moves()))
}
