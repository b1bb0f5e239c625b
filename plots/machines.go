package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// DrawMachines draws a figure for each throughput workload that at least two of the runs share,
// with a series for each run. It also draws how maps scale on each machine. Otherwise
// DrawMachines does what Draw does, but it fails if there is nothing to draw.
func DrawMachines(runs []analysis.Machine, dir string) ([]Figure, error) {
	all := byMachine(runs)
	if len(all) == 0 {
		return nil, fmt.Errorf("no workload was measured in two of the %d runs; want runs that have some in common", len(runs))
	}
	return drawAll(all, dir)
}

// machineStyles are the styles of the runs, in their order. They cannot be mistaken for styles of
// maps, because the maps are on the axis.
var machineStyles = []style{
	{blue, circle, solid, otherWidth, full},
	{vermilion, square, solid, otherWidth, full},
	{green, diamond, solid, otherWidth, full},
	{black, up, solid, otherWidth, full},
	{orange, down, solid, otherWidth, full},
	{purple, pentagon, solid, otherWidth, full},
	{skyBlue, left, solid, otherWidth, full},
	{wine, right, solid, otherWidth, full},
}

// MaxMachines is how many runs DrawMachines accepts.
var MaxMachines = len(machineStyles)

func byMachine(runs []analysis.Machine) []*chart {
	var charts []*chart
	for _, o := range analysis.OnAll(runs) {
		groups := make([][]*analysis.Group, len(runs))
		first := len(runs) // that has the workload
		for i, s := range o.Standings {
			if s == nil {
				continue
			}
			first = min(first, i)
			for _, g := range runs[i].Groups(results.Throughput) {
				if g.ID.Workload() == s.Workload {
					groups[i] = append(groups[i], g)
				}
			}
		}
		if c := machineChart(runs, o.Workload, mixLabel(runs[first].Run, o.Workload.Mix), groups); c != nil {
			charts = append(charts, c)
		}
	}
	return slices.Concat(efficiencyByMachine(runs), charts)
}

// workersFile names the workers of a shared workload in the name of a file.
func workersFile(w results.ID) string {
	number := func(n int) string {
		switch n {
		case analysis.AllProcessors:
			return "P"
		case analysis.TwiceAll:
			return "2P"
		case analysis.AllButOne:
			return "P-1"
		case analysis.HalfProcessors:
			return "halfP"
		}
		return strconv.Itoa(n)
	}
	if w.G != 0 {
		return "g" + number(w.G)
	}
	return "r" + number(w.Readers) + "w" + number(w.Writers)
}

// machineChart draws a workload whose mix has that label; groups are those of it in each run.
func machineChart(runs []analysis.Machine, w results.ID, mix string, groups [][]*analysis.Group) *chart {
	unit, workers := results.OpsPerSec, analysis.DescribeWorkers(w)
	if w.G == 0 {
		unit = results.ReadsPerSec
	}
	if w.Readers > 0 {
		workers = fmt.Sprintf("%s beside %s", plural(w.Readers, "reader"), plural(w.Writers, "writer"))
	}
	c := &chart{
		name:     strings.Join([]string{"throughput-by-machine", w.Mix, workersFile(w), w.Dist, w.KeyType, results.FormatKeys(w.Keys)}, "-"),
		title:    "Throughput by machine",
		subtitle: mix + "; " + workers + "; " + keysLabel(w),
		slanted:  true,
		table:    [][]string{append([]string{"map", "run", "machine", "verdict"}, summaryHeader(unit)...)},
	}
	impls := c.mapsAsTicks(runs, groups)
	p := panel{yLabel: unit}
	var drawn []stat.Summary
	doubt := false
	for i, run := range runs {
		s := series{style: machineStyles[i]}
		for x, impl := range impls {
			for _, g := range groups[i] {
				y := g.Summary(unit)
				if g.ID.Impl != impl || y.N == 0 {
					continue
				}
				verdict := run.Verdict(impl)
				doubt = doubt || verdict.Outcome == results.Unknown
				at := float64(x) + (float64(i)-float64(len(runs)-1)/2)*0.5/float64(len(runs))
				pt := point{x: at, y: y, xLo: at, xHi: at}
				if verdict.Outcome == results.Illegal {
					p.series = append(p.series, series{style: styleOf(run.Map(impl), verdict), points: []point{pt}})
				} else {
					s.points = append(s.points, pt)
				}
				drawn = append(drawn, y)
				c.table = append(c.table, append([]string{impl, run.Name, run.Manifest.Environment.MachineLabel(), string(verdict.Outcome)}, summaryFields(y)...))
			}
		}
		if len(s.points) > 0 {
			p.series = append(p.series, s)
		}
		c.legend = append(c.legend, legendRow{style: machineStyles[i], label: run.Name})
	}
	if len(drawn) == 0 {
		return nil
	}
	c.panels = []panel{p}
	c.notes = []string{samplesNote(drawn, doubt)}
	for _, run := range runs {
		c.notes = append(c.notes, run.Name+": "+provenance(run.Run))
	}
	return c
}

