package analysis

import (
	"strings"
	"testing"

	"doublebuf/analysis/stat"
	"doublebuf/results/synthetic"
)

// TestScaling: on 64 and 128 processors each map of a known law has the right verdict, and the law
// is found again. With more goroutines than processors there is no point.
func TestScaling(t *testing.T) {
	for _, procs := range []int{64, 128} {
		m := synthetic.Machine{CPU: "synthetic", Procs: procs, Maps: synthetic.Peers(), Blocks: 10, Noise: 0.02, Seed: 1}
		run := Of(m.Set())
		want := map[string]string{
			"xsync": "scales to all ", "dbuf-epoch-b64": "scales to all ",
			"syncmap": "scales to 32 processors (", "rwmutex": "does not scale: one processor does more than several",
		}
		curves := run.Curves()
		if len(curves) != 8 {
			t.Fatalf("%d curves; want 4 maps in 2 mixes", len(curves))
		}
		for _, c := range curves {
			if last := c.Last().Processors; last != procs {
				t.Errorf("%s: the last point is at %d processors; want %d", c.Impl, last, procs)
			}
			if got := c.Verdict(); !strings.HasPrefix(got, want[c.Impl]) {
				t.Errorf("%d processors, %s: %s; want %s …", procs, c.Impl, got, want[c.Impl])
			}
			u, err := c.Law()
			if err != nil {
				t.Errorf("%d processors, %s: %v", procs, c.Impl, err)
				continue
			}
			for _, p := range m.Maps {
				inside := func(e stat.Estimate, v float64) bool { return e.Lo <= v && v <= e.Hi }
				if p.Impl == c.Impl && !(inside(u.Contention, p.Contention) && inside(u.Coherence, p.Coherence)) {
					t.Errorf("%d processors, %s: %+v; want %+v", procs, c.Impl, u, p.Law)
				}
			}
		}
	}
}

// TestScalingWithoutBlocks: with too few blocks there is no verdict.
func TestScalingWithoutBlocks(t *testing.T) {
	m := synthetic.Machine{CPU: "synthetic", Procs: 4, Maps: synthetic.Peers(), Blocks: 3, Noise: 0.02, Seed: 1}
	for _, c := range Of(m.Set()).Curves() {
		if got := c.Verdict(); !strings.HasPrefix(got, "cannot be judged") {
			t.Errorf("%s: %s", c.Impl, got)
		}
		if _, err := c.Law(); err == nil {
			t.Errorf("%s: a law from 3 blocks", c.Impl)
		}
	}
}

// TestDifferences: of three machines, the last has two maps in another order.
func TestDifferences(t *testing.T) {
	of := func(procs int, swap bool) *Run {
		maps := synthetic.Peers()
		if swap {
			maps[0].Law, maps[1].Law = maps[1].Law, maps[0].Law
		}
		return Of(synthetic.Machine{CPU: "synthetic", Procs: procs, Maps: maps, Blocks: 20, Noise: 0.02, Seed: uint64(procs)}.Set())
	}
	machines := []Machine{{Name: "laptop", Run: of(8, false)}, {Name: "server", Run: of(64, false)}, {Name: "other", Run: of(16, true)}}
	sure := map[[2]int]bool{}
	for _, o := range OnAll(machines) {
		for _, d := range o.Differences() {
			if !d.Conclusive() {
				continue
			}
			sure[d.On] = true
			if d.First != "dbuf-epoch-b64" || d.Second != "xsync" || machines[d.On[1]].Name != "other" {
				t.Errorf("%s before %s on %s, and behind it on %s", d.First, d.Second, machines[d.On[0]].Name, machines[d.On[1]].Name)
			}
		}
	}
	if len(sure) != 2 {
		t.Errorf("sure differences between %v; want those between the last machine and each other one", sure)
	}
}
