package plots

import (
	"strconv"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// memoryAKey draws a figure for each type and number of keys: the bytes that each map keeps alive
// for an entry, after the workload in which most maps were measured. It draws no figure of a
// single map.
func memoryAKey(s *analysis.Run) []*chart {
	type keys struct {
		keyType string
		n       int
	}
	best := map[keys]int{} // the place of its family
	families := split(s.Groups(results.Throughput),
		func(results.ID) bool { return true },
		func(id results.ID) results.ID { return id })
	var order []keys
	for i, f := range families {
		k := keys{f.id.KeyType, f.id.Keys}
		if at, ok := best[k]; !ok {
			order = append(order, k)
			best[k] = i
		} else if len(f.groups) > len(families[at].groups) {
			best[k] = i
		}
	}
	var charts []*chart
	for _, k := range order {
		for _, f := range sides(s, families[best[k]:best[k]+1], nil) {
			if c := memoryChart(s, f); c != nil {
				f.tell(c)
				charts = append(charts, c)
			}
		}
	}
	return charts
}

func memoryChart(s *analysis.Run, f family) *chart {
	c := &chart{
		name:        "memory-a-key-" + fileName(f.id.Mix+"-"+workersName(f.id), f.id),
		title:       "Memory per key",
		subtitle:    "at rest, after " + mixLabel(s, f.id.Mix) + "; " + workersLabel(f.id) + "; " + keysLabel(f.id),
		slanted:     true,
		legendTitle: "bytes/key",
		table:       [][]string{append([]string{"map", "verdict"}, summaryHeader(results.LivePerKey)...)},
	}
	p := panel{yLabel: "bytes alive per entry"}
	var drawn []stat.Summary
	doubt := false
	for _, g := range f.groups {
		y, verdict := g.Summary(results.LivePerKey), s.Verdict(g.ID.Impl)
		if y.N == 0 || !isMap(verdict) {
			continue
		}
		x := float64(len(c.ticks))
		label := g.ID.Impl + verdictNote(verdict)
		c.ticks = append(c.ticks, tick{x, label})
		p.series = append(p.series, series{style: styleOf(s.Map(g.ID.Impl), verdict), points: []point{{x: x, y: y, xLo: x, xHi: x}}})
		c.legend = append(c.legend, legendRow{style: styleOf(s.Map(g.ID.Impl), verdict), label: label, value: strconv.FormatFloat(y.Median, 'f', 0, 64)})
		c.table = append(c.table, append([]string{g.ID.Impl, string(verdict.Outcome)}, summaryFields(y)...))
		drawn = append(drawn, y)
		doubt = doubt || verdict.Outcome == results.Unknown
	}
	if len(drawn) < 2 { // there is nothing to compare it with
		return nil
	}
	c.xMin, c.xMax = -0.6, float64(len(c.ticks))-0.4
	c.panels = []panel{p}
	c.notes = append(footer(s, drawn, doubt), "Heap that the map keeps alive after two garbage collections. For a double buffer: both copies, the log and the handles.")
	return c
}
