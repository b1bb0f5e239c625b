package lincheck

import (
	"context"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// The models are of one key. A history is linearizable exactly if its part for each key
// is (Herlihy and Wing, 1990), and porcupine's search takes a time that is exponential
// in what overlaps; so histories are cut into one partition for each key.
//
// An operation's input and output are both the *Call; one that never returned has no
// output to compare.

// linearizable is the model of one key of a linearizable map, which holds start at first. Its
// state is the Value.
func linearizable(h *History, start Value) porcupine.Model {
	return porcupine.Model{
		Partition: h.byKey,
		Init:      func() any { return start },
		StepContext: func(_ context.Context, state, input, _ any) (bool, any) {
			return step(state.(Value), input.(*Call))
		},
		Equal:             func(a, b any) bool { return a == b },
		Hash:              func(state any) uint64 { return state.(Value).hash() },
		DescribeOperation: func(input, _ any) string { return h.describe(*input.(*Call)) },
		DescribeState:     func(state any) string { return h.value(state.(Value)) },
	}
}

// step reports whether c can take effect on a key that holds now, and what it then
// holds.
func step(now Value, c *Call) (legal bool, next Value) {
	stored := Value{c.New, true}
	switch c.Op {
	case Get:
		return c.saw(now, false), now
	case Set:
		return true, stored
	case Delete:
		return true, Value{}
	case Swap:
		return c.saw(now, false), stored
	case LoadAndDelete:
		return c.saw(now, false), Value{}
	case LoadOrStore:
		if now.Ok {
			return c.saw(now, true), now
		}
		return c.saw(stored, false), stored
	case CompareAndSwap:
		if now == (Value{c.Old, true}) {
			return c.saw(Value{}, true), stored
		}
		return c.saw(Value{}, false), now
	case CompareAndDelete:
		if now == (Value{c.Old, true}) {
			return c.saw(Value{}, true), Value{}
		}
		return c.saw(Value{}, false), now
	}
	return false, now
}

// saw reports whether c's outcome is this one, or unknown.
func (c *Call) saw(result Value, did bool) bool {
	return c.Return == Never || c.Result == result && c.Did == did
}

func (v Value) hash() uint64 {
	if !v.Ok {
		return 0
	}
	return mix(1, v.Word)
}

// batched is a state of one key of a map whose writes become visible in batches.
type batched struct {
	published Value
	pending   []pending // written, not yet published, in their order
}

type pending struct {
	value    Value
	client   int
	returned int64 // when the write returned
}

// eventual is the model of one key of a map whose writes become visible in batches
// and whose reads carry no version: a read returns the published value, and a publish
// makes pending writes visible. At first start is published and nothing pending.
//
// It is nondeterministic in what a publish covers. It must cover every write that had
// returned when it was called. But it may gather its batch long before the instant at
// which that becomes visible, and a write that begins and returns in between is, by the
// order of effects, before the publish and yet not part of it; so a publish takes any
// prefix of the pending writes that holds all those that it must. What it leaves stays
// pending, to be taken by a later publish.
//
// Every publish is copied into the partition of each key, and there finds its own
// instant: that several keys of one publish become visible together is left to the
// checkers of stamped guards. A publish that is lost, or a read that goes back, is
// Illegal here; so is a map that does not converge, for the drivers end a history with
// a publish and a read of every key.
//
// If perHandle, there is a partition for each key and reading client: publishes take
// effect for each client at an instant of its own, and client by client reads are
// monotone.
func eventual(h *History, start Value, perHandle bool) porcupine.Model {
	partition := h.byKey
	if perHandle {
		partition = h.byKeyAndReader
	}
	nondeterministic := porcupine.NondeterministicModel{
		Partition: partition,
		Init:      func() []any { return []any{batched{published: start}} },
		Step: func(state, input, _ any) []any {
			return state.(batched).step(input.(*Call), h.Slack)
		},
		Equal: func(a, b any) bool {
			x, y := a.(batched), b.(batched)
			return x.published == y.published && slices.Equal(x.pending, y.pending)
		},
		Hash:              func(state any) uint64 { return state.(batched).hash() },
		DescribeOperation: func(input, _ any) string { return h.describe(*input.(*Call)) },
		DescribeState: func(state any) string {
			s := h.value(state.(batched).published)
			for _, p := range state.(batched).pending {
				s += ", pending " + h.value(p.value)
			}
			return s
		},
	}
	return nondeterministic.ToModel()
}

// step returns the states to which c may lead.
func (b batched) step(c *Call, slack time.Duration) []any {
	switch c.Op {
	case Get:
		if c.saw(b.published, false) {
			return []any{b}
		}
		return nil
	case Publish:
		return b.publish(c, slack)
	}
	value := Value{c.New, c.Op == Set}
	return []any{batched{b.published, append(slices.Clip(b.pending), pending{value, c.Client, c.Return})}}
}

// publish returns a state for each prefix of the pending writes that c may take. Those that had returned
// before it was called it must take, unless that rests on less than the slack between two clients.
func (b batched) publish(c *Call, slack time.Duration) []any {
	least := 0 // that it must take
	for i, p := range b.pending {
		if p.returned < c.Called-int64(slack) || p.client == c.Client && p.returned <= c.Called {
			least = i + 1
		}
	}
	var next []any
	for n := least; n <= len(b.pending); n++ {
		published := b.published
		if n > 0 {
			published = b.pending[n-1].value
		}
		next = append(next, batched{published, b.pending[n:]})
	}
	return next
}

func (b batched) hash() uint64 {
	sum := b.published.hash()
	for _, p := range b.pending {
		sum = mix(Word(sum), Word(p.value.hash()))
	}
	return sum
}

// byKey partitions a history by key and copies every publish into each partition. It
// keeps their order, so that the numbering of partitions is the same each time.
func (h *History) byKey(ops []porcupine.Operation) [][]porcupine.Operation {
	return parts(ops, func(op porcupine.Operation) (group uint64, all bool) {
		c := op.Input.(*Call)
		return uint64(c.Key), c.Op == Publish
	})
}

// byKeyAndReader also parts the reads of different clients, and copies every write of a
// key into each of that key's partitions.
func (h *History) byKeyAndReader(ops []porcupine.Operation) [][]porcupine.Operation {
	var all [][]porcupine.Operation
	for _, key := range h.byKey(ops) {
		all = append(all, parts(key, func(op porcupine.Operation) (group uint64, all bool) {
			c := op.Input.(*Call)
			return uint64(c.Client), c.Op != Get
		})...)
	}
	return all
}

// parts groups operations by where at puts them, in the order of first appearance; those
// of all groups are copied into each.
func parts(ops []porcupine.Operation, at func(porcupine.Operation) (group uint64, all bool)) [][]porcupine.Operation {
	var groups [][]porcupine.Operation
	index := map[uint64]int{}
	for _, op := range ops {
		group, all := at(op)
		if _, known := index[group]; !known && !all {
			index[group] = len(groups)
			groups = append(groups, nil)
		}
	}
	for _, op := range ops {
		group, all := at(op)
		for i := range groups {
			if all || i == index[group] {
				groups[i] = append(groups[i], op)
			}
		}
	}
	return groups
}

// inOrder returns m with the further rule that the operations of one client take
// effect in that client's order. Where every operation's interval is its own, that is
// so already; it is needed when intervals have been widened until they overlap. The
// rule depends on nothing but what has taken effect, so it adds no states to the
// search.
func inOrder(m porcupine.Model, part []porcupine.Operation) porcupine.Model {
	type state struct {
		inner any
		done  [maxClients]int // by client, as numbered below
	}
	type place struct{ client, index int }
	places, clients, total := map[*Call]place{}, map[int]int{}, [maxClients]int{}
	for _, op := range part {
		n, known := clients[op.ClientId]
		if !known {
			n = len(clients)
			clients[op.ClientId] = n
		}
		places[op.Input.(*Call)] = place{n, total[n]}
		total[n]++
	}
	ordered := m
	ordered.Init = func() any { return state{inner: m.Init()} }
	ordered.Step = nil // StepContext stands for it
	ordered.StepContext = func(ctx context.Context, before, input, output any) (bool, any) {
		s, p := before.(state), places[input.(*Call)]
		if s.done[p.client] != p.index {
			return false, before
		}
		legal, inner := m.StepContext(ctx, s.inner, input, output)
		s.inner = inner
		s.done[p.client]++
		return legal, s
	}
	ordered.Equal = func(a, b any) bool {
		x, y := a.(state), b.(state)
		return x.done == y.done && m.Equal(x.inner, y.inner)
	}
	ordered.Hash = func(s any) uint64 { return m.Hash(s.(state).inner) }
	return ordered
}
