// Package compare compares two runs, or two maps of one run, cell by cell: the new one is better,
// worse or the same, or the comparison is inconclusive.
//
// # Words
//
//   - Old is what is compared with, new is what is judged.
//   - The effect is new over old, see [stat.Effect]. Of two runs it comes from all pairs of their
//     repetitions, of two maps of one run from the blocks in which both were measured.
//   - The minimum effect is the smallest that matters: with 5 %, ratios from 1/1.05 to 1.05 do not.
//   - An unchanged map has the same code in both runs, see [SameCode]. The relative effect of a
//     map is its effect over the mean effect of the other unchanged maps of the workload,
//     compared in each run block by block. Its interval includes how much unchanged maps deviate
//     from each other between the two runs. Conclusions follow from it, or from the effect if no
//     map is unchanged.
//   - Better and worse: the interval lies beyond the minimum effect, and the effect is larger than
//     the A/A limit of its workload (the larger one of both runs). And its probability, if the true
//     effect were no larger than the minimum effect, is under 5 % after Holm's correction over all
//     rows of the comparison, geometric means among them.
//   - If a run has a single build, its layout can cause effects too, see [Limits]. Of two runs such
//     an effect is inconclusive: their programs may have other layouts. Of two maps of one run the
//     row says so.
//   - Same: the interval lies within the minimum effect. A difference that a wide interval hides
//     is not "same".
//   - Inconclusive: none of these. A cell is also inconclusive if some of its repetitions have no
//     value in the unit: an overloaded repetition has no latencies, and the others do not
//     represent it. The row says why.
//   - The geometric mean is one more row. In each block it is the geometric mean over the cells.
//     These means are compared as the blocks of a cell are. If a file has no blocks, its n-th
//     repetitions are one block.
package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// Conclusion is what a comparison says of a row.
type Conclusion string

const (
	Better       Conclusion = "better"
	Worse        Conclusion = "worse"
	Same         Conclusion = "same"
	Inconclusive Conclusion = "inconclusive"
	SameMap      Conclusion = "unchanged" // its code is the same in both runs, and other code is not
)

// Row is one cell in one unit, or the geometric mean of all cells in a unit.
type Row struct {
	Cell       string       // its name, without what all rows share
	Old, New   float64      // medians; of a geometric mean, the means of the medians
	Effect     stat.Effect  // its P is not corrected
	Relative   *stat.Effect // to unchanged maps; nil without them
	Unchanged  bool         // the code of the map is the same in both runs
	Holm       float64      // P, corrected for all rows of the comparison
	Conclusion Conclusion
	Why        string // if inconclusive, or if there is something to add

	limit float64 // the A/A limit that the effect must exceed
}

// judged is the effect that the conclusion follows from.
func (r *Row) judged() stat.Effect {
	if r.Relative != nil {
		return *r.Relative
	}
	return r.Effect
}

// Table is the rows of one unit.
type Table struct {
	Unit   string
	Better string // "higher" or "lower"; "" if that is not known
	Rows   []Row
	Mean   *Row // the geometric mean; nil if fewer than two cells have one
	// Deviation is how much the effects of unchanged maps deviate from each other.
	Deviation stat.Deviation
}

// Limits are the effects, as shares, that matter and that can be conclusive: 0.05 is 5 %.
type Limits struct {
	MinEffect float64 // the minimum effect
	Layout    float64 // two layouts of the same code can cause smaller differences
	// OtherMethod: the two runs measured in different ways, so that no map counts as unchanged.
	OtherMethod bool
	// AnyProcs: cells match that differ in GOMAXPROCS.
	AnyProcs bool
}

// Comparison is the result of comparing two runs, or two maps of one run.
type Comparison struct {
	Limits
	OneRun    bool // two maps of one run
	Paired    bool // by block
	Tables    []Table
	OnlyOld   []string // cells that the new one lacks
	OnlyNew   []string // and the other way round
	Unchanged []string // maps that have the same code in both runs
	Lost      []string // a line for each benchmark that the new file has, and of the old one only the name
	Notes     []string // on what was paired although it differs, and on what was not paired
}

