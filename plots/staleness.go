package plots

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// byStaleness draws a figure for each workload with staleness cells: the reads and writes a
// second of each map against the mean staleness of its reads. The throughput is that of
// throughput cells with the same keys and workers. It is never that of the staleness cells, whose
// loop is slowed down by what it measures. The two workloads differ: in a throughput cell half of
// the keys are in the map and half of the writes delete; in a staleness cell every key is in the
// map and writes only set.
func byStaleness(s *analysis.Run) []*chart {
	families := split(s.Groups(results.Staleness),
		func(results.ID) bool { return true },
		func(id results.ID) results.ID { return id })
	throughput := map[results.ID]*analysis.Group{}
	for _, g := range s.Groups(results.Throughput) {
		throughput[g.ID] = g
	}
	var charts []*chart
	for _, f := range sides(s, families, nil) {
		if c := staleChart(s, f, throughput); c != nil {
			f.tell(c)
			charts = append(charts, c)
		}
	}
	return charts
}

// staleMap is one map in such a figure.
type staleMap struct {
	results.Map
	verdict       results.Verdict
	stale         stat.Summary
	ever          bool // stale in any block
	reads, writes stat.Summary
}

func everStale(g *analysis.Group) bool {
	return slices.ContainsFunc(g.Cells, func(c results.Cell) bool { return c.Metrics[results.StaleMean] > 0 })
}

func staleChart(s *analysis.Run, f family, throughput map[results.ID]*analysis.Group) *chart {
	c := &chart{
		name:        "throughput-by-staleness-" + fileName(f.id.Mix+"-r"+strconv.Itoa(f.id.Readers)+"w"+strconv.Itoa(f.id.Writers), f.id),
		title:       "Throughput against staleness, by publish policy",
		subtitle:    plural(f.id.Readers, "reader") + ", " + plural(f.id.Writers, "writer") + "; " + keysLabel(f.id),
		xLabel:      "mean staleness of a read, operations",
		legendTitle: "staleness",
	}
	c.table = [][]string{append(append(append([]string{"map", "verdict"},
		summaryHeader(results.StaleMean)...), summaryHeader(results.ReadsPerSec)...), summaryHeader(results.WritesPerSec)...)}
	found, missing := c.staleMaps(s, f, throughput)
	if len(found) == 0 {
		return nil
	}
	axis := c.staleAxis(found)

	doubt := false
	var drawn []stat.Summary
	reads, writes := panel{yLabel: "reads/s"}, panel{yLabel: "writes/s"}
	for i, m := range found {
		st := styleOf(m.Map, m.verdict)
		pt := point{x: axis(m.stale.Median, i), xLo: axis(m.stale.Lo, i), xHi: axis(m.stale.Hi, i)}
		for _, side := range []struct {
			panel *panel
			y     stat.Summary
		}{{&reads, m.reads}, {&writes, m.writes}} {
			if side.y.N > 0 {
				pt.y = side.y
				side.panel.series = append(side.panel.series, series{style: st, points: []point{pt}})
				drawn = append(drawn, side.y)
			}
		}
		c.legend = append(c.legend, legendRow{style: st, label: m.Impl + verdictNote(m.verdict), value: formatShort(m.stale.Median)})
		doubt = doubt || m.verdict.Outcome == results.Unknown
	}
	if len(drawn) == 0 {
		return nil
	}
	for _, p := range []panel{reads, writes} {
		if len(p.series) > 0 {
			p.links = policyLinks(found, axis, p.yLabel == "reads/s")
			c.panels = append(c.panels, p)
		}
	}
	c.notes = append(footer(s, drawn, doubt),
		"Staleness of a read: completed writes since the oldest write of its key that it misses, which counts too; 0 if it is fresh.",
		"Staleness cells: every key is in the map, and writes only set. Throughput cells: half of the keys are in the map, and half of the writes delete.")
	if missing != "" {
		c.notes = append(c.notes, "Not drawn, because their throughput was not measured:"+missing+".")
	}
	return c
}

