package plots

import (
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/results"
	"doublebuf/results/synthetic"
)

// TestScalingFigures: a run on 64 processors has figures of efficiency and of the speed-up over the
// best other map, with the boundaries of the topology. A run on 2 processors has none.
func TestScalingFigures(t *testing.T) {
	m := synthetic.Machine{
		CPU: "synthetic", Procs: 64, Maps: synthetic.Peers(), Blocks: 10, Noise: 0.02, Seed: 1,
		Boundaries: []results.Boundary{{Processors: 9, What: "second last-level cache"}, {Processors: 33, What: "second socket"}},
	}
	found := map[string]*chart{}
	for _, c := range charts(analysis.Of(m.Set())) {
		found[c.name] = c
	}
	for name, want := range map[string][]string{
		"efficiency-by-processors-read-only-zipf0.99-uint64-16Ki-p64": {">Efficiency by processors<", ">second last-level cache<", ">second socket<", ">64<", "in the order of -place compact."},
		"speed-up-by-processors-r95w5-zipf0.99-uint64-16Ki-p64":       {">times the best other map<", ">second socket<", "in the order of -place compact."},
		"throughput-by-goroutines-read-only-zipf0.99-uint64-16Ki-p64": {">second last-level cache<", ">more than processors<", ">128<"},
	} {
		c := found[name]
		if c == nil {
			t.Errorf("no figure %s", name)
			continue
		}
		svg := string(svgOf(t, c))
		for _, text := range want {
			if !strings.Contains(svg, text) {
				t.Errorf("%s lacks %s", name, text)
			}
		}
	}
	// rwmutex does a hundredth of the ideal rate on 64 processors.
	for _, row := range found["efficiency-by-processors-read-only-zipf0.99-uint64-16Ki-p64"].table {
		if row[0] == "rwmutex" && row[2] == "64" && !strings.HasPrefix(row[4], "0.") {
			t.Errorf("the efficiency of rwmutex is %s %%; want less than 1", row[4])
		}
	}
	m.Procs, m.Boundaries = 2, nil
	for _, c := range charts(analysis.Of(m.Set())) {
		if strings.Contains(c.name, "by-processors") {
			t.Errorf("2 processors have the figure %s", c.name)
		}
	}
}

// TestGomaxprocsFigure: the same workers with several GOMAXPROCS have a figure of their own.
func TestGomaxprocsFigure(t *testing.T) {
	s := &results.Set{Better: map[string]string{results.OpsPerSec: "higher"}}
	s.Manifest.Verdicts = []results.Verdict{{Impl: "m", Level: "linearizable", Outcome: results.Ok}}
	for block := range 6 {
		for _, procs := range []int{1, 2, 4} {
			id := results.ID{Kind: results.Throughput, Impl: "m", Mix: "roles", Dist: "uniform", KeyType: "uint64", Keys: 64, Readers: 3, Writers: 1, Procs: procs}
			s.Cells = append(s.Cells, results.Cell{ID: id, Block: block + 1, Metrics: map[string]float64{results.OpsPerSec: 1e6 * float64(procs)}})
		}
	}
	var names []string
	for _, c := range charts(analysis.Of(s)) {
		names = append(names, c.name)
		if c.name == "throughput-by-gomaxprocs-roles-r3w1-uniform-uint64-64-procs" {
			if len(c.table) != 4 || c.table[3][2] != "4" || !strings.Contains(string(svgOf(t, c)), ">GOMAXPROCS<") {
				t.Errorf("the figure has the table %q", c.table)
			}
			return
		}
	}
	t.Errorf("no figure by GOMAXPROCS among %q", names)
}
