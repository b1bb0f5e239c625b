package run

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/results"
	"doublebuf/workloads"
)

// lookEvery is how many steps a worker does in an audit between two looks at how far the others
// are. With more, fewer lost writes can be told from those that another worker has overwritten.
// With less, the workers disturb each other more than they do while they are measured.
const lookEvery = 16

// The work of a worker in an audit: what it does while it is measured, but it judges every answer.
func (w *worker[K]) audit(stop *stopFlag) {
	switch {
	case w.walks:
		for watch := newWatch(stop); !watch.over(); {
			judgedWalk(w.judge, w.handle, math.MaxInt)
			w.ops++
		}
	case w.reads:
		w.judge.audits = true
		defer func() { w.judge.audits = false }()
		for watch := newWatch(stop); !watch.over(); {
			w.ops += w.judgedReads(stride)
		}
	default:
		w.auditMixed(stop)
	}
}

func (w *worker[K]) auditMixed(stop *stopFlag) {
	j := w.judge
	j.begin(w.ops)
	if w.scans && j.worker == 0 && j.audited%(1+len(j.keys)>>14) == 0 {
		judgedWalk(j, w.handle, math.MaxInt)
	}
	j.audited++
	for watch := newWatch(stop); !watch.over(); {
		j.look()
		w.ops += w.judged(max(lookEvery, len(j.known)), w.ops, &watch)
	}
	j.end(w.ops)
}

// audits returns the work of the workers in an audit.
func audits[K comparable](workers []*worker[K]) []body {
	bodies := make([]body, len(workers))
	for i, w := range workers {
		bodies[i] = w.audit
	}
	return bodies
}

// auditShare is the part of the time of a cell that the audit after it takes, if the cell is not
// measured in slices.
const auditShare = 1

// auditAtOnce has an audit of that length.
func (c *cell[K]) auditAtOnce(workers []*worker[K], d time.Duration) {
	c.mark(measuring, d)
	withCrew(len(workers), c.cpus, func(crew *crew) { crew.do([]time.Duration{max(d, 1)}, audits(workers)) })
}

// judgeAll checks a map whose workers have ended, after an audit of the given length. It puts what
// was wrong, and how many answers were judged, into out, and returns the number of entries. A map
// without a level is not checked: there is nothing to check it against.
func (c *cell[K]) judgeAll(out *results.Cell, s *subject[K], workers []*worker[K], audit time.Duration) (entries int) {
	if c.entry.Level == kv.None {
		return 0
	}
	if audit > 0 {
		c.auditAtOnce(workers, audit)
	}
	c.markCheck(workers)
	final, entries, err := c.checkFinalState(s.handles[0], workers)
	if err == nil && c.flows(s.handles[0]) {
		err = c.auditFlow(s.handles[0], workers, final)
	}
	n, fault := judged(workers)
	faults := []string{out.Fault, fault}
	if err != nil {
		faults = append(faults, err.Error())
	}
	out.Fault = strings.Join(slices.DeleteFunc(faults, func(f string) bool { return f == "" }), "; ")
	out.Metrics[results.Judged] += float64(n + int64(len(final)))
	return entries
}

// judged returns how many answers of all workers were judged, and what was wrong with them, "" if
// nothing.
func judged[K comparable](workers []*worker[K]) (n int64, fault string) {
	var wrong int64
	var first []string
	for _, w := range workers {
		if j := w.judge; !j.silent {
			n, wrong, first = n+j.judged, wrong+j.wrong, append(first, j.first...)
		}
	}
	if wrong == 0 {
		return n, ""
	}
	return n, fmt.Sprintf("wrong answers: %d of %d; the first: %s", wrong, n, strings.Join(first[:min(len(first), maxFirst)], "; "))
}

// A map with the capability Swaps has one more audit at its end, in which every write returns what
// it replaced. What was there before and what went in must be what came out and what is there
// after. So a write that was lost shows whatever was written later. Other code than that of Set
// and Delete may do these writes.

const (
	// flowShare is the part of the time of a cell that the audit with swaps takes.
	flowShare = 8
	// maxFlowKeys is the greatest number of keys with which there is one, because it reads all of
	// them.
	maxFlowKeys = 1 << 20
	// maxFlow is how many numbers the flows of all workers have.
	maxFlow = 1 << 22
)

// replaced notes that a write left something in place of what was there, and judges that.
func (j *judge[K]) replaced(index uint32, was, left found) {
	j.answer(index, was.value, was.ok)
	j.flow[int(index)%len(j.flow)] += left.digest() - was.digest()
}

// digest returns a number that no other content is likely to have; 0 for nothing. It is the
// finaliser of splitmix64, see [workloads.Uint64Keys].
func (f found) digest() uint64 {
	if !f.ok {
		return 0
	}
	x := f.value + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// flows reports whether the cell has an audit with swaps.
func (c *cell[K]) flows(h kv.Map[K, uint64]) bool {
	_, swaps := h.(kv.Swapper[K, uint64])
	return swaps && c.entry.Caps.Has(kv.Swaps|kv.Writes) && c.entry.Level == kv.Linearizable && c.entry.Policy == kv.Policy{} &&
		!c.mix.ReadOnly() && !c.fate.clears && len(c.keys) <= maxFlowKeys
}

// auditFlow has an audit with swaps, which begins with the given content.
func (c *cell[K]) auditFlow(h kv.Map[K, uint64], workers []*worker[K], content []found) error {
	began := make([]int64, len(workers))
	size := min(len(content), max(1, maxFlow/len(workers)))
	for i, w := range workers {
		began[i], w.judge.flow = w.ops, make([]uint64, size)
	}
	c.auditAtOnce(workers, c.time/flowShare)
	c.markCheck(workers)
	final, _ := c.content(h)
	sum := make([]uint64, size)
	for i := range content {
		sum[i%size] += content[i].digest() - final[i].digest()
	}
	for _, w := range workers {
		for i, n := range w.judge.flow {
			sum[i] += n
		}
		w.judge.flow = nil
	}
	bad, first := 0, none
	for i, n := range sum {
		if n != 0 {
			if bad++; first == none {
				first = i
			}
		}
	}
	if bad > 0 {
		which := fmt.Sprintf("key %d", first)
		if size < len(content) {
			which = fmt.Sprintf("the keys %d, %d and so on", first, first+size)
		}
		return fmt.Errorf("audit with swaps: what came out of %s and is left there is not what went in, and so for %d of %d; want each value once: a write was lost or a value came out twice",
			which, bad, size)
	}
	writes := make([]iter.Seq[workloads.Write], len(workers))
	for i, w := range workers {
		writes[i] = since(w.lastWrites(), began[i])
	}
	return explain(workers[0].judge.code, final, func(i int) found { return content[i] }, writes)
}

// since iterates over the writes from a step on.
func since(last iter.Seq[workloads.Write], step int64) iter.Seq[workloads.Write] {
	return func(yield func(workloads.Write) bool) {
		for w := range last {
			if w.Step < step || !yield(w) {
				return
			}
		}
	}
}
