package lincheck

import (
	"encoding/json"
	"fmt"

	"doublebuf/baselines/kv"
)

// Outcome is what a check found. The zero value is Unknown: what was not judged is
// never a pass.
type Outcome int

const (
	// Unknown: no answer within the limits, or no answer that the clock can bear.
	Unknown Outcome = iota
	// Ok: no law was seen broken.
	Ok
	// Illegal: a law was seen broken, or the map crashed or hung.
	Illegal
)

var outcomeNames = [...]string{Unknown: "Unknown", Ok: "Ok", Illegal: "Illegal"}

func (o Outcome) String() string { return outcomeNames[o] }

// MarshalText writes the outcome's name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the outcome's name.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomeNames {
		if name == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("unknown outcome %q; want Ok, Illegal or Unknown", text)
}

// Counts says how much a verdict rests on.
type Counts struct {
	Seeds     int `json:"seeds,omitempty"` // under which a check recorded, each some histories
	Histories int `json:"histories"`
	Calls     int `json:"calls,omitempty"`     // operations and publishes
	Guards    int `json:"guards,omitempty"`    // stamped guards
	Publishes int `json:"publishes,omitempty"` // those among the calls
	// Ambiguous is the number of pairs of events, or of whole histories judged by
	// porcupine, that would be Illegal if time stamps had no error. They never fail.
	Ambiguous int `json:"ambiguous,omitempty"`
	// Undecided is the number of histories on which a checker gave up.
	Undecided int `json:"undecided,omitempty"`
}

func (c *Counts) add(d Counts) {
	c.Seeds += d.Seeds
	c.Histories += d.Histories
	c.Calls += d.Calls
	c.Guards += d.Guards
	c.Publishes += d.Publishes
	c.Ambiguous += d.Ambiguous
	c.Undecided += d.Undecided
}

// Evidence is what a person needs to see an Illegal, or an Unknown, for himself. Paths are relative
// to where the check ran.
type Evidence struct {
	History string `json:"history,omitempty"` // the history, as a file; reduced if it is Illegal
	Picture string `json:"picture,omitempty"` // porcupine's page, if porcupine judged
	Judge   string `json:"judge,omitempty"`   // the command that judges the history again
	Output  string `json:"output,omitempty"`  // the beginning of a crashed child's stderr
	Log     string `json:"log,omitempty"`     // all of that, as a file
}

// Verdict is the answer of the gate about one map or one saved history.
type Verdict struct {
	Map     string  `json:"map"`
	Level   string  `json:"level,omitempty"` // what the map declares
	Outcome Outcome `json:"outcome"`
	// Broken repeats that the entry was known to fail: then Illegal is what is expected
	// and Ok is the failure.
	Broken bool `json:"broken,omitempty"`
	// Checker names who decided, if the outcome is not Ok: C0 to C6, linearizable,
	// eventual, entry, capabilities, child, leak, level.
	Checker string   `json:"checker,omitempty"`
	Reason  string   `json:"reason,omitempty"` // one line: what was seen
	Events  []string `json:"events,omitempty"` // the few that show it, a line each
	Seed    uint64   `json:"seed,omitempty"`   // of the history that decided
	Counts  Counts   `json:"counts"`
	// Properties are what the map was judged by, as far as that came.
	Properties []Found  `json:"properties,omitempty"`
	Evidence   Evidence `json:"evidence,omitzero"`

	shows *History // the part of a history that is Illegal by porcupine, or nil
}

// AsExpected reports whether the verdict is the one that the entry predicts. It is
// false for every Unknown.
func (v Verdict) AsExpected() bool {
	if v.Broken {
		return v.Outcome == Illegal
	}
	return v.Outcome == Ok
}

// Short is the verdict in a few words, to stand beside a map's name.
func (v Verdict) Short() string {
	switch {
	case v.Broken && v.Outcome == Illegal:
		return "Illegal, as expected"
	case v.Broken && v.Outcome == Ok:
		return "Ok, but expected to be Illegal"
	}
	return v.Outcome.String()
}

// String is the verdict with its checker and reason, in one line.
func (v Verdict) String() string {
	s := v.Short()
	if v.Checker != "" {
		s += " (" + v.Checker + ")"
	}
	if v.Reason != "" {
		s += ": " + v.Reason
	}
	return s
}

// about returns an empty verdict on e.
func about(e kv.Entry) Verdict {
	return Verdict{Map: e.Name, Level: e.Level.String(), Broken: e.Broken}
}

// encode returns v as one line of JSON.
func (v Verdict) encode() ([]byte, error) {
	b, err := json.Marshal(v)
	return append(b, '\n'), err
}
