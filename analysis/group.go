package analysis

import (
	"maps"
	"slices"

	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// Group is all repetitions of one cell.
type Group struct {
	ID    results.ID
	Cells []results.Cell // in the order in which they were measured

	summaries map[string]stat.Summary // those computed so far, by unit
}

// groupsOf gathers cells by identity, in the order in which the identities first appear.
func groupsOf(cells []results.Cell) []*Group {
	var groups []*Group
	at := map[results.ID]*Group{}
	for _, c := range cells {
		g := at[c.ID]
		if g == nil {
			g = &Group{ID: c.ID}
			at[c.ID] = g
			groups = append(groups, g)
		}
		g.Cells = append(g.Cells, c)
	}
	return groups
}

// Samples returns the group's values in a unit. Cells without it have none.
func (g *Group) Samples(unit string) []stat.Sample {
	var all []stat.Sample
	for _, c := range g.Cells {
		if v, ok := c.Metrics[unit]; ok {
			all = append(all, stat.Sample{Link: c.Link, Process: c.Process, Block: c.Block, Value: v})
		}
	}
	return all
}

// Summary summarizes the group's values in a unit. It computes each summary once.
func (g *Group) Summary(unit string) stat.Summary {
	s, ok := g.summaries[unit]
	if !ok {
		if g.summaries == nil {
			g.summaries = map[string]stat.Summary{}
		}
		s = stat.SummarizeLayers(g.Samples(unit))
		g.summaries[unit] = s
	}
	return s
}

// Spread splits the variance of the group's values in a unit.
func (g *Group) Spread(unit string) stat.Spread { return stat.SpreadOf(g.Samples(unit)) }

// Overloaded returns how many of the cells are overloaded.
func (g *Group) Overloaded() (n int) {
	for _, c := range g.Cells {
		if c.Overloaded() {
			n++
		}
	}
	return n
}

// Latency summarizes a quantile of the latency of what, which is OfReads, OfWrites or OfPublishes,
// over the cells that are not overloaded. The result is zero if one of these had too few
// operations for the quantile, because quantiles of different cells must not be compared.
func (g *Group) Latency(what string, q float64) stat.Summary {
	s := g.Summary(results.LatencyUnit(what, q))
	if s.N < len(g.Cells)-g.Overloaded() {
		return stat.Summary{}
	}
	return s
}

// Units returns the units that any of the group's cells has, in alphabetical order.
func (g *Group) Units() []string {
	all := map[string]bool{}
	for _, c := range g.Cells {
		for unit := range c.Metrics {
			all[unit] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// SecondsPerOp returns the median processor time of an operation, or 0 if it is not known. It is
// the measured processor time, which other processes do not lengthen. If that was not measured, it
// is WallPerOp.
func (g *Group) SecondsPerOp() float64 {
	if measured := g.Summary(results.CPUPerOp); measured.N > 0 && measured.Median > 0 {
		return measured.Median
	}
	return g.WallPerOp()
}

// WallPerOp returns the median time that a processor in use takes for an operation, or 0 if it is
// not known: the number of processors in use over the rate. As many are in use as there are
// processors, or workers if these are fewer.
func (g *Group) WallPerOp() float64 {
	rate := g.Summary(results.OpsPerSec).Median
	if rate == 0 {
		return 0
	}
	return float64(min(g.ID.Goroutines(), g.ID.Procs)) / rate
}

// pair pairs two groups by block in a unit.
func pair(a, b *Group, unit string) stat.Ratios { return stat.Pair(a.Samples(unit), b.Samples(unit)) }

// Paired returns the effect of b over a, two groups of one run, paired by block. minEffect is a
// share.
func Paired(a, b *Group, unit string, minEffect float64) stat.Effect {
	return pair(b, a, unit).Effect(minEffect)
}

// Unpaired returns the effect of b over a, groups of two runs. minEffect is a share.
func Unpaired(a, b *Group, unit string, minEffect float64) stat.Effect {
	return stat.Unpaired(a.Samples(unit), b.Samples(unit), minEffect)
}

// Beyond returns the two-sided probability that chance puts the values of a as far on that side of
// bound, if the true value is bound. With b these are the ratios of a to b, paired by block, and
// bound is positive. There must be two values.
func Beyond(a, b *Group, unit string, bound float64, side stat.Side) float64 {
	if b == nil {
		return stat.Beyond(a.Samples(unit), bound, side)
	}
	return pair(a, b, unit).Beyond(bound, side)
}
