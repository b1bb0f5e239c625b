package drive

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"doublebuf/lincheck/history"
)

func TestRecorderKeepsEachClientsOrder(t *testing.T) {
	r := NewRecorder(2, 1) // memory for one event each: recordings grow
	a, b := r.Recording(0), r.Recording(1)
	first := a.Open(5, 6, 1)
	second := a.Open(7, 8, 2)
	a.Read(second, 1, history.Some(10))
	a.Read(first, 2, history.Value{})
	a.Ranged(first)
	a.Entry(first, 3, 30)
	a.Closed(second, 9)
	a.Read(first, 4, history.Some(40))
	a.Closed(first, 10)
	a.Call(3, history.Call{Op: history.Get})
	b.Call(2, history.Call{Op: history.Set, Key: 1, New: 2})
	b.Call(2, history.Call{Op: history.Publish, Version: 1}) // the clock did not move
	b.Open(1, 3, 0)

	h := r.History(history.Header{Map: "m"})
	for i := range h.Calls {
		h.Calls[i].Return = 0 // the real time differs in every run
	}
	want := &history.History{
		Header: history.Header{Map: "m"},
		Calls:  []history.Call{{Client: 1, Op: history.Set, Key: 1, New: 2, Called: 2, Seq: 1}, {Client: 1, Op: history.Publish, Version: 1, Called: 2, Seq: 2}, {Client: 0, Op: history.Get, Called: 3, Seq: 3}},
		Guards: []history.Guard{
			{Client: 1, Called: 1, Opened: 3, Seq: 3},
			{Client: 0, Version: 1, Called: 5, Opened: 6, Closed: 10, Seq: 1, Reads: []history.Read{{Key: 2, Value: history.Value{}}, {Key: 4, Value: history.Some(40)}}, All: []history.Read{{Key: 3, Value: history.Some(30)}}, Ranged: true},
			{Client: 0, Version: 2, Called: 7, Opened: 8, Closed: 9, Seq: 2, Reads: []history.Read{{Key: 1, Value: history.Some(10)}}},
		},
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
}

func TestRecordingDoesNotAllocate(t *testing.T) {
	recording := NewRecorder(1, 2000).Recording(0)
	if n := testing.AllocsPerRun(1000, func() {
		now := recording.Now()
		recording.Call(now, history.Call{Op: history.Get})
		g := recording.Open(now, now, 1)
		recording.Read(g, 1, history.Value{})
		recording.Closed(g, now)
	}); n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}
