package compare

import (
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// An unchanged map has the same code in both runs. If its cells differ, the cause is the machine,
// the layout of the program, or chance. Unchanged maps show how much that is, and within each run
// other maps can be compared with them.

// SameCode reports whether a map has the same code in two runs on one machine. The floor and the
// ceiling always have. So has every map if both programs were built from one commit, without
// changes, and a map of another module if its version is the same. The compiler and the settings of
// Go must be the same too.
func SameCode(old, now *analysis.Run, impl string) bool {
	a, b := old.Manifest.Environment, now.Manifest.Environment
	if a.Go == "" || a.Go != b.Go || a.GOARCH != b.GOARCH || a.CPU != b.CPU || a.Checked != b.Checked || a.SettingsLabel() != b.SettingsLabel() {
		return false
	}
	if a.Commit == b.Commit && a.Commit != results.NotKnown && a.Commit != "" && !a.Dirty && !b.Dirty {
		return true
	}
	m, n := old.Map(impl), now.Map(impl)
	switch m.Role {
	case kv.Floor, kv.Ceiling:
		return n.Role == m.Role
	}
	return m.Version != "" && m.Module == n.Module && m.Version == n.Version
}

// unchanged holds the unchanged maps of each workload, and how much they deviate from each other.
type unchanged struct {
	of  map[results.ID][]pair
	dev map[string]deviations // by unit; those computed so far
}

// deviations say how far the logarithms of the effects of unchanged maps scatter around the mean of
// their workload.
type deviations struct {
	all stat.Deviation
	of  map[results.ID]stat.Deviation // of the workloads with two unchanged maps or more
}

func unchangedOf(pairs []pair) *unchanged {
	u := &unchanged{of: map[results.ID][]pair{}, dev: map[string]deviations{}}
	for _, p := range pairs {
		if w := p.id.Workload(); p.unchanged {
			u.of[w] = append(u.of[w], p)
		}
	}
	return u
}

// in returns the unchanged maps of a workload that have a rate in unit.
func (u *unchanged) in(workload results.ID, unit string) []pair {
	if workload.Kind != results.Throughput || !results.IsRate(unit) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(u.of[workload]), func(p pair) bool {
		return !has(p.old, unit) || !has(p.new, unit) || !whole(p.old, unit) || !whole(p.new, unit)
	})
}

// deviations returns how much unchanged maps deviate from each other in unit.
func (u *unchanged) deviations(unit string) deviations {
	d, known := u.dev[unit]
	if known {
		return d
	}
	d.of = map[results.ID]stat.Deviation{}
	squares := 0.0
	for w := range u.of {
		own, df := 0.0, -1
		for _, p := range u.in(w, unit) {
			df++
			if old, now, n := u.against(p, unit); n > 0 {
				// The distance to the mean of all n+1 maps is n/(n+1) of that to the mean of the
				// others.
				fromMean := math.Log(analysis.Unpaired(old, now, unit, 0).Ratio) * float64(n) / float64(n+1)
				own += fromMean * fromMean
			}
		}
		if df < 1 {
			continue
		}
		d.of[w] = stat.Deviation{SD: math.Sqrt(own / float64(df)), DF: df}
		squares += own
		d.all.DF += df
	}
	d.all.SD = math.Sqrt(squares / float64(max(1, d.all.DF)))
	u.dev[unit] = d
	return d
}

// against returns the values of p over the means of the other unchanged maps of its workload,
// block by block, and the number of these maps.
func (u *unchanged) against(p pair, unit string) (old, now *analysis.Group, n int) {
	var before, after []*analysis.Group
	for _, other := range u.in(p.id.Workload(), unit) {
		if other.id != p.id {
			before, after = append(before, other.old), append(after, other.new)
		}
	}
	if len(before) == 0 || !whole(p.old, unit) || !whole(p.new, unit) {
		return nil, nil, 0
	}
	return over(p.old, meanOf(before, unit), unit), over(p.new, meanOf(after, unit), unit), len(before)
}

// relative returns the effect of now over old. Both are already divided by the mean of n
// unchanged maps, in one workload or several. The interval and the probability allow for the
// deviation of unchanged maps: that of all workloads together, or that of one of these workloads
// if it is larger. The result is nil without unchanged maps.
func (u *unchanged) relative(old, now *analysis.Group, n int, unit string, minEffect float64, workloads ...results.ID) *stat.Effect {
	if n == 0 {
		return nil
	}
	d := u.deviations(unit)
	by := d.all
	for _, w := range workloads {
		by.SD = max(by.SD, d.of[w].SD)
	}
	by.SD *= math.Sqrt(1 + 1/float64(n)) // of a map, and of the mean of the unchanged ones
	e := analysis.Unpaired(old, now, unit, minEffect).Widen(by, minEffect)
	return &e
}

// over returns a group with the values of a over those of b, in each block that both have.
func over(a, b *analysis.Group, unit string) *analysis.Group {
	ofB := map[int]float64{}
	for i, c := range b.Cells {
		ofB[blockOf(c, i)] = c.Metrics[unit]
	}
	g := &analysis.Group{ID: a.ID}
	for i, c := range a.Cells {
		if v, ok := ofB[blockOf(c, i)]; ok {
			c.Metrics = map[string]float64{unit: c.Metrics[unit] / v}
			g.Cells = append(g.Cells, c)
		}
	}
	return g
}

// blockOf returns the block of the i-th cell of a group. If a file has no blocks, its n-th
// repetitions are one block.
func blockOf(c results.Cell, i int) int {
	if c.Block > 0 {
		return c.Block
	}
	return i + 1
}

// meanOf returns the geometric mean of groups in each block that all of them have.
func meanOf(groups []*analysis.Group, unit string) *analysis.Group {
	logs := map[int][]float64{}
	of := map[int]results.Cell{}
	for _, g := range groups {
		for i, c := range g.Cells {
			if v, ok := c.Metrics[unit]; ok {
				block := blockOf(c, i)
				logs[block] = append(logs[block], math.Log(v))
				of[block] = c
			}
		}
	}
	mean := &analysis.Group{}
	for _, block := range slices.Sorted(maps.Keys(of)) {
		if len(logs[block]) != len(groups) {
			continue
		}
		value := math.Exp(floats.Sum(logs[block]) / float64(len(groups)))
		mean.Cells = append(mean.Cells, results.Cell{Block: block, Process: of[block].Process, Link: of[block].Link, Metrics: map[string]float64{unit: value}})
	}
	return mean
}
