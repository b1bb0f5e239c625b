package lincheck

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Small random histories are judged a second time, by trying every order of effects.
// The specification tried is an actual map behind a lock, not the model.
func TestLinearizableAgreesWithBruteForce(t *testing.T) {
	counts := map[Outcome]int{}
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := randomHistory(rng, ClaimLinearizable, []Op{Get, Set, Set, Delete, Swap, LoadOrStore, LoadAndDelete, CompareAndSwap, CompareAndDelete}, 2, 8)
		want := Illegal
		if anyOrder(h.Calls, nil, func(order []*Call) bool { return explainedByLocked(order) }) {
			want = Ok
		}
		counts[want]++
		if v := h.Judge(); v.Outcome != want {
			t.Fatalf("seed %d: %v, but trying all orders says %v: %+v", seed, v, want, h.Calls)
		}
	}
	if counts[Ok] < 100 || counts[Illegal] < 100 {
		t.Errorf("the histories are one-sided: %v", counts)
	}
	t.Log(counts)
}

// The same for batches: every order, and every choice of what each publish covers.
func TestEventualAgreesWithBruteForce(t *testing.T) {
	counts := map[Outcome]int{}
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := randomHistory(rng, ClaimEventual, []Op{Get, Get, Set, Delete, Publish, Publish}, 2, 8)
		want := Illegal
		if anyOrder(h.Calls, nil, func(order []*Call) bool { return explainedByBatches(order, Value{}, nil) }) {
			want = Ok
		}
		counts[want]++
		if v := h.Judge(); v.Outcome != want {
			t.Fatalf("seed %d: %v, but trying all orders says %v: %+v", seed, v, want, h.Calls)
		}
	}
	if counts[Ok] < 100 || counts[Illegal] < 100 {
		t.Errorf("the histories are one-sided: %v", counts)
	}
	t.Log(counts)
}

// randomHistory has three clients do a few things each on one key, with pauses up to
// gap and values so few that outcomes are often right by chance.
func randomHistory(rng *rand.Rand, claim Claim, ops []Op, steps int, gap int64) *History {
	h := &History{Header: Header{Claim: claim}}
	for client := range 3 {
		now := rng.Int64N(gap)
		for range steps {
			c := Call{Client: client, Op: ops[rng.IntN(len(ops))], Called: now, Return: now + 1 + rng.Int64N(15)}
			now = c.Return + 1 + rng.Int64N(gap)
			few := func() Word { return Word(rng.IntN(2)) }
			switch c.Op {
			case Set:
				c.New = few()
			case Swap, LoadOrStore:
				c.New = few()
				c.Result = found(uint64(few()), c.Op == LoadOrStore || rng.IntN(2) == 0)
				c.Did = c.Op == LoadOrStore && rng.IntN(2) == 0
			case Get, LoadAndDelete:
				c.Result = found(uint64(few()), rng.IntN(2) == 0)
			case CompareAndSwap, CompareAndDelete:
				c.Old, c.New, c.Did = few(), few(), rng.IntN(2) == 0
			}
			h.Calls = append(h.Calls, c)
		}
	}
	h.sort()
	return h
}

