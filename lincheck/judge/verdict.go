package judge

import (
	"slices"

	"doublebuf/lincheck/history"
)

// Counts says how much a verdict rests on.
type Counts struct {
	Seeds     int `json:"seeds,omitempty"` // seeds under which a check recorded histories
	Histories int `json:"histories"`
	Calls     int `json:"calls,omitempty"`     // operations and publishes
	Guards    int `json:"guards,omitempty"`    // stamped guards
	Publishes int `json:"publishes,omitempty"` // publishes among the calls
	Tests     int `json:"tests,omitempty"`     // tests of the battery
	// Ambiguous is the number of pairs of events, or of whole histories judged by a search, that
	// would be Illegal if time stamps had no error. They do not make a verdict Illegal.
	Ambiguous int `json:"ambiguous,omitempty"`
	// Undecided is the number of histories on which a checker gave up.
	Undecided int `json:"undecided,omitempty"`
}

// Add adds d to c.
func (c *Counts) Add(d Counts) {
	c.Seeds += d.Seeds
	c.Histories += d.Histories
	c.Calls += d.Calls
	c.Guards += d.Guards
	c.Publishes += d.Publishes
	c.Tests += d.Tests
	c.Ambiguous += d.Ambiguous
	c.Undecided += d.Undecided
}

// Evidence is what shows that a verdict is right. Paths are relative to the folder in which the
// check ran.
type Evidence struct {
	History string `json:"history,omitempty"` // file of the history; reduced if it is Illegal
	Picture string `json:"picture,omitempty"` // file of porcupine's picture
	Judge   string `json:"judge,omitempty"`   // command that judges the history again
	Output  string `json:"output,omitempty"`  // beginning of what a child printed that crashed
	Log     string `json:"log,omitempty"`     // file of all that it printed
}

// Verdict is the check result for one map or one saved history.
type Verdict struct {
	Map     string          `json:"map"`
	Level   string          `json:"level,omitempty"` // what the map declares
	Outcome history.Outcome `json:"outcome"`
	// Broken says that the entry is known to fail: Illegal is expected, and Ok is a failure.
	Broken bool `json:"broken,omitempty"`
	// Checker names the checker that decided, if the outcome is not Ok: C0 to C7, C9, linearizable,
	// eventual, battery, entry, capabilities, child, leak, level.
	Checker string   `json:"checker,omitempty"`
	Reason  string   `json:"reason,omitempty"` // one line: what the checker saw
	Events  []string `json:"events,omitempty"` // the few events that show it, one line each
	Seed    uint64   `json:"seed,omitempty"`   // seed of the history that decided
	Counts  Counts   `json:"counts"`
	// Properties are the results for those properties that the check came to.
	Properties []PropertyResult `json:"properties,omitempty"`
	// NotLookedAt names what the check did not look at, because the entry does not have it or the
	// map is too slow.
	NotLookedAt []string `json:"not_looked_at,omitempty"`
	Evidence    Evidence `json:"evidence,omitzero"`

	illegal *history.History // the part of a history that a search found Illegal, or nil
}

// AsExpected reports whether the outcome is the one that the entry predicts. It is false for
// Unknown.
func (v Verdict) AsExpected() bool {
	if v.Broken {
		return v.Outcome == history.Illegal
	}
	return v.Outcome == history.Ok
}

// Short returns the outcome in a few words, to print beside a map's name.
func (v Verdict) Short() string {
	switch {
	case v.Broken && v.Outcome == history.Illegal:
		return "Illegal, as expected"
	case v.Broken && v.Outcome == history.Ok:
		return "Ok, but expected to be Illegal"
	}
	return v.Outcome.String()
}

// String returns the verdict with its checker and reason, in one line.
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

// unknown returns v as the verdict of a checker that gave up.
func (v Verdict) unknown(why string) Verdict {
	v.Outcome, v.Reason = history.Unknown, why
	v.Counts.Undecided++
	return v
}

// of returns v with the name, claim and seed of its history.
func (v Verdict) of(h *history.History) Verdict {
	v.Map, v.Level, v.Seed = h.Map, string(h.Claim), h.Seed
	return v
}

// PropertyResult is the result for one property of one map.
type PropertyResult struct {
	Property string          `json:"property"`
	Outcome  history.Outcome `json:"outcome"`
	// ByDesign says that the level does not promise the property. Then a directed schedule tried to
	// break it, and Illegal is the expected outcome.
	ByDesign bool     `json:"by_design,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Evidence Evidence `json:"evidence,omitzero"`
}

// String returns the result in a word or two.
func (f PropertyResult) String() string {
	switch {
	case f.ByDesign && f.Outcome == history.Illegal:
		return "by design"
	case f.ByDesign && f.Outcome == history.Ok:
		return "not shown"
	}
	return f.Outcome.String()
}

// AddProperties adds the verdict on one history, which was judged by those properties. A later Ok
// does not replace an Illegal or an Unknown. If a checker finds a violation, the other properties
// of that history are Unknown.
func (v *Verdict) AddProperties(judged []Property, one Verdict) {
	for _, p := range judged {
		outcome := one.Outcome
		if outcome == history.Illegal && !slices.Contains(p.Checkers, one.Checker) {
			outcome = history.Unknown
		}
		f := v.property(p.Name)
		if f == nil {
			v.Properties = append(v.Properties, PropertyResult{Property: p.Name, Outcome: outcome})
			continue
		}
		if f.Outcome == history.Ok || outcome == history.Illegal {
			f.Outcome = outcome
		}
	}
}

// property returns the result for the property of that name, or nil.
func (v *Verdict) property(name string) *PropertyResult {
	i := slices.IndexFunc(v.Properties, func(f PropertyResult) bool { return f.Property == name })
	if i < 0 {
		return nil
	}
	return &v.Properties[i]
}

// Property returns the result for the property of that name, and whether there is one.
func (v Verdict) Property(name string) (PropertyResult, bool) {
	f := v.property(name)
	if f == nil {
		return PropertyResult{}, false
	}
	return *f, true
}

// countsOf returns the counts of one history.
func countsOf(h *history.History) Counts {
	c := Counts{Histories: 1, Calls: len(h.Calls), Guards: len(h.Guards)}
	for i := range h.Calls {
		if h.Calls[i].Op == history.Publish {
			c.Publishes++
		}
	}
	return c
}
