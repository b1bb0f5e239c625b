package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

// known is the number of maps for which the bounds on the time of presets were set. Every map more
// may add moreQuick and moreStandard, if it is not minor.
const (
	known                   = 39
	moreQuick, moreStandard = 10 * time.Second, 80 * time.Second
)

// TestPresets checks the promises of every preset, on machines of several sizes.
func TestPresets(t *testing.T) {
	added := time.Duration(len(slices.DeleteFunc(baselines.All(), minor)) - known)
	for _, procs := range []int{1, 2, 4, 64} {
		for _, p := range Presets(procs) {
			plan, err := p.Plan(Axes{}, baselines.All(), procs)
			if err != nil {
				t.Fatalf("%s on %d processors: %v", p.Name, procs, err)
			}
			plan.Seed = 1
			AddControls(&plan, baselines.All())
			p.Fit(&plan)
			if err := plan.Validate(baselines.All()); err != nil {
				t.Errorf("%s on %d processors: %v", p.Name, procs, err)
			}
			switch p.Name {
			case "quick":
				if about := plan.Estimate(); about > 140*time.Second+added*moreQuick || plan.Blocks != 10 || plan.Time != Duration(20*time.Millisecond) {
					t.Errorf("quick on %d processors: about %v, %d blocks x %v; want at most 140 s, 10 x 20ms", procs, about, plan.Blocks, plan.Time)
				}
				for _, e := range baselines.All() {
					if e.Aside && !timed(e) && slices.ContainsFunc(plan.Cells, func(c Cell) bool { return c.Impl == e.Name }) {
						t.Errorf("quick: %s has a cell, and stands aside", e.Name)
					}
				}
				holdsFigures(t, plan, quickLacks)
				holdsLatency(t, plan, 5)
			case "standard":
				if plan.Blocks < 10 {
					t.Errorf("standard: %d blocks; want 10 or more", plan.Blocks)
				}
				if about := plan.Estimate(); about > 38*time.Minute+added*moreStandard {
					t.Errorf("standard takes about %v without its checks; want 40 minutes with them", about)
				}
				holdsFigures(t, plan, standardLacks)
				holdsEverybody(t, plan)
				holdsLateMaps(t, plan)
			case "full":
				holdsMinor(t, plan)
				for _, m := range workloads.Mixes() {
					if !slices.ContainsFunc(plan.All(), func(c Cell) bool { return c.Mix == m.Name }) {
						t.Errorf("full: no cell of the mix %s", m.Name)
					}
				}
				for _, k := range workloads.KeyTypes() {
					if k.Name != "prefix" && !slices.ContainsFunc(plan.Cells, func(c Cell) bool { return c.KeyType == k.Name }) {
						t.Errorf("full: no cell of the key type %s", k.Name)
					}
				}
				for _, d := range workloads.DistNames() {
					if !slices.ContainsFunc(plan.Cells, func(c Cell) bool { return c.Dist == d }) {
						t.Errorf("full: no cell of the distribution %s", d)
					}
				}
			case "limits":
				at := func(impl string, readers int) bool {
					return slices.ContainsFunc(plan.Cells, func(c Cell) bool { return c.Impl == impl && c.Readers == readers })
				}
				for _, e := range baselines.All() {
					want := e.Policy.Every > 0 || slices.Contains([]string{"plain", "xsync", "syncmap", "rwmutex"}, e.Name)
					alone := e.Name == "plain" || e.Name == "dbuf-single-b1" // without writers, or other goroutines
					if want && !at(e.Name, 0) && (alone || !at(e.Name, 1)) {
						t.Errorf("limits: %s has no cell", e.Name)
					}
					if e.Policy.Every == 64 && (!at(e.Name, 0) || !at(e.Name, 64)) {
						t.Errorf("limits: %s is not read alone, or not by 64 goroutines", e.Name)
					}
				}
			}
		}
	}
}

// lacks names the maps that a preset leaves out of a figure.
type lacks struct{ byGoroutines, byWriteShare, byStaleness []string }

var quickLacks = lacks{
	byGoroutines: []string{"dbuf-epoch-b1", "dbuf-epoch-b4096", "dbuf-epoch-demand", "mutex", "rbmutex", "haxmap", "concurrent-map", "immutable"},
	byWriteShare: []string{"dbuf-epoch-demand", "mutex", "rbmutex", "haxmap", "concurrent-map", "immutable"},
	byStaleness:  []string{"mutex", "rbmutex", "haxmap", "concurrent-map", "immutable"},
}

var standardLacks = lacks{
	byGoroutines: []string{"dbuf-epoch-b1", "dbuf-epoch-b4096", "dbuf-epoch-demand"},
	byWriteShare: []string{"dbuf-epoch-demand"},
}

