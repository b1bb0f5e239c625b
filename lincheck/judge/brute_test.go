package judge

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

// A second judge tries every order of effects of small random histories, of calls about one key and
// about all keys. Some calls never return, and many times are equal. Its specification is an actual
// map, not a model.
func TestLinearizableAgreesWithBruteForce(t *testing.T) {
	oneKey := []history.Op{history.Get, history.Set, history.Set, history.Delete, history.Swap, history.LoadOrStore, history.LoadAndDelete, history.CompareAndSwap, history.CompareAndDelete}
	someWalks := []history.Op{history.Get, history.Set, history.Set, history.Delete, history.Clear, history.Walk, history.Walk, history.Retain, history.Len}
	for name, r := range map[string]randomCalls{
		"one key":     {claim: history.ClaimLinearizable, ops: oneKey, values: 2, keys: 1, steps: 2, gap: 8},
		"lost calls":  {claim: history.ClaimLinearizable, ops: oneKey, values: 2, keys: 1, steps: 3, gap: 8, lost: 4},
		"equal times": {claim: history.ClaimLinearizable, ops: oneKey, values: 2, keys: 1, steps: 3, gap: 2, long: 2},
		"two ties":    {claim: history.ClaimLinearizable, ops: oneKey[:4], values: 1, keys: 2, steps: 3, gap: 1, long: 2},
		"two slack":   {claim: history.ClaimLinearizable, ops: oneKey[:4], values: 1, keys: 2, steps: 3, gap: 4, slack: 4},
		"slack":       {claim: history.ClaimLinearizable, ops: oneKey, values: 2, keys: 1, steps: 3, gap: 8, slack: 3},
		"two keys":    {claim: history.ClaimLinearizable, ops: oneKey[:4], values: 2, keys: 2, steps: 3, gap: 8},
		"all keys":    {claim: history.ClaimLinearizable, ops: someWalks, values: 2, keys: 2, steps: 2, gap: 8, lost: 9},
	} {
		t.Run(name, func(t *testing.T) {
			agrees(t, 2000, r, func(b brute) bool { return b.explainedByMap(0, bruteMap{}) })
		})
	}
}

// The same for batches: the second judge tries every order, and every choice of what a publish
// covers. With more values, most of them are never read.
func TestEventualAgreesWithBruteForce(t *testing.T) {
	ops := []history.Op{history.Get, history.Get, history.Set, history.Delete, history.Publish, history.Publish}
	walks := append(ops[1:len(ops):len(ops)], history.Walk, history.Clear)
	for name, r := range map[string]randomCalls{
		"one key":     {claim: history.ClaimEventual, ops: ops, values: 3, keys: 1, steps: 2, gap: 8},
		"two keys":    {claim: history.ClaimEventual, ops: ops, values: 1, keys: 2, steps: 3, gap: 8},
		"slack":       {claim: history.ClaimEventual, ops: ops, values: 2, keys: 2, steps: 3, gap: 8, slack: 3},
		"lost calls":  {claim: history.ClaimEventual, ops: ops, values: 2, keys: 2, steps: 2, gap: 8, lost: 5},
		"equal times": {claim: history.ClaimEventual, ops: ops, values: 2, keys: 2, steps: 2, gap: 2, long: 2},
		"all keys":    {claim: history.ClaimEventual, ops: walks, values: 2, keys: 2, steps: 2, gap: 8},
	} {
		t.Run(name, func(t *testing.T) {
			agrees(t, 2000, r, func(b brute) bool { return b.explainedByBatches(0, bruteMap{}, nil) })
		})
	}
}

// The same for handles that move one by one: there is an order for the reads of each client.
func TestPerHandleAgreesWithBruteForce(t *testing.T) {
	ops := []history.Op{history.Get, history.Get, history.Set, history.Delete, history.Publish, history.Publish}
	r := randomCalls{claim: history.ClaimEventualPerHandle, ops: ops, values: 1, keys: 2, steps: 3, gap: 8}
	agrees(t, 2000, r, func(b brute) bool {
		for client := range 3 {
			others := func(o bruteOp) bool { return o.Op == history.Get && o.Client != client }
			one := b
			one.ops = slices.DeleteFunc(slices.Clone(b.ops), others)
			if !one.explainedByBatches(0, bruteMap{}, nil) {
				return false
			}
		}
		return true
	})
}

