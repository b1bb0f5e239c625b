package explore

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// FailureKind is the kind of a failure.
type FailureKind string

const (
	Assertion        FailureKind = "assertion"
	Panic            FailureKind = "panic"
	Exclusion        FailureKind = "exclusion"    // a copy was written while it was in use
	Deadlock         FailureKind = "deadlock"     // every goroutine that has not ended waits
	LostWakeUp       FailureKind = "lost wake-up" // a deadlock in which a goroutine is parked
	Livelock         FailureKind = "livelock"
	StepBound        FailureKind = "step bound"
	DataRace         FailureKind = "data race"
	TooMany          FailureKind = "too many goroutines"
	Nondeterministic FailureKind = "not deterministic"
)

// Failure is an execution that failed.
type Failure struct {
	Kind     FailureKind `json:"kind"`
	Message  string      `json:"message"`
	Schedule string      `json:"schedule"` // for Config.Replay
	Steps    int         `json:"steps"`    // the number of moves in the schedule
	Trace    []Event     `json:"trace"`    // the moves

	path []transition
}

// Event is one move of an execution.
type Event struct {
	Goroutine string `json:"goroutine"`
	Op        string `json:"op"`
	Loc       int    `json:"loc"`    // the number of the location, or -1
	Writes    bool   `json:"writes"` // it may change the location
	Location  string `json:"location"`
	Value     string `json:"value"`  // the value read or written, or ""
	Source    string `json:"source"` // file:line
}

// Error describes the failure with its trace.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %s\n%sreplay %s", f.Kind, f.Message, FormatTrace(f.Trace), f.Schedule)
}

// FormatTrace returns a trace as a table with the number, goroutine, operation, location, value and
// source line of each step.
func FormatTrace(trace []Event) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, ev := range trace {
		fmt.Fprintf(w, "%4d\t%s\t%s\t%s\t%s\t%s\n", i+1, ev.Goroutine, ev.Op, ev.Location, ev.Value, ev.Source)
	}
	w.Flush()
	return b.String()
}
