package judge

import (
	"slices"

	"doublebuf/lincheck/history"
)

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

func (c *Counts) Add(d Counts) {
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
	Map     string          `json:"map"`
	Level   string          `json:"level,omitempty"` // what the map declares
	Outcome history.Outcome `json:"outcome"`
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

	shows *history.History // the part of a history that is Illegal by porcupine, or nil
}

// AsExpected reports whether the verdict is the one that the entry predicts. It is
// false for every Unknown.
func (v Verdict) AsExpected() bool {
	if v.Broken {
		return v.Outcome == history.Illegal
	}
	return v.Outcome == history.Ok
}

// Short is the verdict in a few words, to stand beside a map's name.
func (v Verdict) Short() string {
	switch {
	case v.Broken && v.Outcome == history.Illegal:
		return "Illegal, as expected"
	case v.Broken && v.Outcome == history.Ok:
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

// unknown returns v as a history that was given up.
func (v Verdict) unknown(why string) Verdict {
	v.Outcome, v.Reason = history.Unknown, why
	v.Counts.Undecided++
	return v
}

// of names the history that v is about.
func (v Verdict) of(h *history.History) Verdict {
	v.Map, v.Level, v.Seed = h.Map, string(h.Claim), h.Seed
	return v
}

// Found is what was found about one property of one map.
type Found struct {
	Property string          `json:"property"`
	Outcome  history.Outcome `json:"outcome"`
	// ByDesign says that the level does not promise the property. Then a directed schedule
	// was to break it, and Illegal is what is expected.
	ByDesign bool     `json:"by_design,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Evidence Evidence `json:"evidence,omitzero"`
}

// String is the finding in a word or two.
func (f Found) String() string {
	switch {
	case f.ByDesign && f.Outcome == history.Illegal:
		return "by design"
	case f.ByDesign && f.Outcome == history.Ok:
		return "not shown"
	}
	return f.Outcome.String()
}

// note adds the verdict on a history, which was judged by those properties. An Illegal or
// Unknown is not forgotten. A checker that finds a breach says nothing of the other
// properties of that history.
func (v *Verdict) Note(judged []Property, one Verdict) {
	for _, p := range judged {
		outcome := one.Outcome
		if outcome == history.Illegal && !slices.Contains(p.Checkers, one.Checker) {
			outcome = history.Unknown
		}
		f := v.property(p.Name)
		if f == nil {
			v.Properties = append(v.Properties, Found{Property: p.Name, Outcome: outcome})
			continue
		}
		if f.Outcome == history.Ok || outcome == history.Illegal {
			f.Outcome = outcome
		}
	}
}

// property returns what was found about the property of that name, or nil.
func (v *Verdict) property(name string) *Found {
	i := slices.IndexFunc(v.Properties, func(f Found) bool { return f.Property == name })
	if i < 0 {
		return nil
	}
	return &v.Properties[i]
}

// Property returns what was found about the property of that name, and whether the map
// was judged by it at all.
func (v Verdict) Property(name string) (Found, bool) {
	f := v.property(name)
	if f == nil {
		return Found{}, false
	}
	return *f, true
}

func countsOf(h *history.History) Counts {
	c := Counts{Histories: 1, Calls: len(h.Calls), Guards: len(h.Guards)}
	for i := range h.Calls {
		if h.Calls[i].Op == history.Publish {
			c.Publishes++
		}
	}
	return c
}
