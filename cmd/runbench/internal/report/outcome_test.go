package report

import (
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/results"
)

// TestOutcomes: each workload ends in one sentence, which says how certain it is and why.
func TestOutcomes(t *testing.T) {
	of := func(a, b []float64, twin float64) string {
		set := &results.Set{Better: map[string]string{results.OpsPerSec: "higher"}}
		add := func(impl string, values []float64) {
			for i, v := range values {
				id := results.ID{Kind: results.Throughput, Impl: impl, Mix: "r95w5", Dist: "uniform", KeyType: "uint64", Keys: 64, G: 2, Procs: 2}
				set.Cells = append(set.Cells, results.Cell{ID: id, Block: i + 1, Metrics: map[string]float64{results.OpsPerSec: v}})
				if impl == "a" {
					id.Impl = results.Twin(impl)
					set.Twins = append(set.Twins, results.Cell{ID: id, Block: i + 1, Metrics: map[string]float64{results.OpsPerSec: v * twin}})
				}
			}
		}
		add("a", a)
		add("b", b)
		run := analysis.Of(set)
		return outcome(run.Standings[0])
	}
	same := []float64{100, 101, 102, 103, 104, 105, 106, 107}
	times := func(f float64) (out []float64) {
		for i, v := range same {
			out = append(out, v*f*(1+0.002*float64(i%3)))
		}
		return out
	}
	for _, test := range []struct {
		a, b []float64
		twin float64
		want string
	}{
		{times(1.5), same, 1, "a is 50.3 % ahead of b"},
		{times(1.02), same, 1, "a is 2.2 % ahead of b in this build; another build may differ"},
		{times(1.1), same, 1.3, "a or b: 10.2 % may lie within this run's 30 % error"},
		{same[:3], times(0.8)[:3], 1, "a or b: 3 blocks are too few to tell"},
		{[]float64{100, 120, 100, 120, 100, 120, 100, 120}, []float64{110, 108, 110, 109, 110, 108, 110, 109}, 1, "a tie"},
	} {
		if got := of(test.a, test.b, test.twin); !strings.Contains(got, test.want) {
			t.Errorf("%q; want %q", got, test.want)
		}
	}
}
