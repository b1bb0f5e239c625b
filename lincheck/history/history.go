package history

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Word is a key or a value of a history. Below 1<<63 it is that number. From there on it is an
// index into the history's names, for programs whose keys or values are strings, booleans or
// negative numbers.
type Word uint64

const (
	nameBit    Word = 1 << 63
	literalBit Word = 1 << 62 // with nameBit: the name is a boolean or a number
)

// Value is the value of a key, or none.
type Value struct {
	Word Word
	Ok   bool // false: the key has no value
}

// Op is the operation of a call.
type Op uint8

// The operations. Swap to CompareAndDelete are the operations of kv.Swapper. Clear and those after
// it concern all keys.
const (
	Get Op = iota
	Set
	Delete
	Publish
	Swap
	LoadOrStore
	LoadAndDelete
	CompareAndSwap
	CompareAndDelete
	Clear
	Walk
	Retain
	Len
)

var opNames = [...]string{"get", "set", "delete", "publish", "swap", "load-or-store", "load-and-delete", "compare-and-swap", "compare-and-delete", "clear", "walk", "retain", "len"}

func (op Op) String() string { return opNames[op] }

// AllKeys reports whether a call of op concerns all keys and not one.
func (op Op) AllKeys() bool { return op >= Clear }

// Never is the return time of a call that did not return, and the closing time of a guard that was
// not closed. Such a call took effect at some time after it was called, or not at all. Its client
// may go on: later calls of the client may take effect before it.
const Never = math.MaxInt64

// Call is one operation of one client.
type Call struct {
	Client  int
	Op      Op
	Key     Word
	New     Word   // Set, Swap, LoadOrStore, CompareAndSwap: the value to store
	Old     Word   // CompareAndSwap, CompareAndDelete: the value that must be there
	Result  Value  // Get, LoadOrStore: the value; Swap, LoadAndDelete: the previous value; Len: the number
	Did     bool   // CompareAndSwap, CompareAndDelete: it did; LoadOrStore: it loaded
	Version uint64 // Publish: the version that it made; 0 if the map does not say
	Called  int64  // nanoseconds since the history's start
	Return  int64  // the same unit; Never if the call did not return
	Seq     int    // its place among the events of its client, from 1; 0 = not known

	// All is what a Walk saw, or what a Retain saw and kept. Removed is what a Retain removed.
	All, Removed []Read
	// Snapshot says that a Clear, Walk, Retain or Len must take effect for all keys at one instant.
	// Else it may take effect for each key at a separate instant, between its call and its return.
	Snapshot bool
}

// Read is what a guard found under a key.
type Read struct {
	Key   Word
	Value Value
}

// Guard is one stamped guard: an open read of a known version.
type Guard struct {
	Client  int
	Version uint64
	Called  int64  // time of the call that opened it, in nanoseconds since the history's start
	Opened  int64  // time at which that call returned
	Closed  int64  // time of the call that closed it; Never if there was none
	Seq     int    // its place among the events of its client, from 1; 0 = not known
	Reads   []Read // single lookups
	All     []Read // the whole content, if Ranged
	Ranged  bool
}

// Claim says by which laws a history is judged.
type Claim string

const (
	// ClaimLinearizable: every call takes effect at one instant between its call and its return.
	// Publishes do not occur.
	ClaimLinearizable Claim = "linearizable"
	// ClaimAtomic: stamped guards and publishes are an atomic register of versions (C0 to C6).
	ClaimAtomic Claim = "atomic"
	// ClaimPerHandle: as ClaimAtomic, without C3.
	ClaimPerHandle Claim = "per-handle"
	// ClaimEventual: unstamped reads see only what publishes made visible. Each publish takes
	// effect for all clients at one instant.
	ClaimEventual Claim = "eventual"
	// ClaimEventualPerHandle: as ClaimEventual, but at a separate instant for each client.
	ClaimEventualPerHandle Claim = "eventual-per-handle"
)

