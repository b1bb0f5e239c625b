package run

import (
	"fmt"
	"slices"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

// A worker judges answers in two ways. While the clock runs it judges one answer in 4,096. In
// audits, which are not timed, it judges every answer, reads back what it wrote, and says how far
// it is. A sliced cell has an audit in the warm-up of each slice. Every other cell has one at its
// end.
//
// An answer is wrong if no order of the workers' steps explains it. There is no false alarm: where
// a judge cannot know, the answer is right.
//
//   - A value must be one that a worker set under this key, in a step that it had begun, or that
//     the key had at the start.
//   - A key that the map holds at the start and that no step deletes must be there.
//   - What a walk or another read of several keys shows must be of one version, if the map has the
//     capability Snapshot. See oneVersion.
//   - A worker reads back what it wrote as soon as it must see it: after its publish, or at once
//     if the map is linearizable. It must see its own last write of the key, or one of another
//     worker that was not done when its own began. Any other answer is from before its own
//     write, which was lost.

// While the clock runs a worker judges judgedSteps in every judgedRounds rounds, which are one step
// of 4,096. That lengthens an operation of the floor by less than 1 %. A judged step of it costs 30
// ns, because its code and data are not in the nearest caches.
const (
	judgedRounds = 512
	judgedSteps  = stride / 8
)

// judge judges the answers that one worker gets. No other goroutine writes to its cache lines.
type judge[K comparable] struct {
	_ [128]byte
	*facts[K]
	worker int

	batches bool    // its writes become visible when it publishes
	audits  bool    // it is in an audit
	known   []int64 // steps that each worker has done, when this one last looked
	pending []write // its own writes since, which it has not read back
	walks   walks
	flow    []uint64 // not nil while writes must return what they replace

	rounds  int // until the next that is judged
	audited int // audits so far
	judged  int64
	wrong   int64
	first   []string // the first wrong answers
	_       [128]byte
}

// write is what a worker wrote.
type write struct {
	step  int64
	index uint32 // the position of the key
	left  found  // what the write leaves there
}

const (
	// maxPending is how many writes a judge keeps to read back; of a longer batch, the last ones.
	maxPending = 64
	// maxFirst is how many wrong answers a judge keeps.
	maxFirst = 3
)

func newJudge[K comparable](f *facts[K], worker int) *judge[K] {
	return &judge[K]{facts: f, worker: worker, known: make([]int64, len(f.progress)), rounds: judgedRounds}
}

// due reports whether the next round is to be judged.
func (j *judge[K]) due() bool {
	if j.rounds--; j.rounds > 0 {
		return false
	}
	j.rounds = judgedRounds
	return true
}

// began reports whether the worker may have begun the step by now.
func (j *judge[K]) began(worker int, step int64) bool {
	return worker < len(j.known) && j.writers[worker] && (step < j.known[worker] || j.facts.began(worker, step))
}

// answer judges what a lookup of the key at a position returned.
func (j *judge[K]) answer(index uint32, v uint64, ok bool) {
	j.judged++
	switch {
	case !ok:
		if j.fate.keys[index].stays && !j.silent {
			j.misses(index, "nothing; want a value, because no worker deletes the key")
		}
	case v>>tagShift != tagOf(index)>>tagShift:
		j.ofNoWrite(index, v)
	default:
		if worker, step := j.split(v); worker == none {
			if v != prefilled(int(index)) || !j.fate.keys[index].held {
				j.ofNoWrite(index, v)
			}
		} else if !j.began(worker, step) {
			j.ofNoWrite(index, v)
		}
	}
}

// misses notes a wrong answer to a lookup of the key at a position.
func (j *judge[K]) misses(index uint32, what string) {
	if j.wrong++; len(j.first) < maxFirst && !j.silent {
		j.first = append(j.first, fmt.Sprintf("worker %d looked up key %d and got %s", j.worker, index, what))
	}
}

// ofNoWrite notes that a lookup of the key returned a value that nobody had set under it.
func (j *judge[K]) ofNoWrite(index uint32, v uint64) {
	what := j.describe(found{v, true})
	if of, ok := j.position(v); ok && of != index {
		what += fmt.Sprintf(", which is a value of key %d; want one of key %d", of, index)
	} else {
		what += fmt.Sprintf(", which was not set under key %d until then", index)
	}
	j.misses(index, what)
}

// begin begins an audit of a worker that has done so many steps.
func (j *judge[K]) begin(ops int64) {
	j.audits = true
	j.progress[j.worker].Store(ops | exactly)
}

// end ends an audit. Writes that are still pending are not read back: the worker will write their
// keys again before it publishes.
func (j *judge[K]) end(ops int64) {
	j.audits, j.pending = false, j.pending[:0]
	j.progress[j.worker].Store(ops)
}

// look looks how far the others are. It does not do so while writes are pending: these are judged
// by what was known before them.
func (j *judge[K]) look() {
	if len(j.pending) > 0 {
		return
	}
	for i := range j.known {
		j.known[i] = j.progress[i].Load() &^ exactly
	}
}

// wrote notes a write of the worker, if the worker will read it back.
func (j *judge[K]) wrote(w write) {
	if !j.audits || !j.batches && !j.rereads {
		return
	}
	if len(j.pending) == maxPending {
		j.pending = append(j.pending[:0], j.pending[maxPending/2:]...)
	}
	j.pending = append(j.pending, w)
}

// readBack reads back what the worker wrote.
func (j *judge[K]) readBack(h kv.Map[K, uint64]) {
	for i, w := range j.pending {
		if !slices.ContainsFunc(j.pending[i+1:], func(later write) bool { return later.index == w.index }) {
			got := found{}
			if v, ok := h.Get(j.lookups[w.index]); ok { // a map may return any value without ok
				got = found{v, ok}
			}
			j.reread(w, got)
		}
	}
	j.pending = j.pending[:0]
}

// reread judges what the worker read after its write w.
func (j *judge[K]) reread(w write, got found) {
	if j.judged++; got == w.left {
		return
	}
	if j.explained(w.index, got) {
		return
	}
	if j.wrong++; len(j.first) < maxFirst && !j.silent {
		j.first = append(j.first, fmt.Sprintf("worker %d wrote key %d in step %d and then got %s; want %s, or what another worker wrote meanwhile",
			j.worker, w.index, w.step, j.describe(got), j.describe(w.left)))
	}
}

// explained reports whether another worker can have left f under the key since j looked.
func (j *judge[K]) explained(index uint32, f found) bool {
	if f.ok {
		worker, step := j.split(f.value)
		return f.value>>tagShift == tagOf(index)>>tagShift && worker != none && worker != j.worker &&
			j.began(worker, step) && step >= j.known[worker]
	}
	if j.clears {
		return true
	}
	for worker, done := range j.known {
		if worker != j.worker && j.writers[worker] && j.mayHaveDeleted(worker, done, index) {
			return true
		}
	}
	return false
}

// judged does at most most steps of the mix, as mixed does, and judges all answers. before is how
// many steps the worker has done before. It returns how many it did. It ends early if the time of
// the worker is over.
func (w *worker[K]) judged(most int, before int64, watch *watch) (done int64) {
	j, steps := w.judge, w.stream.Next(most)
	for i, kind := range steps.Kinds {
		step := before + int64(i)
		if j.audits && kind.Writes() {
			j.progress[j.worker].Store(step | exactly)
		}
		w.judgedStep(kind, steps.Lookups[i], steps.Keys[i], steps.Index[i], step)
		if !kind.Writes() {
			continue
		}
		published := w.publisher.due()
		if published {
			w.publisher.publish()
		}
		if published && j.batches || j.rereads {
			j.readBack(w.handle)
		}
		if watch.over() {
			w.stream.Back(len(steps.Kinds) - i - 1)
			return int64(i) + 1
		}
	}
	return int64(len(steps.Kinds))
}

func (w *worker[K]) judgedStep(kind workloads.Kind, lookup, key K, index uint32, step int64) {
	j, value := w.judge, w.judge.value(w.number, step, index)
	if kind == workloads.GetMany {
		w.many.judged(j)
		return
	}
	if kind == workloads.Get || kind == workloads.Modify {
		v, ok := w.handle.Get(lookup)
		j.answer(index, v, ok)
	}
	switch kind {
	case workloads.Set, workloads.Modify:
		if j.flow != nil {
			was, ok := w.handle.(kv.Swapper[K, uint64]).Swap(key, value)
			j.replaced(index, found{was, ok}, found{value, true})
		} else {
			w.handle.Set(key, value)
		}
		j.wrote(write{step, index, found{value, true}})
	case workloads.Delete:
		if j.flow != nil {
			was, ok := w.handle.(kv.Swapper[K, uint64]).LoadAndDelete(key)
			j.replaced(index, found{was, ok}, found{})
		} else {
			w.handle.Delete(key)
		}
		j.wrote(write{step, index, found{}})
	case workloads.Scan:
		if j.audits {
			judgedWalk(j, w.handle, workloads.ScanLength)
			return
		}
		w.sink += scan(w.handle, workloads.ScanLength)
	case workloads.Clear, workloads.Retain:
		w.sink += do(w.handle, w.many, kind, lookup, key, value)
		j.pending = j.pending[:0]
	}
}

// judgedReads looks up at most most keys, judges all answers, and returns how many. If it reads
// several keys at a time, it does an eighth as many reads.
func (w *worker[K]) judgedReads(most int) int64 {
	if w.many != nil {
		n := most / 8
		for range n {
			w.many.judged(w.judge)
		}
		return int64(n)
	}
	steps := w.stream.Next(most)
	for i, key := range steps.Lookups {
		v, ok := w.handle.Get(key)
		w.judge.answer(steps.Index[i], v, ok)
	}
	return int64(len(steps.Lookups))
}
