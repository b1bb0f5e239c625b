package soak

import (
	"errors"
	"fmt"
	"time"

	"doublebuf/baselines/kv"
)

// Options say how long to soak a map and how to report. The zero value of a field stands
// for what its comment says.
type Options struct {
	Seed  uint64        // of everything random; the same seed draws the same phases
	Time  time.Duration // how long to go on; 0 = ten seconds
	Phase time.Duration // the length of a phase; 0 = 200 ms
	Hang  time.Duration // a goroutine hangs that does nothing for so long; 0 = 20 s
	Every time.Duration // how often to report; 0 = 5 s
	// Report is told the totals every so often and at the end, in the goroutine that called
	// Soak; nil = nobody is.
	Report func(Totals)
	// Readers is how many goroutines read at most; 0 = 64.
	Readers int
	Dir     string // existing folder for the stacks of goroutines that hang; "" = keep only the beginning
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&o.Time, 10 * time.Second}, {&o.Phase, 200 * time.Millisecond}, {&o.Hang, 20 * time.Second}, {&o.Every, 5 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Readers == 0 || o.Readers > maxReaders {
		o.Readers = maxReaders
	}
	if o.Report == nil {
		o.Report = func(Totals) {}
	}
	return o
}

// Totals is how much a soak has done.
type Totals struct {
	Map       string
	Elapsed   time.Duration
	Guards    uint64 // checked, look-ups without a guard of their own among them
	Publishes uint64
	Phases    int
	Phase     string // the last
}

func (t Totals) String() string {
	rate := float64(t.Guards) / max(t.Elapsed.Seconds(), 1e-9)
	return fmt.Sprintf("%s: %v, %d guards checked (%.2f million/s), %d publishes, %d phases", t.Map, t.Elapsed.Round(100*time.Millisecond), t.Guards, rate/1e6, t.Publishes, t.Phases)
}

const maxReaders = 64

// ErrUnsupported is the reason why a map cannot be soaked.
var ErrUnsupported = errors.New("it cannot be soaked: that needs a map that publishes, read by any number of goroutines, through guards that tell their version")

// Supports returns nil if Soak can check e, and else why not.
func Supports(e kv.Entry) error {
	if !e.Caps.Has(kv.Versions | kv.Concurrent) {
		return fmt.Errorf("%s: %w", e.Name, ErrUnsupported)
	}
	return nil
}
