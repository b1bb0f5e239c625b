package drive

import (
	"time"

	"doublebuf/lincheck/history"
)

// Recorder records one run of a map. It must not synchronise the goroutines that it watches,
// because that would hide their races. So every client writes to a separate recording, and the
// recordings are merged after the clients have ended.
type Recorder struct {
	start      time.Time
	recordings []*Recording
}

// NewRecorder returns a recorder for the given number of clients. Each has memory for the given
// number of calls and of guards, and gets more if it needs more.
func NewRecorder(clients, events int) *Recorder {
	r := &Recorder{start: time.Now()}
	for i := range clients {
		r.recordings = append(r.recordings, &Recording{
			start:  r.start,
			client: i,
			calls:  make([]history.Call, 0, events),
			guards: make([]history.Guard, 0, events),
			reads:  make([]guardRead, 0, 4*events),
		})
	}
	return r
}

// Recording returns the recording of a client. Only the goroutine of that client may write to it.
func (r *Recorder) Recording(client int) *Recording { return r.recordings[client] }

// A Recording holds what one client did, in its order.
type Recording struct {
	start  time.Time
	client int
	events int // calls and guards so far
	calls  []history.Call
	guards []history.Guard
	reads  []guardRead
	_      [64]byte // no two recordings share a cache line
}

// guardRead is a read of the guard with that index. Guards of one client may be open at the same
// time, so their reads are mixed.
type guardRead struct {
	guard int
	all   bool // part of a walk over the whole content
	read  history.Read
}

// Now returns the time for the stamp of an event, in nanoseconds since the recorder was made. The
// client calls it directly before the operation.
func (t *Recording) Now() int64 { return int64(time.Since(t.start)) }

// Call records c, which was called at the given time and has just returned.
func (t *Recording) Call(called int64, c history.Call) {
	c.Return = t.Now()
	t.events++
	c.Called, c.Client, c.Seq = called, t.client, t.events
	t.calls = append(t.calls, c)
}

// Open records a guard of the given version. Its opening was called at the time called and returned
// at the time opened. Open returns the guard's index in this recording.
func (t *Recording) Open(called, opened int64, version uint64) int {
	return t.Take(t.Opened(called, opened, version))
}

// Opened returns a guard for another client to take. Its opening was called at the time called and
// returned at the time opened.
func (t *Recording) Opened(called, opened int64, version uint64) history.Guard {
	t.events++
	return history.Guard{Client: t.client, Version: version, Called: called, Opened: opened, Seq: t.events}
}

// Take records a guard that some client has opened. It returns the guard's index in this recording.
func (t *Recording) Take(g history.Guard) int {
	t.guards = append(t.guards, g)
	return len(t.guards) - 1
}

// Read records the value that a guard found under a key.
func (t *Recording) Read(guard int, key history.Word, value history.Value) {
	t.reads = append(t.reads, guardRead{guard, false, history.Read{Key: key, Value: value}})
}

// Ranged records that the guard is about to walk over the whole content.
func (t *Recording) Ranged(guard int) { t.guards[guard].Ranged = true }

// Entry records an entry that a guard found on its walk.
func (t *Recording) Entry(guard int, key, value history.Word) {
	t.reads = append(t.reads, guardRead{guard, true, history.Read{Key: key, Value: history.Some(value)}})
}

// Closed records that the closing of the guard was called at the given time.
func (t *Recording) Closed(guard int, called int64) { t.guards[guard].Closed = called }

// History merges the recordings into a history with the given header. All clients must have ended.
func (r *Recorder) History(header history.Header) *history.History {
	h := &history.History{Header: header}
	for _, t := range r.recordings {
		for _, r := range t.reads {
			g := &t.guards[r.guard]
			if r.all {
				g.All = append(g.All, r.read)
			} else {
				g.Reads = append(g.Reads, r.read)
			}
		}
		h.Calls = append(h.Calls, t.calls...)
		h.Guards = append(h.Guards, t.guards...)
	}
	h.Sort()
	return h
}
