package history

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Word is a key or a value of a history. Below 1<<63 it is that number; above, it is
// an index into the history's names, for programs whose keys or values are strings.
type Word uint64

const nameBit Word = 1 << 63

// Value is a value, or none where a key was not there.
type Value struct {
	Word Word
	Ok   bool // false: there is none
}

// Op is what a call does.
type Op uint8

// The operations. Those from Swap on are kv.Swapper's.
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
)

var opNames = [...]string{"get", "set", "delete", "publish", "swap", "load-or-store", "load-and-delete", "compare-and-swap", "compare-and-delete"}

func (op Op) String() string { return opNames[op] }

// Never is the return time of a call that did not return: it may have taken effect at
// any time after it was called, or not at all.
const Never = math.MaxInt64

// Call is one operation of one client.
type Call struct {
	Client  int
	Op      Op
	Key     Word
	New     Word   // Set, Swap, LoadOrStore, CompareAndSwap: the value to store
	Old     Word   // CompareAndSwap, CompareAndDelete: the value that must be there
	Result  Value  // Get: what it found; Swap, LoadAndDelete: what was there before; LoadOrStore: the actual value
	Did     bool   // CompareAndSwap, CompareAndDelete: it did; LoadOrStore: the value was there before
	Version uint64 // Publish: the version that it made, if the map tells
	Called  int64  // nanoseconds since the history's start
	Return  int64  // likewise, or Never
}

// Read is what a guard found under a key.
type Read struct {
	Key   Word
	Value Value
}

// Guard is one stamped guard.
type Guard struct {
	Client  int
	Version uint64
	Called  int64  // when its opening was called, in nanoseconds since the history's start
	Opened  int64  // when that returned
	Closed  int64  // when its closing was called
	Reads   []Read // single look-ups
	All     []Read // the whole content, if Ranged
	Ranged  bool
}

// Claim is what a history is judged by.
type Claim string

const (
	// ClaimLinearizable: every call takes effect at one instant between its call and
	// its return. Publishes do not occur.
	ClaimLinearizable Claim = "linearizable"
	// ClaimAtomic: stamped guards and publishes are an atomic register of versions (C0 to C6).
	ClaimAtomic Claim = "atomic"
	// ClaimPerHandle: the same without C3.
	ClaimPerHandle Claim = "per-handle"
	// ClaimEventual: unstamped reads see only what publishes made visible, to all at one instant.
	ClaimEventual Claim = "eventual"
	// ClaimEventualPerHandle: the same, at one instant for each client alone.
	ClaimEventualPerHandle Claim = "eventual-per-handle"
)

var claims = []Claim{ClaimLinearizable, ClaimAtomic, ClaimPerHandle, ClaimEventual, ClaimEventualPerHandle}

func (c Claim) Stamped() bool { return c == ClaimAtomic || c == ClaimPerHandle }

// Header is what a history says about itself.
type Header struct {
	Claim Claim
	Map   string        // its name, or ""
	Seed  uint64        // that its operations were drawn from, or 0
	Slack time.Duration // see the package documentation
	// Lag is the n of C5; 0 leaves C5 out. A double buffer without a bound on its
	// waiting keeps 1.
	Lag uint64
	// From is the version before that of the first publish, if stamped guards say more; its content counts as
	// empty. No guard is of an earlier one. What shows a breach begins late.
	From uint64
	// Verdict, Checker and Note are what the history was found to be, if that is known.
	Verdict Outcome
	Checker string
	Note    string
}

// DefaultSlack covers the instructions that a processor has under way while it reads
// the clock: some hundred, of which few miss the cache.
const DefaultSlack = 100 * time.Nanosecond

// History is what a few clients did. Calls are ordered by the time of the call, and
// guards by that of their opening; of one client neither overlap.
type History struct {
	Header
	Calls  []Call
	Guards []Guard
	Names  []string // of words with nameBit
	// Cut says that the file ended within a line. The history is then incomplete, and
	// the verdict is Unknown.
	Cut bool
}

// sort puts the events in the order that History promises, keeping each client's own.
func (h *History) Sort() {
	h.Calls = byCalled(h.Calls, func(c *Call) int64 { return c.Called })
	h.Guards = byCalled(h.Guards, func(g *Guard) int64 { return g.Called })
}

// byCalled returns events in the order of those times; equal ones keep theirs. The events are
// large, so that it sorts their times and moves each event once.
func byCalled[E any](events []E, called func(*E) int64) []E {
	type place struct {
		at int64
		i  int
	}
	places, sorted := make([]place, len(events)), true
	for i := range events {
		places[i] = place{called(&events[i]), i}
		sorted = sorted && (i == 0 || places[i-1].at <= places[i].at)
	}
	if sorted {
		return events
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.i, b.i)) })
	moved := make([]E, len(events))
	for to, from := range places {
		moved[to] = events[from.i]
	}
	return moved
}

// inOrder passes all events on in the order in which they were called.
func (h *History) InOrder(call func(*Call), guard func(*Guard)) {
	c, g := 0, 0
	for c < len(h.Calls) || g < len(h.Guards) {
		if g == len(h.Guards) || c < len(h.Calls) && h.Calls[c].Called <= h.Guards[g].Called {
			call(&h.Calls[c])
			c++
		} else {
			guard(&h.Guards[g])
			g++
		}
	}
}

// ValueOf returns what a map answered as a Value. A map may answer any v beside ok == false.
func ValueOf(v uint64, ok bool) Value {
	if !ok {
		return Value{}
	}
	return Value{Word(v), true}
}

// Some returns w as a value that is there.
func Some(w Word) Value { return Value{w, true} }
