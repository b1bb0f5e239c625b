package judge

import (
	"math/rand/v2"
	"testing"
	"time"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/internal/controls"
)

// A second judge tries every order of effects of small random histories. Its specification is an
// actual map behind a lock, not the model.
func TestLinearizableAgreesWithBruteForce(t *testing.T) {
	counts := map[history.Outcome]int{}
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := randomHistory(rng, history.ClaimLinearizable, []history.Op{history.Get, history.Set, history.Set, history.Delete, history.Swap, history.LoadOrStore, history.LoadAndDelete, history.CompareAndSwap, history.CompareAndDelete}, 2, 2, 8)
		want := history.Illegal
		if anyOrder(h.Calls, nil, func(order []*history.Call) bool { return explainedByLocked(order) }) {
			want = history.Ok
		}
		counts[want]++
		if v := History(h); v.Outcome != want {
			t.Fatalf("seed %d: %v, but trying all orders says %v: %+v", seed, v, want, h.Calls)
		}
	}
	if counts[history.Ok] < 100 || counts[history.Illegal] < 100 {
		t.Errorf("the histories are one-sided: %v", counts)
	}
	t.Log(counts)
}

// The same for batches: the second judge tries every order, and every choice of what a publish
// covers. With more values, most of them are never read.
func TestEventualAgreesWithBruteForce(t *testing.T) {
	counts := map[history.Outcome]int{}
	for seed := range uint64(4000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := randomHistory(rng, history.ClaimEventual, []history.Op{history.Get, history.Get, history.Set, history.Delete, history.Publish, history.Publish}, 2+int(seed%3), 2, 8)
		want := history.Illegal
		if anyOrder(h.Calls, nil, func(order []*history.Call) bool { return explainedByBatches(order, history.Value{}, nil) }) {
			want = history.Ok
		}
		counts[want]++
		if v := History(h); v.Outcome != want {
			t.Fatalf("seed %d: %v, but trying all orders says %v: %+v", seed, v, want, h.Calls)
		}
	}
	if counts[history.Ok] < 100 || counts[history.Illegal] < 100 {
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
// There are so few values that results are often right by chance.
func randomHistory(rng *rand.Rand, claim history.Claim, ops []history.Op, values, steps int, gap int64) *history.History {
	h := &history.History{Header: history.Header{Claim: claim}}
	for client := range 3 {
		now := rng.Int64N(gap)
		for range steps {
			c := history.Call{Client: client, Op: ops[rng.IntN(len(ops))], Called: now, Return: now + 1 + rng.Int64N(15)}
			now = c.Return + 1 + rng.Int64N(gap)
			few := func() history.Word { return history.Word(rng.IntN(values)) }
			switch c.Op {
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
			}
			h.Calls = append(h.Calls, c)
		}
	}
	h.Sort()
	return h
}

// anyOrder reports whether explains holds for some order of the calls that keeps the order of calls
// that do not overlap.
func anyOrder(calls []history.Call, order []*history.Call, explains func([]*history.Call) bool) bool {
	if len(order) == len(calls) {
		return explains(order)
	}
	placed := map[*history.Call]bool{}
	for _, c := range order {
		placed[c] = true
	}
next:
	for i := range calls {
		c := &calls[i]
		if placed[c] {
			continue
		}
		for j := range calls {
			if before := &calls[j]; !placed[before] && before.Return < c.Called {
				continue next
			}
		}
		if anyOrder(calls, append(order[:len(order):len(order)], c), explains) {
			return true
		}
	}
	return false
}

func explainedByLocked(order []*history.Call) bool {
	l := controls.NewLocked()
	for _, c := range order {
		key, old, value := uint64(c.Key), uint64(c.Old), uint64(c.New)
		var result history.Value
		var did bool
		switch c.Op {
		case history.Get:
			result = history.ValueOf(l.Get(key))
		case history.Set:
			l.Set(key, value)
		case history.Delete:
			l.Delete(key)
		case history.Swap:
			result = history.ValueOf(l.Swap(key, value))
		case history.LoadOrStore:
			v, loaded := l.LoadOrStore(key, value)
			result, did = history.ValueOf(v, true), loaded
		case history.LoadAndDelete:
			result = history.ValueOf(l.LoadAndDelete(key))
		case history.CompareAndSwap:
			did = l.CompareAndSwap(key, old, value)
		case history.CompareAndDelete:
			did = l.CompareAndDelete(key, old)
		}
		if result != c.Result || did != c.Did {
			return false
		}
	}
	return true
}

// explainedByBatches reports whether some choice of what each publish covers explains the order.
func explainedByBatches(order []*history.Call, published history.Value, unseen []*history.Call) bool {
	if len(order) == 0 {
		return true
	}
	c, rest := order[0], order[1:]
	switch c.Op {
	case history.Get:
		return c.Result == published && explainedByBatches(rest, published, unseen)
	case history.Set, history.Delete:
		return explainedByBatches(rest, published, append(unseen[:len(unseen):len(unseen)], c))
	}
	for n := len(unseen); n >= 0; n-- {
		if n > 0 && explainedByBatches(rest, history.Value{Word: unseen[n-1].New, Ok: unseen[n-1].Op == history.Set}, unseen[n:]) {
			return true
		}
		if n == 0 && explainedByBatches(rest, published, unseen) {
			return true
		}
		if n > 0 && unseen[n-1].Return < c.Called {
			return false // the publish must cover this one
		}
	}
	return false
}

// The sweep over random guards agrees with the laws taken literally. C5 does not count for guards
// of versions that do not exist yet.
func TestSweepAgreesWithTheLaws(t *testing.T) {
	broken := map[law]int{}
	for seed := range uint64(2000) {
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
		if broken[l] < 100 || broken[l] > 1900 {
			t.Errorf("%v is broken in %d of 2000; the histories are one-sided", l, broken[l])
		}
	}
	t.Log(broken)
}

const testSlack = 3

// literally are C1 to C5 word by word: whether a pair breaks the law by more than the slack.
var literally = map[law]func(*history.History) bool{
	c1: anyGuard(func(h *history.History, g *history.Guard) bool {
		p := publishOf(h, g.Version)
		return g.Version > 0 && (p == nil || g.Opened+testSlack < p.Called)
	}),
	c2: anyGuard(func(h *history.History, g *history.Guard) bool {
		p := publishOf(h, g.Version+1)
		return p != nil && p.Return+testSlack < g.Called
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
			if other.Client == g.Client && other.Called < g.Called && other.Version > g.Version {
				return true
			}
		}
		return false
	}),
	c5: anyGuard(func(h *history.History, g *history.Guard) bool {
		p := publishOf(h, g.Version+1+h.Lag)
		return h.Lag > 0 && p != nil && p.Return+testSlack < g.Closed
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

func randomGuards(rng *rand.Rand) *history.History {
	h := &history.History{Header: history.Header{Claim: history.ClaimAtomic, Slack: testSlack * time.Nanosecond, Lag: 1}}
	now := rng.Int64N(10)
	for v := range 1 + rng.Uint64N(4) {
		c := history.Call{Op: history.Publish, Version: v + 1, Called: now, Return: now + rng.Int64N(20)}
		now = c.Return + 1 + rng.Int64N(20)
		h.Calls = append(h.Calls, c)
	}
	for client := range 2 {
		now := rng.Int64N(20)
		for range 1 + rng.IntN(2) {
			g := history.Guard{Client: 1 + client, Called: now, Opened: now + rng.Int64N(10)}
			now = g.Opened + 1 + rng.Int64N(20)
			g.Closed = g.Opened + rng.Int64N(30)
			for i := range h.Calls { // about the right version for this time
				if h.Calls[i].Called < g.Opened {
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
	}
	h.Sort()
	return h
}
