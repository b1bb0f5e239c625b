package explore

// dfs visits executions depth first. It runs each execution from the start of the program. The
// stack holds the moves up to the state in which it takes another turn.
type dfs struct {
	bound     int  // the largest number of preemptions; below 0: no bound, and sleep sets are used
	everyTurn bool // try every goroutine in every state, instead of only the turns that races need
	stack     []node
	depth     int // of the running execution
	sleep     set // of the running execution
	history   history
	scratch   []int
}

// node is a state on the current path, and the move that leaves it.
type node struct {
	enabled  set
	todo     set // moves to try, now or later
	done     set // moves that have been tried
	sleep    set // moves to skip: their executions have been seen in another order
	chosen   transition
	last     int // the goroutine that took the step before
	preempts int // the number of preemptions before this state

	fresh bool // event has not been computed yet
	event event
}

// process is a goroutine or its store buffer. Events are ordered within a process.
type process int

func (t transition) process() process {
	if t.move() == flush {
		return process(2*t.goroutine() + 1)
	}
	return process(2 * t.goroutine())
}

// moves returns the transitions of p.
func (p process) moves() (s set) {
	if p%2 == 1 {
		s.add(of(int(p)/2, flush))
		return s
	}
	s.add(of(int(p)/2, step))
	s.add(of(int(p)/2, timeout))
	return s
}

// clock is a vector clock: for each process, the number of its events that come before.
type clock []int32

func (c clock) join(d clock) {
	for i, n := range d {
		c[i] = max(c[i], n)
	}
}

// event is the chosen move of a node, with what orders it.
type event struct {
	process  process
	number   int32    // its number among the events of its process, from 1
	accesses []access // a copy, since the goroutine's own slice changes later
	clock    clock    // the events that come before it, and the event itself
}

func (ev *event) before(c clock) bool { return c[ev.process] >= ev.number }

// history indexes the events of the running execution.
type history struct {
	last []int   // process -> its last event, or -1
	at   [][]int // location -> the events that access it
}

func (h *history) reset() {
	h.last = h.last[:0]
	h.at = h.at[:0]
}

// grow makes room for new processes and locations.
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
