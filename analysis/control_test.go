package analysis

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"doublebuf/results"
)

// twice returns cells of a map and of its twin, in that many blocks. Speeds deviate by noise, and
// the twin is faster by a factor. Each g is a workload.
func twice(seed uint64, g, blocks int, noise, factor float64) (cells, twins []results.Cell) {
	r := rand.New(rand.NewPCG(seed, uint64(g)))
	for block := 1; block <= blocks; block++ {
		drift := math.Exp(0.5 * r.NormFloat64()) // of the machine, which concerns both
		for _, impl := range []string{"m", results.Twin("m")} {
			speed := 1e6 * drift * math.Exp(noise*r.NormFloat64())
			c := results.Cell{
				ID:    results.ID{Kind: results.Throughput, Impl: impl, Mix: "r95w5", Dist: "uniform", KeyType: "uint64", Keys: 64, G: g, Procs: 2},
				Block: block, Ops: 1, Metrics: map[string]float64{results.OpsPerSec: speed},
			}
			if impl == "m" {
				cells = append(cells, c)
			} else {
				c.Metrics[results.OpsPerSec] *= factor
				twins = append(twins, c)
			}
		}
	}
	return cells, twins
}

func controlled(seed uint64, workloads, blocks int, noise, factor float64) *results.Set {
	s := &results.Set{}
	for g := 1; g <= workloads; g++ {
		cells, twins := twice(seed, g, blocks, noise, factor)
		s.Cells, s.Twins = append(s.Cells, cells...), append(s.Twins, twins...)
	}
	return s
}

// TestControl: of 40 pairs without a difference few look different, and hardly ever one after the
// correction. All pairs with a difference look different. It also checks the limit.
func TestControl(t *testing.T) {
	family := 0
	for seed := range uint64(20) {
		c := Of(controlled(seed, 40, 12, 0.02, 1)).Control
		alone, corrected := Different(c)
		if len(c.Pairs) != 40 || alone > 5 || c.Limit < 0.01 || c.Limit > 0.15 {
			t.Errorf("seed %d: of %d pairs %d differ, limit %g; want at most 5 of 40, and some per cent", seed, len(c.Pairs), alone, c.Limit)
		}
		if corrected > 0 {
			family++
		}
		reaches := func(p results.ControlPair) bool {
			return math.Abs(c.Limit-(max(p.Hi, 1/p.Lo)-1)) < 1e-12 && strings.HasPrefix(Worst(c), p.Cell)
		}
		if !slices.ContainsFunc(c.Pairs, reaches) {
			t.Errorf("seed %d: limit %g and worst pair %s", seed, c.Limit, Worst(c))
		}
	}
	if family > 3 {
		t.Errorf("in %d of 20 families of 40 pairs one differs after correction; want 1 in 20", family)
	}
	c := Of(controlled(1, 40, 12, 0.02, 1.1)).Control
	if alone, corrected := Different(c); alone != 40 || corrected != 40 || c.Limit < 0.1 {
		t.Errorf("10 %% apart: %d of 40 differ, %d after correction, limit %g", alone, corrected, c.Limit)
	}
	if c = Of(controlled(1, 2, 5, 0.02, 1)).Control; c.Limit != 0 || len(c.Pairs) != 2 || c.Pairs[0].Interval {
		t.Errorf("of 5 blocks: %+v; want no interval and no limit", c)
	}
}

func TestGrade(t *testing.T) {
	finding := func(s results.State) []results.Finding {
		return []results.Finding{{What: "steal", State: s}, {What: "boost", State: results.Fit}}
	}
	for _, c := range []struct {
		name     string
		sittings []results.Session
		noise    float64
		blocks   int
		want     results.Letter
		part     string
	}{
		{"all is fit", []results.Session{{Before: finding(results.Fit), During: finding(results.Fit)}}, 0.005, 10, "A", "fit"},
		{"a doubt", []results.Session{{Before: finding(results.Doubt), During: finding(results.Fit)}}, 0.005, 10, "B", "doubt: steal"},
		{"not visible", []results.Session{{Before: finding(results.Hidden), During: finding(results.Fit)}}, 0.005, 10, "B", "not visible: steal"},
		{"unfit", []results.Session{{Before: finding(results.Fit), During: finding(results.Unfit)}}, 0.005, 10, "C", "unfit: steal"},
		{"unfit after a break", []results.Session{{Before: finding(results.Fit), During: finding(results.Fit)}, {Before: finding(results.Unfit), During: finding(results.Fit)}}, 0.005, 10, "C", "unfit: steal"},
		{"other programs", []results.Session{{Before: finding(results.Fit), During: []results.Finding{{What: "others", State: results.Unfit}}}}, 0.005, 10, "C", "unfit: other programs used the processors"},
		{"killed", []results.Session{{Before: finding(results.Fit), During: nil}}, 0.005, 10, "B", "not visible: a part that was killed"},
		{"noise", []results.Session{{Before: finding(results.Fit), During: finding(results.Fit)}}, 0.2, 10, "D", "effects are known to within"},
		{"too few", []results.Session{{Before: finding(results.Fit), During: finding(results.Fit)}}, 0.005, 5, "D", "too few blocks for an interval"},
		{"not watched", nil, 0.005, 10, "", ""},
	} {
		// without drift, which pairing removes
		s := controlled(1, 3, c.blocks, c.noise, 1)
		for i := range s.Cells {
			speed := s.Twins[i].Metrics[results.OpsPerSec]
			s.Cells[i].Metrics[results.OpsPerSec] /= speed / 1e6
			s.Twins[i].Metrics[results.OpsPerSec] = 1e6
		}
		s.Manifest.Sessions = c.sittings
		g := Of(s).Grade
		has := len(g.Parts) == 0 || slices.ContainsFunc(g.Parts, func(p results.GradePart) bool { return strings.Contains(p.Found, c.part) })
		if g.Letter != c.want || !has {
			t.Errorf("%s: %+v; want %q and a part %q", c.name, g, c.want, c.part)
		}
	}
	s := controlled(1, 3, 10, 0.005, 1)
	s.Twins, s.Manifest.Sessions = nil, []results.Session{{Before: finding(results.Fit), During: finding(results.Fit)}}
	if g := Of(s).Grade; g.Letter != "D" || !strings.HasPrefix(g.Parts[0].Found, "none") {
		t.Errorf("without a control: %+v", g)
	}
}

func values(v ...float64) *Group {
	g := &Group{}
	for i, x := range v {
		g.Cells = append(g.Cells, results.Cell{Block: i + 1, Metrics: map[string]float64{results.OpsPerSec: x}})
	}
	return g
}

func TestSecondsPerOp(t *testing.T) {
	g := values(2e9, 1e9, 4e9)
	g.ID.G, g.ID.Procs = 4, 2
	if got := g.SecondsPerOp(); got != 1e-9 {
		t.Errorf("2 G ops/s by 4 goroutines on 2 processors: %g s of each; want 1e-9", got)
	}
	g.summaries = nil
	for i, cpu := range []float64{3e-10, 5e-10, 4e-10} {
		g.Cells[i].Metrics[results.CPUPerOp] = cpu
	}
	if got, wall := g.SecondsPerOp(), g.WallPerOp(); got != 4e-10 || wall != 1e-9 {
		t.Errorf("measured: %g s, by the rate %g s; want 4e-10 and 1e-9", got, wall)
	}
	if got := values().SecondsPerOp(); got != 0 {
		t.Errorf("of nothing: %g", got)
	}
}
