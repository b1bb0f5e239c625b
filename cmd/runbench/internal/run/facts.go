package run

import (
	"slices"
	"sync/atomic"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

// facts is what the judges of a cell know of it. Only progress changes.
type facts[K comparable] struct {
	code
	fate
	keys, lookups []K
	silent        bool // the map declares no level, so nothing that it answers is wrong
	snapshot      bool // a walk is of one version
	rereads       bool // a worker sees what it set as soon as its Set has returned
	streams       []*workloads.Stream[K]
	writers       []bool
	progress      []progress
}

// progress is how far a worker is: the number of steps that it has done, or fewer. If the
// bit exactly is set, the number is exact: the worker has begun no write of a later step.
type progress struct {
	atomic.Int64
	_ [120]byte // processors fetch lines in pairs
}

// exactly is a bit that no number of steps reaches.
const exactly = 1 << 62

func (c *cell[K]) newFacts() *facts[K] {
	all := c.job.ID.Goroutines()
	return &facts[K]{
		code: codeOf(all), fate: c.fate, keys: c.keys, lookups: c.lookups, silent: c.entry.Level == kv.None, snapshot: c.entry.Caps.Has(kv.Snapshot),
		rereads: c.entry.Level == kv.Linearizable && c.entry.Policy == kv.Policy{},
		streams: make([]*workloads.Stream[K], all), writers: make([]bool, all), progress: make([]progress, all),
	}
}

// began reports whether the worker may have begun the step by now.
func (f *facts[K]) began(worker int, step int64) bool {
	p := f.progress[worker].Load()
	return p&exactly == 0 || step <= p&^exactly
}

// maxLooks is how many steps of another worker mayHaveDeleted looks at.
const maxLooks = 1 << 12

// mayHaveDeleted reports whether the worker may have deleted the key since it had done so many
// steps.
func (f *facts[K]) mayHaveDeleted(worker int, done int64, index uint32) bool {
	p := f.progress[worker].Load()
	now := p &^ exactly
	if p&exactly == 0 || now-done > maxLooks {
		return true // It is not known, or would take long to find out.
	}
	for step := done; step <= now; step++ {
		if i, kind := f.streams[worker].At(step); i == index && kind == workloads.Delete {
			return true
		}
	}
	return false
}

// position returns the position of the key under which v was set, if a worker can have set v.
func (f *facts[K]) position(v uint64) (index uint32, ok bool) {
	worker, step := f.split(v)
	switch {
	case v == torn || worker >= len(f.streams) || worker != none && !f.writers[worker]:
		return 0, false
	case worker == none && (step >= int64(len(f.keys)) || !f.fate.keys[step].held):
		return 0, false
	case worker == none:
		index = uint32(step)
	default:
		var kind workloads.Kind
		if index, kind = f.streams[worker].At(step); kind != workloads.Set && kind != workloads.Modify {
			return 0, false
		}
	}
	return index, v>>tagShift == tagOf(index)>>tagShift
}

// fate is what a script may do to each key.
type fate struct {
	keys   []keyFate // of each position
	clears bool      // there are steps that concern all keys
}

type keyFate struct {
	held  bool // the map holds the key at the start
	stays bool // and to the end
}

// fateOf returns the fate of n keys in a script.
func fateOf[K comparable](s workloads.Script[K], n int) fate {
	f := fate{make([]keyFate, n), slices.Contains(s.Kinds, workloads.Clear) || slices.Contains(s.Kinds, workloads.Retain)}
	deletes := slices.Contains(s.Kinds, workloads.Delete)
	// With as many kinds as steps on the tape, each kind stays with its step. Otherwise every kind
	// meets every key.
	stay := deletes && len(s.Kinds) == len(s.Tape.Index)
	for i := range f.keys {
		held := s.Holds(i)
		f.keys[i] = keyFate{held, held && !f.clears && (!deletes || stay)}
	}
	if stay {
		for i, kind := range s.Kinds {
			if kind == workloads.Delete {
				f.keys[s.Tape.Index[i]].stays = false
			}
		}
	}
	return f
}
