package explore_test

import (
	"fmt"
	"slices"
)

// machine runs every interleaving of a small program.
type machine struct {
	small
	seen   map[string]bool
	finals map[string]bool
}

// maxStates bounds the programs that are compared.
const maxStates = 1_500

func (m *machine) tooLarge() bool { return len(m.seen) > maxStates }

// thread is a goroutine of the machine.
type thread struct {
	started bool
	pc      int
	phase   int // within an operation
	log     string
	parked  bool // until somebody wakes it
}

// queued is a thread in the queue of a channel.
type queued struct {
	thread int
	value  int
	which  int // of a select, the channel; otherwise -1
}

type world struct {
	threads  []thread
	words    [2]int
	buffers  [2][]int
	closed   [2]bool
	senders  [2][]queued
	takers   [2][]queued
	readers  int
	writer   int // 0 free, 1 announced, 2 holds
	condHeld bool
	sleepers []int
	group    int
	once     int // 0 not run, 1 running, 2 done
	order    string
}

func (m *machine) first() *world {
	w := &world{threads: make([]thread, len(m.bodies)), group: m.dones()}
	for g := range m.small.first {
		w.threads[g].started = true
	}
	return w
}

func (w *world) clone() *world {
	c := *w
	c.threads = slices.Clone(w.threads)
	c.sleepers = slices.Clone(w.sleepers)
	for i := range 2 {
		c.buffers[i] = slices.Clone(w.buffers[i])
		c.senders[i] = slices.Clone(w.senders[i])
		c.takers[i] = slices.Clone(w.takers[i])
	}
	return &c
}

func (m *machine) explore(w *world) {
	key := fmt.Sprint(*w)
	if m.seen[key] || m.tooLarge() {
		return
	}
	m.seen[key] = true
	moved := false
	for g := range w.threads {
		t := &w.threads[g]
		if !t.started || t.parked || t.pc == len(m.bodies[g]) {
			continue
		}
		for way := range 2 {
			next := w.clone()
			if m.step(next, g, way) {
				moved = true
				m.explore(next)
			}
		}
	}
	if !moved {
		m.finals[m.final(w)] = true
	}
}

func (m *machine) final(w *world) string {
	var logs []string
	var at []int
	for _, t := range w.threads {
		logs, at = append(logs, t.log), append(at, t.pc)
	}
	return describe(logs, at, w.words[:], w.order)
}

// step lets thread g take a step and reports whether it can. Most operations have one way.
func (m *machine) step(w *world, g, way int) bool {
	t := &w.threads[g]
	o := m.bodies[g][t.pc]
	if way == 1 && o.code != sel {
		return false
	}
	log := func(v ...any) { t.log += fmt.Sprint(v...) + " " }
	switch o.code {
	case ld:
		log(w.words[o.a])
	case st:
		w.words[o.a] = o.b
	case inc:
		w.words[o.a]++
		log(w.words[o.a])
	case until:
		if w.words[o.a] == 0 {
			return false
		}
	case start:
		w.threads[o.a].started = true
	case call:
		w.order += fmt.Sprint("c", g)
	case ret:
		w.order += fmt.Sprint("r", g)
	case send, recv, sel, try, offer, shut:
		return m.channel(w, g, way, o)
	default:
		return m.synchronise(w, g, o)
	}
	t.pc++
	return true
}

// receive takes a value from channel c, or the news that it is closed.
func (w *world) receive(c int) (v int, ok, can bool) {
	if len(w.buffers[c]) > 0 {
		v = w.buffers[c][0]
		w.buffers[c] = w.buffers[c][1:]
		if len(w.senders[c]) > 0 {
			s := w.senders[c][0]
			w.senders[c] = w.senders[c][1:]
			w.buffers[c] = append(w.buffers[c], s.value)
			w.resume(s.thread)
		}
		return v, true, true
	}
	if len(w.senders[c]) > 0 {
		s := w.senders[c][0]
		w.senders[c] = w.senders[c][1:]
		w.resume(s.thread)
		return s.value, true, true
	}
	return 0, false, w.closed[c]
}

func (w *world) resume(g int) {
	w.threads[g].parked = false
	w.threads[g].pc++
}

