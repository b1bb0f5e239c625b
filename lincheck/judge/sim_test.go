package judge

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"doublebuf/lincheck/history"
)

// simulation makes legal histories: each call, or each part of it, takes effect at a moment within
// its interval.
type simulation struct {
	rng     *rand.Rand
	calls   []*history.Call
	moments []moment
}

type moment struct {
	at int64
	do func()
}

// call adds a call of a client at a time. It returns the time at which the client goes on, and
// whether the call returns.
func (s *simulation) call(client, seq int, op history.Op, now, long int64) (c *history.Call, next int64) {
	c = &history.Call{Client: client, Seq: seq, Op: op, Called: now, Return: now + 1 + s.rng.Int64N(long)}
	s.calls = append(s.calls, c)
	return c, c.Return + s.rng.Int64N(20)
}

// within lets do happen at a moment within c.
func (s *simulation) within(c *history.Call, do func()) {
	s.moments = append(s.moments, moment{c.Called + s.rng.Int64N(c.Return-c.Called+1), do})
}

// run lets everything happen and returns the history.
func (s *simulation) run(h *history.History) *history.History {
	slices.SortStableFunc(s.moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	for _, m := range s.moments {
		m.do()
	}
	for _, c := range s.calls {
		slices.SortFunc(c.All, func(a, b history.Read) int { return cmp.Compare(a.Key, b.Key) })
		h.Calls = append(h.Calls, *c)
	}
	h.Sort()
	return h
}

// Walks, clears, retains and counts of several clients are legal if each key has its own moment, or
// all have the same one where the call says so. A wrong entry or number among them is found.
func TestCallsOnAllKeys(t *testing.T) {
	const keys = 6
	missed, found := map[history.Op]int{}, map[history.Op]int{}
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		s := &simulation{rng: rng}
		m, value := bruteMap{}, history.Word(0)
		for client := range 3 + int(seed%3) {
			now := rng.Int64N(50)
			for step := range 30 {
				op := []history.Op{history.Set, history.Set, history.Delete, history.Get, history.Clear, history.Walk, history.Retain, history.Len}[min(rng.IntN(16), 7)]
				if op.AllKeys() && rng.IntN(3) > 0 {
					op = history.Set
				}
				var c *history.Call
				c, now = s.call(client, step+1, op, now, 60)
				value++
				c.New = value
				if !op.AllKeys() {
					c.Key = history.Word(rng.IntN(keys))
					s.within(c, func() {
						old, there := m[c.Key]
						if c.Op == history.Get {
							c.Result = history.ValueOf(uint64(old), there)
						}
						m.does(c)
					})
					continue
				}
				s.allKeys(c, m, keys)
			}
		}
		h := s.run(&history.History{Header: history.Header{Claim: history.ClaimLinearizable}})
		if v := History(h); v.Outcome != history.Ok {
			t.Fatalf("seed %d: %v of a legal history", seed, v)
		}
		spoilt := callsWhere(h, func(c *history.Call) bool {
			return c.Op == history.Len && seed%2 == 0 || c.Op == history.Walk && len(c.All) > 0 && seed%2 == 1
		})
		if len(spoilt) == 0 {
			continue
		}
		c := &h.Calls[spoilt[rng.IntN(len(spoilt))]]
		switch {
		case c.Op == history.Len:
			c.Result.Word += 3
		case rng.IntN(2) == 0:
			c.All = c.All[1:]
		default:
			c.All[0].Value.Word++
		}
		v := History(h)
		if v.Outcome != history.Illegal {
			missed[c.Op]++
			continue
		}
		if found[c.Op]++; found[c.Op] > 1 {
			continue // reducing takes long
		}
		if shown := Reduce(h); shown.Verdict != history.Illegal || len(shown.Calls) >= len(h.Calls) {
			t.Errorf("seed %d: reduced to %d calls of %d, %v", seed, len(shown.Calls), len(h.Calls), shown.Verdict)
		}
	}
	t.Log(found, missed)
	if found[history.Walk] < 20 || found[history.Len] < 10 {
		t.Errorf("of the wrong results were found %v, not found %v", found, missed)
	}
}

