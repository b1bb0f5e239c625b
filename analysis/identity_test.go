package analysis

import (
	"testing"

	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// TestRowsByIdentity: the floor, the ceiling and the yardsticks are what the manifest says,
// whatever their names.
func TestRowsByIdentity(t *testing.T) {
	s := &results.Set{Manifest: results.Manifest{Maps: []results.Map{
		{Impl: "a", Identity: kv.Identity{Role: kv.Floor}},
		{Impl: "b", Identity: kv.Identity{Role: kv.Ceiling}},
		{Impl: "c", Identity: kv.Identity{Family: "xsync"}},
		{Impl: "noop", Identity: kv.Identity{Family: "other"}},
	}}}
	for i, impl := range []string{"a", "b", "c", "noop"} {
		id := results.ID{Kind: results.Throughput, Impl: impl, Mix: "m", Dist: "d", KeyType: "k", Keys: 1, G: 1, Procs: 1}
		s.Cells = append(s.Cells, results.Cell{ID: id, Metrics: map[string]float64{results.OpsPerSec: float64(10 - i)}})
	}
	standing := Of(s).Standings[0]
	for _, r := range standing.Rows {
		if r.Floor != (r.Impl == "a") || r.Ceiling != (r.Impl == "b") {
			t.Errorf("%s: floor %v, ceiling %v", r.Impl, r.Floor, r.Ceiling)
		}
	}
	if c := standing.Contenders; len(c) != 2 || c[0].Impl != "c" || c[1].Impl != "noop" {
		t.Errorf("%d contenders; want c and noop", len(c))
	}
	if y := standing.yardsticks; len(y) != 2 || y[0].Impl != "b" || y[1].Impl != "c" {
		t.Errorf("%d yardsticks; want b and c", len(y))
	}
}
