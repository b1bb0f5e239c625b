package run

import (
	"fmt"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

// many is how a worker reads several keys in one operation. On a map with the capability Snapshot
// it is one call, whose answers are of one version. On any other map it looks up one key after
// another.
type many[K comparable] struct {
	handle kv.Map[K, uint64]
	batch  kv.BatchReader[K, uint64] // nil without the capability
	tape   *workloads.Tape[K]
	at     int // the place on the tape of the next read, apart from those of the steps

	keys   []K // of the last read
	index  []uint32
	values []uint64
	found  []bool
	reads  int            // that were judged
	shown  map[uint32]int // for oneVersion: which answer shows a key
	newest map[int]int64  // and the last step of each worker that an answer shows
}

// many returns how worker i of all, with handle h, reads several keys; nil if the mix does not.
func (c *cell[K]) many(h kv.Map[K, uint64], i, all int) *many[K] {
	n := min(c.mix.KeysPerRead, len(c.script.Tape.Index))
	if n == 0 {
		return nil
	}
	m := &many[K]{
		handle: h, tape: c.script.Tape, at: i * len(c.script.Tape.Index) / all, values: make([]uint64, n), found: make([]bool, n),
		shown: map[uint32]int{}, newest: map[int]int64{},
	}
	if c.entry.Caps.Has(kv.Snapshot) {
		m.batch = h.(kv.BatchReader[K, uint64])
	}
	return m
}

// next takes the keys of the next read from the tape.
func (m *many[K]) next() {
	n := len(m.values)
	if m.at+n > len(m.tape.Index) {
		m.at = 0
	}
	m.keys, m.index = m.tape.Lookups[m.at:m.at+n], m.tape.Index[m.at:m.at+n]
	m.at += n
}

// read does one read, and returns the sum of the values.
func (m *many[K]) read() (sum uint64) {
	m.next()
	if m.batch == nil {
		for _, key := range m.keys {
			v, _ := m.handle.Get(key)
			sum += v
		}
		return sum
	}
	m.batch.GetMany(m.keys, m.values, m.found)
	for _, v := range m.values {
		sum += v
	}
	return sum
}

// versionsEvery is which of the judged reads are judged as of one version while the clock runs,
// because that takes longer than judging each answer. In an audit all of them are.
const versionsEvery = 8

// judged does one read and judges its answers.
func (m *many[K]) judged(j *judge[K]) {
	m.next()
	if m.batch != nil {
		m.batch.GetMany(m.keys, m.values, m.found)
	} else {
		for i, key := range m.keys {
			m.values[i], m.found[i] = m.handle.Get(key)
		}
	}
	for i, index := range m.index {
		j.answer(index, m.values[i], m.found[i])
	}
	if m.reads++; m.batch != nil && (j.audits || m.reads%versionsEvery == 0) {
		m.oneVersion(j)
	}
}

// oneVersion judges whether the answers of the last read can be of one version.
func (m *many[K]) oneVersion(j *judge[K]) {
	clear(m.shown)
	clear(m.newest)
	near := uint64(0) // a filter: a bit for each 64th part of the positions
	for i, index := range m.index {
		if m.found[i] {
			m.shown[index] = i
			near |= 1 << (index % 64)
			j.shows(m.newest, m.values[i])
		}
	}
	j.oneVersion(m.newest, func(index uint32) (v uint64, ok bool) {
		if near>>(index%64)&1 == 0 {
			return 0, false
		}
		i, ok := m.shown[index]
		return m.values[i], ok
	})
}

// shows notes in newest, which has the last step of each worker that a read shows, that it shows v.
func (j *judge[K]) shows(newest map[int]int64, v uint64) {
	worker, step := j.split(v)
	if last, ok := newest[worker]; worker != none && worker < len(j.streams) && (!ok || step > last) {
		newest[worker] = step
	}
}

// maxVersionSteps is how many steps of a worker oneVersion looks at.
const maxVersionSteps = 1 << 9

// oneVersion judges whether what a read shows can be of one version. newest has the last step of
// each worker that it shows, and shown returns the value that it shows under a key.
//
// The writes of a worker take effect in its order. So a version with the value of a worker's step
// has all earlier writes of that worker too. Then no answer may show what a key held before one of
// them. oneVersion looks at the last maxVersionSteps steps before each step of newest. It does not
// judge a key without a value, because another worker may have deleted it. It need not know how far
// the workers are.
func (j *judge[K]) oneVersion(newest map[int]int64, shown func(index uint32) (v uint64, ok bool)) {
	if j.silent || j.clears {
		return
	}
	for worker, last := range newest {
		for w := range j.streams[worker].LastWrites(last + 1) {
			if w.Step <= last-maxVersionSteps {
				break
			}
			v, ok := shown(w.Index)
			if !ok {
				continue
			}
			if by, step := j.split(v); by == none || by == worker && step < w.Step {
				j.mixesVersions(worker, last, w, v)
				return
			}
		}
	}
}

// mixesVersions notes that a read has shown a worker's step, and a value from before the worker's
// earlier write w.
func (j *judge[K]) mixesVersions(worker int, last int64, w workloads.Write, v uint64) {
	if j.wrong++; len(j.first) < maxFirst {
		j.first = append(j.first, fmt.Sprintf("a read of worker %d mixes versions: it shows the value of worker %d's step %d, but key %d with %s, and worker %d had written that key in step %d",
			j.worker, worker, last, w.Index, j.describe(found{v, true}), worker, w.Step))
	}
}

// readMany is the work of a worker that only reads, several keys at a time.
func (w *worker[K]) readMany(stop *stopFlag) {
	const round = 32 // reads
	ops, sum := int64(0), uint64(0)
	for watch := newWatch(stop); !watch.over() || ops == 0; {
		if w.judge.due() {
			ops += w.judgedReads(judgedSteps)
			continue
		}
		for n := 0; n < round && !(n > 0 && stop.Load()); n++ {
			sum += w.many.read()
			ops++
		}
	}
	w.ops, w.sink = w.ops+ops, w.sink+sum
}