// staleMaps returns the maps of f, the freshest first, and the names of those whose throughput was
// not measured. It adds the maps to the table.
func (c *chart) staleMaps(s *analysis.Run, f family, throughput map[results.ID]*analysis.Group) (found []staleMap, missing string) {
	for _, g := range f.groups {
		id := g.ID
		id.Kind = results.Throughput
		t, ok := throughput[id]
		if !ok {
			missing += " " + id.Impl
			continue
		}
		m := staleMap{
			s.Map(id.Impl), s.Verdict(id.Impl), g.Summary(results.StaleMean), everStale(g),
			t.Summary(results.ReadsPerSec), t.Summary(results.WritesPerSec),
		}
		if m.stale.N == 0 || !isMap(m.verdict) {
			continue
		}
		found = append(found, m)
		row := append([]string{m.Impl, string(m.verdict.Outcome)}, summaryFields(m.stale)...)
		row = append(append(row, summaryFields(m.reads)...), summaryFields(m.writes)...)
		c.table = append(c.table, row)
	}
	slices.SortStableFunc(found, func(a, b staleMap) int { return cmp.Compare(a.stale.Median, b.stale.Median) })
	return found, missing
}

// staleAxis sets up the x axis. If any map has a median of zero, its left part has a place for each
// of these maps, followed by a gap; then come decades. It returns a function that returns the
// coordinate of a staleness of the i-th map of found.
func (c *chart) staleAxis(found []staleMap) func(v float64, i int) float64 {
	zeros := 0
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, m := range found {
		if m.stale.Median == 0 {
			zeros++
			continue
		}
		lo, hi = min(lo, math.Log10(m.stale.Median)), max(hi, math.Log10(m.stale.Hi))
		if m.stale.Lo > 0 {
			lo = min(lo, math.Log10(m.stale.Lo))
		}
	}
	const margin = 0.12 // of the axis, on both sides of the gap
	decades := 0.0
	if zeros < len(found) {
		lo = math.Floor(lo)
		hi = max(math.Ceil(hi), lo+1)
		decades = hi - lo
	}
	// The zeros take a third of the axis, or what there is of it.
	own := 0.0
	if zeros > 0 {
		own = max(1, decades/2)
		c.fresh = &tick{own / 2, "always fresh"}
		if slices.ContainsFunc(found, func(m staleMap) bool { return m.stale.Median == 0 && m.ever }) {
			c.fresh.label = "fresh in most blocks"
		}
		c.ticks = append(c.ticks, tick{c.fresh.at, "0"})
	}
	scale := max(1, decades/2) * margin
	start := 0.0
	if zeros > 0 && decades > 0 {
		c.gap = own + scale
		start = own + 2*scale
	}
	c.xMin, c.xMax = -scale, own+scale
	if decades > 0 {
		c.xMin, c.xMax = min(c.xMin, start-scale), start+decades+scale
		step := math.Ceil(decades / 3) // so that labels have room
		for d := 0.0; d <= decades; d++ {
			t := tick{at: start + d}
			if math.Mod(d, step) == 0 {
				t.label = formatShort(math.Pow(10, lo+d))
			}
			c.ticks = append(c.ticks, t)
		}
	}
	return func(v float64, i int) float64 {
		if found[i].stale.Median == 0 {
			return own * (float64(i) + 0.5) / float64(zeros) // found is sorted: zeros come first
		}
		if v <= 0 { // the end of an interval
			return start
		}
		return start + math.Log10(v) - lo
	}
}

// policyLinks links the maps that differ only in the number of writes between publishes.
func policyLinks(found []staleMap, axis func(float64, int) float64, reads bool) []link {
	type member struct {
		every int
		point point
		style style
	}
	var order []kv.Identity
	members := map[kv.Identity][]member{}
	for i, m := range found {
		y := m.writes
		if reads {
			y = m.reads
		}
		if m.Every == 0 || y.N == 0 {
			continue
		}
		if members[m.Identity] == nil {
			order = append(order, m.Identity)
		}
		at := point{x: axis(m.stale.Median, i), y: y}
		members[m.Identity] = append(members[m.Identity], member{m.Every, at, styleOf(m.Map, m.verdict)})
	}
	var links []link
	for _, id := range order {
		ms := members[id]
		slices.SortFunc(ms, func(a, b member) int { return cmp.Compare(a.every, b.every) })
		l := link{style: ms[0].style}
		for _, m := range ms {
			l.points = append(l.points, m.point)
		}
		links = append(links, l)
	}
	return links
}