// holdsEverybody checks that plan has every map where maps differ most, if the map can run there
// and is not minor. It also checks that plan has one publish policy of each strategy, read only
// and with more goroutines than processors.
func holdsEverybody(t *testing.T, plan Plan) {
	t.Helper()
	for _, e := range baselines.All() {
		if minor(e) {
			continue
		}
		published := !onDemand(e)
		once := published && (e.Policy == kv.Policy{} || e.Policy.Every == 64)
		writes, concurrent := e.Caps.Has(kv.Writes) && e.Level != kv.None, e.Caps.Has(kv.Concurrent)
		for _, want := range []struct {
			what    string
			in      []Cell
			cell    Cell
			applies bool
		}{
			{"5 % of writes", plan.Cells, Cell{Mix: "r95w5", G: plan.Procs}, writes && published && (concurrent || plan.Procs == 1)},
			{"beside a writer", plan.Cells, Cell{Mix: RolesMix, Readers: 1, Writers: 1}, writes && concurrent},
			{"beside a writer, oversubscribed", plan.Cells, Cell{Mix: RolesMix, Readers: 4 * plan.Procs, Writers: 1}, writes && concurrent},
			{"staleness", plan.Staleness, Cell{Mix: RolesMix, Readers: 1, Writers: 1}, writes && concurrent},
			{"read only", plan.Cells, Cell{Mix: "read-only", G: 1}, once},
			{"oversubscribed", plan.Cells, Cell{Mix: "r95w5", G: 32 * plan.Procs}, writes && concurrent && once},
		} {
			want.cell.Impl, want.cell.Dist, want.cell.KeyType, want.cell.Keys = e.Name, "zipf0.99", "uint64", 64<<10
			if want.applies && !slices.Contains(want.in, want.cell) {
				t.Errorf("standard on %d processors: %s has no cell %s", plan.Procs, e.Name, want.what)
			}
		}
	}
}

// holdsMinor checks that plan has every map that no other preset measures, in the main mixes.
func holdsMinor(t *testing.T, plan Plan) {
	t.Helper()
	for _, e := range baselines.All() {
		for _, mix := range append([]string{RolesMix}, mainMixes...) {
			if minor(e) && !slices.ContainsFunc(plan.Cells, func(c Cell) bool { return c.Impl == e.Name && c.Mix == mix }) {
				t.Errorf("full: no cell of %s in the mix %s", e.Name, mix)
			}
		}
	}
}

// holdsFigures checks that plan has the cells of the figures for every map, except the maps that
// lacks names.
func holdsFigures(t *testing.T, plan Plan, without lacks) {
	t.Helper()
	for _, e := range baselines.All() {
		has := slices.ContainsFunc(plan.Cells, func(c Cell) bool { return c.Impl == e.Name })
		if !has && !e.Aside {
			t.Errorf("%s has no cell", e.Name)
		}
		if e.Aside {
			continue
		}
		if e.Level == kv.None || !e.Caps.Has(kv.Writes) {
			continue
		}
		goroutines, shares := map[int]bool{}, map[string]bool{}
		for _, c := range plan.Cells {
			if c.Impl == e.Name && c.Mix == "read-only" && c.Dist == "zipf0.99" && c.KeyType == "uint64" {
				goroutines[c.G] = true
			}
			if c.Impl == e.Name && c.G == plan.Procs && c.Dist == "zipf0.99" {
				shares[c.Mix] = true
			}
		}
		// A point of throughput against staleness is two cells that differ in kind alone.
		stale := slices.IndexFunc(plan.Staleness, func(c Cell) bool { return c.Impl == e.Name })
		for _, figure := range []struct {
			name    string
			without []string
			drawn   bool
		}{
			{"by goroutines", without.byGoroutines, len(goroutines) >= min(3, plan.Procs+1)},
			{"by share of writes", without.byWriteShare, len(shares) >= 3},
			{"against staleness", without.byStaleness, stale >= 0 && slices.Contains(plan.Cells, plan.Staleness[stale])},
		} {
			if want := !slices.Contains(figure.without, e.Name); figure.drawn != want {
				t.Errorf("%s on %d processors: the figure %s is drawn from its cells: %v; want %v", e.Name, plan.Procs, figure.name, figure.drawn, want)
			}
		}
	}
}

// holdsLatency checks that plan has one workload of latency cells, with that many maps.
func holdsLatency(t *testing.T, plan Plan, maps int) {
	t.Helper()
	if len(plan.Latency) != maps {
		t.Errorf("%d latency cells; want one workload of %d maps", len(plan.Latency), maps)
	}
	for _, c := range plan.Latency {
		c.Impl = plan.Latency[0].Impl
		if c != plan.Latency[0] {
			t.Errorf("latency cells %+v and %+v; want one workload", plan.Latency[0], c)
		}
	}
}

