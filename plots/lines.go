package plots

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/baselines/kv"
	"doublebuf/results"
	"doublebuf/workloads"
)

// byGoroutines draws a figure for each workload that was measured with several numbers of
// goroutines. If there is none, it draws one for the first workload.
func byGoroutines(s *analysis.Run) []*chart {
	families := split(s.Groups(results.Throughput),
		func(id results.ID) bool { return id.G > 0 },
		func(id results.ID) results.ID { id.G = 0; return id })
	goroutines := func(id results.ID) float64 { return float64(id.G) }
	var charts []*chart
	for i, f := range sides(s, families, goroutines) {
		gs := distinct(f.groups, goroutines)
		if len(gs) < 2 && (i > 0 || anySeveral(families, goroutines)) {
			continue
		}
		c := &chart{
			name:     "throughput-by-goroutines-" + fileName(f.id.Mix, f.id),
			title:    "Throughput by goroutines",
			subtitle: mixLabel(s, f.id.Mix) + "; " + keysLabel(f.id),
			xLabel:   "goroutines",
		}
		for _, g := range gs {
			c.ticks = append(c.ticks, tick{math.Log2(g), strconv.Itoa(int(g))})
		}
		if procs := float64(f.id.Procs); gs[len(gs)-1] > procs {
			c.shade = &tick{math.Log2(procs) + 0.25, "more than processors"}
		}
		c.marks = marksOf(s, float64(f.id.Procs))
		c.legendTitle = plural(int(gs[len(gs)-1]), "goroutine")
		if c.addLines(s, f.groups, rate, "goroutines", func(id results.ID) (float64, string) {
			return math.Log2(float64(id.G)), strconv.Itoa(id.G)
		}) {
			f.tell(c)
			c.tellPlace(s)
			charts = append(charts, c)
		}
	}
	return charts
}

// byWriteShare draws a figure for each set of keys and number of goroutines that was measured
// under several mixes of one kind. With two mixes only, it draws that of as many goroutines as
// processors: the others are in the figures by goroutines.
func byWriteShare(s *analysis.Run) []*chart {
	families := split(s.Groups(results.Throughput),
		func(id results.ID) bool { _, ok := writeShare(s, id); return ok },
		func(id results.ID) results.ID { id.Mix = ""; return id })
	share := func(id results.ID) float64 { v, _ := writeShare(s, id); return v }
	var charts []*chart
	for i, f := range sides(s, families, share) {
		shares := distinct(f.groups, share)
		if len(shares) < 2 && (i > 0 || anySeveral(families, share)) || len(shares) == 2 && f.id.G != f.id.Procs {
			continue
		}
		c := &chart{
			name:     "throughput-by-write-share-" + fileName("g"+strconv.Itoa(f.id.G), f.id),
			title:    "Throughput by share of writes",
			subtitle: plural(f.id.G, "goroutine") + "; " + keysLabel(f.id),
			xLabel:   "share of writes, % (steps not to scale)",
		}
		position := map[float64]float64{}
		for i, v := range shares {
			position[v] = float64(i)
			c.ticks = append(c.ticks, tick{float64(i), strconv.FormatFloat(v, 'g', 3, 64)})
		}
		c.legendTitle = c.ticks[len(c.ticks)-1].label + " % writes"
		if c.addLines(s, f.groups, rate, "writes %", func(id results.ID) (float64, string) {
			v := share(id)
			return position[v], strconv.FormatFloat(v, 'g', 3, 64)
		}) {
			f.tell(c)
			charts = append(charts, c)
		}
	}
	return charts
}

// family is groups that differ only in the map and in the value on the x axis.
type family struct {
	id     results.ID // without either
	groups []*analysis.Group
	inside bool     // it holds only the double buffers and the maps to compare them with
	apart  bool     // the variations of the double buffer have a family of their own
	left   []string // maps that are left out because they have only one point on the axis
}

// maxMaps is how many maps a reader can distinguish in one figure.
const maxMaps = 20

// rival is the family that the double buffers are compared with in their separate figure.
const rival = "xsync"

// variation reports whether m is a double buffer that differs from the main one by more than the
// publish policy: a double buffer of another strategy, table or writer.
func variation(m results.Map) bool { return m.Family == kv.DoubleBuffer && m.Variation }