// MinConclusive is the effect beyond which a true effect can be better or worse: that of the null
// hypothesis.
func (c *Comparison) MinConclusive() float64 {
	if c.OneRun {
		return c.MinEffect
	}
	return max(c.MinEffect, c.Layout)
}

// pair is the two groups of a cell.
type pair struct {
	id        results.ID
	cell      string
	old, new  *analysis.Group
	unchanged bool
	limit     float64
}

// Runs compares the cells that two runs share, in the given units. Without units it uses those that
// say how fast a cell is: operations a second or, with separate readers and writers, reads and
// writes a second. Of benchmarks of other programs it uses every unit. It fails if there is nothing
// to compare, or if the runs contradict each other on which direction is better.
func Runs(old, now *analysis.Run, units []string, limits Limits) (*Comparison, error) {
	c := &Comparison{Limits: limits}
	groups := func(s *analysis.Run) []*analysis.Group {
		return slices.DeleteFunc(slices.Clone(s.AllGroups()), func(g *analysis.Group) bool { return len(unitsOf(g, units)) == 0 })
	}
	m := matchOf(groups(old), groups(now), limits.AnyProcs)
	var pairs []pair
	for _, two := range m.pairs {
		g := two[0]
		p := pair{id: g.ID, cell: m.label(g.ID), old: g, new: two[1], unchanged: !limits.OtherMethod && SameCode(old, now, g.ID.Impl)}
		if p.id.Kind == results.Throughput {
			p.limit = max(old.Limit(p.id.Workload()), now.Limit(p.id.Workload()))
		}
		pairs = append(pairs, p)
		if p.unchanged && !slices.Contains(c.Unchanged, g.ID.Impl) {
			c.Unchanged = append(c.Unchanged, g.ID.Impl)
		}
	}
	for _, g := range m.onlyOld {
		c.OnlyOld = append(c.OnlyOld, m.label(g.ID))
	}
	for _, g := range m.onlyNew {
		c.OnlyNew = append(c.OnlyNew, m.label(g.ID))
		if g.ID.Foreign() && old.Mentioned[g.ID.Name()] {
			c.Lost = append(c.Lost, fmt.Sprintf("%s stands in the old file without a result that can be read", g.ID.Name()))
		}
	}
	c.Notes = append(m.notes, m.differences()...)
	better := map[string]string{}
	maps.Copy(better, old.Better)
	for unit, b := range now.Better {
		was, both := better[unit]
		switch {
		case !both || slices.Contains(old.Assumed, unit):
			better[unit] = b
		case was != b && !slices.Contains(now.Assumed, unit):
			return nil, fmt.Errorf("%s: better is %s in the old file and %s in the new one; want them to agree", unit, was, b)
		}
	}
	c.judge(pairs, units, func(unit string) string { return better[unit] })
	if len(c.Tables) == 0 {
		return nil, m.nothing(old.AllGroups(), now.AllGroups(), units)
	}
	return c, nil
}

// judge makes the tables of pairs.
func (c *Comparison) judge(pairs []pair, units []string, better func(unit string) string) {
	same := unchangedOf(pairs)
	at := map[string]int{}
	byUnit := map[string][]pair{}
	for _, p := range pairs {
		for _, unit := range unitsOf(p.old, units) {
			if !has(p.new, unit) {
				c.OnlyOld = append(c.OnlyOld, p.cell+" in "+unit)
				continue
			}
			if _, ok := at[unit]; !ok {
				at[unit] = len(c.Tables)
				c.Tables = append(c.Tables, Table{Unit: unit, Better: better(unit)})
			}
			t := &c.Tables[at[unit]]
			row := c.row(p.cell, p.old, p.new, unit)
			row.limit, row.Unchanged = p.limit, p.unchanged
			relOld, relNow, n := same.against(p, unit)
			row.Relative = same.relative(relOld, relNow, n, unit, c.MinConclusive(), p.id.Workload())
			t.Rows = append(t.Rows, row)
			byUnit[unit] = append(byUnit[unit], p)
		}
	}
	for i := range c.Tables {
		t := &c.Tables[i]
		t.Mean, t.Deviation = c.mean(byUnit[t.Unit], same, t.Unit), same.deviations(t.Unit).all
	}
	c.conclude(slices.ContainsFunc(pairs, func(p pair) bool { return !p.unchanged }))
}

