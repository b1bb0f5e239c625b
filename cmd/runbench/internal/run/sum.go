package run

import (
	"fmt"
	"iter"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

// The sum check (C10) needs no record of the timed loop. Every worker's steps are known
// beforehand and it counts how many it did; each value that it sets tells the worker and
// the step. So when the map is at rest, and published, each key must hold what the last
// write of it by one of the workers left there, or, if none wrote it, what was there at
// the start. Another order of the workers' writes would be another one of these; a write
// that is lost, done twice, or come back from the dead is none of them, unless it was
// overwritten in time. The check costs time linear in the number of steps and memory
// linear in the number of keys.

// stepBits is how many bits of a value tell the step.
const stepBits = 40

// prefilled returns the value that the key at position i has at the start.
func prefilled(i int) uint64 { return uint64(i) }

// firstValue returns the value of a set in step 0 of the worker; step s adds s.
func firstValue(worker int) uint64 { return uint64(worker+1) << stepBits }

// found is what a look-up of a key gave.
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

// checkSum publishes what is left, reads the whole map through h, and reports what no
// worker can have left there. It returns the number of entries, too.
func (c *cell[K]) checkSum(h kv.Map[K, uint64], workers []*worker[K]) (entries int, err error) {
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
			return entries, fmt.Errorf("sum check: the map says that it has %d entries, but holds %d of the keys", n, entries)
		}
	}
	return entries, nil
}

// explain reports a key whose final content neither the last write of it by one of the
// workers nor, if it has none, the start explains. writes are those of each worker, the
// last one first.
//
// A worker's Clear leaves nothing under any key, and its Retain nothing under those whose
// value it does not keep. Such a value of one worker may also be gone by another's Retain,
// whenever that was.
func explain(final []found, start func(i int) found, writes []iter.Seq[workloads.Write]) error {
	const none = -1
	lastWriter := make([]int, len(final)) // the last worker seen to write the key
	for i := range lastWriter {
		lastWriter[i] = none
	}
	explained := make([]bool, len(final))
	droppable := make([]bool, len(final)) // a worker left a value that a Retain does not keep
	retains := false                      // some worker did one
	leaves := func(worker, i int, left found) {
		lastWriter[i] = worker
		explained[i] = explained[i] || final[i] == left
		droppable[i] = droppable[i] || drops(left)
	}
	for worker, list := range writes {
		retained := false
	steps:
		for w := range list {
			switch {
			case w.Kind == workloads.Clear:
				for i, last := range lastWriter {
					if last != worker {
						leaves(worker, i, found{})
					}
				}
				break steps
			case w.Kind == workloads.Retain:
				retained, retains = true, true
			case lastWriter[w.Index] == worker: // an earlier write of this worker
			case w.Kind == workloads.Delete:
				leaves(worker, int(w.Index), found{})
			default:
				left := found{firstValue(worker) + uint64(w.Step), true}
				if retained && drops(left) {
					left = found{}
				}
				leaves(worker, int(w.Index), left)
			}
		}
	}
	if retains {
		began := start
		start = func(i int) found {
			if f := began(i); !drops(f) {
				return f
			}
			return found{}
		}
		for i, f := range final {
			explained[i] = explained[i] || !f.ok && droppable[i]
		}
	}
	bad, first := 0, none
	for i, f := range final {
		if lastWriter[i] == none {
			explained[i] = f == start(i)
		}
		if !explained[i] {
			if bad++; first == none {
				first = i
			}
		}
	}
	if bad == 0 {
		return nil
	}
	want := fmt.Sprintf("no worker wrote it; want %v", start(first))
	if lastWriter[first] != none {
		want = "that is no worker's last write of it"
	}
	return fmt.Errorf("sum check: %d of %d keys hold what nobody left there; the first is key %d, with %v: %s",
		bad, len(final), first, final[first], want)
}
