package analysis

import (
	"fmt"
	"math"
	"slices"

	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// Run is a run with what follows from it. Of computes it once; all others read it. One goroutine
// uses it at a time.
type Run struct {
	*results.Set
	Control results.Control // what the A/A control shows
	Grade   results.Grade   // how far the figures can be trusted
	// Links and Processes are the numbers of links and processes that the cells come from, at least
	// 1.
	Links, Processes int
	// Layout is the smallest effect, as a share, that cannot come from two layouts of the same
	// code. It is 0 if there are several links, because their intervals include the layouts.
	Layout float64
	// Standings are the orders of the maps in the throughput workloads, in the order in which the
	// workloads were first measured.
	Standings []*Standing

	impls    []string
	groups   []*Group
	byKind   map[results.Kind][]*Group
	verdicts map[string]results.Verdict
	effects  *effects
}

// layoutEffect is an effect that can come from the layout alone: medians of one map differ by up to
// this much between links and between processes.
const layoutEffect = 0.05

// Of analyses a run. The cells of s must not change afterwards.
func Of(s *results.Set) *Run {
	r := &Run{Set: s, groups: groupsOf(s.Cells), byKind: map[results.Kind][]*Group{}, verdicts: verdictsOf(s)}
	for _, g := range r.groups {
		r.byKind[g.ID.Kind] = append(r.byKind[g.ID.Kind], g)
	}
	for _, c := range s.Cells {
		if !slices.Contains(r.impls, c.Impl) {
			r.impls = append(r.impls, c.Impl)
		}
	}
	r.Links, r.Processes = layersOf(s.Cells)
	var pairs map[results.ID]results.ControlPair
	r.Control, pairs = controlOf(r.groups, groupsOf(s.Twins))
	if r.Links == 1 {
		r.Layout = layoutEffect
	}
	r.effects = &effects{layout: r.Layout, pairs: pairs, limit: r.Control.Limit, known: map[compared]tested{}}
	r.Standings = standingsOf(r, r.Groups(results.Throughput))
	correct(r.effects, r.Standings)
	r.Grade = gradeOf(s.Manifest.Sessions, r.Control, r.Standings)
	return r
}

// Describe names a workload of r in words. It names GOMAXPROCS only if r varied it.
func (r *Run) Describe(w results.ID) string {
	text := Describe(w)
	if slices.ContainsFunc(r.groups, func(g *Group) bool { return g.ID.Procs != w.Procs }) {
		text += fmt.Sprintf(", GOMAXPROCS %d", w.Procs)
	}
	return text
}

// Limit returns the A/A limit of a throughput workload, as a share. If it has no A/A control, that
// is the limit of the run.
func (r *Run) Limit(workload results.ID) float64 { return r.effects.limitOf(workload) }

// Resolution returns the smallest true effect, as a share, that is conclusive in four of five runs,
// between two maps of a throughput workload whose interval has the usual width. It is the A/A limit
// at least. It is infinite without intervals.
func (r *Run) Resolution(workload results.ID) float64 {
	half := math.Log1p(r.HalfWidth(workload))
	return max(r.Limit(workload), math.Expm1(half*stat.Detectable(max(1, r.effects.tests))))
}

// Effect returns the effect of a over b, two groups of the run, in a unit.
func (r *Run) Effect(a, b *Group, unit string) Effect { return r.effects.of(a, b, unit) }

// Standing returns the standing of the workload of id, a throughput cell of the run.
func (r *Run) Standing(id results.ID) *Standing {
	return r.Standings[slices.IndexFunc(r.Standings, func(s *Standing) bool { return s.Workload == id.Workload() })]
}

// layersOf returns how many links and processes the cells come from, at least 1 of each.
func layersOf(cells []results.Cell) (links, processes int) {
	l, p := map[int]bool{}, map[int]bool{}
	for _, c := range cells {
		l[c.Link], p[c.Process] = true, true
	}
	return max(1, len(l)), max(1, len(p))
}

// Impls returns the names of the maps that have cells, in the order of their first cells. The
// caller must not change it.
func (r *Run) Impls() []string { return r.impls }

// Maps returns the names of all maps that the run checked or measured: those with a verdict, then
// the others. A map that crashed when it was checked has no cells.
func (r *Run) Maps() []string {
	var all []string
	for _, v := range r.Manifest.Verdicts {
		if !slices.Contains(all, v.Impl) {
			all = append(all, v.Impl)
		}
	}
	for _, impl := range r.impls {
		if !slices.Contains(all, impl) {
			all = append(all, impl)
		}
	}
	return all
}

// Groups returns the groups of a kind, in the order in which they were first measured. The caller
// must not change it.
func (r *Run) Groups(kind results.Kind) []*Group { return r.byKind[kind] }

// Group returns the group of a cell, or nil.
func (r *Run) Group(id results.ID) *Group {
	for _, g := range r.byKind[id.Kind] {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// AllGroups returns the groups of every kind, benchmarks of other programs among them. The caller
// must not change it.
func (r *Run) AllGroups() []*Group { return r.groups }

// Verdict returns the worst verdict on a map. It considers the map's check, and the final-state
// checks of its cells and of its twin's cells. A map that was never checked is Unknown.
func (r *Run) Verdict(impl string) results.Verdict {
	if v, ok := r.verdicts[impl]; ok {
		return v
	}
	return unchecked(impl)
}

func unchecked(impl string) results.Verdict {
	return results.Verdict{Impl: impl, Outcome: results.Unknown, Reason: "it was never checked"}
}

// verdictsOf returns the worst verdict on each map. A crash is the worst, because it explains why
// cells are missing.
func verdictsOf(s *results.Set) map[string]results.Verdict {
	rank := func(v results.Verdict) int {
		switch {
		case v.Check == results.Crash && v.Outcome == results.Illegal:
			return 3
		case v.Outcome == results.Illegal:
			return 2
		case v.Outcome == results.Unknown:
			return 1
		}
		return 0
	}
	worst := map[string]results.Verdict{}
	for _, v := range s.Manifest.Verdicts {
		if was, found := worst[v.Impl]; !found || rank(v) > rank(was) {
			worst[v.Impl] = v
		}
	}
	for _, c := range slices.Concat(s.Cells, s.Twins) {
		impl, _ := results.Original(c.Impl)
		v, found := worst[impl]
		if !found {
			v = unchecked(impl)
		}
		if c.Fault != "" && v.Outcome != results.Illegal {
			v.Check, v.Outcome, v.Reason, v.Evidence = "sum", results.Illegal, c.Fault, []string{c.Name()}
		}
		worst[impl] = v
	}
	return worst
}

// halves returns half the widths of the intervals of the effects of the pairs that a report
// compares, as shares. One is infinite without an interval.
func (s *Standing) halves() (all []float64) {
	for _, pair := range s.compared() {
		if e := s.Effect(pair[0], pair[1]); e.N > 0 {
			all = append(all, math.Sqrt(1+widthOf(e))-1)
		}
	}
	return all
}

// HalfWidth returns half the width of the interval of an effect in a throughput workload of the
// run, as a share: the median over the effects that a report compares, or that of the A/A control
// if it is wider. It is infinite without an interval, and 0 if there is nothing to compare.
func (r *Run) HalfWidth(workload results.ID) float64 {
	half := 0.0
	if p, ok := r.effects.pairs[workload]; ok {
		half = halfOf(p)
	}
	if all := r.Standing(workload).halves(); len(all) > 0 {
		half = max(half, stat.Median(all))
	}
	return half
}

// Doubt returns half the width of the interval of the A/A control in a throughput workload, as a
// share. It limits which effects can be conclusive. Without a control it is HalfWidth.
func (r *Run) Doubt(workload results.ID) float64 {
	if p, ok := r.effects.pairs[workload]; ok {
		return halfOf(p)
	}
	return r.HalfWidth(workload)
}

func widthOf(e Effect) float64 {
	if !e.Interval {
		return math.Inf(1)
	}
	return e.Hi/e.Lo - 1
}

// Widest returns the width of the widest interval of all effects that a report shows, and which
// effect that is: 0.02 if the upper end is 2 % above the lower one. The width is infinite if an
// effect has no interval. The name is "" if there are no effects.
func (r *Run) Widest() (width float64, effect string) {
	for _, s := range r.Standings {
		for _, pair := range s.compared() {
			e := s.Effect(pair[0], pair[1])
			if e.N == 0 {
				continue
			}
			w := widthOf(e)
			if effect == "" || w > width {
				width, effect = w, fmt.Sprintf("%s against %s: %s", pair[0].Impl, pair[1].Impl, Describe(s.Workload))
			}
		}
	}
	return width, effect
}
