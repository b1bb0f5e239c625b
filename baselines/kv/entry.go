package kv

//go:generate go run ./generate

import (
	"fmt"
	"time"
)

// Level is the consistency that a map declares. The checkers of package lincheck hold the map to
// it. A higher level implies the lower ones. The zero value is an undeclared level, which no entry
// may have.
type Level int

const (
	_ Level = iota
	// None declares nothing. It is for an entry that is not a map: the harness floor.
	None
	// PerHandle: a regular register of versions, atomic for each handle alone.
	PerHandle
	// Atomic: publishes and guards form an atomic register of versions (Lamport 1986).
	Atomic
	// Linearizable: every single-key operation takes effect at one instant between call and
	// return. A write includes the publish that the map's policy prescribes.
	Linearizable
)

var levelNames = [...]string{
	"undeclared", None: "none", PerHandle: "per-handle", Atomic: "atomic", Linearizable: "linearizable",
}

func (l Level) String() string { return levelNames[l] }

// Caps is the set of capabilities that an entry declares.
type Caps uint

const (
	// Concurrent: any number of goroutines may read at once.
	Concurrent Caps = 1 << iota
	// Writes: any number of goroutines may write, beside readers. Without Concurrent, the one
	// goroutine may write.
	Writes
	// Range: handles implement Ranger.
	Range
	// Snapshot: All and Len see one state of the map, not a mixture. Handles implement BatchReader,
	// and all reads of one call see one state too.
	Snapshot
	// Swaps: handles implement Swapper, for values that can be compared.
	Swaps
	// Versions: handles implement Versioned.
	Versions
	// Clears: handles implement Clearer.
	Clears
	// Retains: handles implement Retainer.
	Retains
	// BoundedLag: while a guard of version v is open, at most version v+1 is published.
	BoundedLag
	// Updates: handles implement Updater.
	Updates
	// Rewrites: handles implement Rewriter.
	Rewrites
	// BatchReads: guards implement BatchReader. All reads of one call are of the guard's version.
	BatchReads
	// TryPublishes: handles implement TryPublisher.
	TryPublishes
	// Cancels: handles implement ContextPublisher.
	Cancels
	// Flushes: handles implement Flusher.
	Flushes
	// Passes: a guard may be passed to another goroutine, while its handle opens others.
	Passes
	// Ends: closing the map ends writing. From then on every method that writes or publishes
	// panics or returns an error, and has no effect. Reads go on, and see what was published or,
	// if the map does not publish, each write that had returned. With the capability OwnLogs a
	// method that only writes to the log of its handle may return as usual.
	Ends
	// OwnLogs: handles implement HandOverer, and each has a log of its own. Publish makes visible
	// what its handle wrote and what was handed over, and not what other handles have written
	// since. Workers hand over when the policy says that they publish.
	OwnLogs
)

// Has reports whether c includes all of want.
func (c Caps) Has(want Caps) bool { return c&want == want }

// Policy says when workers publish. It is part of an entry. An adapter never publishes of its own
// accord.
type Policy struct {
	// Every is the number of writes after which a worker publishes.
	Every int `json:"every,omitempty"`
	// Interval is a time instead: a worker publishes after the first write that ends this long
	// after its last publish. It looks at the clock after each write.
	//
	// If both are 0, workers never publish: the map needs no publish, or it is published on
	// demand.
	Interval time.Duration `json:"interval_ns,omitempty"`
}

// Line is a value of 64 bytes, which are a cache line.
type Line [8]uint64

// Wide is a value of 1 KiB.
type Wide [128]uint64

// Entry is a map's row in the registry, under the name by which it is measured and checked.
//
// Go cannot store a generic constructor, so an entry has one constructor for each type that the
// harness uses; baselines/kv/generate/types.go lists the types. nil means that the map cannot have
// such keys or values. A constructor takes the number of entries to size the map for; 0 means that
// the number is not known.
type Entry struct {
	Name     string // of letters, digits, '.', '_', '+' and '-'
	Doc      string // one line: what it is
	Identity Identity
	Level    Level
	Caps     Caps
	Policy   Policy
	// Aside: the map is always checked, but measured only if its name or a preset selects it.
	Aside bool
	// Broken: the map is known to fail its check. A check that passes is then a failure.
	Broken bool
	// Collects: a publish needs a garbage collection. The sweep of a collection yields to every
	// goroutine that can run. It takes seconds if there are more goroutines than processors and
	// they never yield, as those of a soak do.
	Collects bool
	// Instead returns an error if another map takes the place of this one on this machine. The
	// error says why, and which map it is. Instead returns nil if none does. It may be nil itself.
	Instead func() error

	Uint64 func(capacity int) Map[uint64, uint64]
	Constructors

	// Watched is Uint64 with a function that observes waits. Only entries with Versions have it.
	// The publishing goroutine calls entered each time that a wait for readers has ended, before it
	// changes anything that they have read. The second version after theirs is then about to be
	// made. It does not call entered before the first such wait. nil means that the map cannot
	// report its waits.
	Watched func(capacity int, entered func()) Map[uint64, uint64]
}

// Validate reports the first thing that makes e unfit for the registry.
func (e Entry) Validate() error {
	if e.Name == "" {
		return fmt.Errorf("an entry has no name; want one of letters, digits and . _ + -")
	}
	for _, c := range e.Name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '+' || c == '-') {
			return fmt.Errorf("entry %q: %q in its name; want letters, digits and . _ + -", e.Name, c)
		}
	}
	switch {
	case e.Level < None || e.Level > Linearizable:
		return fmt.Errorf("entry %q: Level is %d; want kv.PerHandle, kv.Atomic or kv.Linearizable, or kv.None for an entry that is not a map", e.Name, e.Level)
	case e.Policy.Every < 0 || e.Policy.Interval < 0 || e.Policy.Every > 0 && e.Policy.Interval > 0:
		return fmt.Errorf("entry %q: it publishes every %d writes and every %v; want one of them or neither, and no negative one", e.Name, e.Policy.Every, e.Policy.Interval)
	case e.Uint64 == nil:
		return fmt.Errorf("entry %q: no constructor for uint64 keys; every workload needs one", e.Name)
	case e.Caps.Has(Snapshot) && !e.Caps.Has(Range):
		return fmt.Errorf("entry %q: Snapshot without Range; want both, because Range sees the snapshot", e.Name)
	case e.Caps.Has(BoundedLag) && !e.Caps.Has(Versions):
		return fmt.Errorf("entry %q: BoundedLag without Versions; want both, because the lag is counted in versions", e.Name)
	case e.Watched != nil && !e.Caps.Has(Versions):
		return fmt.Errorf("entry %q: Watched without Versions; want both, because a writer waits for guards", e.Name)
	}
	return e.validateIdentity()
}
