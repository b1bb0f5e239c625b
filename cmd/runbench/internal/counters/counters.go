// Package counters counts what the kernel and the processor see of this process: instructions,
// cycles, cache misses, context switches and migrations. It knows Linux. Most virtual machines and
// containers hide some counters or all of them. Those are missing, and the rest are counted.
package counters

// Event is something that is counted.
type Event int

// The events. The first three are counted by the processor, the others by the kernel.
const (
	Instructions Event = iota
	Cycles
	CacheMisses
	ContextSwitches
	Migrations // of a thread to another processor
	events
)

// String returns the name of an event in the plural.
func (e Event) String() string {
	return [events]string{"instructions", "cycles", "cache misses", "context switches", "migrations"}[e]
}

// Events returns all events.
func Events() (all []Event) {
	for e := range events {
		all = append(all, e)
	}
	return all
}

// Counts holds a number for each event.
type Counts [events]float64

// Since returns what was counted since earlier.
func (c Counts) Since(earlier Counts) Counts {
	for e := range c {
		c[e] -= earlier[e]
	}
	return c
}

// Has reports whether e is counted.
func (p *Process) Has(e Event) bool { return p != nil && len(p.files[e]) > 0 }
