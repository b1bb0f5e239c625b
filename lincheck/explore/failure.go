package explore

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// FailureKind is what went wrong.
type FailureKind string

const (
	Assertion        FailureKind = "assertion"
	Panic            FailureKind = "panic"
	Exclusion        FailureKind = "exclusion"    // a copy was written while somebody used it
	Deadlock         FailureKind = "deadlock"     // all that have not ended wait for each other
	LostWakeUp       FailureKind = "lost wake-up" // the same, and one is parked
	Livelock         FailureKind = "livelock"
	StepBound        FailureKind = "step bound"
	Nondeterministic FailureKind = "not deterministic"
)

// Failure is an execution that went wrong.
type Failure struct {
	Kind     FailureKind
	Message  string
	Schedule string  // replays it: Config.Replay
	Steps    int     // moves in the schedule
	Trace    []Event // what happened, step by step

	path []transition
}

// Event is one move of an execution.
type Event struct {
	Goroutine string
	Op        string
	Loc       int // number of the location, or -1
	Location  string
	Value     string // read or written, or ""
	Source    string // file:line
}

// Error describes the failure with its trace.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %s\n%sreplay %s", f.Kind, f.Message, FormatTrace(f.Trace), f.Schedule)
}

// FormatTrace writes a trace as a table: number, goroutine, operation, location, value
// and source line of each step.
func FormatTrace(trace []Event) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, ev := range trace {
		fmt.Fprintf(w, "%4d\t%s\t%s\t%s\t%s\t%s\n", i+1, ev.Goroutine, ev.Op, ev.Location, ev.Value, ev.Source)
	}
	w.Flush()
	return b.String()
}
