package drive

import (
	"time"

	"doublebuf/lincheck/history"
)

// Recorder records one run of a map. It must not synchronise the goroutines that it
// watches, for that would hide their races: every client writes to a tape of its own,
// and the tapes are merged after the clients have ended.
type Recorder struct {
	start time.Time
	tapes []*Tape
}

// NewRecorder returns a recorder of as many clients, each with room for the given
// number of calls and guards.
func NewRecorder(clients, events int) *Recorder {
	r := &Recorder{start: time.Now()}
	for i := range clients {
		r.tapes = append(r.tapes, &Tape{
			start:  r.start,
			client: i,
			calls:  make([]history.Call, 0, events),
			guards: make([]history.Guard, 0, events),
			reads:  make([]guardRead, 0, 4*events),
		})
	}
	return r
}

// Tape returns the tape of a client, which that client alone writes.
func (r *Recorder) Tape(client int) *Tape { return r.tapes[client] }

// Tape is what one client did, in its order.
type Tape struct {
	start  time.Time
	client int
	calls  []history.Call
	guards []history.Guard
	reads  []guardRead
	_      [64]byte // keeps what clients write off each other's cache lines
}

// guardRead is a read of the tape's guard of that index. Guards of one client may be
// open side by side, so their reads come mixed.
type guardRead struct {
	guard int
	all   bool // seen while ranging over everything
	read  history.Read
}

// Now is the time to stamp an event with. Read it directly before the operation.
func (t *Tape) Now() int64 { return int64(time.Since(t.start)) }

// Call records c, which was called at the time given and has just returned.
func (t *Tape) Call(called int64, c history.Call) {
	c.Return = t.Now()
	c.Called, c.Client = called, t.client
	t.calls = append(t.calls, c)
}

// Open records a guard of version, whose opening was called at the time given and
// returned at the other, and returns its index on this tape.
func (t *Tape) Open(called, opened int64, version uint64) int {
	t.guards = append(t.guards, history.Guard{Client: t.client, Version: version, Called: called, Opened: opened})
	return len(t.guards) - 1
}

// Read records what a guard found under a key.
func (t *Tape) Read(guard int, key history.Word, value history.Value) {
	t.reads = append(t.reads, guardRead{guard, false, history.Read{Key: key, Value: value}})
}

// Ranged records that the guard is about to range over everything.
func (t *Tape) Ranged(guard int) { t.guards[guard].Ranged = true }

// Entry records an entry found while ranging.
func (t *Tape) Entry(guard int, key, value history.Word) {
	t.reads = append(t.reads, guardRead{guard, true, history.Read{Key: key, Value: history.Some(value)}})
}

// Closed records that the guard's closing was called at the time given.
func (t *Tape) Closed(guard int, called int64) { t.guards[guard].Closed = called }

// History merges the tapes. All clients must have ended.
func (r *Recorder) History(header history.Header) *history.History {
	h := &history.History{Header: header}
	for _, t := range r.tapes {
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
