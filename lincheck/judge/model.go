package judge

import (
	"context"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"doublebuf/lincheck/history"
)

// The models are of one key. A history is linearizable exactly if its part for each key is (Herlihy
// and Wing, 1990). Porcupine's search takes time exponential in the calls that overlap. So a
// history is cut into one partition for each key.
//
// An operation's input and output are both the *Call. A call that never returned has no output to
// compare.

// linearizable returns the model of one key of a linearizable map. The key holds start at first.
// The state of the model is the key's Value.
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

// step reports whether c can take effect on a key that holds now, and returns what the key then
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

// saw reports whether c returned this result. A call that never returned may have any.
func saw(c *history.Call, result history.Value, did bool) bool {
	return c.Return == history.Never || c.Result == result && c.Did == did
}

// hashValue returns a hash of v.
func hashValue(v history.Value) uint64 {
	if !v.Ok {
		return 0
	}
	return mix(1, v.Word)
}

// batched is the state of one key of a map whose writes become visible in batches.
type batched struct {
	published history.Value
	pending   []pending // writes that are not yet published, in order
}

// pending is a write that waits for a publish. The other fields say which publishes must take it:
// those that must take it or any write behind it.
type pending struct {
	value    history.Value
	returned int64 // the earliest return of it and of those behind it
	clients  []int // the clients of it and of those behind it that returned, in order
}

// unseen stands for all values that no read returns.
var unseen = history.Value{Word: 1}

// simplest returns the state with the fewest writes that behaves as b does. Many orders of pending
// writes lead to the same simplest state. Without it the search is exponential in the writes that
// overlap one long publish.
//
// A run of unseen writes behaves as its first one does. If a publish takes the first, unseen is
// published. Whether it also takes the others of the run makes no difference, because what is
// published stays unseen until a publish takes the write behind the run. That write knows by itself
// which publishes must take it. For the same reason unseen writes need not wait where unseen is
// published already.
func (b batched) simplest() batched {
	before, kept := b.published, b.pending[:0:0]
	for _, p := range b.pending {
		if p.value != unseen || before != unseen {
			kept = append(kept, p)
		}
		before = p.value
	}
	return batched{b.published, kept}
}