// allKeys lets a call on all keys happen, at one instant or key by key.
func (s *simulation) allKeys(c *history.Call, m bruteMap, keys history.Word) {
	n := history.Word(0)
	one := func(key history.Word) {
		v, there := m[key]
		removed := c.Op == history.Clear || c.Op == history.Retain && v%2 == 0
		entry := history.Read{Key: key, Value: history.Some(v)}
		switch {
		case !there:
			return
		case c.Op == history.Retain && removed:
			c.Removed = append(c.Removed, entry)
		case c.Op == history.Walk || c.Op == history.Retain:
			c.All = append(c.All, entry)
		}
		if removed {
			delete(m, key)
		}
		n++
	}
	each := func() {
		for key := range keys {
			one(key)
		}
	}
	if c.Snapshot = s.rng.IntN(2) == 0; c.Snapshot {
		s.within(c, each)
	} else {
		for key := range keys {
			s.within(c, func() { one(key) })
		}
	}
	s.moments = append(s.moments, moment{c.Return, func() {
		if c.Op == history.Len {
			c.Result = history.Some(n)
		}
	}})
}

// Several writers write and publish; a publish gathers its batch at one moment and makes it visible
// at a later one, for all or for one reader after the other. Some publishes take very long. All
// histories are Ok, and a stale read is found.
func TestSimulatedBatches(t *testing.T) {
	const keys, readers = 3, 2
	found := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 0))
		s := &simulation{rng: rng}
		h := &history.History{Header: history.Header{Claim: history.ClaimEventual}}
		perHandle := seed%2 == 1
		if perHandle {
			h.Claim = history.ClaimEventualPerHandle
		}
		log, value := []*history.Call{}, history.Word(0)
		var visible [readers]int // how many writes of the log each reader sees
		for client := range 3 {
			now := rng.Int64N(50)
			for step := range 40 {
				if rng.IntN(4) > 0 {
					var c *history.Call
					c, now = s.call(client, step+1, []history.Op{history.Set, history.Set, history.Delete}[rng.IntN(3)], now, 60)
					value++
					c.Key, c.New = history.Word(rng.IntN(keys)), value
					s.within(c, func() { log = append(log, c) })
					continue
				}
				long := int64(60)
				if rng.IntN(10) == 0 {
					long = 3000
				}
				var c *history.Call
				c, now = s.call(client, step+1, history.Publish, now, long)
				gather := c.Called + rng.Int64N(c.Return-c.Called+1)
				batch := 0
				s.moments = append(s.moments, moment{gather, func() { batch = len(log) }})
				at := gather + rng.Int64N(c.Return-gather+1)
				for r := range readers {
					if perHandle {
						at = gather + rng.Int64N(c.Return-gather+1)
					}
					s.moments = append(s.moments, moment{at, func() { visible[r] = max(visible[r], batch) }})
				}
			}
		}
		for r := range readers {
			now := rng.Int64N(50)
			for step := range 60 {
				var c *history.Call
				c, now = s.call(3+r, step+1, history.Get, now, 60)
				c.Key = history.Word(rng.IntN(keys))
				s.within(c, func() {
					m := bruteMap{}
					for _, w := range log[:visible[r]] {
						m.does(w)
					}
					v, ok := m[c.Key]
					c.Result = history.ValueOf(uint64(v), ok)
				})
			}
		}
		h = s.run(h)
		if v := History(h); v.Outcome != history.Ok {
			t.Fatalf("seed %d: %v of a legal history", seed, v)
		}
		reads := callsWhere(h, func(c *history.Call) bool { return c.Op == history.Get && c.Result.Ok })
		a, b := &h.Calls[reads[len(reads)/8]], &h.Calls[reads[len(reads)*7/8]]
		a.Key, a.Result, b.Key, b.Result = b.Key, b.Result, a.Key, a.Result // early reads late, and late early
		if v := History(h); v.Outcome == history.Illegal {
			found++
		}
	}
	if found < 55 {
		t.Errorf("of 60 histories with a read of another time %d are found", found)
	}
}
