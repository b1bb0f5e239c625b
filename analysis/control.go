package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// An A/A control measures one map twice, as if it were two maps, in the same blocks as all others.
// Whatever difference shows comes from the machine and the harness. So a difference that small
// between two maps means nothing. The second map is the twin of the first: the same map under
// another name, also in files of cells. Load keeps the cells of twins separate, so no figure and
// no comparison contains them.

// controlOf computes the A/A control of groups and of those of their twins, and the pair of each
// workload.
func controlOf(groups, twins []*Group) (results.Control, map[results.ID]results.ControlPair) {
	var c results.Control
	var p []float64
	pairs := map[results.ID]results.ControlPair{}
	for _, a := range groups {
		twin := a.ID
		twin.Impl = results.Twin(twin.Impl)
		i := slices.IndexFunc(twins, func(g *Group) bool { return g.ID == twin })
		if i < 0 {
			continue
		}
		unit := a.ID.Rate()
		e := pair(twins[i], a, unit).Effect(0)
		if e.N[0] == 0 {
			continue // they share no block
		}
		pair := results.ControlPair{Cell: a.ID.Name(), Unit: unit, Ratio: e.Ratio, Lo: e.Lo, Hi: e.Hi, Interval: e.Interval, P: e.P}
		c.Limit = max(c.Limit, reach(pair))
		if w := a.ID.Workload(); reach(pair) >= reach(pairs[w]) {
			pairs[w] = pair
		}
		c.Pairs, p = append(c.Pairs, pair), append(p, e.P)
	}
	for i, corrected := range stat.Holm(p) {
		c.Pairs[i].Holm = corrected
	}
	return c, pairs
}

// reach is the largest ratio that the pair's interval allows, in either direction, as a share: a
// lower end of 1/1.2 is 0.2. It is 0 without an interval.
func reach(p results.ControlPair) float64 {
	if !p.Interval {
		return 0
	}
	return max(p.Hi, 1/p.Lo) - 1
}

// halfOf returns half the width of the pair's interval, as a share. It is infinite without an
// interval.
func halfOf(p results.ControlPair) float64 {
	if !p.Interval {
		return math.Inf(1)
	}
	return math.Sqrt(p.Hi/p.Lo) - 1
}

// Different returns the number of pairs of c whose twin looks different from the original, although
// it is the same map: by the tests alone, and after Holm's correction for their number.
func Different(c results.Control) (uncorrected, corrected int) {
	for _, p := range c.Pairs {
		if p.P < 1-stat.Confidence {
			uncorrected++
		}
		if p.Holm < 1-stat.Confidence {
			corrected++
		}
	}
	return uncorrected, corrected
}

// Worst says how much the two maps differ in the pair of c that sets the limit. If the lower end of
// the interval sets it, Worst adds that end in the other direction. There must be a pair.
func Worst(c results.Control) string {
	p := slices.MaxFunc(c.Pairs, func(a, b results.ControlPair) int { return cmp.Compare(reach(a), reach(b)) })
	text := fmt.Sprintf("%s measured twice differs by %+.1f %% [%+.1f %%, %+.1f %%]", p.Cell, 100*(p.Ratio-1), 100*(p.Lo-1), 100*(p.Hi-1))
	if p.Interval && 1/p.Lo > p.Hi {
		text += fmt.Sprintf("; the lower end is %+.1f %% in the other direction", 100*(1/p.Lo-1))
	}
	return text
}

// Percent writes a share that is not negative: with two digits below 10 %, and as a whole number of
// percent from there on.
func Percent(share float64) string {
	if share < 0.0995 {
		return fmt.Sprintf("%.2g %%", 100*share)
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}