// agrees lets the judge and a second judge judge random histories.
func agrees(t *testing.T, n int, r randomCalls, explained func(brute) bool) {
	t.Helper()
	counts := map[history.Outcome]int{}
	for seed := range uint64(n) {
		h := r.history(rand.New(rand.NewPCG(seed, 0)))
		b := brute{ops: bruteOps(h), publish: int64(h.Slack)}
		want := history.Ok
		if !explained(b) {
			b.slack = int64(h.Slack)
			if want = history.Illegal; h.Slack > 0 && explained(b) {
				want = history.Unknown
			}
		}
		counts[want]++
		if v := History(h); v.Outcome != want {
			for i := range h.Calls {
				t.Log(h.DescribeTimed(&h.Calls[i]))
			}
			t.Fatalf("seed %d: %v, but trying all orders says %v", seed, v, want)
		}
	}
	if counts[history.Ok] < n/20 || counts[history.Illegal] < n/20 {
		t.Errorf("the histories are one-sided: %v", counts)
	}
	t.Log(counts)
}

// Clocks are not exact, but each client knows its own order: its publish takes its own writes.
func TestOwnPublishTakesOwnWrites(t *testing.T) {
	for publisher, want := range []history.Outcome{history.Illegal, history.Illegal, history.Ok} {
		h := &history.History{Header: history.Header{Claim: history.ClaimEventual, Slack: 100}, Calls: []history.Call{
			{Client: 0, Op: history.Set, New: 5, Called: 0, Return: 1},
			{Client: 0, Op: history.Publish, Called: 1000, Return: 1001},
			{Client: 0, Op: history.Set, New: 6, Called: 2000, Return: 2001},
			{Client: 1, Op: history.Set, New: 7, Called: 2002, Return: 2003},
			{Client: publisher, Op: history.Publish, Called: 2004, Return: 2005},
			{Client: 3, Op: history.Get, Result: history.Some(5), Called: 3000, Return: 3001},
		}}
		if v := History(h); v.Outcome != want {
			t.Errorf("client %d publishes: %v; want %v", publisher, v, want)
		}
	}
}

// randomHistory lets three clients do a few operations each on one key, with pauses up to gap.
func randomHistory(rng *rand.Rand, claim history.Claim, ops []history.Op, values, steps int, gap int64) *history.History {
	return randomCalls{claim: claim, ops: ops, values: values, keys: 1, steps: steps, gap: gap}.history(rng)
}

// randomCalls says what the histories are like in which three clients do a few operations each.
// There are so few values that results are often right by chance.
type randomCalls struct {
	claim               history.Claim
	ops                 []history.Op
	values, keys, steps int
	gap, long           int64 // the longest pause, the longest call; 0 = 15, and a pause is never 0
	slack               int64
	lost                int // one in so many calls never returns; 0 = none
	weak                int // calls on all keys take effect at separate instants, and there are no more calls of Len than this; 0 = they may be snapshots
}

func (r randomCalls) history(rng *rand.Rand) *history.History {
	h := &history.History{Header: history.Header{Claim: r.claim, Slack: time.Duration(r.slack)}}
	least, lens := int64(0), 0
	if r.long == 0 {
		r.long, least = 15, 1
	}
	for client := range 3 {
		now := rng.Int64N(r.gap)
		for step := range r.steps {
			op := r.ops[rng.IntN(len(r.ops))]
			if op == history.Len {
				if lens++; r.weak > 0 && lens > r.weak {
					op = history.Get
				}
			}
			c := r.call(rng, op)
			c.Client, c.Seq, c.Called, c.Return = client, 1+step, now, now+least+rng.Int64N(r.long)
			now = c.Return + least + rng.Int64N(r.gap)
			if r.lost > 0 && rng.IntN(r.lost) == 0 {
				c.Return, c.Did, c.Result, c.All, c.Removed = history.Never, false, history.Value{}, nil, nil
			}
			h.Calls = append(h.Calls, c)
		}
	}
	h.Sort()
	return h
}