// holdsLateMaps checks that plan measures the latency of a double buffer and of its strongest
// peer: with as many goroutines as processors, with more, with many more, and beside a reader that
// stalls. Beside the stalled reader it has double buffers with and without a bound.
func holdsLateMaps(t *testing.T, plan Plan) {
	t.Helper()
	for _, want := range []struct {
		mix   string
		load  int
		g     []int
		impls []string
	}{
		{"r95w5", 70, []int{plan.Procs, 4 * plan.Procs, 32 * plan.Procs}, []string{"dbuf-epoch-b1", "dbuf-epoch-b64", "dbuf-epoch-b4096", "xsync", "rwmutex"}},
		{"r95w5", 90, []int{plan.Procs}, []string{"dbuf-epoch-b64", "xsync", "rwmutex"}},
		{"r95w5-stall", 25, []int{plan.Procs}, []string{"dbuf-epoch-b64", "dbuf-maxwait-b64", "xsync", "rwmutex"}},
	} {
		for _, g := range want.g {
			for _, impl := range want.impls {
				if !slices.ContainsFunc(plan.Latency, func(c Cell) bool {
					return c.Impl == impl && c.Mix == want.mix && c.Load == want.load && c.G == g
				}) {
					t.Errorf("%s on %d processors: no latency of %s at %d %% by %d goroutines", impl, plan.Procs, want.mix, want.load, g)
				}
			}
		}
	}
}

// TestCurves: smoke, quick and standard measure how the main maps scale, and fill the machine with
// readers and writers.
func TestCurves(t *testing.T) {
	for procs, want := range map[int][]int{1: {1, 2}, 2: {1, 2, 4}, 6: {1, 2, 4, 6, 12}, 64: {1, 2, 4, 8, 16, 32, 64, 128}} {
		for _, name := range []string{"smoke", "quick", "standard"} {
			p, err := FindPreset(name, procs)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := p.Plan(Axes{}, baselines.All(), procs)
			if err != nil {
				t.Fatal(err)
			}
			for _, impl := range []string{"dbuf-epoch-b64", "xsync", "syncmap", "rwmutex"} {
				has := func(c Cell) bool {
					c.Impl, c.Dist, c.KeyType, c.Keys = impl, "zipf0.99", "uint64", p.keys[0]
					return slices.Contains(plan.Cells, c)
				}
				for _, g := range want {
					for _, mix := range []string{"read-only", "r95w5"} {
						if !has(Cell{Mix: mix, G: g}) {
							t.Errorf("%s on %d processors: %s lacks %s with %d goroutines", name, procs, impl, mix, g)
						}
					}
				}
				for _, r := range []roles{{1, 1}, {procs - 1, 1}, {procs / 2, procs / 2}} {
					if procs > 3 && !has(Cell{Mix: RolesMix, Readers: r.readers, Writers: r.writers}) {
						t.Errorf("%s on %d processors: %s lacks %d readers beside %d writers", name, procs, impl, r.readers, r.writers)
					}
				}
			}
		}
	}
}

// TestFit: a plan that takes too long loses extra blocks, and then blocks, and says so.
func TestFit(t *testing.T) {
	quick, err := FindPreset("quick", 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		most    time.Duration
		blocks  int
		leftOut string
	}{{time.Hour, 10, ""}, {2 * time.Minute, 10, "extra blocks"}, {30 * time.Second, 6, "4 of 10 blocks"}} {
		quick.most = c.most
		plan, err := quick.Plan(Axes{}, baselines.All(), 64)
		if err != nil {
			t.Fatal(err)
		}
		quick.Fit(&plan)
		short := plan.Estimate() <= c.most || plan.Blocks == 6
		if !short || plan.Blocks != c.blocks || !strings.Contains(plan.LeftOut, c.leftOut) || (plan.LeftOut == "") != (c.leftOut == "") {
			t.Errorf("within %v: about %v, %d blocks, %q left out; want %d blocks and %q", c.most, plan.Estimate(), plan.Blocks, plan.LeftOut, c.blocks, c.leftOut)
		}
	}
}

// TestProcsAxis: as many goroutines as processors, or all combinations.
func TestProcsAxis(t *testing.T) {
	quick, err := FindPreset("quick", 4)
	if err != nil {
		t.Fatal(err)
	}
	for want, g := range map[string][]int{
		"g=1-1 g=2-2 g=4-4":                   nil,
		"g=1-1 g=3-1 g=1-2 g=3-2 g=1-4 g=3-4": {1, 3},
	} {
		p, err := quick.Plan(Axes{Impl: []string{"xsync"}, Mix: []string{"r95w5"}, Procs: []int{1, 2, 4}, G: g}, baselines.All(), 4)
		if err != nil {
			t.Fatal(err)
		}
		p.Seed = 1
		if err := p.Validate(baselines.All()); err != nil {
			t.Error(err)
		}
		var got []string
		for _, id := range p.ids() {
			name := id.Name()
			name = name[strings.Index(name, "/g=")+1:]
			if id.Procs == 1 {
				name += "-1" // benchmarks on one processor have no suffix
			}
			got = append(got, strings.ReplaceAll(name, "-1-1", "-1"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("g %v: cells %q; want %q", g, got, want)
		}
	}
}
