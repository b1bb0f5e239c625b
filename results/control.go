package results

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// An A/A control measures one map twice, as if it were two maps, in the same blocks as
// all others. Whatever difference shows is made by the machine and the harness, so that
// none that small is to be believed of two maps. The second is the twin of the first: the
// same configuration under a name of its own, in files of cells too. Load keeps cells of
// twins apart, so that no figure and no comparison has them.

const twinSuffix = ".twin"

// Twin returns the name under which a map is measured a second time.
func Twin(impl string) string { return impl + twinSuffix }

// Original returns the map that the name stands for, and whether it is a twin.
func Original(impl string) (original string, twin bool) { return strings.CutSuffix(impl, twinSuffix) }

// Control is what the A/A control of a run shows.
type Control struct {
	Pairs []ControlPair `json:"pairs"`
	// Limit is the least effect that the run can show, as a share: 0.03 is 3 %. It is how
	// far the intervals of the pairs reach, the farthest of them. It is 0 without a pair
	// that has an interval.
	Limit float64 `json:"limit"`
}

// ControlPair is how much more of its unit the twin had than the original.
type ControlPair struct {
	Cell     string  `json:"cell"` // the original's
	Unit     string  `json:"unit"`
	Ratio    float64 `json:"ratio"`
	Lo       float64 `json:"lo"` // both ends equal Ratio without an interval
	Hi       float64 `json:"hi"`
	Interval bool    `json:"interval"`
	P        float64 `json:"p"`      // see Effect; not corrected
	Holm     float64 `json:"p_holm"` // corrected for all pairs
}

// String says how much the two differ.
func (p ControlPair) String() string {
	return fmt.Sprintf("%s measured twice differs by %+.1f %% [%+.1f %%, %+.1f %%]", p.Cell, 100*(p.Ratio-1), 100*(p.Lo-1), 100*(p.Hi-1))
}

// reach is how far from none the pair's interval reaches, as a share; 0 without one.
func (p ControlPair) reach() float64 {
	if !p.Interval {
		return 0
	}
	return max(p.Hi, 1/p.Lo) - 1
}

// Different returns in how many pairs the twin looks different from the original, which it
// is not: by themselves, and corrected for their number.
func (c Control) Different() (uncorrected, corrected int) {
	for _, p := range c.Pairs {
		if p.P < 1-Confidence {
			uncorrected++
		}
		if p.Holm < 1-Confidence {
			corrected++
		}
	}
	return uncorrected, corrected
}

// Worst returns the pair that sets the limit. There must be a pair.
func (c Control) Worst() ControlPair {
	return slices.MaxFunc(c.Pairs, func(a, b ControlPair) int { return cmp.Compare(a.reach(), b.reach()) })
}

// Percent writes a share that is not negative: with two digits below 10 %, and without any
// after the point above.
func Percent(share float64) string {
	if share < 0.0995 {
		return fmt.Sprintf("%.2g %%", 100*share)
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// Control returns what the A/A control of the run shows.
func (s *Set) Control() Control {
	var c Control
	var p []float64
	twins := (&Set{Cells: s.Twins}).AllGroups()
	for _, a := range s.AllGroups() {
		twin := a.ID
		twin.Impl = Twin(twin.Impl)
		i := slices.IndexFunc(twins, func(g Group) bool { return g.ID == twin })
		if i < 0 {
			continue
		}
		unit := a.ID.Rate()
		e := Paired(a, twins[i], unit, 1)
		if e.N[0] == 0 {
			continue // neither has a block that the other has
		}
		pair := ControlPair{Cell: a.ID.Name(), Unit: unit, Ratio: e.Ratio, Lo: e.Lo, Hi: e.Hi, Interval: e.Interval, P: e.P}
		c.Limit = max(c.Limit, pair.reach())
		c.Pairs, p = append(c.Pairs, pair), append(p, e.P)
	}
	for i, corrected := range Holm(p) {
		c.Pairs[i].Holm = corrected
	}
	return c
}
