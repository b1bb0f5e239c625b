package lincheck

import (
	"slices"

	"doublebuf/baselines/kv"
)

// Property is what a map may promise of its reads and writes, in so far as a checker can
// tell.
type Property struct {
	Name string
	Doc  string // one line: what holds
	// Checkers are the names under which a breach of it is found.
	Checkers []string
}

// properties are those of the lab, in the order in which they are shown.
var properties = []Property{
	{"snapshot", "all that one guard reads is of one version", []string{"C6"}},
	{"prefix", "that version is one that was published, and nothing is read that was not written", []string{"C0", "C1", "C6"}},
	{"monotonic", "the versions that one handle opens never go back", []string{"C4"}},
	{"real-time", "nor do those of all handles together, in real time", []string{"C3"}},
	{"fresh", "a guard that is opened after a publish returned sees it", []string{"C2"}},
	{"lag", "while a guard is open at most one more version is published", []string{"C5"}},
	{"progress", "a reader whose guards overlap without end does not hold the writer up", nil},
	{"eventual", "reads of a key see what was published, in order, and after the last publish everything", []string{"eventual"}},
	{"linearizable", "each operation on a key takes effect at one instant between its call and its return", []string{"linearizable"}},
}

// Properties returns the properties of the lab, in the order in which they are shown.
func Properties() []Property { return slices.Clone(properties) }

// level says how the lab holds a map to a level of consistency.
type level struct {
	of kv.Level
	// implies are the histories that must be legal, and by them the checkers that the level
	// implies.
	implies []driver
	// exceeds are directed schedules that break the next stronger level, or a property that
	// the level does not have. One history of each must be Illegal: else the map is
	// better than it says, or the checker is blind.
	exceeds []driver
}

// What is recorded of batches and of guards, whatever the level.

func batches(c Claim) []driver {
	return []driver{
		{claim: c, play: driveBatches},
		{claim: c, play: driveTurnedReads, every: 32},
	}
}

func guards(c Claim) []driver {
	const several = kv.Versions | kv.Concurrent
	return []driver{
		{claim: c, play: driveGuards, needs: several},
		{claim: c, play: driveChain, needs: several, every: 16, shows: "progress"},
		{claim: c, play: driveTurn, needs: several, every: 32},
		{claim: c, play: driveCollections, needs: several, every: 32},
	}
}

var levels = []level{
	{
		of: kv.Linearizable,
		implies: append([]driver{
			{claim: ClaimLinearizable, play: driveOperations},
			{claim: ClaimLinearizable, play: driveStorm, needs: kv.Concurrent | kv.Writes, every: stormEvery},
		}, guards(ClaimAtomic)...),
	},
	{
		of:      kv.Atomic,
		implies: append(batches(ClaimEventual), guards(ClaimAtomic)...),
		exceeds: []driver{{claim: ClaimLinearizable, play: driveUnpublished, shows: "linearizable"}},
	},
	{
		of:      kv.PerHandle,
		implies: append(batches(ClaimEventualPerHandle), guards(ClaimPerHandle)...),
		exceeds: []driver{
			{claim: ClaimAtomic, play: driveTurn, needs: kv.Versions, shows: "real-time"},
			{claim: ClaimLinearizable, play: driveUnpublished, shows: "linearizable"},
		},
	},
}

// levelOf returns the level that e declares, with those drivers only that apply to e. Of
// level None there are none.
func levelOf(e kv.Entry) level {
	l := level{of: e.Level}
	if i := slices.IndexFunc(levels, func(l level) bool { return l.of == e.Level }); i >= 0 {
		l = levels[i]
	}
	unfit := func(d driver) bool { return !e.Caps.Has(d.needs) }
	l.implies = slices.DeleteFunc(slices.Clone(l.implies), unfit)
	l.exceeds = slices.DeleteFunc(slices.Clone(l.exceeds), unfit)
	return l
}

// Found is what was found about one property of one map.
type Found struct {
	Property string  `json:"property"`
	Outcome  Outcome `json:"outcome"`
	// ByDesign says that the level does not promise the property. Then a directed schedule
	// was to break it, and Illegal is what is expected.
	ByDesign bool     `json:"by_design,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Evidence Evidence `json:"evidence,omitzero"`
}

// String is the finding in a word or two.
func (f Found) String() string {
	switch {
	case f.ByDesign && f.Outcome == Illegal:
		return "by design"
	case f.ByDesign && f.Outcome == Ok:
		return "not shown"
	}
	return f.Outcome.String()
}

// judged returns the properties that a history that d records of e is judged by.
func (d driver) judged(e kv.Entry) []Property {
	all := properties
	return slices.DeleteFunc(slices.Clone(all), func(p Property) bool {
		switch p.Name {
		case "eventual":
			return d.claim != ClaimEventual && d.claim != ClaimEventualPerHandle
		case "linearizable":
			return d.claim != ClaimLinearizable
		case "real-time":
			return d.claim != ClaimAtomic
		case "lag":
			return !d.claim.stamped() || !e.Caps.Has(kv.BoundedLag)
		case "progress":
			return d.shows != p.Name
		}
		return !d.claim.stamped()
	})
}

// note adds the verdict on a history, which was judged by those properties. An Illegal or
// Unknown is not forgotten. A checker that finds a breach says nothing of the other
// properties of that history.
func (v *Verdict) note(judged []Property, one Verdict) {
	for _, p := range judged {
		outcome := one.Outcome
		if outcome == Illegal && !slices.Contains(p.Checkers, one.Checker) {
			outcome = Unknown
		}
		f := v.property(p.Name)
		if f == nil {
			v.Properties = append(v.Properties, Found{Property: p.Name, Outcome: outcome})
			continue
		}
		if f.Outcome == Ok || outcome == Illegal {
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
