// Package strategy holds the rules by which a writer learns when it may touch a copy
// again.
//
// Two copies of some data exist, 0 and 1. At any time one is readable and the other is
// the writer's. A reader opens a guard, which pins the readable copy, and closes it.
// The writer changes its copy while it has it to itself, then starts a swap: its copy
// becomes the readable one, and new guards open there. The old copy is the writer's
// again when the swap has finished, which is when no guard is open in it any more.
//
// Version v is the state after v swaps; it is readable in copy v&1, and version 0 in
// copy 0.
//
// # Laws
//
// Every strategy keeps these, and says in its file why:
//
//   - S1, exclusion: between the end of the wait for swap n and the start of swap n+1
//     no guard is open in the writer's copy.
//   - S3, wait-free entry: opening and closing a guard takes a bounded number of steps,
//     shares no written cache line with another reader, never allocates, and never locks,
//     except the one close that finds the sleep flag set and wakes the writer.
//
// That at most one swap is outstanding (S2) is the caller's side of the contract, and
// kept by package buffers.
package strategy

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Strategy is one rule, with the state that the writer and its readers share.
// NewReader may be called by any goroutine at any time; the other methods belong to
// the writer, which is one goroutine at a time.
type Strategy interface {
	// NewReader registers a reader. It does not wait for the writer, and the writer
	// may be waiting for a swap to finish meanwhile. The name stands in reports; an
	// empty one is replaced by a number.
	NewReader(name string) Reader
	// StartSwap makes the writer's copy the readable one and returns without waiting.
	// The swap before it must have finished.
	StartSwap()
	// TryFinish reports whether the swap that was started last has finished. It never
	// waits.
	TryFinish() bool
	// Finish waits until the swap that was started last has finished, or until cancel
	// is closed, when it returns ErrCancelled and the swap remains outstanding. It
	// sleeps if the wait is long, and reports a stall as its Options say.
	Finish(cancel <-chan struct{}) error
}

// Reader is one reader's registration with a Strategy. One goroutine uses it at a time.
type Reader interface {
	// Open opens a guard and returns the copy that it pins.
	Open() (copy int)
	// Close closes a guard that Open answered with copy. It panics if the reader has no
	// guard open there.
	Close(copy int)
	// Unregister ends the registration: no guard may be opened any more. Guards that
	// are open stay valid until they are closed.
	Unregister()
	// Abandon ends the registration and all guards that are still open. Any goroutine
	// may call it, when it is certain that nobody uses the reader any more.
	Abandon()
}

// ErrCancelled is returned by a wait that was given up.
var ErrCancelled = errors.New("strategy: wait cancelled")

// Options are common to all strategies. The zero value is ready to use.
type Options struct {
	// StallAfter is the length of a wait at which the writer calls Stalled, once for
	// each wait; 0 means one second.
	StallAfter time.Duration
	// Stalled is told for whom the writer has been waiting. It is called on the
	// writer's goroutine, within the wait. The default logs a warning with log/slog.
	Stalled func(Stall)
}

func (o Options) withDefaults() Options {
	if o.StallAfter == 0 {
		o.StallAfter = time.Second
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
	Holders []Holder      // readers with guards open in the old copy
}

// Holder is a reader that holds the writer up.
type Holder struct {
	Reader string // its name
	Guards int    // its guards in the old copy, all open since before the swap
}

func (s Stall) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "doublebuf: the writer has waited %v for guards opened before swap %d:", s.Waited.Round(time.Millisecond), s.Swap)
	for i, h := range s.Holders {
		if i == 8 {
			fmt.Fprintf(&b, " and %d more readers", len(s.Holders)-i)
			break
		}
		fmt.Fprintf(&b, " %s holds %d;", h.Reader, h.Guards)
	}
	return strings.TrimSuffix(b.String(), ";")
}