// call returns a call with a random result.
func (r randomCalls) call(rng *rand.Rand, op history.Op) (c history.Call) {
	c = history.Call{Op: op}
	few := func() history.Word { return history.Word(rng.IntN(r.values)) }
	if !op.AllKeys() && op != history.Publish {
		c.Key = history.Word(rng.IntN(r.keys))
	}
	c.Snapshot = op.AllKeys() && r.weak == 0 && (op == history.Len || rng.IntN(2) == 0)
	switch op {
	case history.Set:
		c.New = few()
	case history.Swap, history.LoadOrStore:
		c.New = few()
		c.Result = history.ValueOf(uint64(few()), c.Op == history.LoadOrStore || rng.IntN(2) == 0)
		c.Did = c.Op == history.LoadOrStore && rng.IntN(2) == 0
	case history.Get, history.LoadAndDelete:
		c.Result = history.ValueOf(uint64(few()), rng.IntN(2) == 0)
	case history.CompareAndSwap, history.CompareAndDelete:
		c.Old, c.New, c.Did = few(), few(), rng.IntN(2) == 0
	case history.Len:
		c.Result = history.Some(history.Word(rng.IntN(1 + r.keys)))
	case history.Walk, history.Retain:
		for key := range history.Word(r.keys) {
			switch what := rng.IntN(3); {
			case what == 0:
				c.All = append(c.All, history.Read{Key: key, Value: history.Some(few())})
			case what == 1 && op == history.Retain:
				c.Removed = append(c.Removed, history.Read{Key: key, Value: history.Some(few())})
			}
		}
	}
	return c
}

// bruteOp is a call that takes effect at one instant, or the part of one that does.
type bruteOp struct {
	*history.Call
	of int // the index of its call
}

// bruteOps returns the calls of h in their parts about the keys 0 and 1.
func bruteOps(h *history.History) (ops []bruteOp) {
	for i := range h.Calls {
		if c := h.Calls[i]; c.Op == history.Len && !c.Snapshot && c.Return != history.Never {
			for c.Key = range 2 {
				part := c
				ops = append(ops, bruteOp{&part, i})
			}
			continue
		}
		for _, part := range order.Divide(&h.Calls[i], []history.Word{0, 1}) {
			ops = append(ops, bruteOp{part, i})
		}
	}
	return ops
}

// brute tries all orders of the operations. Operations of different clients have an order if they
// are more than the slack apart, and a write and a publish if they are more than publish apart.
type brute struct {
	ops            []bruteOp
	slack, publish int64
}

// next calls try with each operation that may take effect next. The bits of done say which have.
func (b brute) next(done uint, try func(i int, done uint) bool) bool {
nextOp:
	for i, o := range b.ops {
		if done>>i&1 != 0 {
			continue
		}
		for j, before := range b.ops {
			returned := before.Return < o.Called-b.slack || before.Client == o.Client && before.of < o.of && before.Return != history.Never
			if done>>j&1 == 0 && returned {
				continue nextOp
			}
		}
		if try(i, done|1<<i) {
			return true
		}
	}
	return false
}

// allDone reports whether all operations have taken effect but those that never returned.
func (b brute) allDone(done uint) bool {
	for i, o := range b.ops {
		if done>>i&1 == 0 && o.Return != history.Never {
			return false
		}
	}
	return true
}

type bruteMap map[history.Word]history.Word

// explainedByMap reports whether some order of the operations explains their results.
func (b brute) explainedByMap(done uint, m bruteMap) bool {
	return b.allDone(done) || b.next(done, func(i int, done uint) bool {
		after := maps.Clone(m)
		return after.does(b.ops[i].Call) && b.explainedByMap(done, after)
	})
}

// explainedByCounting is explainedByMap for histories with weak calls of Len. It tries each choice
// of the keys that a Len counted.
func (b brute) explainedByCounting() bool {
	var parts []bruteOp
	for _, o := range b.ops {
		if o.Op == history.Len {
			parts = append(parts, o)
		}
	}
nextChoice:
	for choice := range 1 << len(parts) {
		sums := map[int]history.Word{}
		for i, o := range parts {
			o.Did = choice>>i&1 != 0
			sums[o.of] += history.Word(choice >> i & 1)
		}
		for _, o := range parts {
			if sums[o.of] != o.Result.Word {
				continue nextChoice
			}
		}
		if b.explainedByMap(0, bruteMap{}) {
			return true
		}
	}
	return false
}

