package run

import (
	"fmt"
	"iter"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

// The final-state check (C10) needs no record of the timed loop. The steps of every worker are
// known before it starts, and it counts how many it did. Each value that a worker sets names the
// worker and the step. So when the workers have ended and the map is published, each key must hold
// what the last write of one of the workers left there, or, if no worker wrote it, what it held at
// the start. Any order of the workers' writes leaves such a content. A write that was lost, done
// twice, or undone later leaves another content, unless a later write hid it. The check takes time
// linear in the number of steps and memory linear in the number of keys.

// stepBits is how many bits of a value hold the step.
const stepBits = 40

// prefilled returns the value that the key at position i has at the start.
func prefilled(i int) uint64 { return uint64(i) }

// firstValue returns the value of a set in step 0 of the worker; step s adds s.
func firstValue(worker int) uint64 { return uint64(worker+1) << stepBits }

// found is what a lookup of a key returned.
type found struct {
	value uint64
	ok    bool
}

func (f found) String() string {
	worker, step := f.value>>stepBits, f.value&(1<<stepBits-1)
	switch {
	case !f.ok:
		return "nothing"
	case worker == 0:
		return fmt.Sprintf("the value that key %d had at the start", step)
	}
	return fmt.Sprintf("the value of worker %d's step %d", worker-1, step)
}

// drops reports whether a Retain removes f.
func drops(f found) bool { return f.ok && !retained(0, f.value) }

// checkFinalState publishes what is pending, reads the whole map through h, and reports a
// content that the workers cannot have left. It returns the number of entries, too.
func (c *cell[K]) checkFinalState(h kv.Map[K, uint64], workers []*worker[K]) (entries int, err error) {
	kv.Publish(h)
	final := make([]found, len(c.lookups))
	for i, key := range c.lookups {
		if v, ok := h.Get(key); ok {
			final[i] = found{v, true}
			entries++
		}
	}
	writes := make([]iter.Seq[workloads.Write], len(workers))
	for i, w := range workers {
		n := w.ops
		if w.reads {
			n = 0
		}
		writes[i] = w.stream.LastWrites(n)
	}
	start := func(i int) found {
		if c.script.Holds(i) {
			return found{prefilled(i), true}
		}
		return found{}
	}
	if err := explain(final, start, writes); err != nil {
		return entries, err
	}
	if c.entry.Caps.Has(kv.Range) {
		if n := h.(kv.Ranger[K, uint64]).Len(); n != entries {
			return entries, fmt.Errorf("final-state check: the map says that it has %d entries, but holds %d of the keys", n, entries)
		}
	}
	return entries, nil
}

// explain reports keys whose final content no worker's last write explains. If no worker wrote a
// key, its content at the start explains it. writes are those of each worker, the last one first.
//
// A worker's Clear leaves nothing under any key, and its Retain nothing under those whose value it
// does not keep. The Retain of another worker may remove such a value too, whenever it was.
func explain(final []found, start func(i int) found, writes []iter.Seq[workloads.Write]) error {
	e := explanation{
		final: final, start: start,
		lastWriter: make([]int, len(final)), explained: make([]bool, len(final)), droppable: make([]bool, len(final)),
	}
	for i := range e.lastWriter {
		e.lastWriter[i] = none
	}
	for worker, list := range writes {
		e.follow(worker, list)
	}
	if e.retains {
		e.retain()
	}
	return e.verdict()
}

// none means no worker, or no key.
const none = -1

// explanation is what explain knows of each key.
type explanation struct {
	final      []found
	start      func(i int) found
	lastWriter []int  // the last worker seen to write the key, or none
	explained  []bool // a worker's last write of the key left its final content
	droppable  []bool // a worker left a value that a Retain does not keep
	retains    bool   // some worker did a Retain
}

// leaves notes what the last write of key i by the worker left there.
func (e *explanation) leaves(worker, i int, left found) {
	e.lastWriter[i] = worker
	e.explained[i] = e.explained[i] || e.final[i] == left
	e.droppable[i] = e.droppable[i] || drops(left)
}

// follow goes through the writes of a worker, the last one first.
func (e *explanation) follow(worker int, list iter.Seq[workloads.Write]) {
	retained := false
	for w := range list {
		switch {
		case w.Kind == workloads.Clear:
			for i, last := range e.lastWriter {
				if last != worker {
					e.leaves(worker, i, found{})
				}
			}
			return
		case w.Kind == workloads.Retain:
			retained, e.retains = true, true
		case e.lastWriter[w.Index] == worker: // an earlier write of this worker
		case w.Kind == workloads.Delete:
			e.leaves(worker, int(w.Index), found{})
		default:
			left := found{firstValue(worker) + uint64(w.Step), true}
			if retained && drops(left) {
				left = found{}
			}
			e.leaves(worker, int(w.Index), left)
		}
	}
}

// retain explains what the Retain of another worker may have removed.
func (e *explanation) retain() {
	began := e.start
	e.start = func(i int) found {
		if f := began(i); !drops(f) {
			return f
		}
		return found{}
	}
	for i, f := range e.final {
		e.explained[i] = e.explained[i] || !f.ok && e.droppable[i]
	}
}

// verdict reports the keys that are not explained.
func (e *explanation) verdict() error {
	bad, first := 0, none
	for i, f := range e.final {
		if e.lastWriter[i] == none {
			e.explained[i] = f == e.start(i)
		}
		if !e.explained[i] {
			if bad++; first == none {
				first = i
			}
		}
	}
	if bad == 0 {
		return nil
	}
	want := fmt.Sprintf("no worker wrote it; want %v", e.start(first))
	if e.lastWriter[first] != none {
		want = "that is no worker's last write of it"
	}
	return fmt.Errorf("final-state check: %d of %d keys have a content that no write explains; the first is key %d, with %v: %s",
		bad, len(e.final), first, e.final[first], want)
}
