package plan

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// TestNewMapsAppear: a strategy, a table and a map that no file of this package names take part in
// the presets, because of what they are. Their names say nothing.
func TestNewMapsAppear(t *testing.T) {
	named := func(name string) kv.Entry {
		e, ok := FindMap(baselines.All(), name)
		if !ok {
			t.Fatalf("there is no map %s", name)
		}
		return e
	}
	often, usual, seldom, table, peer := named("dbuf-counted-b1"), named("dbuf-counted-b64"), named("dbuf-counted-b64"), named("dbuf-flat-b64"), named("mutex")
	for _, e := range []*kv.Entry{&often, &usual, &seldom} {
		e.Identity.Strategy = "brand-new"
	}
	seldom.Policy.Every = 777
	table.Identity.Table = "brand-new"
	often.Name, usual.Name, seldom.Name, table.Name = "A", "B", "C", "D"
	peer.Name, peer.Identity = "mine", kv.Identity{}
	entries := append(baselines.All(), often, usual, seldom, table, peer)

	for _, c := range []struct {
		preset string
		kind   results.Kind
		cell   Cell     // without a map
		want   []string // of the new maps
	}{
		{"quick", results.Throughput, Cell{Mix: "r95w5", G: 2}, []string{"mine"}},
		{"quick", results.Staleness, Cell{Mix: RolesMix, Readers: 1, Writers: 1}, []string{"mine"}},
		{"standard", results.Throughput, Cell{Mix: "r95w5", G: 2}, []string{"A", "B", "C", "D", "mine"}},
		{"standard", results.Throughput, Cell{Mix: "read-only", G: 1}, []string{"B", "D", "mine"}}, // one policy of each
		{"standard", results.Throughput, Cell{Mix: "r95w5", G: 2, Dist: "uniform"}, []string{"D", "mine"}},
		{"standard", results.Staleness, Cell{Mix: RolesMix, Readers: 1, Writers: 1}, []string{"A", "B", "C", "D", "mine"}},
		{"standard", results.Latency, Cell{Mix: "r95w5", G: 2, Load: 70}, []string{"B", "mine"}},
		{"limits", results.Throughput, Cell{Mix: "read-only", G: 1, Dist: "uniform", Keys: 1000}, []string{"B", "D"}},
		{"limits", results.Throughput, Cell{Mix: RolesMix, Readers: 1, Writers: 1, Dist: "uniform", Keys: 1000}, []string{"A", "B", "C", "D"}},
	} {
		p, err := FindPreset(c.preset, 2)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := p.Plan(Axes{}, entries, 2)
		if err != nil {
			t.Fatal(err)
		}
		at := c.cell
		at.KeyType = "uint64"
		at.Dist, at.Keys = cmp.Or(at.Dist, "zipf0.99"), cmp.Or(at.Keys, map[string]int{"quick": 16 << 10}[c.preset], 64<<10)
		var got []string
		for _, name := range []string{"A", "B", "C", "D", "mine"} {
			at.Impl = name
			if slices.Contains(*plan.List(c.kind), at) {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s, %s cells of %+v: of the new maps it has %v; want %v", c.preset, c.kind, c.cell, got, c.want)
		}
	}

	// The floor and the A/A control are found by what they are, too.
	floor, quick := named("noop"), named("xsync")
	floor.Name, quick.Name = "nothing", "fast"
	plan := Plan{Blocks: 1, Time: Duration(time.Millisecond), Procs: 2, Cells: []Cell{{Impl: "fast", Mix: "r95w5", Dist: "uniform", KeyType: "uint64", Keys: 64, G: 2}}}
	AddControls(&plan, []kv.Entry{floor, quick})
	if len(plan.Cells) != 3 || plan.Cells[1].Impl != results.Twin("fast") || plan.Cells[2].Impl != "nothing" {
		t.Errorf("the controls are %+v; want a twin of the map, and the floor", plan.Cells)
	}
}
