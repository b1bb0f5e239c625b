package plots

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// byPercentile draws a figure for each workload with latency cells: the latency of reads, writes
// and publishes by percentile. A map that is overloaded in half of its blocks or more is named
// and not drawn, because its other blocks do not represent it.
func byPercentile(s *analysis.Run) []*chart {
	var charts []*chart
	for _, f := range sides(s, split(s.Groups(results.Latency), func(results.ID) bool { return true }, func(id results.ID) results.ID { return id }), nil) {
		c := &chart{
			name:     "latency-by-percentile-" + fileName(f.id.Mix+"-"+workersName(f.id)+"-load"+strconv.Itoa(f.id.Load), f.id),
			title:    "Latency by percentile, at " + strconv.Itoa(f.id.Load) + " % of the capacity",
			subtitle: mixLabel(s, f.id.Mix) + "; " + workersLabel(f.id) + "; " + keysLabel(f.id),
			xLabel:   "percentile",
		}
		c.quantileTicks(results.Quantiles)
		c.slanted = true
		drawn, overloaded := sustained(f.groups)
		whats := []string{results.OfReads, results.OfWrites, results.OfPublishes}
		if c.addLogarithmic(s, drawn, []string{"latency of reads", "latency of writes", "latency of publishes"}, "percentile", func(g *analysis.Group, panel, x int) stat.Summary {
			return g.Latency(whats[panel], results.Quantiles[x])
		}) {
			c.notes = append(c.notes, latencyNotes(s, f.groups, overloaded)...)
			f.tell(c)
			charts = append(charts, c)
		}
	}
	return charts
}

// publishByGoroutines draws a figure for each workload and load that was measured with several
// numbers of goroutines: the latency of publishes.
func publishByGoroutines(s *analysis.Run) []*chart {
	goroutines := func(id results.ID) float64 { return float64(id.G) }
	var charts []*chart
	for _, f := range sides(s, split(s.Groups(results.Latency),
		func(id results.ID) bool { return id.G > 0 },
		func(id results.ID) results.ID { id.G = 0; return id }), nil) {
		gs := distinct(f.groups, goroutines)
		if len(gs) < 2 {
			continue
		}
		c := &chart{
			name:     "publish-latency-by-goroutines-" + fileName(f.id.Mix+"-load"+strconv.Itoa(f.id.Load), f.id),
			title:    "Publish latency by goroutines, at " + strconv.Itoa(f.id.Load) + " % of the capacity",
			subtitle: mixLabel(s, f.id.Mix) + "; " + keysLabel(f.id),
			xLabel:   "goroutines",
		}
		for _, g := range gs {
			c.ticks = append(c.ticks, tick{math.Log2(g), strconv.Itoa(int(g))})
		}
		if procs := float64(f.id.Procs); gs[len(gs)-1] > procs {
			c.shade = &tick{math.Log2(procs) + 0.25, "more than processors"}
		}
		drawn, overloaded := sustained(f.groups)
		quantiles := []float64{50, 99}
		if c.addLogarithmic(s, drawn, []string{"median of publishes", "99th percentile of publishes"}, "goroutines", func(g *analysis.Group, panel, x int) stat.Summary {
			if float64(g.ID.G) != gs[x] {
				return stat.Summary{}
			}
			return g.Latency(results.OfPublishes, quantiles[panel])
		}) {
			c.notes = append(c.notes, latencyNotes(s, f.groups, overloaded)...)
			f.tell(c)
			charts = append(charts, c)
		}
	}
	return charts
}

