package campaign

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"doublebuf/analysis"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// TestNeediest: extra blocks go to the workload with the widest intervals, unless it has so many
// blocks, or so many maps, that the time would help another one more. How far the maps are apart
// does not matter, and neither does the width of their effects if a workload has an A/A control.
func TestNeediest(t *testing.T) {
	const blocks = 8
	set := &results.Set{}
	random := rand.New(rand.NewPCG(1, 1))
	var ids []results.ID
	for g, noise := range []float64{0.01, 0.1, 0.011} {
		id := results.ID{Kind: results.Throughput, Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 8, G: g + 1, Procs: 8}
		ids = append(ids, id)
		for i, impl := range []string{"a", "b", "c"} {
			for block := range blocks {
				c := results.Cell{ID: id, Block: block + 1, Metrics: map[string]float64{}}
				c.Impl = impl
				c.Metrics[results.OpsPerSec] = 1e6 * math.Exp(noise*random.NormFloat64()-float64(i*(2-g)))
				set.Cells = append(set.Cells, c)
			}
		}
	}
	run := analysis.Of(set)
	controlled := *set
	for _, c := range set.Cells {
		if c.Impl == "a" && c.G == 2 { // its maps vary much, and its twin little
			c.Impl = results.Twin("a")
			controlled.Twins = append(controlled.Twins, c)
		}
	}
	if got := neediest(analysis.Of(&controlled), plan.Plan{Procs: 8}, map[results.ID]int{ids[0]: blocks, ids[1]: blocks, ids[2]: 2 * blocks}); got != ids[0] {
		t.Errorf("with a narrow control in workload 1: workload %d; want 0", got.G-1)
	}
	for _, c := range []struct {
		blocks, maps [3]int
		want         int
	}{
		{[3]int{blocks, blocks, blocks}, [3]int{3, 3, 3}, 1},
		{[3]int{blocks, 20 * blocks, blocks}, [3]int{3, 3, 3}, 1},
		{[3]int{blocks, 4000 * blocks, 4 * blocks}, [3]int{3, 3, 3}, 0},
		{[3]int{4 * blocks, 4000 * blocks, blocks}, [3]int{3, 3, 3}, 2},
		{[3]int{blocks, 4000 * blocks, blocks}, [3]int{3, 3, 12}, 0},
		{[3]int{blocks, 4000 * blocks, blocks}, [3]int{12, 3, 3}, 2},
	} {
		n, p := map[results.ID]int{}, plan.Plan{Procs: 8}
		for i, id := range ids {
			n[id] = c.blocks[i]
			for m := range c.maps[i] {
				p.Cells = append(p.Cells, plan.Cell{Impl: strconv.Itoa(m), Mix: id.Mix, Dist: id.Dist, KeyType: id.KeyType, Keys: id.Keys, G: id.G})
			}
		}
		if got := neediest(run, p, n); got != ids[c.want] {
			t.Errorf("with %v blocks of %v maps: workload %d; want %d", c.blocks, c.maps, got.G-1, c.want)
		}
	}
}
