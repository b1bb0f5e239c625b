package lincheck

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/internal/controls"
)

// The same seed draws the same operations for each client, however the clients interleave. Another
// seed draws others. In a directed schedule this holds for the writer only, which is the first
// client: the others read again whenever they see something new.
func TestSeedsDrawTheSameOperations(t *testing.T) {
	type op struct {
		Op       history.Op
		Key, New history.Word
	}
	drawn := func(seed uint64) map[int][]op {
		ops := map[int][]op{}
		for _, d := range levelOf(controls.BatchedEntry()).implies {
			h := d.Record(controls.BatchedEntry(), seed)
			for _, c := range h.Calls {
				if directed := d.Every > 0; !directed || c.Client == 0 {
					ops[c.Client] = append(ops[c.Client], op{c.Op, c.Key, c.New})
				}
			}
		}
		return ops
	}
	if diff := cmp.Diff(drawn(7), drawn(7)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(drawn(7), drawn(8)) {
		t.Error("seeds 7 and 8 draw the same")
	}
}

// A history of batches ends with reads that must see everything, by each client, in both copies of
// a double buffer.
func TestHistoriesEndConverged(t *testing.T) {
	for seed := range uint64(10) {
		for _, d := range levelOf(controls.BatchedEntry()).implies {
			h := d.Record(controls.BatchedEntry(), seed)
			for copies := range 2 {
				publish, ends := lastPublish(h)
				complete := map[int]int{} // keys read by each client after that publish
				for _, c := range ends {
					if c.Op != history.Get {
						t.Fatalf("%s, seed %d: %v after publish %d from the end", d.Claim, seed, c.Op, copies+1)
					}
					complete[c.Client]++
				}
				for _, g := range h.Guards {
					if g.Ranged && g.Called > publish.Return {
						complete[g.Client] += len(keysOf(h))
					}
				}
				for client := range complete {
					if complete[client] < len(keysOf(h)) {
						t.Errorf("%s, seed %d: client %d reads %d of %d keys at the end", d.Claim, seed, client, complete[client], len(keysOf(h)))
					}
				}
				if len(complete) == 0 {
					t.Errorf("%s, seed %d: no client reads at the end", d.Claim, seed)
				}
				h.Calls = h.Calls[:len(h.Calls)-len(ends)-1]
				h.Guards = slices.DeleteFunc(h.Guards, func(g history.Guard) bool { return g.Called > publish.Called })
			}
		}
	}
}

// lastPublish returns the last publish, and the calls after it.
func lastPublish(h *history.History) (history.Call, []history.Call) {
	for i, c := range slices.Backward(h.Calls) {
		if c.Op == history.Publish {
			return c, h.Calls[i+1:]
		}
	}
	return history.Call{}, h.Calls
}

// keysOf returns the keys that are written or read in h.
func keysOf(h *history.History) map[history.Word]bool {
	keys := map[history.Word]bool{}
	for i := range h.Calls {
		if h.Calls[i].Op != history.Publish {
			keys[h.Calls[i].Key] = true
		}
	}
	return keys
}
