package lincheck

import (
	"testing"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/judge"
)

func TestReduceLeavesTheFewThatShowIt(t *testing.T) {
	for _, e := range Controls()[:historyControls] {
		for seed := range uint64(5) {
			h := illegal(t, e, seed)
			before, v := *h, judge.History(h)
			less := judge.Reduce(h)
			if len(h.Calls) != len(before.Calls) || len(h.Guards) != len(before.Guards) {
				t.Errorf("%s: reduce changed the history it was given", e.Name)
			}
			if now := judge.History(less); now.Outcome != Illegal || now.Checker != v.Checker || less.Verdict != Illegal || less.Checker != v.Checker {
				t.Errorf("%s: %v became %v", e.Name, v, now)
			}
			if h.Claim.Stamped() {
				if len(less.Guards) > 2 {
					t.Errorf("%s: %d guards left of %d", e.Name, len(less.Guards), len(h.Guards))
				}
			} else if len(less.Calls) > 12 || len(less.Calls) < 2 {
				t.Errorf("%s, seed %d: %d calls left of %d", e.Name, seed, len(less.Calls), len(h.Calls))
			}
		}
	}
}

// illegal records an Illegal history of e.
func illegal(t *testing.T, e kv.Entry, seed uint64) *history.History {
	t.Helper()
	for i := range uint64(100) {
		for _, d := range levelOf(e).implies {
			if h := d.Record(e, seed*100+i); judge.History(h).Outcome == Illegal {
				return h
			}
		}
	}
	t.Fatalf("%s: no illegal history", e.Name)
	return nil
}
