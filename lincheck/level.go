package lincheck

import (
	"slices"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/drive"
	"doublebuf/lincheck/history"
)

// level says how a map of a consistency level is checked.
type level struct {
	of kv.Level
	// implies are drivers of histories that must be legal. Their claims imply the checkers.
	implies []drive.Driver
	// exceeds are drivers whose directed schedules break the next stronger level, or a property
	// that the level does not promise. One history of each must be Illegal. Else the map is better
	// than it declares, or the checker finds nothing.
	exceeds []drive.Driver
}

// batches returns the drivers of histories of batches, of any level.
func batches(c history.Claim) []drive.Driver {
	return []drive.Driver{
		{Claim: c, Play: drive.Batches},
		{Claim: c, Play: drive.TurnedReads, Needs: kv.Concurrent, Every: 32},
		{Claim: history.ClaimLinearizable, Play: drive.Updates, Needs: kv.Concurrent | kv.Writes | kv.Updates, Every: 4, Shows: "updates"},
	}
}

// guards returns the drivers of histories of stamped guards, of any level.
func guards(c history.Claim) []drive.Driver {
	const several = kv.Versions | kv.Concurrent
	return []drive.Driver{
		{Claim: c, Play: drive.Guards, Needs: several},
		{Claim: c, Play: drive.Chain, Needs: several, Every: 16, Shows: "progress"},
		{Claim: c, Play: drive.PassedGuards, Needs: several | kv.Passes, Every: 4},
		{Claim: c, Play: drive.Turn, Needs: several, Every: 32},
		{Claim: c, Play: drive.Collections, Needs: several, Every: 32},
	}
}

// levels are all levels that promise something.
var levels = []level{
	{
		of: kv.Linearizable,
		implies: append([]drive.Driver{
			{Claim: history.ClaimLinearizable, Play: drive.Operations},
			{Claim: history.ClaimLinearizable, Play: drive.Storm, Needs: kv.Concurrent | kv.Writes, Every: drive.StormEvery},
			{Claim: history.ClaimLinearizable, Play: drive.Rush, Needs: kv.Concurrent | kv.Writes, Every: drive.RushEvery},
		}, guards(history.ClaimAtomic)...),
	},
	{
		of:      kv.Atomic,
		implies: append(batches(history.ClaimEventual), guards(history.ClaimAtomic)...),
		exceeds: []drive.Driver{{Claim: history.ClaimLinearizable, Play: drive.Unpublished, Shows: "linearizable"}},
	},
	{
		of:      kv.PerHandle,
		implies: append(batches(history.ClaimEventualPerHandle), guards(history.ClaimPerHandle)...),
		exceeds: []drive.Driver{
			{Claim: history.ClaimAtomic, Play: drive.Turn, Needs: kv.Versions, Shows: "real-time"},
			{Claim: history.ClaimLinearizable, Play: drive.Unpublished, Shows: "linearizable"},
		},
	},
}

// levelOf returns the level that e declares, with only those drivers that apply to e. Level None
// has no drivers.
func levelOf(e kv.Entry) level {
	l := level{of: e.Level}
	if i := slices.IndexFunc(levels, func(l level) bool { return l.of == e.Level }); i >= 0 {
		l = levels[i]
	}
	unfit := func(d drive.Driver) bool { return !e.Caps.Has(d.Needs) }
	l.implies = slices.DeleteFunc(slices.Clone(l.implies), unfit)
	l.exceeds = slices.DeleteFunc(slices.Clone(l.exceeds), unfit)
	return l
}

// propertiesOf returns the properties that a history of e, recorded by d, is judged by.
func propertiesOf(d drive.Driver, e kv.Entry) []Property {
	return slices.DeleteFunc(Properties(), func(p Property) bool {
		switch p.Name {
		case "eventual":
			return d.Claim != history.ClaimEventual && d.Claim != history.ClaimEventualPerHandle
		case "linearizable":
			return d.Claim != history.ClaimLinearizable || d.Shows != ""
		case "real-time":
			return d.Claim != history.ClaimAtomic
		case "lag":
			return !d.Claim.Stamped() || !e.Caps.Has(kv.BoundedLag)
		case "progress", "updates":
			return d.Shows != p.Name
		}
		return !d.Claim.Stamped()
	})
}
