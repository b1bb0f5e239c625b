package lincheck

import (
	"math"
	"math/rand/v2"
	"testing"

	"doublebuf/baselines/kv"
)

var everyOp = map[Claim][]Op{
	ClaimLinearizable:      {Get, Set, Set, Delete, Swap, LoadOrStore, LoadAndDelete, CompareAndSwap, CompareAndDelete},
	ClaimEventual:          {Get, Get, Set, Delete, Publish, Publish},
	ClaimEventualPerHandle: {Get, Get, Set, Delete, Publish, Publish},
}

// What reduce takes away, a legal history can be without: however much of it is taken
// from one, it stays legal.
func TestReducingKeepsLegal(t *testing.T) {
	always := func(*History) bool { return true }
	for claim, ops := range everyOp {
		taken := map[string]int{}
		for seed := range uint64(2000) {
			h := randomHistory(rand.New(rand.NewPCG(seed, 1)), claim, ops, 2+int(seed%3), 60)
			if h.Judge().Outcome != Ok {
				continue
			}
			for name, less := range map[string]*History{
				"past":    h.withoutPast(always),
				"reads":   h.thin(h.calls(isRead), always),
				"unread":  h.thin(h.calls(h.unread), always),
				"effects": h.thin(h.calls(h.withoutEffect), always),
			} {
				taken[name] += h.size() - less.size()
				if v := less.Judge(); v.Outcome != Ok {
					t.Fatalf("%s, seed %d, %s: %v\nof %+v\nleft %+v", claim, seed, name, v, h.Calls, less.Calls)
				}
			}
		}
		if claim == ClaimLinearizable {
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

func TestReduceLeavesTheFewThatShowIt(t *testing.T) {
	for _, e := range Controls() {
		for seed := range uint64(5) {
			h := illegal(t, e, seed)
			size, v := h.size(), h.Judge()
			less := reduce(h)
			if h.size() != size {
				t.Errorf("%s: reduce changed the history it was given", e.Name)
			}
			if now := less.Judge(); now.Outcome != Illegal || now.Checker != v.Checker || less.Verdict != Illegal || less.Checker != v.Checker {
				t.Errorf("%s: %v became %v", e.Name, v, now)
			}
			if h.Claim.stamped() {
				if len(less.Guards) > 2 {
					t.Errorf("%s: %d guards left of %d", e.Name, len(less.Guards), len(h.Guards))
				}
			} else if len(less.Calls) > 12 || len(less.Calls) < 2 {
				t.Errorf("%s, seed %d: %d calls left of %d", e.Name, seed, len(less.Calls), len(h.Calls))
			}
		}
	}
}

// illegal records a history of e that is.
func illegal(t *testing.T, e kv.Entry, seed uint64) *History {
	t.Helper()
	for i := range uint64(100) {
		for _, d := range levelOf(e).implies {
			if h := d.record(e, seed*100+i); h.Judge().Outcome == Illegal {
				return h
			}
		}
	}
	t.Fatalf("%s: no illegal history", e.Name)
	return nil
}
