// Package strategy holds the strategies of the double buffer. A strategy is the rule that tells the
// writer when no guard is open in a copy any more, so that it may change that copy again.
//
// # Which strategy to choose
//
//	strategy    a guard costs a reader      a publish costs        choose it
//	Optimistic  as Epoch, lookups 0         look at each handle    by default
//	Epoch       2 atomic operations         look at each handle    to compare it with Optimistic
//	Asymmetric  plain loads and stores      a system call          if publishes are rare
//	Adaptive    0 or 1 atomic operations    a system call or none  if publishes come in bursts
//	Indicator   2 on shared words           look at each stripe    if goroutines come and go
//	Collector   one load                    a garbage collection   as Indicator, if publishes are rare
//	Single      2 plain operations          nothing                if one goroutine does all
//	Refcount    2 atomic operations         write to each handle   to compare it with Epoch
//	Counted     2, all on one word          look at one word       to compare it with the others
//
// The level of each is atomic, except Refcount, whose level is per-handle: during a publish some
// handles see the new version and others do not yet. Indicator and Collector need no handles: any
// goroutine may read. Adaptive and Asymmetric need linux/amd64, and are Epoch elsewhere.
// impl/DESIGN.md has the measurements. [All] lists the strategies for programs.
//
// # The contract
//
// There are two copies of some data, 0 and 1. At any time one is readable and the other is the
// writer's. A reader opens a guard, which pins the readable copy, and closes it. The writer
// changes its copy while no guard is open there, and then starts a swap: its copy becomes the
// readable one, and new guards open there. The swap has finished when no guard is open in the old
// copy any more. From then on the old copy is the writer's.
//
// Version v is the content after v swaps.
//
// A writer that can wait no longer (law V2) detaches the old copy: the copy is left to its guards
// and to the garbage collector, and another [Copy] takes its place.
//
// # Laws
//
// The file of each strategy says why it keeps these laws:
//
//   - S1, exclusion: between the end of the wait for swap n and the start of swap n+1, no guard
//     is open in the writer's copy. A guard that nothing refers to any more reads nothing, so it
//     counts as closed. Some strategies wait for it all the same.
//   - S3, wait-free entry: opening and closing a guard takes a bounded number of steps. It writes
//     only cache lines that no other reader uses. It never allocates and never locks.
//   - V2, bounded wait: guards of a detached copy are never taken for guards of its successor.
//
// These are all exceptions:
//
//	law  strategy                    exception
//	S3   all but Single, Collector   lowering a count wakes the writer if the sleep flag is set
//	S3   all with a MaxWait          opening begins again if a copy was detached meanwhile
//	S3   Adaptive                    a reader may write the word that says which copy is readable
//	S3   Refcount                    a guard closed after a swap lowers a count that readers share
//	S3   Indicator                   goroutines without handles share the words that they write
//	S3   Counted                     all readers write one word, and opening begins again after a swap
//	V2   Collector                   with 32 detached copies, a publish waits for a garbage collection
//	V2   Single                      it never waits, so the law does not apply
//
// A copy is detached at most once in each MaxWait. Under Adaptive at most one write of that word
// succeeds for each swap.
//
// The caller keeps law S2, that at most one swap is outstanding; package buffers does.
package strategy

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unsafe"

	"doublebuf/impl/invariants"
)

// Copy is what a strategy knows of one of the two copies. It is embedded in a larger struct that
// holds the data, and must not be copied. The zero Copy is ready to use.
type Copy struct {
	// Index is 0 or 1. The two copies that are in use at one time have different ones. The
	// creator of a Copy sets it.
	Index int

	// View is what lookups without a guard read of the data; see [Glance]. The creator of a Copy
	// sets it. It is nil if there are no such lookups.
	View unsafe.Pointer

	// Guards are the guards that are open here, except lookup guards, in checked builds. The code
	// that opens and closes guards through a Reader records them.
	Guards invariants.Guards

	generation uint32 // how many copies of this index were detached before this one

	// own is the strategy's own state for this copy. Only the file of the strategy knows its type.
	// It is set before a reader can find the copy.
	own any
}

// begin sets the generation of a fresh copy. It does not write to a copy that has been readable
// before, because a late reader may still look at it.
func (c *Copy) begin(generation uint32) {
	if c.generation != generation {
		c.generation = generation
	}
}