// conclude fills in the conclusions of all rows. If something has changed, the rows of unchanged
// maps show what else has, and conclude nothing.
func (c *Comparison) conclude(changed bool) {
	var family []*Row
	for i := range c.Tables {
		t := &c.Tables[i]
		for j := range t.Rows {
			if r := &t.Rows[j]; r.Unchanged && changed {
				r.Conclusion, r.Holm = SameMap, r.judged().P
			} else {
				family = append(family, r)
			}
		}
		if t.Mean != nil {
			family = append(family, t.Mean)
		}
	}
	var p []float64
	for _, r := range family {
		p = append(p, r.judged().P)
	}
	for i, corrected := range stat.Holm(p) {
		family[i].Holm = corrected
	}
	for _, t := range c.Tables {
		for i := range t.Rows {
			if r := &t.Rows[i]; r.Conclusion != SameMap {
				c.decide(r, t, len(family))
			}
		}
		if t.Mean != nil {
			c.decide(t.Mean, t, len(family))
		}
	}
}

func (c *Comparison) row(cell string, old, now *analysis.Group, unit string) Row {
	r := Row{Cell: cell}
	if a, b := lacking(old, unit), lacking(now, unit); a+b > 0 {
		r.Why = fmt.Sprintf("%d old and %d new repetitions have no value: they are overloaded or too short, or the unit is measured once in a process", a, b)
	}
	if n := withoutRatio(old, unit) + withoutRatio(now, unit); n > 0 {
		r.Old, r.New, r.Effect = math.NaN(), math.NaN(), analysis.Unpaired(&analysis.Group{}, &analysis.Group{}, unit, 0)
		r.Effect.N = [2]int{len(old.Cells), len(now.Cells)}
		r.Why = fmt.Sprintf("%d values are below 0 or not a number, and have no ratio", n)
		return r
	}
	r.Old, r.New = old.Summary(unit).Median, now.Summary(unit).Median
	if c.Paired {
		r.Effect = analysis.Paired(old, now, unit, c.MinConclusive())
	} else {
		r.Effect = analysis.Unpaired(old, now, unit, c.MinConclusive())
	}
	return r
}

// mean is the row of the geometric mean of pairs; nil if fewer than two of them have one. Unchanged
// maps count only if there is nothing else.
func (c *Comparison) mean(pairs []pair, same *unchanged, unit string) *Row {
	pairs = slices.DeleteFunc(slices.Clone(pairs), func(p pair) bool { return !whole(p.old, unit) || !whole(p.new, unit) })
	if slices.ContainsFunc(pairs, func(p pair) bool { return !p.unchanged }) {
		pairs = slices.DeleteFunc(pairs, func(p pair) bool { return p.unchanged })
	}
	if len(pairs) < 2 {
		return nil
	}
	var old, now, relOld, relNow []*analysis.Group
	var workloads []results.ID
	var oldLog, newLog, limit float64
	least := math.MaxInt // unchanged maps beside a pair
	for _, p := range pairs {
		old, now = append(old, p.old), append(now, p.new)
		oldLog += math.Log(p.old.Summary(unit).Median)
		newLog += math.Log(p.new.Summary(unit).Median)
		limit = max(limit, p.limit)
		a, b, n := same.against(p, unit)
		if least = min(least, n); n > 0 {
			relOld, relNow, workloads = append(relOld, a), append(relNow, b), append(workloads, p.id.Workload())
		}
	}
	n := float64(len(pairs))
	r := c.row(fmt.Sprintf("geometric mean of %d cells", len(pairs)), meanOf(old, unit), meanOf(now, unit), unit)
	r.Old, r.New, r.limit = math.Exp(oldLog/n), math.Exp(newLog/n), limit
	if least > 0 {
		r.Relative = same.relative(meanOf(relOld, unit), meanOf(relNow, unit), least, unit, c.MinConclusive(), workloads...)
	}
	return &r
}