// anyOrder reports whether explains holds for an order of calls that keeps every one
// that returned before another was called before that.
func anyOrder(calls []Call, order []*Call, explains func([]*Call) bool) bool {
	if len(order) == len(calls) {
		return explains(order)
	}
	placed := map[*Call]bool{}
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

func explainedByLocked(order []*Call) bool {
	l := &locked{m: map[uint64]uint64{}}
	for _, c := range order {
		key, old, value := uint64(c.Key), uint64(c.Old), uint64(c.New)
		var result Value
		var did bool
		switch c.Op {
		case Get:
			result = found(l.Get(key))
		case Set:
			l.Set(key, value)
		case Delete:
			l.Delete(key)
		case Swap:
			result = found(l.Swap(key, value))
		case LoadOrStore:
			v, loaded := l.LoadOrStore(key, value)
			result, did = found(v, true), loaded
		case LoadAndDelete:
			result = found(l.LoadAndDelete(key))
		case CompareAndSwap:
			did = l.CompareAndSwap(key, old, value)
		case CompareAndDelete:
			did = l.CompareAndDelete(key, old)
		}
		if result != c.Result || did != c.Did {
			return false
		}
	}
	return true
}

// explainedByBatches follows an order, with each choice that a publish has.
func explainedByBatches(order []*Call, published Value, unseen []*Call) bool {
	if len(order) == 0 {
		return true
	}
	c, rest := order[0], order[1:]
	switch c.Op {
	case Get:
		return c.Result == published && explainedByBatches(rest, published, unseen)
	case Set, Delete:
		return explainedByBatches(rest, published, append(unseen[:len(unseen):len(unseen)], c))
	}
	for n := len(unseen); n >= 0; n-- {
		if n > 0 && explainedByBatches(rest, Value{unseen[n-1].New, unseen[n-1].Op == Set}, unseen[n:]) {
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

// The sweep over random guards agrees with the laws taken literally. C5 is not asked about
// guards of versions that are not yet there.
func TestSweepAgreesWithTheLaws(t *testing.T) {
	broken := map[law]int{}
	for seed := range uint64(2000) {
		h := randomGuards(rand.New(rand.NewPCG(seed, 0)))
		s := newSweep(h, stampedLaws(ClaimAtomic))
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

// literally are C1 to C5 word by word: whether a pair breaks one beyond doubt.
var literally = map[law]func(*History) bool{
	c1: anyGuard(func(h *History, g *Guard) bool {
		p := h.publishOf(g.Version)
		return g.Version > 0 && (p == nil || g.Opened+testSlack < p.Called)
	}),
	c2: anyGuard(func(h *History, g *Guard) bool {
		p := h.publishOf(g.Version + 1)
		return p != nil && p.Return+testSlack < g.Called
	}),
	c3: anyGuard(func(h *History, g *Guard) bool {
		for _, other := range h.Guards {
			if other.Opened+testSlack < g.Called && other.Version > g.Version {
				return true
			}
		}
		return false
	}),
	c4: anyGuard(func(h *History, g *Guard) bool {
		for _, other := range h.Guards {
			if other.Client == g.Client && other.Called < g.Called && other.Version > g.Version {
				return true
			}
		}
		return false
	}),
	c5: anyGuard(func(h *History, g *Guard) bool {
		p := h.publishOf(g.Version + 1 + h.Lag)
		return h.Lag > 0 && p != nil && p.Return+testSlack < g.Closed
	}),
}

func anyGuard(breaks func(*History, *Guard) bool) func(*History) bool {
	return func(h *History) bool {
		for i := range h.Guards {
			if breaks(h, &h.Guards[i]) {
				return true
			}
		}
		return false
	}
}

func (h *History) publishOf(v uint64) *Call {
	for i := range h.Calls {
		if h.Calls[i].Version == v {
			return &h.Calls[i]
		}
	}
	return nil
}

func randomGuards(rng *rand.Rand) *History {
	h := &History{Header: Header{Claim: ClaimAtomic, Slack: testSlack * time.Nanosecond, Lag: 1}}
	now := rng.Int64N(10)
	for v := range 1 + rng.Uint64N(4) {
		c := Call{Op: Publish, Version: v + 1, Called: now, Return: now + rng.Int64N(20)}
		now = c.Return + 1 + rng.Int64N(20)
		h.Calls = append(h.Calls, c)
	}
	for client := range 2 {
		now := rng.Int64N(20)
		for range 1 + rng.IntN(2) {
			g := Guard{Client: 1 + client, Called: now, Opened: now + rng.Int64N(10)}
			now = g.Opened + 1 + rng.Int64N(20)
			g.Closed = g.Opened + rng.Int64N(30)
			for i := range h.Calls { // about the version that the time makes right
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
	h.sort()
	return h
}
