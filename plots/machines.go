package plots

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
	"doublebuf/workloads"
)

// Run is one of several runs that are compared.
type Run struct {
	Name string // unique among them, such as the name of its folder
	*analysis.Run
}

// DrawMachines draws a figure for each throughput workload that at least two of the runs have
// cells of, with a series for each run. GOMAXPROCS is not part of the workload here, because it
// differs between machines. Otherwise DrawMachines does what Draw does, but it fails if there is
// nothing to draw.
func DrawMachines(runs []Run, dir string) ([]Figure, error) {
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

// workload is what maps are compared in, with the definition of the mix in the run. A mix that was
// changed between two runs is another workload.
type workload struct {
	results.ID // without the map and GOMAXPROCS
	mix        workloads.Mix
}

func byMachine(runs []Run) []*chart {
	var order []workload
	in := map[workload]int{}
	ofRun := make([]map[workload][]*analysis.Group, len(runs))
	for i, run := range runs {
		ofRun[i] = map[workload][]*analysis.Group{}
		for _, g := range run.Groups(results.Throughput) {
			w := workload{ID: g.ID}
			w.Impl, w.Procs = "", 0
			w.mix, _ = run.Mix(w.Mix)
			w.mix.Doc = ""
			if ofRun[i][w] == nil {
				if in[w] == 0 {
					order = append(order, w)
				}
				in[w]++
			}
			ofRun[i][w] = append(ofRun[i][w], g)
		}
	}
	var charts []*chart
	for _, w := range order {
		if in[w] < 2 {
			continue
		}
		groups := make([][]*analysis.Group, len(runs))
		first := len(runs) // that has the workload
		for i := range runs {
			groups[i] = ofRun[i][w]
			if groups[i] != nil {
				first = min(first, i)
			}
		}
		if c := machineChart(runs, w.ID, mixLabel(runs[first].Run, w.Mix), groups); c != nil {
			charts = append(charts, c)
		}
	}
	return charts
}

// machineChart draws a workload whose mix has that label; groups are those of it in each run.
func machineChart(runs []Run, w results.ID, mix string, groups [][]*analysis.Group) *chart {
	unit, workers := results.OpsPerSec, plural(w.G, "goroutine")
	file := "g" + strconv.Itoa(w.G)
	if w.G == 0 {
		unit = results.ReadsPerSec
		workers = fmt.Sprintf("%s beside %s", plural(w.Readers, "reader"), plural(w.Writers, "writer"))
		file = fmt.Sprintf("r%dw%d", w.Readers, w.Writers)
	}
	c := &chart{
		name:     strings.Join([]string{"throughput-by-machine", w.Mix, file, w.Dist, w.KeyType, results.FormatKeys(w.Keys)}, "-"),
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
func (c *chart) mapsAsTicks(runs []Run, groups [][]*analysis.Group) (impls []string) {
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