// does lets c take effect, and reports whether that explains its result.
func (m bruteMap) does(c *history.Call) bool {
	old, there := m[c.Key]
	result, did := history.Value{}, false
	switch c.Op {
	case history.Get:
		result = history.ValueOf(uint64(old), there)
	case history.Set:
		m[c.Key] = c.New
	case history.Delete:
		delete(m, c.Key)
	case history.Swap:
		result = history.ValueOf(uint64(old), there)
		m[c.Key] = c.New
	case history.LoadOrStore:
		if did = there; !there {
			m[c.Key] = c.New
		}
		result = history.Some(m[c.Key])
	case history.LoadAndDelete:
		result = history.ValueOf(uint64(old), there)
		delete(m, c.Key)
	case history.CompareAndSwap:
		if did = there && old == c.Old; did {
			m[c.Key] = c.New
		}
	case history.CompareAndDelete:
		if did = there && old == c.Old; did {
			delete(m, c.Key)
		}
	case history.Clear:
		clear(m)
	case history.Len:
		if !c.Snapshot { // its part about one key, which it counted or not
			return there == c.Did
		}
		result = history.Some(history.Word(len(m)))
	case history.Walk, history.Retain:
		seen := bruteMap{}
		for _, r := range append(c.All[:len(c.All):len(c.All)], c.Removed...) {
			seen[r.Key] = r.Value.Word
		}
		if c.Return != history.Never && !maps.Equal(m, seen) {
			return false
		}
		for _, r := range c.Removed {
			delete(m, r.Key)
		}
	}
	return c.Return == history.Never || c.Result == result && c.Did == did
}

// explainedByBatches reports whether some order of the operations, and some choice of what each
// publish covers of the writes before it, explains their results. The writes in waiting are not
// published yet.
func (b brute) explainedByBatches(done uint, published bruteMap, waiting []bruteOp) bool {
	return b.allDone(done) || b.next(done, func(i int, done uint) bool {
		o := b.ops[i]
		switch o.Op {
		case history.Get, history.Walk:
			return published.does(o.Call) && b.explainedByBatches(done, published, waiting)
		case history.Set, history.Delete, history.Clear:
			return b.explainedByBatches(done, published, append(waiting[:len(waiting):len(waiting)], o))
		}
		must := 0
		for n, w := range waiting {
			if w.Return < o.Called-b.publish || w.Client == o.Client && w.of < o.of && w.Return != history.Never {
				must = n + 1
			}
		}
		after := maps.Clone(published)
		for n := 0; n <= len(waiting); n++ {
			if n > 0 {
				after.does(waiting[n-1].Call)
			}
			if n >= must && b.explainedByBatches(done, maps.Clone(after), waiting[n:]) {
				return true
			}
		}
		return false
	})
}

// The sweep over random guards agrees with the laws taken literally. C5 does not count for guards
// of versions that do not exist yet.
func TestSweepAgreesWithTheLaws(t *testing.T) {
	broken := map[law]int{}
	for seed := range uint64(4000) {
		h := randomGuards(rand.New(rand.NewPCG(seed, 0)))
		s := newSweep(h, stampedLaws(history.ClaimAtomic))
		s.all()
		for l, breaks := range literally {
			want := breaks(h)
			if got := s.broken[l] != nil; got != want && !(l == c5 && s.broken[c1] != nil) {
				t.Fatalf("seed %d: %v is found broken: %t, literally: %t: %+v", seed, l, got, want, h)
			}
			if want {
				broken[l]++
			}
		}
	}
	for l := range literally {
		if broken[l] < 100 || broken[l] > 3900 {
			t.Errorf("%v is broken in %d of 4000; the histories are one-sided", l, broken[l])
		}
	}
	t.Log(broken)
}

const testSlack = 3

