package judge

import (
	"math"
	"math/rand/v2"
	"testing"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

var everyOp = map[history.Claim][]history.Op{
	history.ClaimLinearizable:      {history.Get, history.Set, history.Set, history.Delete, history.Swap, history.LoadOrStore, history.LoadAndDelete, history.CompareAndSwap, history.CompareAndDelete},
	history.ClaimEventual:          {history.Get, history.Get, history.Set, history.Delete, history.Publish, history.Publish},
	history.ClaimEventualPerHandle: {history.Get, history.Get, history.Set, history.Delete, history.Publish, history.Publish},
}

// A legal history stays legal without the events that Reduce removes, however many it removes.
func TestReducingKeepsLegal(t *testing.T) {
	always := func(*history.History) bool { return true }
	for claim, ops := range everyOp {
		taken := map[string]int{}
		for seed := range uint64(2000) {
			h := randomHistory(rand.New(rand.NewPCG(seed, 1)), claim, ops, 2, 2+int(seed%3), 60)
			if History(h).Outcome != history.Ok {
				continue
			}
			for name, less := range map[string]*history.History{
				"past":    withoutPast(h, always),
				"reads":   thin(h, callsWhere(h, order.IsRead), always),
				"unread":  thin(h, callsWhere(h, func(c *history.Call) bool { return unread(h, c) }), always),
				"effects": thin(h, callsWhere(h, func(c *history.Call) bool { return withoutEffect(h, c) }), always),
			} {
				taken[name] += size(h) - size(less)
				if v := History(less); v.Outcome != history.Ok {
					t.Fatalf("%s, seed %d, %s: %v\nof %+v\nleft %+v", claim, seed, name, v, h.Calls, less.Calls)
				}
			}
		}
		if claim == history.ClaimLinearizable {
			taken["effects"] = math.MaxInt // it has no publishes
		}
		for name, n := range taken {
			if n < 30 {
				t.Errorf("%s, %s: %d calls taken away in all; the test shows nothing", claim, name, n)
			}
		}
		t.Log(claim, taken)
	}
}
