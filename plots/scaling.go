package plots

import (
	"math"
	"slices"
	"strconv"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// minScaling is how many numbers of processors a figure of scaling needs. With two there is one
// number a map, which the report states.
const minScaling = 3

// byProcessors draws figures for each workload that was measured on several numbers of processors:
// the efficiency of each map, and its speed-up over the best other map. If GOMAXPROCS was varied
// there is one of the throughput too. Where the number of goroutines was varied, byGoroutines draws
// that.
func byProcessors(s *analysis.Run) (charts []*chart) {
	efficiency := map[*analysis.Group]stat.Summary{}
	var families []family
	for _, c := range s.Curves() {
		i := slices.IndexFunc(families, func(f family) bool { return f.id == c.Workload })
		if i < 0 {
			i = len(families)
			families = append(families, family{id: c.Workload})
		}
		for _, p := range c.Points {
			efficiency[p.Group] = percentOf(p.Efficiency)
			families[i].groups = append(families[i].groups, p.Group)
		}
	}
	processors := func(id results.ID) float64 { return float64(id.G) }
	ofIdeal := measure{"% of the ideal rate", func(g *analysis.Group) stat.Summary { return efficiency[g] }, false}
	lead := measure{"times the best other map", func(g *analysis.Group) stat.Summary { return leadOf(s, g) }, false}
	for _, f := range sides(s, families, processors) {
		ns := distinct(f.groups, processors)
		if len(ns) < minScaling {
			continue
		}
		figures := []struct {
			name, title string
			of          measure
		}{{"efficiency", "Efficiency by processors", ofIdeal}, {"speed-up", "Speed-up over the best other map, by processors", lead}}
		if f.id.Procs == 0 {
			figures = slices.Insert(figures, 0, struct {
				name, title string
				of          measure
			}{"throughput", "Throughput by processors", rate})
		}
		for _, fig := range figures {
			c := &chart{
				name:     fig.name + "-by-processors-" + fileName(f.id.Mix, f.id),
				title:    fig.title,
				subtitle: mixLabel(s, f.id.Mix) + "; " + keysLabel(f.id),
				xLabel:   "processors, one goroutine on each",
			}
			for _, n := range ns {
				c.ticks = append(c.ticks, tick{math.Log2(n), strconv.Itoa(int(n))})
			}
			c.marks = marksOf(s, ns[len(ns)-1])
			c.legendTitle = plural(int(ns[len(ns)-1]), "processor")
			if c.addLines(s, f.groups, fig.of, "processors", func(id results.ID) (float64, string) {
				return math.Log2(float64(id.G)), strconv.Itoa(id.G)
			}) {
				f.tell(c)
				c.tellPlace(s)
				charts = append(charts, c)
			}
		}
	}
	return charts
}

// byGomaxprocs draws a figure for each workload that was measured with several GOMAXPROCS and the
// same workers.
func byGomaxprocs(s *analysis.Run) (charts []*chart) {
	families := split(s.Groups(results.Throughput),
		func(results.ID) bool { return true },
		func(id results.ID) results.ID { id.Procs = 0; return id })
	procs := func(id results.ID) float64 { return float64(id.Procs) }
	for _, f := range sides(s, families, procs) {
		counts := distinct(f.groups, procs)
		if len(counts) < 2 {
			continue
		}
		workers := "g" + strconv.Itoa(f.id.G)
		if f.id.G == 0 {
			workers = "r" + strconv.Itoa(f.id.Readers) + "w" + strconv.Itoa(f.id.Writers)
		}
		c := &chart{
			name:     "throughput-by-gomaxprocs-" + fileName(f.id.Mix+"-"+workers, f.id),
			title:    "Throughput by GOMAXPROCS",
			subtitle: mixLabel(s, f.id.Mix) + "; " + analysis.DescribeWorkers(f.id) + "; " + keysLabel(f.id),
			xLabel:   "GOMAXPROCS",
		}
		for _, n := range counts {
			c.ticks = append(c.ticks, tick{math.Log2(n), strconv.Itoa(int(n))})
		}
		c.legendTitle = "GOMAXPROCS " + strconv.Itoa(int(counts[len(counts)-1]))
		if c.addLines(s, f.groups, rate, "GOMAXPROCS", func(id results.ID) (float64, string) {
			return math.Log2(float64(id.Procs)), strconv.Itoa(id.Procs)
		}) {
			f.tell(c)
			charts = append(charts, c)
		}
	}
	return charts
}

// percentOf returns a share in %.
func percentOf(s stat.Summary) stat.Summary {
	s.Median, s.Lo, s.Hi = 100*s.Median, 100*s.Lo, 100*s.Hi
	return s
}

// leadOf returns the rate of the map of g over that of the fastest other map in its workload, block
// by block. Maps that failed a check do not count.
func leadOf(s *analysis.Run, g *analysis.Group) stat.Summary {
	w := s.Standing(g.ID)
	own := w.Row(g.ID.Impl)
	for _, r := range w.Contenders {
		if r != own {
			return w.Effect(own, r).Summary
		}
	}
	return stat.Summary{}
}

// marksOf returns where on an axis of processors, up to most, something begins to be shared or
// crossed. It is empty if workers were not placed.
func marksOf(s *analysis.Run, most float64) (all []tick) {
	for _, m := range s.Manifest.Topology.Boundaries {
		if n := float64(m.Processors); n <= most {
			all = append(all, tick{math.Log2(n), m.What})
		}
	}
	return all
}

// tellPlace notes how workers were placed, if they were.
func (c *chart) tellPlace(s *analysis.Run) {
	if place := s.Manifest.Topology.Place; place != "" {
		c.notes = append(c.notes, "Each worker was bound to a processor, in the order of -place "+place+".")
	}
}
