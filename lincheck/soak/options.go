package soak

import (
	"errors"
	"fmt"
	"time"

	"doublebuf/baselines/kv"
)

// Options says how long to soak a map and how to report. The comment of a field gives its default,
// for the zero value.
type Options struct {
	Seed  uint64        // for all random choices; the same seed draws the same phases
	Time  time.Duration // length of the soak; 0 = ten seconds
	Phase time.Duration // length of a phase; 0 = 200 ms
	Hang  time.Duration // a goroutine that does nothing for this long hangs; 0 = 20 s
	Every time.Duration // time between reports; 0 = 5 s
	// Report gets the totals after each time Every and at the end, in the goroutine that called
	// Run; nil = no reports.
	Report func(Totals)
	// Readers is the greatest number of reading goroutines; 0 = 64, which is also the most.
	Readers int
	Dir     string // existing folder for the stacks if a goroutine hangs; "" = keep only their beginning
}

// withDefaults returns o with defaults instead of zero values.
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

// Totals says how much a soak has done.
type Totals struct {
	Map       string
	Elapsed   time.Duration
	Guards    uint64 // checked guards, including lookups with a lookup guard
	Publishes uint64
	Phases    int
	Phase     string // the last phase
}

// String returns the totals in one line.
func (t Totals) String() string {
	rate := float64(t.Guards) / max(t.Elapsed.Seconds(), 1e-9)
	return fmt.Sprintf("%s: %v, %d guards checked (%.2f million/s), %d publishes, %d phases", t.Map, t.Elapsed.Round(100*time.Millisecond), t.Guards, rate/1e6, t.Publishes, t.Phases)
}

// maxReaders is the most goroutines that read.
const maxReaders = 64

// ErrUnsupported is the reason why a map cannot be soaked.
var ErrUnsupported = errors.New("it cannot be soaked: a soak needs a map that publishes, that any number of goroutines may read, and whose guards know their version")

// Supports returns nil if Run can check e. Else it returns an ErrUnsupported with the map's name.
func Supports(e kv.Entry) error {
	if !e.Caps.Has(kv.Versions | kv.Concurrent) {
		return fmt.Errorf("%s: %w", e.Name, ErrUnsupported)
	}
	return nil
}