// besideOurs reports whether m is in the figure of the double buffers.
func besideOurs(m results.Map) bool {
	return m.Family == kv.DoubleBuffer || m.Family == rival || m.Role == kv.Ceiling || m.Role == kv.Floor
}

// sides returns families, with each family of more than maxMaps maps in two: all maps without the
// variations of the double buffer, and all double buffers beside the rival, the ceiling and the
// floor.
//
// x returns the place of a cell on the axis of a figure with lines; it is nil for other figures.
// Maps with only one place there would hide the lines of the variations, and are left out. If no
// variation remains, there is no second family.
func sides(s *analysis.Run, families []family, x func(results.ID) float64) (all []family) {
	isVariation := func(g *analysis.Group) bool { return variation(s.Map(g.ID.Impl)) }
	for _, f := range families {
		var impls []string
		for _, g := range f.groups {
			impls = append(impls, g.ID.Impl)
		}
		slices.Sort(impls)
		if len(slices.Compact(impls)) <= maxMaps {
			all = append(all, f)
			continue
		}
		kinds, strategies := family{id: f.id, apart: true}, family{id: f.id, inside: true}
		for _, g := range f.groups {
			if !isVariation(g) {
				kinds.groups = append(kinds.groups, g)
			}
			if besideOurs(s.Map(g.ID.Impl)) {
				strategies.groups = append(strategies.groups, g)
			}
		}
		if x != nil {
			strategies = strategies.lines(x)
		}
		if slices.ContainsFunc(strategies.groups, isVariation) {
			all = append(all, kinds, strategies)
			continue
		}
		kinds.apart = false
		kinds.left = slices.DeleteFunc(strategies.left, func(impl string) bool { return !variation(s.Map(impl)) })
		all = append(all, kinds)
	}
	return all
}

// lines returns f without the maps that have only one place on the axis, if any has more.
func (f family) lines(x func(results.ID) float64) family {
	drawn := f
	drawn.groups = nil
	for _, g := range f.groups {
		switch {
		case slices.ContainsFunc(f.groups, func(o *analysis.Group) bool { return o.ID.Impl == g.ID.Impl && x(o.ID) != x(g.ID) }):
			drawn.groups = append(drawn.groups, g)
		case !slices.Contains(drawn.left, g.ID.Impl):
			drawn.left = append(drawn.left, g.ID.Impl)
		}
	}
	if len(drawn.groups) == 0 {
		return f
	}
	return drawn
}

// tell notes on c, a figure of f, which side it shows and what is left out.
func (f family) tell(c *chart) {
	switch {
	case f.inside:
		c.name += "-strategies"
		c.title += ", strategies of the double buffer"
	case f.apart:
		c.notes = append(c.notes, "Double buffers with other strategies are in a separate figure, "+c.name+"-strategies.")
	}
	if len(f.left) > 0 {
		c.notes = append(c.notes, "Measured at only one point, and not drawn: "+strings.Join(f.left, ", ")+".")
	}
}

// split makes families of the groups that pass keep. Groups are of one family if strip makes their
// IDs equal.
func split(groups []*analysis.Group, keep func(results.ID) bool, strip func(results.ID) results.ID) []family {
	var families []family
	at := map[results.ID]int{}
	for _, g := range groups {
		if !keep(g.ID) {
			continue
		}
		id := strip(g.ID)
		id.Impl = ""
		i, ok := at[id]
		if !ok {
			i = len(families)
			at[id] = i
			families = append(families, family{id: id})
		}
		families[i].groups = append(families[i].groups, g)
	}
	return families
}

func anySeveral(families []family, x func(results.ID) float64) bool {
	for _, f := range families {
		if len(distinct(f.groups, x)) > 1 {
			return true
		}
	}
	return false
}

// writeShare returns the share of writes of a cell, in %. ok is true for mixes that differ in
// nothing else: every worker does gets, sets and as many deletes, one by one, and half of the
// keys are there at the start.
func writeShare(s *analysis.Run, id results.ID) (share float64, ok bool) {
	m, ok := s.Mix(id.Mix)
	if !ok || id.G == 0 || m.Roles || m.FirstSeen || m.Misses || m.Stalls || m.Burst > 0 || m.OneVersion() || m.Fill != 500 || m.Sets != m.Deletes {
		return 0, false
	}
	return float64(m.Sets+m.Deletes) / 10, true
}

