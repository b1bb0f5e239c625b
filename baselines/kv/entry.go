package kv

import (
	"fmt"
	"net/netip"
	"time"
)

// Level is the consistency that a configuration declares and that the checkers of
// package lincheck hold it to. Higher levels imply the lower ones. The zero value is an
// undeclared level, which no entry may have.
type Level int

const (
	_ Level = iota
	// None declares nothing, for entries that are no maps: the harness floor.
	None
	// PerHandle: a regular register of versions, atomic for each handle alone.
	PerHandle
	// Atomic: publishes and guards form an atomic register of versions (Lamport 1986).
	Atomic
	// Linearizable: every single-key operation, with the publish that its policy
	// prescribes, takes effect at one instant between call and return.
	Linearizable
)

var levelNames = [...]string{"undeclared", None: "none", PerHandle: "per-handle", Atomic: "atomic", Linearizable: "linearizable"}

func (l Level) String() string { return levelNames[l] }

// Caps is the set of capabilities that an entry declares.
type Caps uint

const (
	// Concurrent: any number of goroutines may read at once.
	Concurrent Caps = 1 << iota
	// Writes: any number of goroutines may write, beside readers; without Concurrent, the one
	// goroutine may.
	Writes
	// Range: handles implement Ranger.
	Range
	// Snapshot: All and Len see one state of the map, not a mixture.
	Snapshot
	// Swaps: handles implement Swapper, for values that can be compared.
	Swaps
	// Versions: handles implement Versioned.
	Versions
	// Clears: handles implement Clearer.
	Clears
	// Retains: handles implement Retainer.
	Retains
	// BoundedLag: while a guard of version v is open at most version v+1 is published.
	BoundedLag
)

// Has reports whether c includes all of want.
func (c Caps) Has(want Caps) bool { return c&want == want }

// Policy says when workers publish. It is part of the configuration and so of its
// name (dbuf-epoch-b64); an adapter never publishes of its own accord.
type Policy struct {
	// Every is the number of writes of one worker after which that worker publishes.
	Every int
	// Interval is a time instead: a worker publishes after the first write that ends so
	// long after its last publish. It looks at the clock after each write.
	//
	// If both are 0 workers never publish: the map needs none, or it is published on demand.
	Interval time.Duration
}

// Values of 64 bytes, which are a cache line, and of 1 KiB.
type (
	Line [8]uint64
	Wide [128]uint64
)

// Entry is one configuration in the registry: a map with its strategy, table, writer
// mode and publish policy, under the name by which it is measured and checked.
//
// Go cannot keep a generic constructor in a registry, so an entry has one for each
// type that the harness uses; nil means that the map cannot have such keys or values.
// Constructors take the number of entries that the map should be sized for; 0 means
// that nothing is known.
type Entry struct {
	Name   string // of letters, digits, '.', '_', '+' and '-'
	Doc    string // one line: what it is
	Level  Level
	Caps   Caps
	Policy Policy
	Aside  bool // checked always, measured only where it is asked for by name or preset: a variation
	Broken bool // known to fail its check; a check that then passes is a failure
	// Collects: a publish takes a garbage collection. Its sweep yields to all who can run, and lasts seconds beside
	// more goroutines than processors that never yield, so that those of a soak do.
	Collects bool
	// Instead, unless it is nil, returns why another map stands in the place of this one on
	// this machine, and which, or nil.
	Instead func() error

	Uint64  func(capacity int) Map[uint64, uint64]
	Int     func(capacity int) Map[int, uint64]
	String  func(capacity int) Map[string, uint64]
	Float64 func(capacity int) Map[float64, uint64]
	Prefix  func(capacity int) Map[netip.Prefix, uint64]
	Line    func(capacity int) Map[uint64, Line]
	Wide    func(capacity int) Map[uint64, Wide]
	Pointer func(capacity int) Map[uint64, *uint64]

	// Watched, of an entry with Versions, is Uint64 with a function that is called, by the
	// goroutine that publishes, each time that a wait for readers has ended and nothing
	// that they have read has been changed yet: then the second version after theirs is
	// about to be made. It is not called before the first such wait. nil: the map cannot tell.
	Watched func(capacity int, entered func()) Map[uint64, uint64]
}

// Validate reports the first thing that makes e unfit for the registry.
func (e Entry) Validate() error {
	if e.Name == "" {
		return fmt.Errorf("entry without a name")
	}
	for _, c := range e.Name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '+' || c == '-') {
			return fmt.Errorf("entry %q: %q in its name; want letters, digits and . _ + -", e.Name, c)
		}
	}
	switch {
	case e.Level < None || e.Level > Linearizable:
		return fmt.Errorf("entry %q: Level is %d; want kv.PerHandle, kv.Atomic or kv.Linearizable, or kv.None for what is no map", e.Name, e.Level)
	case e.Policy.Every < 0 || e.Policy.Interval < 0 || e.Policy.Every > 0 && e.Policy.Interval > 0:
		return fmt.Errorf("entry %q: it publishes every %d writes and every %v; want one of them, or none, from 0 on", e.Name, e.Policy.Every, e.Policy.Interval)
	case e.Uint64 == nil:
		return fmt.Errorf("entry %q: no constructor for uint64 keys; every workload needs one", e.Name)
	case e.Caps.Has(Snapshot) && !e.Caps.Has(Range):
		return fmt.Errorf("entry %q: Snapshot without Range", e.Name)
	case e.Caps.Has(BoundedLag) && !e.Caps.Has(Versions):
		return fmt.Errorf("entry %q: BoundedLag without Versions", e.Name)
	case e.Watched != nil && !e.Caps.Has(Versions):
		return fmt.Errorf("entry %q: Watched without Versions", e.Name)
	}
	return nil
}