// staleDistribution draws a figure for each workload with staleness cells: the age of the oldest
// write that a read does not reflect, by percentile of the reads. Maps without any stale read are
// named and not drawn, because their lines would lie over each other.
func staleDistribution(s *analysis.Run) []*chart {
	var charts []*chart
	for _, f := range sides(s, split(s.Groups(results.Staleness), func(results.ID) bool { return true }, func(id results.ID) results.ID { return id }), nil) {
		c := &chart{
			name:     "staleness-by-percentile-" + fileName(f.id.Mix+"-"+workersName(f.id), f.id),
			title:    "Staleness of reads by percentile, by publish policy",
			subtitle: workersLabel(f.id) + "; " + keysLabel(f.id),
			xLabel:   "percentile of reads",
		}
		c.quantileTicks(results.StaleQuantiles)
		var fresh []string
		stale := slices.DeleteFunc(slices.Clone(f.groups), func(g *analysis.Group) bool {
			if everStale(g) || !isMap(s.Verdict(g.ID.Impl)) {
				return false
			}
			fresh = append(fresh, g.ID.Impl)
			return true
		})
		if c.addLogarithmic(s, stale, []string{"staleness"}, "percentile", func(g *analysis.Group, _, x int) stat.Summary {
			return g.Summary(results.StaleAge(results.StaleQuantiles[x]))
		}) {
			c.notes = append(c.notes, "Staleness of a read: time since the completion of the oldest write of its key that it misses; 0 if it is fresh.")
			if len(fresh) > 0 {
				c.notes = append(c.notes, "Always fresh, and not drawn: "+strings.Join(fresh, ", ")+".")
			}
			f.tell(c)
			charts = append(charts, c)
		}
	}
	return charts
}

// sustained returns the groups that are overloaded in less than half of their blocks, and the
// names of the others.
func sustained(groups []*analysis.Group) (drawn []*analysis.Group, overloaded []string) {
	for _, g := range groups {
		if 2*g.Overloaded() < len(g.Cells) {
			drawn = append(drawn, g)
			continue
		}
		name := g.ID.Impl
		if slices.ContainsFunc(groups, func(other *analysis.Group) bool { return other.ID.G != g.ID.G }) {
			name += " (" + strconv.Itoa(g.ID.G) + ")"
		}
		overloaded = append(overloaded, name)
	}
	return drawn, overloaded
}

func latencyNotes(s *analysis.Run, groups []*analysis.Group, overloaded []string) []string {
	note := "Open loop: a latency is measured from the intended start of the operation"
	for _, g := range groups {
		if clock := g.Summary(results.ClockCost); clock.N > 0 {
			note += ", and includes one clock reading, " + results.FormatSeconds(clock.Median)
			break
		}
	}
	notes := []string{note + "."}
	if len(overloaded) > 0 {
		notes = append(notes, "Overloaded, and not drawn: "+strings.Join(overloaded, ", ")+".")
	}
	return notes
}

func workersName(id results.ID) string {
	if id.G > 0 {
		return "g" + strconv.Itoa(id.G)
	}
	return "r" + strconv.Itoa(id.Readers) + "w" + strconv.Itoa(id.Writers)
}

func workersLabel(id results.ID) string {
	if id.G > 0 {
		return plural(id.G, "goroutine")
	}
	return plural(id.Readers, "reader") + ", " + plural(id.Writers, "writer")
}

func (c *chart) quantileTicks(quantiles []float64) {
	for i, q := range quantiles {
		c.ticks = append(c.ticks, tick{float64(i), results.QuantileName(q)})
	}
}

// logValue is what one map has at one tick of one panel.
type logValue struct {
	group   *analysis.Group
	panel   int
	x       int // the index of the tick
	seconds stat.Summary
}

// logValues returns the values of all maps in groups, map by map. value returns what a group has at
// a tick of a panel. Its N is 0 if the group has no place there.
func (c *chart) logValues(s *analysis.Run, groups []*analysis.Group, panels int, value func(g *analysis.Group, panel, x int) stat.Summary) (all []logValue) {
	for _, impl := range s.Impls() {
		if !isMap(s.Verdict(impl)) {
			continue
		}
		for panel := range panels {
			for x := range c.ticks {
				for _, g := range groups {
					if y := value(g, panel, x); g.ID.Impl == impl && y.N > 0 {
						all = append(all, logValue{g, panel, x, y})
					}
				}
			}
		}
	}
	return all
}