// Strategy is one rule, with the state that the writer and its readers share. Any goroutine may
// call NewReader at any time. The other methods belong to the writer, which is one goroutine at a
// time.
type Strategy interface {
	// Begin says which copy is readable first. It is called once, before all other methods.
	Begin(readable *Copy)
	// NewReader registers a reader. It does not wait for the writer, even while the writer waits
	// for a swap to finish. The name appears in reports; an empty one is replaced by a number.
	NewReader(name string) Reader
	// StartSwap makes next, the writer's copy, the readable one, and returns without waiting. The
	// swap before it must have finished, or Detach must have ended it.
	StartSwap(next *Copy)
	// TryFinish reports whether the last swap has finished. It never waits.
	TryFinish() bool
	// Finish waits until the last swap has finished. It returns ErrCancelled if cancel is closed
	// first, and ErrMaxWait if the wait has taken as long as Options allow; the swap is then
	// still outstanding. In a long wait it sleeps, and reports a stall as Options say.
	Finish(cancel <-chan struct{}) error
	// Detach ends the last swap without waiting for it. It may be called only if Options set a
	// MaxWait. The old copy is left to the guards that are open in it: it must not be passed to
	// StartSwap any more, and nothing may ever change it. A fresh Copy with the same Index takes
	// its place.
	Detach()
	// End ends the writer's use of the strategy, without waiting. After it the writer may call only
	// NewReader. Readers may go on. End reports whether the writer owns the copy that is not
	// readable: no guard is open there, and none will be. If it returns false, guards are open in
	// the old copy. That copy is left to them: the strategy does not refer to it any more. A Finish
	// that calls Stalled, which calls End, returns ErrCancelled.
	End() bool
}

// Reader is one reader's registration with a Strategy. One goroutine uses it at a time.
type Reader interface {
	// Open opens a guard and returns the copy that it pins.
	Open() *Copy
	// Close closes a guard for which Open returned c. It panics if the reader has no guard open
	// there, unless c has been detached.
	Close(c *Copy)
	// Unregister ends the registration: no guard may be opened any more. Open guards stay valid
	// until they are closed.
	Unregister()
	// Abandon ends the registration and all guards that are still open. Any goroutine may call
	// it, when it is certain that nothing uses the reader any more.
	Abandon()
}

var (
	// ErrCancelled is returned by a wait that was cancelled.
	ErrCancelled = errors.New("strategy: wait cancelled")
	// ErrMaxWait is returned by a wait that took as long as Options allow.
	ErrMaxWait = errors.New("strategy: readers have held the copy for the maximum wait")
	// ErrGuardOpen is returned by the strategy single where other strategies would wait. The
	// error that wraps it names the readers.
	ErrGuardOpen = errors.New("strategy: guards are open in the copy that the writer needs")
)

// Options are common to all strategies. The zero value is ready to use. The constructor of a
// strategy panics if a time is negative.
type Options struct {
	// StallAfter is the length of a wait after which the writer calls Stalled, once for each
	// wait. 0 means one second.
	StallAfter time.Duration
	// Stalled gets a report of the readers that the writer waits for. It is called on the writer's
	// goroutine, during the wait. The default logs a warning with log/slog.
	Stalled func(Stall)
	// MaxWait bounds each wait. 0 means no bound.
	MaxWait time.Duration

	collectAfter time.Duration // see the constant; 0 means the constant
}

// check panics if an option is bad.
func (o Options) check() {
	if o.StallAfter < 0 || o.MaxWait < 0 {
		panic(fmt.Sprintf("strategy: StallAfter is %v and MaxWait is %v; want 0 or more", o.StallAfter, o.MaxWait))
	}
}

func (o Options) withDefaults() Options {
	o.check()
	if o.StallAfter == 0 {
		o.StallAfter = time.Second
	}
	if o.collectAfter == 0 {
		o.collectAfter = collectAfter
	}
	if o.Stalled == nil {
		o.Stalled = func(s Stall) { slog.Warn(s.String()) }
	}
	return o
}

// Stall describes a long wait of the writer.
type Stall struct {
	Swap    uint64        // the swap that cannot finish; it made version Swap readable
	Waited  time.Duration // so far
	Holders Holders       // readers with guards in the old copy, or none if that is not known
	Opened  []string      // where those guards were opened, as file:line; in checked builds
}

// Holders are some readers.
type Holders []Holder

// Holder is a reader for which the writer waits.
type Holder struct {
	Reader string // its name
	Guards int    // its guards in the old copy, all open since before the swap
}

func (s Stall) String() string {
	holders := s.Holders.String()
	if len(s.Holders) == 0 {
		holders = " the strategy does not know by which readers"
	}
	text := fmt.Sprintf("doublebuf: the writer has waited %v for guards opened before swap %d:%s", s.Waited.Round(time.Millisecond), s.Swap, holders)
	if len(s.Opened) > 0 {
		text += ", opened at " + strings.Join(s.Opened[:min(8, len(s.Opened))], ", ")
	}
	return text
}

// String lists the first eight of them.
func (all Holders) String() string {
	var b strings.Builder
	for i, h := range all {
		if i == 8 {
			fmt.Fprintf(&b, " and %d more readers", len(all)-i)
			break
		}
		fmt.Fprintf(&b, " %s holds %d;", h.Reader, h.Guards)
	}
	return strings.TrimSuffix(b.String(), ";")
}
