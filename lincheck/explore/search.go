package explore

import "math/rand/v2"

// Search chooses the executions of a program. See Exhaustive, SleepSets, UpTo and PCT.
type Search struct {
	kind    searchKind
	bound   int
	depth   int
	samples int
	seed    uint64
}

const (
	exhaustive searchKind = iota
	sleepSets
	bounded
	sampled
)

type searchKind uint8

// Exhaustive runs at least one execution of each group of executions that differ only in the order
// of independent steps.
func Exhaustive() Search { return Search{} }

// SleepSets visits the same groups as Exhaustive. It tries every goroutine in every state and skips
// only what sleep sets exclude. It is many times slower and simpler. Tests compare the two.
func SleepSets() Search { return Search{kind: sleepSets} }

// UpTo runs all executions with at most k preemptions: first those with none, then those with one,
// and so on. It ends at the first number of preemptions that shows a failure.
func UpTo(k int) Search { return Search{kind: bounded, bound: k} }

// PCT runs the given number of random executions. They find bugs of the given depth with a known
// probability (see the package documentation). The depth of a bug is the number of ordering
// constraints that it needs.
func PCT(depth, samples int, seed uint64) Search {
	return Search{kind: sampled, depth: depth, samples: samples, seed: seed}
}

// replayer follows a schedule. After the end of the schedule the same goroutine continues for as
// long as it can.
type replayer struct {
	path []transition
	next int
}

func (r *replayer) choose(e *execution, enabled set) (transition, bool) {
	if r.next == len(r.path) {
		return e.goOn(enabled), true
	}
	t := r.path[r.next]
	if !enabled.has(t) {
		e.fail(Nondeterministic, "move %d of the schedule is impossible in this program", r.next+1)
		return 0, false
	}
	r.next++
	return t, true
}

// goOn chooses from a non-empty set. It prefers the goroutine that took the last step.
func (e *execution) goOn(s set) transition {
	if e.last >= 0 && s.has(of(e.last, step)) {
		return of(e.last, step)
	}
	return s.lowest()
}

func (d *dfs) choose(e *execution, enabled set) (transition, bool) {
	if d.depth == len(d.stack) && !d.push(e, enabled) { // all enabled moves are in the sleep set
		if !d.everyTurn {
			d.noteBlocked(e, enabled)
		}
		return 0, false
	}
	n := &d.stack[d.depth]
	if n.enabled != enabled {
		e.fail(Nondeterministic, "at move %d other goroutines are enabled than in the run before with the same schedule", d.depth+1)
		return 0, false
	}
	if d.bound < 0 && d.depth+1 == len(d.stack) {
		d.sleep = set{}
		n.sleep.or(n.done).each(func(t transition) {
			if !e.dependent(t, n.chosen) {
				d.sleep.add(t)
			}
		})
	}
	if !d.everyTurn {
		d.record(e, d.depth)
	}
	d.depth++
	return n.chosen, true
}

// push adds the current state to the stack, with a first choice. It returns false if there is no
// choice.
func (d *dfs) push(e *execution, enabled set) bool {
	n := node{enabled: enabled, todo: enabled, sleep: d.sleep, last: e.last, fresh: true}
	if d.depth > 0 {
		before := &d.stack[d.depth-1]
		n.preempts = before.preempts + before.cost(before.chosen)
	}
	open := n.open(d.bound)
	if open.empty() {
		return false
	}
	n.chosen = e.goOn(open)
	if !d.everyTurn {
		n.todo = n.chosen.process().moves().and(enabled)
	}
	if len(d.stack) < cap(d.stack) { // reuse the memory of an earlier node
		old := &d.stack[:len(d.stack)+1][len(d.stack)].event
		n.event.accesses, n.event.clock = old.accesses[:0], old.clock[:0]
	}
	d.stack = append(d.stack, n)
	return true
}

// cost is 1 if t is a preemption.
func (n *node) cost(t transition) int {
	if t.move() == flush || n.last < 0 || t.goroutine() == n.last || !n.enabled.has(of(n.last, step)) {
		return 0
	}
	return 1
}

// open returns the transitions that have still to be tried from n.
func (n *node) open(bound int) set {
	s := n.todo.minus(n.done.or(n.sleep))
	if bound >= 0 && n.preempts >= bound {
		s.each(func(t transition) {
			if n.preempts+n.cost(t) > bound {
				s.remove(t)
			}
		})
	}
	return s
}

// advance changes the stack to the next execution and reports whether there is one.
func (d *dfs) advance() bool {
	d.depth, d.sleep = 0, set{}
	d.history.reset()
	for len(d.stack) > 0 {
		n := &d.stack[len(d.stack)-1]
		n.done.add(n.chosen)
		if open := n.open(d.bound); !open.empty() {
			n.chosen, n.fresh = open.lowest(), true
			return true
		}
		d.stack = d.stack[:len(d.stack)-1]
	}
	return false
}

// pct gives each goroutine and each store buffer a random priority. At depth-1 random moves it
// lowers the priority of the running one.
type pct struct {
	random   *rand.Rand
	depth    int
	priority [MaxGoroutines * numMoves]int
	drops    map[int]int // for some moves, the priority to which the running goroutine drops
	moves    int
}

func newPCT(s Search, sample int) *pct {
	return &pct{random: rand.New(rand.NewPCG(s.seed, uint64(sample))), depth: s.depth}
}

// start draws the priorities for an execution of about length moves.
func (p *pct) start(length int) {
	for i, v := range p.random.Perm(len(p.priority)) {
		p.priority[i] = p.depth + v
	}
	p.drops = map[int]int{}
	for i := 1; i < p.depth; i++ {
		p.drops[p.random.IntN(max(length, 1))] = i
	}
}

func (p *pct) choose(_ *execution, enabled set) (best transition, ok bool) {
	best = enabled.lowest()
	enabled.each(func(t transition) {
		if p.priority[t] > p.priority[best] {
			best = t
		}
	})
	if to, ok := p.drops[p.moves]; ok {
		p.priority[best] = to
	}
	p.moves++
	return best, true
}
