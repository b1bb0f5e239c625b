package judge

import (
	"context"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"doublebuf/lincheck/history"
)

// The models are of one key. A history is linearizable exactly if its part for each key
// is (Herlihy and Wing, 1990), and porcupine's search takes a time that is exponential
// in what overlaps; so histories are cut into one partition for each key.
//
// An operation's input and output are both the *Call; one that never returned has no
// output to compare.

// linearizable is the model of one key of a linearizable map, which holds start at first. Its
// state is the Value.
func linearizable(h *history.History, start history.Value) porcupine.Model {
	return porcupine.Model{
		Partition: byKey,
		Init:      func() any { return start },
		StepContext: func(_ context.Context, state, input, _ any) (bool, any) {
			return step(state.(history.Value), input.(*history.Call))
		},
		Equal:             func(a, b any) bool { return a == b },
		Hash:              func(state any) uint64 { return hashValue(state.(history.Value)) },
		DescribeOperation: func(input, _ any) string { return h.Describe(*input.(*history.Call)) },
		DescribeState:     func(state any) string { return h.FormatValue(state.(history.Value)) },
	}
}

// step reports whether c can take effect on a key that holds now, and what it then
// holds.
func step(now history.Value, c *history.Call) (legal bool, next history.Value) {
	stored := history.Some(c.New)
	switch c.Op {
	case history.Get:
		return saw(c, now, false), now
	case history.Set:
		return true, stored
	case history.Delete:
		return true, history.Value{}
	case history.Swap:
		return saw(c, now, false), stored
	case history.LoadAndDelete:
		return saw(c, now, false), history.Value{}
	case history.LoadOrStore:
		if now.Ok {
			return saw(c, now, true), now
		}
		return saw(c, stored, false), stored
	case history.CompareAndSwap:
		if now == history.Some(c.Old) {
			return saw(c, history.Value{}, true), stored
		}
		return saw(c, history.Value{}, false), now
	case history.CompareAndDelete:
		if now == history.Some(c.Old) {
			return saw(c, history.Value{}, true), history.Value{}
		}
		return saw(c, history.Value{}, false), now
	}
	return false, now
}

// saw reports whether c's outcome is this one, or unknown.
func saw(c *history.Call, result history.Value, did bool) bool {
	return c.Return == history.Never || c.Result == result && c.Did == did
}

func hashValue(v history.Value) uint64 {
	if !v.Ok {
		return 0
	}
	return mix(1, v.Word)
}

// batched is a state of one key of a map whose writes become visible in batches.
type batched struct {
	published history.Value
	pending   []pending // written, not yet published, in their order
}

type pending struct {
	value    history.Value
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
func eventual(h *history.History, start history.Value, perHandle bool) porcupine.Model {
	partition := byKey
	if perHandle {
		partition = byKeyAndReader
	}
	nondeterministic := porcupine.NondeterministicModel{
		Partition: partition,
		Init:      func() []any { return []any{batched{published: start}} },
		Step: func(state, input, _ any) []any {
			return state.(batched).step(input.(*history.Call), h.Slack)
		},
		Equal: func(a, b any) bool {
			x, y := a.(batched), b.(batched)
			return x.published == y.published && slices.Equal(x.pending, y.pending)
		},
		Hash:              func(state any) uint64 { return state.(batched).hash() },
		DescribeOperation: func(input, _ any) string { return h.Describe(*input.(*history.Call)) },
		DescribeState: func(state any) string {
			s := h.FormatValue(state.(batched).published)
			for _, p := range state.(batched).pending {
				s += ", pending " + h.FormatValue(p.value)
			}
			return s
		},
	}
	return nondeterministic.ToModel()
}

// step returns the states to which c may lead.
func (b batched) step(c *history.Call, slack time.Duration) []any {
	switch c.Op {
	case history.Get:
		if saw(c, b.published, false) {
			return []any{b}
		}
		return nil
	case history.Publish:
		return b.publish(c, slack)
	}
	value := history.Value{Word: c.New, Ok: c.Op == history.Set}
	return []any{batched{b.published, append(slices.Clip(b.pending), pending{value, c.Client, c.Return})}}
}

// publish returns a state for each prefix of the pending writes that c may take. Those that had returned
// before it was called it must take, unless that rests on less than the slack between two clients.
func (b batched) publish(c *history.Call, slack time.Duration) []any {
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
	sum := hashValue(b.published)
	for _, p := range b.pending {
		sum = mix(history.Word(sum), history.Word(hashValue(p.value)))
	}
	return sum
}

// byKey partitions a history by key and copies every publish into each partition. It
// keeps their order, so that the numbering of partitions is the same each time.
func byKey(ops []porcupine.Operation) [][]porcupine.Operation {
	return parts(ops, func(op porcupine.Operation) (group uint64, all bool) {
		c := op.Input.(*history.Call)
		return uint64(c.Key), c.Op == history.Publish
	})
}

// byKeyAndReader also parts the reads of different clients, and copies every write of a
// key into each of that key's partitions.
func byKeyAndReader(ops []porcupine.Operation) [][]porcupine.Operation {
	var all [][]porcupine.Operation
	for _, key := range byKey(ops) {
		all = append(all, parts(key, func(op porcupine.Operation) (group uint64, all bool) {
			c := op.Input.(*history.Call)
			return uint64(c.Client), c.Op != history.Get
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
	places, clients, total := map[*history.Call]place{}, map[int]int{}, [maxClients]int{}
	for _, op := range part {
		n, known := clients[op.ClientId]
		if !known {
			n = len(clients)
			clients[op.ClientId] = n
		}
		places[op.Input.(*history.Call)] = place{n, total[n]}
		total[n]++
	}
	ordered := m
	ordered.Init = func() any { return state{inner: m.Init()} }
	ordered.Step = nil // StepContext stands for it
	ordered.StepContext = func(ctx context.Context, before, input, output any) (bool, any) {
		s, p := before.(state), places[input.(*history.Call)]
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

// What porcupine answers within seconds. Its search for an order that is not there
// grows exponentially in the clients. A longer history is cut into windows.
const (
	maxClients   = 8
	maxPartition = 4000 // operations
)

// modelFrom returns porcupine's model of one key that holds start at first, for the history's
// claim, and the name under which that judges.
func modelFrom(h *history.History, start history.Value) (porcupine.Model, string) {
	switch h.Claim {
	case history.ClaimEventual:
		return eventual(h, start, false), "eventual"
	case history.ClaimEventualPerHandle:
		return eventual(h, start, true), "eventual"
	}
	return linearizable(h, start), "linearizable"
}

// model returns it of a key that holds nothing.
func modelOf(h *history.History) (porcupine.Model, string) { return modelFrom(h, history.Value{}) }

func operation(c *history.Call, slack time.Duration) porcupine.Operation {
	op := porcupine.Operation{ClientId: c.Client, Input: c, Output: c, Call: c.Called, Return: c.Return}
	if c.Return < history.Never-int64(slack) {
		op.Return += int64(slack)
	}
	return op
}

// operations are the calls as porcupine takes them.
func operations(h *history.History) []porcupine.Operation {
	ops := make([]porcupine.Operation, len(h.Calls))
	for i := range h.Calls {
		ops[i] = operation(&h.Calls[i], 0)
	}
	return ops
}
