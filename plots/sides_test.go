package plots

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// withStrategies are the maps of the tests, and all strategies and policies.
func withStrategies() []testMap {
	all := slices.Clone(testMaps)
	for _, m := range variants() {
		all = append(all, testMap{m.Impl, 60e6, 14e6, 0.9, 12, "atomic", results.Ok})
	}
	return all
}

// variants returns the variations of the double buffer that have a look of their own, in each
// publish policy, by name.
func variants() (all []results.Map) {
	for c := range variations {
		for policy := range policies {
			m := results.Map{
				Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: c.strategy, Table: c.table, Writer: c.writer, Variation: true},
				Policy:   policy,
			}
			m.Impl = fmt.Sprintf("dbuf-%s-b%d", cmp.Or(strings.TrimPrefix(c.table, "builtin"), c.strategy), policy.Every)
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b results.Map) int { return cmp.Compare(a.Impl, b.Impl) })
	return all
}

// TestSides: too many maps for one figure are drawn in two figures, and every map is in one of
// them.
func TestSides(t *testing.T) {
	known := withStrategies()
	named := func(charts []*chart, name string) (in []string) {
		for _, c := range charts {
			for _, row := range c.table[1:] {
				if c.name == name && !slices.Contains(in, row[0]) {
					in = append(in, row[0])
				}
			}
		}
		return in
	}
	all := charts(analysis.Of(testRun(known, 6)))
	if n := len(charts(analysis.Of(testRun(testMaps, 6)))); len(all) != 2*n {
		t.Errorf("%d figures of %d maps, and %d of %d; want twice as many", len(all), len(known), n, len(testMaps))
	}
	for _, c := range all {
		name, inside := strings.CutSuffix(c.name, "-strategies")
		if inside {
			continue
		}
		both := append(named(all, name), named(all, name+"-strategies")...)
		for _, m := range known {
			if !slices.Contains(both, m.name) && m.level != "none" {
				t.Errorf("%s: %s is in neither figure", name, m.name)
			}
		}
		if in := named(all, name); len(in) > maxMaps || slices.Contains(in, "dbuf-flat-b64") {
			t.Errorf("%s has %d maps: %v", name, len(in), in)
		}
	}
}

// TestNoSideOfNothing: if every strategy was measured at only one point of the axis, there is no
// figure of their lines. The other figure names the missing maps.
func TestNoSideOfNothing(t *testing.T) {
	run := testRun(withStrategies(), 6)
	run.Cells = slices.DeleteFunc(run.Cells, func(c results.Cell) bool {
		return c.Kind != results.Throughput || c.Mix != "read-only" || c.G > 1 && variation(run.Map(c.Impl))
	})
	all := charts(analysis.Of(run))
	if len(all) == 0 || all[0].name != "throughput-by-goroutines-read-only-zipf0.99-uint64-64Ki-p2" {
		t.Fatalf("%d figures", len(all))
	}
	for _, c := range all {
		if strings.HasPrefix(c.name, "throughput-by-goroutines") && strings.HasSuffix(c.name, "-strategies") {
			t.Errorf("there is %s", c.name)
		}
	}
	note := all[0].notes[len(all[0].notes)-1]
	if !strings.HasPrefix(note, "Measured at only one point, and not drawn: dbuf-adaptive-b1, ") || strings.Contains(note, "epoch") {
		t.Errorf("the last note is %q", note)
	}
}
