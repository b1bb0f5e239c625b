package plots

import (
	"slices"
	"strings"
	"testing"

	"doublebuf/results"
)

// TestSides: what is too much for one figure is two, and no map is lost between them.
func TestSides(t *testing.T) {
	maps := slices.Clone(testMaps)
	for strategy := range strategies {
		for policy := range policies {
			maps = append(maps, testMap{"dbuf-" + strategy + "-" + policy, 60e6, 14e6, 0.9, 12, "atomic", results.Ok})
		}
	}
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
	all := charts(testRun(maps, 6))
	if n := len(charts(testRun(testMaps, 6))); len(all) != 2*n {
		t.Errorf("%d figures of %d maps, and %d of %d; want twice as many", len(all), len(maps), n, len(testMaps))
	}
	for _, c := range all {
		name, inside := strings.CutSuffix(c.name, "-strategies")
		if inside {
			continue
		}
		both := append(named(all, name), named(all, name+"-strategies")...)
		for _, m := range maps {
			if !slices.Contains(both, m.name) && m.level != "none" {
				t.Errorf("%s: %s is in neither figure", name, m.name)
			}
		}
		if in := named(all, name); len(in) > maxMaps || slices.Contains(in, "dbuf-flat-b64") {
			t.Errorf("%s has %d maps: %v", name, len(in), in)
		}
	}
}