// eventual returns the model of one key of a map whose writes become visible in batches and whose
// reads carry no version. A read returns the published value, and a publish makes pending writes
// visible. At first start is published, and nothing is pending.
//
// The model is nondeterministic in what a publish covers. A publish must cover every write that had
// returned when the publish was called. But it may gather its batch long before the batch becomes
// visible. A write may begin and return in between: it takes effect before the publish, but is not
// part of it. So a publish takes any prefix of the pending writes that includes all writes that it
// must cover. The other writes stay pending, and a later publish takes them.
//
// Every publish is copied into the partition of each key, and takes effect there at its own
// instant. The checkers of stamped guards check that all keys of one publish become visible
// together. A lost publish is Illegal here, and so is a read that goes back. A map that does not
// converge is Illegal too, because the drivers end a history with a publish and a read of every
// key.
//
// If perHandle is true, there is a partition for each key and each reading client. Then a publish
// takes effect for each client at a separate instant, and the reads of each client are monotone.
//
// name returns what the states call a value: the value itself, or unseen.
func eventual(h *history.History, start history.Value, perHandle bool, name func(history.Value) history.Value) porcupine.Model {
	partition := byKey
	if perHandle {
		partition = byKeyAndReader
	}
	nondeterministic := porcupine.NondeterministicModel{
		Partition: partition,
		Init:      func() []any { return []any{batched{published: name(start)}} },
		Step: func(state, input, _ any) []any {
			return state.(batched).step(input.(*history.Call), h.Slack, name)
		},
		Equal: func(a, b any) bool {
			x, y := a.(batched), b.(batched)
			return x.published == y.published && slices.EqualFunc(x.pending, y.pending, pending.equal)
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

func (p pending) equal(q pending) bool {
	return p.value == q.value && p.returned == q.returned && slices.Equal(p.clients, q.clients)
}

// step returns the states that c may lead to.
func (b batched) step(c *history.Call, slack time.Duration, name func(history.Value) history.Value) []any {
	switch c.Op {
	case history.Get:
		if saw(c, b.published, false) {
			return []any{b}
		}
		return nil
	case history.Publish:
		return b.publish(c, slack)
	}
	write := pending{value: name(history.Value{Word: c.New, Ok: c.Op == history.Set}), returned: history.Never}
	next := batched{b.published, append(slices.Clone(b.pending), write)}
	for i := range next.pending {
		next.pending[i].precede(c)
	}
	return []any{next.simplest()}
}

// precede notes that p is c or before c.
func (p *pending) precede(c *history.Call) {
	p.returned = min(p.returned, c.Return)
	if i, known := slices.BinarySearch(p.clients, c.Client); !known && c.Return < history.Never {
		p.clients = slices.Insert(slices.Clone(p.clients), i, c.Client)
	}
}

// publish returns a state for each prefix of the pending writes that c may take. It must take the
// writes that had returned before it was called, unless the order rests on less than the slack
// between two clients.
func (b batched) publish(c *history.Call, slack time.Duration) []any {
	least := 0 // writes that it must take
	for i, p := range b.pending {
		if _, own := slices.BinarySearch(p.clients, c.Client); own || p.returned < c.Called-int64(slack) {
			least = i + 1
		}
	}
	var next []any
	for n := least; n <= len(b.pending); n++ {
		published := b.published
		if n > 0 {
			published = b.pending[n-1].value
		}
		next = append(next, batched{published, b.pending[n:]}.simplest())
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

// byKey partitions a history by key and copies every publish into each partition. The partitions
// are in the order of their first operations, so their numbers are the same each time.
func byKey(ops []porcupine.Operation) [][]porcupine.Operation {
	return parts(ops, func(op porcupine.Operation) (group uint64, all bool) {
		c := op.Input.(*history.Call)
		return uint64(c.Key), c.Op == history.Publish
	})
}

// byKeyAndReader partitions a history by key and reading client. It copies every write of a key
// into each of that key's partitions.
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

// parts groups operations by the group that at returns. Groups are in the order of their first
// operations. An operation with all is copied into each group.
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

// inOrder returns m with a further rule: the operations of one client take effect in that client's
// order. That is so already while the intervals of one client do not overlap. The rule is needed
// when they have been widened until they do. It depends on nothing but the operations that have
// taken effect, so it adds no states to the search.
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
	ordered.Step = nil // StepContext replaces it
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

// Porcupine answers within seconds up to these limits. Its search for an order that does not exist
// grows exponentially in the clients. A longer history is cut into windows.
const (
	maxClients   = 8
	maxPartition = 4000 // operations
)

// modelFrom returns porcupine's model for the claim of h, of one key that holds start at first. It
// also returns the name of the checker. For name see eventual.
func modelFrom(h *history.History, start history.Value, name func(history.Value) history.Value) (porcupine.Model, string) {
	switch h.Claim {
	case history.ClaimEventual:
		return eventual(h, start, false, name), "eventual"
	case history.ClaimEventualPerHandle:
		return eventual(h, start, true, name), "eventual"
	}
	return linearizable(h, start), "linearizable"
}

// modelOf returns the model of a key that holds nothing at first. Its states show every value.
func modelOf(h *history.History) (porcupine.Model, string) {
	return modelFrom(h, history.Value{}, func(v history.Value) history.Value { return v })
}

// namesRead returns a function that names the values which reads among ops return. All others are
// unseen.
func namesRead(ops []porcupine.Operation) func(history.Value) history.Value {
	read := map[history.Value]bool{}
	for _, op := range ops {
		if c := op.Input.(*history.Call); c.Op == history.Get {
			read[c.Result] = true
		}
	}
	return func(v history.Value) history.Value {
		if !read[v] {
			return unseen
		}
		return v
	}
}

// operation returns c in porcupine's form, with its return later by slack.
func operation(c *history.Call, slack time.Duration) porcupine.Operation {
	op := porcupine.Operation{ClientId: c.Client, Input: c, Output: c, Call: c.Called, Return: c.Return}
	if c.Return < history.Never-int64(slack) {
		op.Return += int64(slack)
	}
	return op
}

// operations returns the calls of h in porcupine's form.
func operations(h *history.History) []porcupine.Operation {
	ops := make([]porcupine.Operation, len(h.Calls))
	for i := range h.Calls {
		ops[i] = operation(&h.Calls[i], 0)
	}
	return ops
}