// mapsAsTicks makes the maps of groups the ticks of the x axis, and returns their names in that
// order.
func (c *chart) mapsAsTicks(runs []analysis.Machine, groups [][]*analysis.Group) (impls []string) {
	notes := map[string]string{}
	for i, run := range runs {
		for _, g := range groups[i] {
			v := run.Verdict(g.ID.Impl)
			if isMap(v) && !slices.Contains(impls, g.ID.Impl) {
				impls = append(impls, g.ID.Impl)
			}
			if notes[g.ID.Impl] == "" || v.Outcome == results.Illegal {
				notes[g.ID.Impl] = verdictNote(v) // the worst of the runs
			}
		}
	}
	for x, impl := range impls {
		c.ticks = append(c.ticks, tick{float64(x), impl + notes[impl]})
	}
	c.xMin, c.xMax = -0.6, float64(len(impls))-0.4
	return impls
}

// mostScaling is how many maps have figures of how they scale on several machines.
const mostScaling = 4

// efficiencyByMachine draws a figure for each mix, keys and distribution with curves on two of the
// machines, and for each of a few maps: the efficiency by processors, with a line for each machine.
// The maps are those that have the most curves, the fastest first.
func efficiencyByMachine(runs []analysis.Machine) (charts []*chart) {
	type lines struct {
		workload results.ID
		of       map[string][]*analysis.Curve // by map; one for each machine, or nil
		impls    []string
	}
	var all []*lines
	for i, run := range runs {
		for _, c := range run.Curves() {
			if c.Workload.Procs > 0 && c.Workload.Procs != run.Procs() || len(c.Points) < minScaling || !isMap(run.Verdict(c.Impl)) || run.Verdict(c.Impl).Outcome == results.Illegal {
				continue
			}
			w := c.Workload
			w.Procs = min(w.Procs, 1) // whether GOMAXPROCS varied
			at := slices.IndexFunc(all, func(l *lines) bool { return l.workload == w })
			if at < 0 {
				at = len(all)
				all = append(all, &lines{workload: w, of: map[string][]*analysis.Curve{}})
			}
			l := all[at]
			if l.of[c.Impl] == nil {
				l.of[c.Impl] = make([]*analysis.Curve, len(runs))
				l.impls = append(l.impls, c.Impl)
			}
			l.of[c.Impl][i] = c
		}
	}
	for _, l := range all {
		curves := func(impl string) (n int, rate float64) {
			for _, c := range l.of[impl] {
				if c != nil {
					n, rate = n+1, max(rate, c.Last().Rate())
				}
			}
			return n, rate
		}
		slices.SortStableFunc(l.impls, func(a, b string) int {
			na, ra := curves(a)
			nb, rb := curves(b)
			return cmp.Or(cmp.Compare(nb, na), cmp.Compare(rb, ra))
		})
		for _, impl := range l.impls[:min(mostScaling, len(l.impls))] {
			if n, _ := curves(impl); n > 1 {
				charts = append(charts, efficiencyChart(runs, l.workload, impl, l.of[impl]))
			}
		}
	}
	return charts
}

// efficiencyChart draws the curves of a map, one for each machine, or nil.
func efficiencyChart(runs []analysis.Machine, w results.ID, impl string, curves []*analysis.Curve) *chart {
	const unit = "% of the ideal rate"
	varied := "goroutines"
	if w.Procs == 0 {
		varied = "procs"
	}
	c := &chart{
		name:        "efficiency-by-machine-" + strings.Join([]string{impl, w.Mix, w.Dist, w.KeyType, results.FormatKeys(w.Keys), varied}, "-"),
		title:       "Efficiency of " + impl + " by machine",
		subtitle:    w.Mix + "; " + keysLabel(w),
		xLabel:      "processors, one goroutine on each",
		table:       [][]string{append([]string{"map", "run", "processors"}, summaryHeader(unit)...)},
		legendTitle: "efficiency at the last point",
	}
	var ns []int
	var drawn []stat.Summary
	var notes []string
	p := panel{yLabel: unit}
	for i, curve := range curves {
		if curve == nil {
			continue
		}
		s := series{style: machineStyles[i], line: true}
		for _, pt := range curve.Points {
			x, y := math.Log2(float64(pt.Processors)), percentOf(pt.Efficiency)
			s.points = append(s.points, point{x: x, y: y, xLo: x, xHi: x})
			ns, drawn = append(ns, pt.Processors), append(drawn, y)
			c.table = append(c.table, append([]string{impl, runs[i].Name, strconv.Itoa(pt.Processors)}, summaryFields(y)...))
		}
		p.series = append(p.series, s)
		last := curve.Last()
		c.legend = append(c.legend, legendRow{
			style: machineStyles[i], line: true, label: runs[i].Name,
			value: fmt.Sprintf("%s %% at %d", formatCount(100*last.Efficiency.Median), last.Processors),
		})
		notes = append(notes, runs[i].Name+": "+provenance(runs[i].Run))
	}
	c.panels = []panel{p}
	slices.Sort(ns)
	for _, n := range slices.Compact(ns) {
		c.ticks = append(c.ticks, tick{math.Log2(float64(n)), strconv.Itoa(n)})
	}
	c.xMin, c.xMax = -0.3, c.ticks[len(c.ticks)-1].at+0.25
	c.notes = append([]string{samplesNote(drawn, false)}, notes...)
	return c
}
