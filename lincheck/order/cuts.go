package order

import (
	"fmt"
	"maps"
	"slices"

	"doublebuf/lincheck/history"
)

// unseen stands for all values that no read returns.
var unseen = history.Value{Word: 1}

// writes are the writes of a history in the order of their calls. They become visible in batches.
type writes struct {
	ops   []*Op
	keys  map[history.Word]int // the place of each key in a content
	slack int64                // below which times of different clients have no order
	seen  []map[history.Value]bool

	tooMany string // why some batches or contents were left out, or ""
}

// mostCuts is the number of batches that one publish may take, and of contents that one batch may
// lead to.
const mostCuts = 1 << 12

func newWrites(keys []history.Word, slack int64) *writes {
	w := &writes{keys: map[history.Word]int{}, slack: slack, seen: make([]map[history.Value]bool, len(keys))}
	for i, key := range keys {
		w.keys[key] = i
		w.seen[i] = map[history.Value]bool{}
	}
	return w
}

// sees notes that a read of key returned v.
func (w *writes) sees(key history.Word, v history.Value) { w.seen[w.keys[key]][v] = true }

// name returns what contents call the value v of the key at the place i: v itself, or unseen.
func (w *writes) name(i int, v history.Value) history.Value {
	if !w.seen[i][v] {
		return unseen
	}
	return v
}

// before reports whether a takes effect before b for certain.
func (w *writes) before(a, b *Op) bool {
	if a.Return == history.Never {
		return false
	}
	return a.Client == b.Client && a.Index < b.Index || a.Return < b.Called-w.slack
}

// batch is a choice of what a publish takes: writes that it takes, and those that it leaves.
type batch struct{ taken, left []int32 }

// cuts returns all batches that a publish may take of the writes that no publish has taken. These
// are in the order of their calls. The publish takes those for which must holds, and what is before
// them. It may take those for which may holds, if it takes all that is before them.
func (w *writes) cuts(untaken []int32, must, may func(*Op) bool) []batch {
	required := make([]bool, len(untaken))
	for i := len(untaken) - 1; i >= 0; i-- {
		o := w.ops[untaken[i]]
		required[i] = must(o)
		for j := i + 1; j < len(untaken) && !required[i]; j++ {
			required[i] = required[j] && w.before(o, w.ops[untaken[j]])
		}
	}
	partial := []batch{{}}
	for i, n := range untaken {
		o := w.ops[n]
		var next []batch
		for _, b := range partial {
			can := may(o) && !slices.ContainsFunc(b.left, func(left int32) bool { return w.before(w.ops[left], o) })
			if can {
				next = append(next, batch{append(b.taken[:len(b.taken):len(b.taken)], n), b.left})
			}
			if !required[i] {
				next = append(next, batch{b.taken, append(b.left[:len(b.left):len(b.left)], n)})
			}
		}
		if partial = next; len(partial) > mostCuts {
			w.tooMany = fmt.Sprintf("a publish may have taken more than %d batches", mostCuts)
			return nil
		}
	}
	return partial
}

// publish returns the contents that can be visible when the writes in taken have become visible:
// for each key the value of a write that no other of them followed for certain.
func (w *writes) publish(published []history.Value, taken []int32) [][]history.Value {
	last := map[int][]*Op{} // by the place of the key
	add := func(i int, o *Op) {
		last[i] = append(slices.DeleteFunc(last[i], func(old *Op) bool { return w.before(old, o) }), o)
	}
	for _, n := range taken {
		if o := w.ops[n]; o.Op == history.Clear {
			for i := range published {
				add(i, o)
			}
		} else {
			add(w.keys[o.Key], o)
		}
	}
	contents := [][]history.Value{slices.Clone(published)}
	for _, i := range slices.Sorted(maps.Keys(last)) {
		var next [][]history.Value
		for k, o := range last[i] {
			v := w.name(i, history.Value{})
			if o.Op == history.Set {
				v = w.name(i, history.Some(o.New))
			}
			for _, c := range contents {
				if k < len(last[i])-1 {
					c = slices.Clone(c)
				}
				c[i] = v
				next = append(next, c)
			}
		}
		if contents = next; len(contents) > mostCuts {
			w.tooMany = fmt.Sprintf("a batch may have led to more than %d contents", mostCuts)
			return nil
		}
	}
	return contents
}