// decide fills in the conclusion of r.
func (c *Comparison) decide(r *Row, t Table, family int) {
	e := r.judged()
	beyond := func(effect float64) bool { return e.Lo > 1+effect || e.Hi < 1/(1+effect) }
	within := e.Lo >= 1/(1+c.MinEffect) && e.Hi <= 1+c.MinEffect
	r.Conclusion = Inconclusive
	switch {
	case r.Why != "":
	case !e.Interval:
		r.Why = "too few repetitions"
		if len(e.Warnings) > 0 {
			r.Why = string(e.Warnings[0])
		}
	case within && c.MinEffect < c.Layout:
		r.Why = fmt.Sprintf("a single build cannot show that a difference is under %s", analysis.Percent(c.Layout))
	case within:
		r.Conclusion = Same
	case beyond(c.MinEffect) && !beyond(c.MinConclusive()):
		r.Why = fmt.Sprintf("the effect may be less than %s, the smallest that can be conclusive", analysis.Percent(c.MinConclusive()))
	case !beyond(c.MinConclusive()):
		r.Why = "the interval is too wide"
	case !(e.Ratio > 1+r.limit || e.Ratio < 1/(1+r.limit)):
		r.Why = fmt.Sprintf("the effect is not larger than %s, the A/A limit of the workload", analysis.Percent(r.limit))
	case r.Holm >= 1-stat.Confidence:
		r.Why = fmt.Sprintf("not conclusive as one of %d rows; want more repetitions", family)
	case t.Better == "":
		r.Why = fmt.Sprintf("which direction is better is not known; -better %[1]s=higher or -better %[1]s=lower says it", t.Unit)
	case (e.Ratio > 1) == (t.Better == "higher"):
		r.Conclusion = Better
	default:
		r.Conclusion = Worse
	}
	if r.Unchanged && r.Why == "" && r.Conclusion != Same {
		r.Why = "same code in both runs: the machine or the build has changed"
	}
	if own := c.OneRun && r.Why == "" && (r.Conclusion == Better || r.Conclusion == Worse); own && e.Ratio < 1+c.Layout && e.Ratio > 1/(1+c.Layout) {
		r.Why = fmt.Sprintf("in this build; another layout of the code can cause up to %s", analysis.Percent(c.Layout))
	}
}

// Named returns the rows with a conclusion, each as its cell and unit.
func (c *Comparison) Named(v Conclusion) []string {
	var found []string
	for _, t := range c.Tables {
		rows := t.Rows
		if t.Mean != nil {
			rows = append(slices.Clone(rows), *t.Mean)
		}
		for _, r := range rows {
			if r.Conclusion == v {
				found = append(found, r.Cell+" in "+t.Unit)
			}
		}
	}
	return found
}

// unitsOf returns the units to compare a cell in.
func unitsOf(g *analysis.Group, wanted []string) []string {
	switch {
	case len(wanted) > 0:
		wanted = slices.Clone(wanted)
	case g.ID.Foreign():
		wanted = g.Units()
	case g.ID.Kind == results.Staleness, g.ID.Kind == results.Latency:
		// Medians of staleness are often zero, and the noise of both would decide the whole.
	case g.ID.G == 0:
		wanted = []string{results.ReadsPerSec, results.WritesPerSec}
	default:
		wanted = []string{results.OpsPerSec}
	}
	return slices.DeleteFunc(wanted, func(unit string) bool { return !has(g, unit) })
}

func has(g *analysis.Group, unit string) bool { return slices.Contains(g.Units(), unit) }

// lacking returns how many of the group's cells have no value in a unit, if others have one.
func lacking(g *analysis.Group, unit string) (n int) {
	for _, c := range g.Cells {
		if _, ok := c.Metrics[unit]; !ok {
			n++
		}
	}
	return n
}

// whole reports whether all of the group's cells have a value, other than zero, in the unit: it
// then has a geometric mean.
func whole(g *analysis.Group, unit string) bool {
	return !slices.ContainsFunc(g.Cells, func(c results.Cell) bool { return c.Metrics[unit] == 0 }) && withoutRatio(g, unit) == 0
}

// withoutRatio returns how many of the group's values in a unit are below 0 or not a number.
func withoutRatio(g *analysis.Group, unit string) (n int) {
	for _, c := range g.Cells {
		if !results.HasRatio(c.Metrics[unit]) {
			n++
		}
	}
	return n
}