var claims = []Claim{ClaimLinearizable, ClaimAtomic, ClaimPerHandle, ClaimEventual, ClaimEventualPerHandle}

// Stamped reports whether a history with this claim consists of stamped guards, and of the writes
// and publishes of writers.
func (c Claim) Stamped() bool { return c == ClaimAtomic || c == ClaimPerHandle }

// Header describes a history.
type Header struct {
	Claim Claim
	Map   string        // the map's name, or ""
	Seed  uint64        // the seed of its operations, or 0
	Slack time.Duration // see the package documentation
	// Lag is the n of law C5; 0 leaves C5 out. A double buffer that waits for its readers without
	// a limit keeps 1.
	Lag uint64
	// From is the version before the first publish of a history of stamped guards. Its content
	// counts as empty, and no guard has an earlier version. A reduced history begins late.
	From uint64
	// OwnLogs: each client has a log of its own. A publish need not show what other clients have
	// written. Only histories with the claims eventual and eventual-per-handle have it.
	OwnLogs bool
	// Verdict, Checker and Note are the result of an earlier judge, if there was one.
	Verdict Outcome
	Checker string
	Note    string
}

// DefaultSlack covers the instructions that a processor has under way while it reads the clock:
// about a hundred, few of which miss the cache.
const DefaultSlack = 100 * time.Nanosecond

// History is what a few clients did. Calls are in the order in which they were called, and guards
// in the order in which their openings were called. The calls of one client do not overlap, except
// with those that never returned. Neither do its openings of guards.
type History struct {
	Header
	Calls  []Call
	Guards []Guard
	Names  []string // the strings of words from 1<<63 on
	// Cut says that the file ended within a line. Then the history is incomplete, and its verdict
	// is Unknown.
	Cut bool
}

// Sort puts the events in the order that History promises. It keeps the order of each client.
func (h *History) Sort() {
	h.Calls = byCalled(h.Calls, func(c *Call) (int64, int) { return c.Called, c.Seq })
	h.Guards = byCalled(h.Guards, func(g *Guard) (int64, int) { return g.Called, g.Seq })
}

// byCalled returns events in the order of their times. Events with equal times are in the order of
// their places among the events of their clients, and keep their order otherwise. Events are large,
// so it sorts their times first and then moves each event once.
func byCalled[E any](events []E, called func(*E) (at int64, seq int)) []E {
	type place struct {
		at     int64
		seq, i int
	}
	compare := func(a, b place) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq), cmp.Compare(a.i, b.i))
	}
	places, sorted := make([]place, len(events)), true
	for i := range events {
		at, seq := called(&events[i])
		places[i] = place{at, seq, i}
		sorted = sorted && (i == 0 || compare(places[i-1], places[i]) < 0)
	}
	if sorted {
		return events
	}
	slices.SortFunc(places, compare)
	moved := make([]E, len(events))
	for to, from := range places {
		moved[to] = events[from.i]
	}
	return moved
}

// InOrder passes all events to call and guard, in the order in which they were called. It keeps the
// order of each client.
func (h *History) InOrder(call func(*Call), guard func(*Guard)) {
	c, g := 0, 0
	for c < len(h.Calls) || g < len(h.Guards) {
		if g == len(h.Guards) || c < len(h.Calls) && !before(&h.Guards[g], &h.Calls[c]) {
			call(&h.Calls[c])
			c++
		} else {
			guard(&h.Guards[g])
			g++
		}
	}
}

// before reports whether g comes before c in the order of calls.
func before(g *Guard, c *Call) bool {
	return cmp.Or(cmp.Compare(g.Called, c.Called), cmp.Compare(g.Seq, c.Seq)) < 0
}

// ValueOf returns the answer of a map as a Value. If ok is false it ignores v, which may be
// anything.
func ValueOf(v uint64, ok bool) Value {
	if !ok {
		return Value{}
	}
	return Value{Word(v), true}
}

// Some returns the value w.
func Some(w Word) Value { return Value{w, true} }
