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

// checkFinalState publishes what is pending, reads the whole map through h in every way that it
// offers, and reports a content that the workers cannot have left. It returns the content, too.
func (c *cell[K]) checkFinalState(h kv.Map[K, uint64], workers []*worker[K]) (final []found, entries int, err error) {
	kv.Publish(h)
	if c.entry.Caps.Has(kv.OwnLogs) {
		for _, w := range workers {
			kv.Publish(w.handle)
		}
	}
	final, entries = c.content(h)
	writes := make([]iter.Seq[workloads.Write], len(workers))
	for i, w := range workers {
		writes[i] = w.lastWrites()
	}
	start := func(i int) found {
		if c.script.Holds(i) {
			return found{prefilled(i), true}
		}
		return found{}
	}
	if err := explain(workers[0].judge.code, final, start, writes); err != nil {
		return final, entries, err
	}
	if c.entry.Caps.Has(kv.Range) {
		err = compareWalk(h.(kv.Ranger[K, uint64]), workers[0].judge.facts, final, entries)
	}
	return final, entries, err
}

// content returns what the map holds under each key, and the number of keys that it holds.
func (c *cell[K]) content(h kv.Map[K, uint64]) (all []found, entries int) {
	all = make([]found, len(c.lookups))
	for i, key := range c.lookups {
		if v, ok := h.Get(key); ok {
			all[i] = found{v, true}
			entries++
		}
	}
	return all, entries
}

// lastWrites iterates over all writes of w, from the last to the first.
func (w *worker[K]) lastWrites() iter.Seq[workloads.Write] {
	if w.reads {
		return w.stream.LastWrites(0)
	}
	return w.stream.LastWrites(w.ops)
}

// compareWalk reports in which way a walk over the map, or its Len, does not agree with what
// lookups found.
func compareWalk[K comparable](h kv.Ranger[K, uint64], f *facts[K], final []found, entries int) error {
	if n := h.Len(); n != entries {
		return fmt.Errorf("final-state check: the map says that it has %d entries, but holds %d of the keys", n, entries)
	}
	seen := make([]bool, len(final))
	for key, v := range h.All() {
		i, ok := f.position(v)
		switch {
		case !ok || f.lookups[i] != key || final[i] != found{v, true}:
			return fmt.Errorf("final-state check: a walk yields the key %v with %s; want an entry that a lookup finds", key, f.describe(found{v, true}))
		case seen[i]:
			return fmt.Errorf("final-state check: a walk yields key %d twice; want each entry once", i)
		}
		seen[i] = true
	}
	for i, f := range final {
		if f.ok && !seen[i] {
			return fmt.Errorf("final-state check: a walk does not yield key %d, which a lookup finds; want every entry", i)
		}
	}
	return nil
}

// explain reports keys whose final content no worker's last write explains. If no worker wrote a
// key, its content at the start explains it. writes are those of each worker, the last one first.
//
// A worker's Clear leaves nothing under any key, and its Retain nothing under those whose value it
// does not keep. The Retain of another worker may remove such a value too, whenever it was.
func explain(code code, final []found, start func(i int) found, writes []iter.Seq[workloads.Write]) error {
	e := explanation{
		code: code, final: final, start: start,
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

// explanation is what explain knows of each key.
type explanation struct {
	code
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
			left := found{e.value(worker, w.Step, w.Index), true}
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
	why := fmt.Sprintf("no worker wrote it, so it must be %s", e.describe(e.start(first)))
	if e.lastWriter[first] != none {
		why = "a write was lost, made up, or done twice"
	}
	return fmt.Errorf("final-state check: %d of %d keys end with a value that no worker wrote last, such as key %d with %s: %s",
		bad, len(e.final), first, e.describe(e.final[first]), why)
}
