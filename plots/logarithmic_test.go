package plots

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/results"
)

// lateRun makes a run of six blocks with latency, staleness and memory.
func lateRun() *results.Set {
	s := testRun(testMaps, 0)
	add := func(block int, impl string, kind results.Kind, g, load int, metrics map[string]float64) {
		id := results.ID{Kind: kind, Impl: impl, Mix: "r95w5", Dist: "uniform", KeyType: "uint64", Keys: 1024, G: g, Load: load, Procs: 2}
		if kind == results.Staleness {
			id.Mix, id.G, id.Readers, id.Writers = "roles", 0, 1, 1
		}
		s.Cells = append(s.Cells, results.Cell{ID: id, Block: block, Metrics: metrics})
	}
	for block := 1; block <= 6; block++ {
		for i, impl := range []string{"dbuf-epoch-b64", "syncmap", "cow", "noop"} {
			noise := 1 + 0.01*float64((block+i)%3)
			add(block, impl, results.Throughput, 2, 0, map[string]float64{results.OpsPerSec: 1e6 * noise, results.LivePerKey: 100 * float64(i+1) * noise})
			for _, g := range []int{2, 64} {
				m := map[string]float64{results.Reached: 1, results.ClockCost: 23e-9}
				if impl == "cow" && g == 64 {
					m[results.Reached] = 0.5
				} else {
					for q, quantile := range results.Quantiles {
						m[results.LatencyUnit(results.OfReads, quantile)] = 100e-9 * math.Pow(10, float64(q)) * noise
						if impl == "dbuf-epoch-b64" && (quantile < 99.9 || block < 6) { // too few for the others, once
							m[results.LatencyUnit(results.OfPublishes, quantile)] = 1e-6 * float64(g) * math.Pow(10, float64(q)) * noise
						}
					}
				}
				add(block, impl, results.Latency, g, 70, m)
			}
			m := map[string]float64{}
			for q, quantile := range results.StaleQuantiles {
				if impl == "dbuf-epoch-b64" && q > 0 {
					m[results.StaleAge(quantile)], m[results.StaleMean] = 1e-6*math.Pow(10, float64(q))*noise, 5
				} else {
					m[results.StaleAge(quantile)] = 0
				}
			}
			add(block, impl, results.Staleness, 0, 0, m)
		}
	}
	return s
}

func TestLogarithmicFigures(t *testing.T) {
	s := lateRun()
	for _, test := range []struct {
		charts []*chart
		number int
		panels []int // lines in each panel of the last chart
		says   []string
	}{
		{byPercentile(analysis.Of(s)), 2, []int{2, 1}, []string{"Overloaded, and not drawn: cow.", "includes one clock reading, 23 ns", "at 70 % of the capacity", ">100 ns<", ">10 ms<", ">p99.99<"}},
		{publishByGoroutines(analysis.Of(s)), 1, []int{1, 1}, []string{"Overloaded, and not drawn: cow (64).", ">2<", ">64<", "more than processors"}},
		{staleDistribution(analysis.Of(s)), 1, []int{1}, []string{"Always fresh, and not drawn: syncmap, cow.", ">0<", ">10 µs<"}},
		{memoryAKey(analysis.Of(s)), 1, []int{1, 1, 1}, []string{"bytes alive per entry", ">101<"}},
	} {
		if len(test.charts) != test.number {
			t.Errorf("%d charts; want %d", len(test.charts), test.number)
			continue
		}
		c := test.charts[len(test.charts)-1]
		svg := svgOf(t, c)
		for _, want := range append(test.says, c.title, "n = 6 blocks", "95 % confidence") {
			if !bytes.Contains(svg, []byte(want)) {
				t.Errorf("%s does not say %q", c.name, want)
			}
		}
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) || bytes.Contains(svg, []byte(">noop<")) {
			t.Errorf("%s has what no figure may have", c.name)
		}
		var lines []int
		for _, p := range c.panels {
			lines = append(lines, len(p.series))
		}
		if c.slanted && len(c.yTicks) == 0 { // memory: a series for each map
			lines = slices.Repeat([]int{1}, len(c.panels[0].series))
		}
		if !slices.Equal(lines, test.panels) {
			t.Errorf("%s has panels of %v lines; want %v", c.name, lines, test.panels)
		}
	}

	// With 64 goroutines the median publish takes a little more than 64 µs. A value that one block
	// lacks is not drawn.
	publishes := byPercentile(analysis.Of(s))[1].panels[1].series[0]
	if at, want := publishes.points[0].y.Median, math.Log10(64e3*1.01); math.Abs(at-want) > 0.01 || len(publishes.points) != 3 {
		t.Errorf("the median stands at %v, one of %d; want %v of 3", at, len(publishes.points), want)
	}
	// A median of zero is at the first tick, below the first decade.
	c := staleDistribution(analysis.Of(s))[0]
	if at := c.panels[0].series[0].points[0].y.Median; at != c.yTicks[0].at || c.yTicks[0].label != "0" || c.yTicks[1].label != "10 µs" {
		t.Errorf("zero stands at %v, and the ticks are %v", at, c.yTicks)
	}
	var rows []string
	for _, row := range c.table {
		rows = append(rows, strings.Join(row, ","))
	}
	if len(rows) != 6 || !strings.HasPrefix(rows[2], "dbuf-epoch-b64,Ok,staleness,p90,6,1.01e-05,") {
		t.Errorf("the table is\n%s", strings.Join(rows, "\n"))
	}
}
