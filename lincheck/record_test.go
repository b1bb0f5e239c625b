package lincheck

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRecorderKeepsEachClientsOrder(t *testing.T) {
	r := NewRecorder(2, 1) // room for one event each: tapes grow if they must
	a, b := r.Tape(0), r.Tape(1)
	first := a.Open(5, 6, 1)
	second := a.Open(7, 8, 2)
	a.Read(second, 1, Value{10, true})
	a.Read(first, 2, Value{})
	a.Ranged(first)
	a.Entry(first, 3, 30)
	a.Closed(second, 9)
	a.Read(first, 4, Value{40, true})
	a.Closed(first, 10)
	a.Call(3, Call{Op: Get})
	b.Call(2, Call{Op: Set, Key: 1, New: 2})
	b.Call(2, Call{Op: Publish, Version: 1}) // the clock did not move
	b.Open(1, 3, 0)

	h := r.History(Header{Map: "m"})
	for i := range h.Calls {
		h.Calls[i].Return = 0 // the real time
	}
	want := &History{
		Header: Header{Map: "m"},
		Calls:  []Call{{Client: 1, Op: Set, Key: 1, New: 2, Called: 2}, {Client: 1, Op: Publish, Version: 1, Called: 2}, {Client: 0, Op: Get, Called: 3}},
		Guards: []Guard{
			{Client: 1, Called: 1, Opened: 3},
			{Client: 0, Version: 1, Called: 5, Opened: 6, Closed: 10, Reads: []Read{{2, Value{}}, {4, Value{40, true}}}, All: []Read{{3, Value{30, true}}}, Ranged: true},
			{Client: 0, Version: 2, Called: 7, Opened: 8, Closed: 9, Reads: []Read{{1, Value{10, true}}}},
		},
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
}

func TestRecordingDoesNotAllocate(t *testing.T) {
	tape := NewRecorder(1, 2000).Tape(0)
	if n := testing.AllocsPerRun(1000, func() {
		now := tape.Now()
		tape.Call(now, Call{Op: Get})
		g := tape.Open(now, now, 1)
		tape.Read(g, 1, Value{})
		tape.Closed(g, now)
	}); n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}

// The same seed draws the same operations for each client, however the clients
// interleave; another seed draws others. Of a directed schedule that is so of the writer
// alone, which is the first client: the others read again whenever they see something new.
func TestSeedsDrawTheSameOperations(t *testing.T) {
	type op struct {
		Op       Op
		Key, New Word
	}
	drawn := func(seed uint64) map[int][]op {
		ops := map[int][]op{}
		for _, d := range levelOf(batchedEntry).implies {
			h := d.record(batchedEntry, seed)
			for _, c := range h.Calls {
				if directed := d.every > 0; !directed || c.Client == 0 {
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

// A history of batches ends with reads that must see everything, by each client, on
// both of a double buffer's copies.
func TestHistoriesEndConverged(t *testing.T) {
	for seed := range uint64(10) {
		for _, d := range levelOf(batchedEntry).implies {
			h := d.record(batchedEntry, seed)
			for copies := range 2 {
				publish, ends := lastPublish(h)
				complete := map[int]int{} // of each client, keys or ranges after that publish
				for _, c := range ends {
					if c.Op != Get {
						t.Fatalf("%s, seed %d: %v after publish %d from the end", d.claim, seed, c.Op, copies+1)
					}
					complete[c.Client]++
				}
				for _, g := range h.Guards {
					if g.Ranged && g.Called > publish.Return {
						complete[g.Client] += len(h.keys())
					}
				}
				for client := range complete {
					if complete[client] < len(h.keys()) {
						t.Errorf("%s, seed %d: client %d reads %d of %d keys at the end", d.claim, seed, client, complete[client], len(h.keys()))
					}
				}
				if len(complete) == 0 {
					t.Errorf("%s, seed %d: nobody reads at the end", d.claim, seed)
				}
				h.Calls = h.Calls[:len(h.Calls)-len(ends)-1]
				h.Guards = slices.DeleteFunc(h.Guards, func(g Guard) bool { return g.Called > publish.Called })
			}
		}
	}
}

// lastPublish returns that, and the calls after it.
func lastPublish(h *History) (Call, []Call) {
	for i, c := range slices.Backward(h.Calls) {
		if c.Op == Publish {
			return c, h.Calls[i+1:]
		}
	}
	return Call{}, h.Calls
}
