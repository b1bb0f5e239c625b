package order

import (
	mathbits "math/bits"

	"doublebuf/lincheck/history"
)

// mostOpen is how many calls that return may be open at once, and how many calls may never return.
const mostOpen = 256

// bits is a set of calls by their places.
type bits [mostOpen / 64]uint64

func (b *bits) has(i int) bool { return b[i/64]>>(i%64)&1 != 0 }

func (b *bits) set(i int) { b[i/64] |= 1 << (i % 64) }

func (b *bits) clear(i int) { b[i/64] &^= 1 << (i % 64) }

// count returns the number of calls in b.
func (b *bits) count() (n int) {
	for _, word := range b {
		n += mathbits.OnesCount64(word)
	}
	return n
}

// within reports whether all calls of b are in c.
func (b *bits) within(c *bits) bool {
	for i := range b {
		if b[i]&^c[i] != 0 {
			return false
		}
	}
	return true
}

// Op is a call in a search.
type Op struct {
	*history.Call
	Index int   // its place among the calls of the search, in the order of calls
	slot  int   // its place in the bits of a configuration
	write int   // its place among the writes of Batches, from 1; 0 = none
	after []*Op // calls of its client that take effect before it, if they are still open
	twin  *Op   // the last equal call before it, if neither returned

	parts *Parter // see entry
}

// entry returns what a Walk or a Retain saw under a key, and whether it removed that.
func (o *Op) entry(key history.Word) (v history.Value, removed bool) {
	if o.parts == nil {
		p, _, _ := NewParter(o.Call)
		o.parts = &p
	}
	part := o.parts.seen[key]
	return part.value, part.removed
}

// config is a configuration: a state, with the open calls that have taken effect.
type config[S comparable] struct {
	state S
	done  bits // of the calls that return
	lost  bits // of the calls that never return
}

// mostVariants is how many configurations of one node a set holds: configurations that differ
// only in the calls that never return.
const mostVariants = 32

// configs is a set of configurations. It leaves out those that allow no more than another.
type configs[S comparable] struct {
	list  []config[S]
	at    map[node[S]][]int32 // indexes by node, once the set is large
	extra []config[S]         // of nodes that have the most variants already
}

type node[S comparable] struct {
	state S
	done  bits
}

// add adds c, and reports whether it was new and has a place in the list.
func (t *configs[S]) add(c *config[S]) bool {
	const few = 16
	variants := 0
	if len(t.list) < few {
		for i := range t.list {
			if old := &t.list[i]; old.state == c.state && old.done == c.done {
				if old.lost.within(&c.lost) {
					return false
				}
				variants++
			}
		}
	} else {
		if t.at == nil {
			t.at = map[node[S]][]int32{}
			for i := range t.list {
				key := node[S]{t.list[i].state, t.list[i].done}
				t.at[key] = append(t.at[key], int32(i))
			}
		}
		n := node[S]{c.state, c.done}
		for _, i := range t.at[n] {
			if t.list[i].lost.within(&c.lost) {
				return false
			}
		}
		if variants = len(t.at[n]); variants < mostVariants {
			t.at[n] = append(t.at[n], int32(len(t.list)))
		}
	}
	if variants >= mostVariants {
		t.extra = append(t.extra, *c)
		return false
	}
	t.list = append(t.list, *c)
	return true
}
