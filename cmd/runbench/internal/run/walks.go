package run

import (
	"fmt"
	"math"

	"doublebuf/baselines/kv"
)

// walks is what a judge knows of the walks of its worker.
type walks struct {
	n      uint32        // walks so far
	seen   []uint32      // for each position, the last walk that saw its key; nil if that is not judged
	newest map[int]int64 // of the present walk, see judge.shows
	last   []uint64      // for each position, the value that its key had before the walk, or torn; nil before the first whole walk
}

// maxWalkers is how many workers of a cell judge whether walks repeat or miss entries, because each
// needs memory for all keys.
const maxWalkers = 2

// judgedWalk walks over most entries, or over all if there are fewer, and judges each. Key and
// value must belong together, and no key may come twice. A walk over all entries must not miss an
// entry that was there the whole time: one that had a value before the walk and has the same
// value after it, because no value is set twice. Other entries may be missed, whatever the map
// declares. A walk over all entries of a map with the capability Snapshot must be of one version.
func judgedWalk[K comparable](j *judge[K], h kv.Map[K, uint64], most int) {
	w := &j.walks
	if w.n++; w.seen == nil && j.worker < maxWalkers {
		w.seen = make([]uint32, len(j.keys))
	}
	if w.newest == nil {
		w.newest = map[int]int64{}
	}
	clear(w.newest)
	whole := most == math.MaxInt && w.seen != nil
	if whole && w.last == nil {
		w.last = make([]uint64, len(j.keys))
		for i := range w.last {
			w.last[i] = j.present(h, i)
		}
	}
	left := min(most, 2*len(j.keys)+1) // a faulty walk may have no end
	for key, v := range h.(kv.Ranger[K, uint64]).All() {
		j.entry(key, v)
		if left--; left == 0 {
			break
		}
	}
	if !whole {
		return
	}
	if j.snapshot {
		j.oneVersion(w.newest, func(index uint32) (uint64, bool) { return w.last[index], w.seen[index] == w.n })
	}
	for i, n := range w.seen {
		if n == w.n {
			continue
		}
		v := j.present(h, i)
		if v != torn && v == w.last[i] {
			j.wrongWalk(fmt.Sprintf("missed key %d, which had %s before and after it", i, j.describe(found{v, true})))
		}
		w.last[i] = v
	}
}

// present returns the value of the key at position i, or torn if there is none.
func (j *judge[K]) present(h kv.Map[K, uint64], i int) uint64 {
	if v, ok := h.Get(j.lookups[i]); ok {
		return v
	}
	return torn
}

// entry judges an entry of a walk.
func (j *judge[K]) entry(key K, v uint64) {
	j.judged++
	i, ok := j.position(v)
	if ok && j.lookups[i] != key {
		j.wrongWalk(fmt.Sprintf("yielded the key %v with %s, which is a value of key %d, %v", key, j.describe(found{v, true}), i, j.lookups[i]))
		return
	}
	if worker, step := j.split(v); !ok || worker != none && !j.began(worker, step) {
		j.wrongWalk(fmt.Sprintf("yielded the key %v with %s, which was not set until then", key, j.describe(found{v, true})))
		return
	}
	if w := &j.walks; w.seen != nil {
		j.shows(w.newest, v)
		if w.seen[i] == w.n {
			j.wrongWalk(fmt.Sprintf("yielded key %d twice", i))
		}
		if w.seen[i] = w.n; w.last != nil {
			w.last[i] = v
		}
	}
}

// wrongWalk notes what was wrong with a walk.
func (j *judge[K]) wrongWalk(what string) {
	if j.wrong++; len(j.first) < maxFirst && !j.silent {
		j.first = append(j.first, fmt.Sprintf("a walk of worker %d %s", j.worker, what))
	}
}
