package order

import (
	"math/rand/v2"
	"testing"
	"time"

	"doublebuf/lincheck/history"
)

// A search that keeps one configuration, and comes back to the others when it fails, finds the same
// as a search that keeps all.
func TestComingBack(t *testing.T) {
	counts, back := map[history.Outcome]int{}, 0
	for seed := range uint64(3000) {
		calls := randomCalls(rand.New(rand.NewPCG(seed, 0)))
		all := New(OneKey{}, history.Value{}, 0, &Work{Limit: time.Minute})
		one := New(OneKey{}, history.Value{}, 0, &Work{Limit: time.Minute})
		one.most, one.few = 2, 1
		for i := range calls {
			all.Add(&calls[i])
			if one.Add(&calls[i]); len(one.parked) > 0 {
				back++
			}
		}
		all.Advance(history.Never)
		one.Advance(history.Never)
		want, _ := all.Answer()
		counts[want]++
		if got, why := one.Answer(); got != want {
			t.Fatalf("seed %d: %v %s; want %v of %+v", seed, got, why, want, calls)
		}
	}
	if t.Log(counts, back); counts[history.Ok] < 300 || counts[history.Illegal] < 300 || back < 1000 {
		t.Error("the histories are one-sided")
	}
}

// A search gives up for want of time, and says so. It does not say Illegal.
func TestGivesUp(t *testing.T) {
	work := &Work{Limit: time.Nanosecond}
	s := New(OneKey{}, history.Value{}, 0, work)
	for client := range 20 {
		s.Add(&history.Call{Client: client, Op: history.Set, New: history.Word(client), Called: int64(client), Return: 1000})
	}
	s.Add(&history.Call{Client: 20, Op: history.Get, Result: history.Some(99), Called: 30, Return: 40})
	s.Advance(history.Never)
	if got, why := s.Answer(); got != history.Unknown || why != "no answer within 1ns" || work.vain == 0 {
		t.Errorf("%v %q; want Unknown", got, why)
	}
	crowd := New(OneKey{}, history.Value{}, 0, &Work{Limit: time.Minute})
	for client := range mostOpen + 1 {
		crowd.Add(&history.Call{Client: client, Op: history.Set, Called: 1, Return: 1000})
	}
	if got, why := crowd.Answer(); got != history.Unknown || why == "" {
		t.Errorf("%v %q with %d open calls; want Unknown", got, why, mostOpen+1)
	}
}

// randomCalls returns calls of six clients on one key, in order. Some never return.
func randomCalls(rng *rand.Rand) (calls []history.Call) {
	at := int64(0)
	free := make([]int64, 6)
	for range 14 {
		at += rng.Int64N(8)
		client := rng.IntN(len(free))
		c := history.Call{Client: client, Called: max(at, free[client]), New: history.Word(rng.IntN(3)), Old: history.Word(rng.IntN(3))}
		at = c.Called
		c.Return = at + 1 + rng.Int64N(40)
		free[client] = c.Return + 1
		switch c.Op = []history.Op{history.Get, history.Set, history.Set, history.CompareAndSwap}[rng.IntN(4)]; c.Op {
		case history.Get:
			c.Result = history.ValueOf(rng.Uint64N(3), rng.IntN(4) > 0)
		case history.CompareAndSwap:
			c.Did = rng.IntN(2) == 0
		}
		if rng.IntN(8) == 0 {
			c.Return, c.Result, c.Did = history.Never, history.Value{}, false
		}
		calls = append(calls, c)
	}
	return calls
}