// certain reports whether an event of client c comes before one of client d for certain: by the
// client's order, or by more than the slack. Without places in the client's order times decide.
func certain(at int64, c, seq int, later int64, d, laterSeq int) bool {
	switch {
	case c == d && seq > 0 && laterSeq > 0:
		return seq < laterSeq && at <= later
	case c == d:
		return at < later
	}
	return at+testSlack < later
}

// literally are C1 to C5 word by word.
var literally = map[law]func(*history.History) bool{
	c1: anyGuard(func(h *history.History, g *history.Guard) bool {
		p := publishOf(h, g.Version)
		return g.Version > 0 && (p == nil || certain(g.Opened, g.Client, g.Seq, p.Called, p.Client, p.Seq))
	}),
	c2: anyGuard(func(h *history.History, g *history.Guard) bool {
		p := publishOf(h, g.Version+1)
		return p != nil && certain(p.Return, p.Client, p.Seq, g.Called, g.Client, g.Seq)
	}),
	c3: anyGuard(func(h *history.History, g *history.Guard) bool {
		for _, other := range h.Guards {
			if other.Opened+testSlack < g.Called && other.Version > g.Version {
				return true
			}
		}
		return false
	}),
	c4: anyGuard(func(h *history.History, g *history.Guard) bool {
		for _, other := range h.Guards {
			if other.Client == g.Client && (other.Called < g.Called || other.Seq < g.Seq) && other.Version > g.Version {
				return true
			}
		}
		return false
	}),
	c5: anyGuard(func(h *history.History, g *history.Guard) bool {
		p := publishOf(h, g.Version+1+h.Lag)
		return h.Lag > 0 && (p != nil && certain(p.Return, p.Client, 0, g.Closed, g.Client, 0) || slices.ContainsFunc(h.Guards, func(late history.Guard) bool {
			return late.Version >= g.Version+1+h.Lag && certain(late.Opened, late.Client, 0, g.Closed, g.Client, 0)
		}))
	}),
}

func anyGuard(breaks func(*history.History, *history.Guard) bool) func(*history.History) bool {
	return func(h *history.History) bool {
		for i := range h.Guards {
			if breaks(h, &h.Guards[i]) {
				return true
			}
		}
		return false
	}
}

func publishOf(h *history.History, v uint64) *history.Call {
	for i := range h.Calls {
		if h.Calls[i].Version == v {
			return &h.Calls[i]
		}
	}
	return nil
}

// randomGuards lets a writer publish and open guards, and two readers open guards. Times are often
// equal, and some guards are never closed.
func randomGuards(rng *rand.Rand) *history.History {
	h := &history.History{Header: history.Header{Claim: history.ClaimAtomic, Slack: testSlack * time.Nanosecond, Lag: 1}}
	gap := 1 + rng.Int64N(20)
	now := rng.Int64N(10)
	seq := 0
	var guards []history.Guard
	open := func(client int) {
		g := history.Guard{Client: client, Seq: seq, Called: now, Opened: now + rng.Int64N(10)}
		now = g.Opened + rng.Int64N(gap)
		if g.Closed = g.Opened + rng.Int64N(30); rng.IntN(16) == 0 {
			g.Closed = history.Never
		}
		guards = append(guards, g)
	}
	for v := range 1 + rng.Uint64N(4) {
		seq++
		c := history.Call{Op: history.Publish, Version: v + 1, Called: now, Return: now + rng.Int64N(20), Seq: seq}
		now = c.Return + rng.Int64N(gap)
		h.Calls = append(h.Calls, c)
		if seq++; rng.IntN(4) == 0 {
			open(0)
		}
	}
	for client := range 2 {
		now = rng.Int64N(20)
		for i := range 1 + rng.IntN(2) {
			seq = 1 + i
			open(1 + client)
		}
	}
	for _, g := range guards {
		for i := range h.Calls { // about the right version for this time
			if h.Calls[i].Called < g.Opened || h.Calls[i].Client == g.Client && h.Calls[i].Seq < g.Seq {
				g.Version = h.Calls[i].Version
			}
		}
		if off := rng.IntN(8); off == 0 {
			g.Version++
		} else if off < 3 && g.Version > 0 {
			g.Version--
		}
		h.Guards = append(h.Guards, g)
	}
	h.Sort()
	return h
}
