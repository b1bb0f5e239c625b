package order

import (
	"fmt"
	"slices"

	"doublebuf/lincheck/history"
)

// Versions follows what a map can hold, version by version, when several clients write and publish.
// A publish takes writes as in [Batches]. The order of the publishes is known: each made one
// version.
type Versions struct {
	m      *Batches
	states []int
	next   int // the first write that was not called in time for the publishes so far
}

// NewVersions returns what the map can hold before the first publish: nothing. The writes among the
// calls, which are in the order of calls, come in parts. Values for which seen does not hold are
// one value.
func NewVersions(calls []history.Call, keys []history.Word, slacks Slacks, seen func(history.Read) bool) *Versions {
	m := NewBatches(nil, keys, slacks, false)
	for _, key := range keys {
		m.sees(key, history.Value{})
	}
	m.states, m.contents = newStates[batched](), newStates[[]history.Value]()
	m.begin()
	v := &Versions{m: m, states: []int{0}}
	for i := range calls {
		for _, c := range Divide(&calls[i], keys) {
			if c.Op == history.Publish {
				continue
			}
			if r := (history.Read{Key: c.Key, Value: history.Some(c.New)}); c.Op == history.Set && seen(r) {
				m.sees(r.Key, r.Value)
			}
			m.ops = append(m.ops, &Op{Call: c, Index: i})
		}
	}
	return v
}

// Publish goes on to the next version. The publish p, with its place among the calls, made it. It
// took effect before the time until. Publish returns why there are too many possible states, or "".
func (v *Versions) Publish(p *history.Call, index int, until int64) (tooMany string) {
	until = min(until, history.Never-v.m.slack)
	for v.next < len(v.m.ops) && v.m.ops[v.next].Called <= until+v.m.slack {
		v.next++
		for i, s := range v.states {
			b := v.m.states.of[s]
			v.states[i] = v.m.number(batched{b.published, append(b.untaken[:len(b.untaken):len(b.untaken)], int32(v.next-1))})
		}
	}
	var next []int
	known := map[int]bool{}
	for _, s := range v.states {
		for _, n := range v.m.publishes(v.m.states.of[s], &Op{Call: p, Index: index}, func(*Op) bool { return true }) {
			if !known[n] {
				known[n] = true
				next = append(next, n)
			}
		}
	}
	v.states = next
	v.m.Keep(next)
	if len(next) > mostCuts {
		return fmt.Sprintf("a version may have more than %d contents", mostCuts)
	}
	return v.m.tooMany
}

// Read keeps the states that hold all that a guard of this version read, and reports whether there
// is one.
func (v *Versions) Read(g *history.Guard) bool {
	all := map[history.Word]history.Value{}
	for _, r := range g.All {
		all[r.Key] = r.Value
	}
	v.states = slices.DeleteFunc(v.states, func(s int) bool {
		holds := v.m.published(s)
		for _, r := range g.Reads {
			if holds[v.m.keys[r.Key]] != r.Value {
				return true
			}
		}
		for key, i := range v.m.keys {
			if g.Ranged && holds[i] != all[key] {
				return true
			}
		}
		return false
	})
	return len(v.states) > 0
}