// hand gives a value, or the news that the channel is closed, to the first taker of channel c.
func (w *world) hand(c, v int, ok bool) {
	q := w.takers[c][0]
	for i := range 2 { // a select leaves both queues
		w.takers[i] = slices.DeleteFunc(w.takers[i], func(other queued) bool { return other.thread == q.thread })
	}
	t := &w.threads[q.thread]
	if q.which >= 0 {
		t.log += fmt.Sprint(q.which, v, ok) + " "
	} else {
		t.log += fmt.Sprint(v, ok) + " "
	}
	w.resume(q.thread)
}

func (w *world) canSend(m *machine, c int) bool {
	return len(w.takers[c]) > 0 || len(w.buffers[c]) < m.caps[c]
}

func (w *world) put(c, v int) {
	if len(w.takers[c]) > 0 {
		w.hand(c, v, true)
		return
	}
	w.buffers[c] = append(w.buffers[c], v)
}

func (m *machine) channel(w *world, g, way int, o op) bool {
	t := &w.threads[g]
	log := func(v ...any) { t.log += fmt.Sprint(v...) + " " }
	switch o.code {
	case send:
		if !w.canSend(m, o.a) {
			t.parked = true
			w.senders[o.a] = append(w.senders[o.a], queued{g, o.b, -1})
			return true
		}
		w.put(o.a, o.b)
	case offer:
		can := w.canSend(m, o.a)
		if can {
			w.put(o.a, o.b)
		}
		log(can)
	case recv, try:
		v, ok, can := w.receive(o.a)
		switch {
		case can:
			log(v, ok)
		case o.code == try:
			log("none")
		default:
			t.parked = true
			w.takers[o.a] = append(w.takers[o.a], queued{g, 0, -1})
			return true
		}
	case sel:
		v, ok, can := w.receive(way)
		if can {
			log(way, v, ok)
			break
		}
		if _, _, other := w.clone().receive(1 - way); other || way == 1 {
			return false
		}
		t.parked = true
		for c := range 2 {
			w.takers[c] = append(w.takers[c], queued{g, 0, c})
		}
		return true
	case shut:
		w.closed[o.a] = true
		for len(w.takers[o.a]) > 0 {
			w.hand(o.a, 0, false)
		}
	}
	t.pc++
	return true
}

func (m *machine) synchronise(w *world, g int, o op) bool {
	t := &w.threads[g]
	switch o.code {
	case lock:
		if t.phase == 0 {
			if w.writer != 0 {
				return false
			}
			w.writer, t.phase = 1, 1
			return true
		}
		if w.readers > 0 {
			return false
		}
		w.writer, t.phase = 2, 0
	case unlock:
		w.writer = 0
	case rlock:
		if w.writer != 0 {
			return false
		}
		w.readers++
	case runlock:
		w.readers--
	case done:
		w.group--
	case wait:
		if w.group > 0 {
			return false
		}
	case once:
		return w.runOnce(t)
	case sleep:
		return w.sleep(t, g)
	case wake:
		if len(w.sleepers) > 0 {
			w.threads[w.sleepers[0]].parked = false
			w.sleepers = w.sleepers[1:]
		}
	case wakeAll:
		for _, s := range w.sleepers {
			w.threads[s].parked = false
		}
		w.sleepers = nil
	}
	t.pc++
	return true
}

func (w *world) runOnce(t *thread) bool {
	switch {
	case t.phase == 1:
		w.words[0]++
		t.phase = 2
		return true
	case t.phase == 2:
		w.once, t.phase = 2, 0
	case w.once == 1:
		return false
	case w.once == 0:
		w.once, t.phase = 1, 1
		return true
	}
	t.pc++
	return true
}

// sleep is: lock; if word 1 is 0, wait; unlock. The wait enters the queue before it unlocks.
func (w *world) sleep(t *thread, g int) bool {
	switch t.phase {
	case 0, 3: // take the lock, for the first time or after the wait
		if w.condHeld {
			return false
		}
		w.condHeld = true
		t.phase++
	case 1:
		t.phase = 4
		if w.words[1] == 0 {
			t.phase = 2
		}
	case 2:
		w.sleepers = append(w.sleepers, g)
		t.phase, t.parked, w.condHeld = 3, true, false
	case 4:
		w.condHeld = false
		t.phase = 0
		t.pc++
	}
	return true
}