// measure is what the lines of a figure show of the cells.
type measure struct {
	unit string
	of   func(*analysis.Group) stat.Summary
	rate bool // it is a rate of operations, which has a floor
}

// rate is the throughput.
var rate = measure{results.OpsPerSec, func(g *analysis.Group) stat.Summary { return g.Summary(results.OpsPerSec) }, true}

// addLines fills c with one panel: a line of y for each map in groups. The caller has set the
// ticks, and the legend's title to the name of the last one. x returns the coordinate of a cell and
// its label in the table's column xName. addLines reports whether there is a map to draw.
func (c *chart) addLines(s *analysis.Run, groups []*analysis.Group, show measure, xName string, x func(results.ID) (float64, string)) bool {
	c.xMin, c.xMax = c.ticks[0].at-0.3, c.ticks[len(c.ticks)-1].at+0.25
	last := c.ticks[len(c.ticks)-1]
	c.table = [][]string{append([]string{"map", "verdict", xName}, summaryHeader(show.unit)...)}
	p := panel{yLabel: show.unit}
	var drawn []stat.Summary
	var floor []float64
	doubt := false
	for _, impl := range s.Impls() {
		verdict := s.Verdict(impl)
		note := verdictNote(verdict)
		line := series{style: styleOf(s.Map(impl), verdict), line: true}
		for _, t := range c.ticks { // in the order of the axis, whatever that of measurement
			for _, g := range groups {
				at, label := x(g.ID)
				if g.ID.Impl != impl || at != t.at {
					continue
				}
				y := show.of(g)
				if y.N == 0 {
					continue
				}
				line.points = append(line.points, point{x: at, y: y, xLo: at, xHi: at})
				c.table = append(c.table, append([]string{impl, string(verdict.Outcome), label}, summaryFields(y)...))
			}
		}
		if len(line.points) == 0 {
			continue
		}
		if !isMap(verdict) {
			for _, pt := range line.points {
				floor = append(floor, pt.y.Median)
			}
			continue
		}
		for _, pt := range line.points {
			drawn = append(drawn, pt.y)
		}
		p.series = append(p.series, line)
		end := line.points[len(line.points)-1]
		c.legend = append(c.legend, legendRow{style: line.style, line: true, label: impl + note, value: "–", at: end.y.Median, ends: end.x == last.at})
		doubt = doubt || verdict.Outcome == results.Unknown
	}
	c.panels = []panel{p}
	factor, prefix := scaleOf(p.max())
	for i, row := range c.legend {
		if row.ends {
			c.legend[i].value = formatCount(row.at / factor)
		}
	}
	c.legendTitle = prefix + p.yLabel + " at " + c.legendTitle
	if len(drawn) == 0 {
		return false
	}
	c.notes = footer(s, drawn, doubt)
	if len(floor) > 0 && show.rate {
		c.notes = append(c.notes, "Harness floor (the same loop without a map): "+rangeLabel(floor)+" million ops/s.")
	}
	return true
}

func rangeLabel(values []float64) string {
	lo, hi := values[0], values[0]
	for _, v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	if a, b := formatCount(math.Round(lo/1e6)), formatCount(math.Round(hi/1e6)); a != b {
		return a + " to " + b
	}
	return formatCount(math.Round(lo / 1e6))
}

func mixLabel(s *analysis.Run, mix string) string {
	if m, ok := s.Mix(mix); ok {
		return mix + ": " + m.Doc
	}
	return mix
}

func keysLabel(id results.ID) string {
	keys := id.KeyType + " keys"
	if k, ok := workloads.FindKeyType(id.KeyType); ok && k.Label != "" {
		keys = k.Label
	}
	return fmt.Sprintf("%s over %s %s", id.Dist, results.FormatKeys(id.Keys), keys)
}

func fileName(first string, id results.ID) string {
	procs := "p" + strconv.Itoa(id.Procs)
	if id.Procs == 0 {
		procs = "procs" // it varies
	}
	return strings.Join([]string{first, id.Dist, id.KeyType, results.FormatKeys(id.Keys), procs}, "-")
}