// decadesOf returns the decades that hold all values but zeros, and whether there are zeros. lo is
// +Inf if there are only zeros.
func decadesOf(values []logValue) (lo, hi float64, zero bool) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		y := v.seconds
		for _, seconds := range []float64{y.Median, y.Lo, y.Hi} {
			switch {
			case seconds > 0:
				lo, hi = min(lo, math.Floor(decade(seconds))), max(hi, math.Ceil(decade(seconds)))
			case seconds == 0 && (y.Interval || seconds == y.Median):
				zero = true
			}
		}
	}
	return lo, hi, zero
}

// addLogarithmic fills c with panels of seconds on a logarithmic axis, with a line in each for
// every map in groups. The caller has set the ticks. value is as in logValues. Zeros are drawn
// below the decades, at a tick of their own. Empty panels are left out. addLogarithmic reports
// whether a panel is left.
func (c *chart) addLogarithmic(s *analysis.Run, groups []*analysis.Group, panels []string, xName string, value func(g *analysis.Group, panel, x int) stat.Summary) bool {
	values := c.logValues(s, groups, len(panels), value)
	lo, hi, zero := decadesOf(values)
	if math.IsInf(lo, 1) {
		return false
	}
	at := c.decades(lo, max(hi, lo+1), zero)
	c.xMin, c.xMax = c.ticks[0].at-0.3, c.ticks[len(c.ticks)-1].at+0.25
	c.table = [][]string{append([]string{"map", "verdict", "of", xName}, summaryHeader("sec")...)}
	all := make([]panel, len(panels))
	var drawn []stat.Summary
	doubt := false
	for _, v := range values {
		impl, y := v.group.ID.Impl, v.seconds
		verdict := s.Verdict(impl)
		doubt = doubt || verdict.Outcome == results.Unknown
		drawn = append(drawn, y)
		c.table = append(c.table, append([]string{impl, string(verdict.Outcome), panels[v.panel], c.ticks[v.x].label}, summaryFields(y)...))
		label := impl + verdictNote(verdict)
		row := slices.IndexFunc(c.legend, func(r legendRow) bool { return r.label == label })
		if row < 0 {
			row = len(c.legend)
			c.legend = append(c.legend, legendRow{style: styleOf(s.Map(impl), verdict), line: true, label: label, value: "–"})
		}
		lines := &all[v.panel].series
		if len(*lines) == 0 || (*lines)[len(*lines)-1].name != impl {
			*lines = append(*lines, series{style: styleOf(s.Map(impl), verdict), line: true, name: impl})
		}
		line := &(*lines)[len(*lines)-1]
		position := c.ticks[v.x].at
		logged := y
		logged.Median, logged.Lo, logged.Hi = at(y.Median), at(y.Lo), at(y.Hi)
		line.points = append(line.points, point{x: position, y: logged, xLo: position, xHi: position})
		if v.panel == 0 {
			c.legend[row].value = results.FormatSeconds(y.Median) // that of the last tick stays
		}
	}
	for i, p := range all {
		if p.yLabel = panels[i]; len(p.series) > 0 {
			c.panels = append(c.panels, p)
		}
	}
	c.legendTitle = panels[0] + " at " + c.ticks[len(c.ticks)-1].label
	c.notes = footer(s, drawn, doubt)
	return true
}

// decades sets up the y axis from one decade to another, with a place for zero below them if
// zero. It returns the function from seconds to a place on the axis.
func (c *chart) decades(lo, hi float64, zero bool) func(seconds float64) float64 {
	none := lo - 0.8 // the place of zero
	if zero {
		c.yTicks = append(c.yTicks, tick{none, "0"})
	}
	for d := lo; d <= hi; d++ {
		t := tick{at: d}
		if hi-lo <= 8 || math.Mod(d-lo, 2) == 0 {
			t.label = results.FormatSeconds(math.Pow(10, d-9))
		}
		c.yTicks = append(c.yTicks, t)
	}
	return func(v float64) float64 {
		if v <= 0 {
			return none
		}
		return decade(v)
	}
}

// decade is the logarithm of a number of seconds in nanoseconds.
func decade(seconds float64) float64 { return math.Log10(seconds * 1e9) }
