package plots

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/baselines/kv"
	"doublebuf/results"
	"doublebuf/workloads"
)

// TestReference: the figures of the reference run are those that are drawn from its cells.
func TestReference(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("rounding on other processors may change a drawing")
	}
	run, _, err := results.Load(filepath.Join("..", "results", "reference"))
	if err != nil {
		t.Fatal(err)
	}
	of := analysis.Of(run)
	all := append(byAnswers(of), charts(of)...)
	if files, _ := filepath.Glob(filepath.Join("reference", "*.svg")); len(files) != len(all) || len(all) == 0 {
		t.Errorf("%d figures; want %d", len(all), len(files))
	}
	for _, c := range all {
		want, err := os.ReadFile(filepath.Join("reference", c.name+".svg"))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(svgOf(t, c), want) {
			t.Errorf("%s is drawn otherwise", c.name)
		}
	}
}

// TestNewStrategyAppears: a strategy that no file of this package names is drawn among the double
// buffers. All of its policies have one look, and they are linked.
func TestNewStrategyAppears(t *testing.T) {
	maps := withStrategies()
	run := testRun(append(maps, testMap{"one", 50e6, 14e6, 0.9, 3, "atomic", results.Ok}, testMap{"two", 50e6, 15e6, 0.9, 30, "atomic", results.Ok}), 6)
	identity := kv.Identity{Family: kv.DoubleBuffer, Strategy: "brand-new", Table: "builtin", Variation: true}
	run.Manifest.Maps = append(run.Manifest.Maps,
		results.Map{Impl: "one", Identity: identity, Policy: every(1)},
		results.Map{Impl: "two", Identity: identity, Policy: every(64)})
	figures := 0
	for _, c := range charts(analysis.Of(run)) {
		if !strings.HasSuffix(c.name, "-strategies") {
			if hasRow(c, "one") {
				t.Errorf("a variation is in %s", c.name)
			}
			continue
		}
		figures++
		if !hasRow(c, "one") || !hasRow(c, "two") {
			t.Errorf("%s has not all policies of the new strategy", c.name)
		}
	}
	if figures == 0 {
		t.Fatal("there is no figure of strategies")
	}
	one, two := styleOf(run.Map("one"), results.Verdict{}), styleOf(run.Map("two"), results.Verdict{})
	if one.color != two.color || one.glyph != two.glyph || key(one) == key(two) {
		t.Errorf("the looks of two policies of one strategy are %+v and %+v", one, two)
	}
	links := 0
	for _, c := range byStaleness(analysis.Of(run)) {
		for _, l := range c.panels[0].links {
			if l.style.glyph == one.glyph && l.style.color == one.color && len(l.points) == 2 {
				links++
			}
		}
	}
	if links != 1 {
		t.Errorf("%d links of the two policies; want one", links)
	}
	plain := plane(6, planeMixes, planeSizes, func(int, int, int) float64 { return 1 })
	plain.Manifest.Maps = []results.Map{{Impl: "slow", Identity: identity}}
	if c := byWriteShareAndSize(analysis.Of(plain))[0]; len(c.heat) != 3 || c.heat[2].title != "slow" {
		t.Errorf("the heat map has %d panels; want one of the new strategy too", len(c.heat))
	}
}

func hasRow(c *chart, impl string) bool {
	for _, row := range c.table[1:] {
		if row[0] == impl {
			return true
		}
	}
	return false
}

// TestMixesOfTheRun: a run is drawn by the definitions of its mixes, not by those of the program.
func TestMixesOfTheRun(t *testing.T) {
	run := testRun(testMaps, 6)
	for _, name := range []string{"read-only", "r95w5", "r50w50", "roles"} {
		m, _ := workloads.FindMix(name)
		run.Manifest.Mixes = append(run.Manifest.Mixes, m)
	}
	run.Manifest.Mixes[1].Sets, run.Manifest.Mixes[1].Deletes = 100, 100
	run.Manifest.Mixes[0].Doc = "as it was"
	if c := byGoroutines(analysis.Of(run))[0]; !strings.HasPrefix(c.subtitle, "read-only: as it was; ") {
		t.Errorf("the subtitle is %q; want the words of the run's mix", c.subtitle)
	}
	var ticks []string
	for _, k := range byWriteShare(analysis.Of(run))[0].ticks {
		ticks = append(ticks, k.label)
	}
	if got := strings.Join(ticks, " "); got != "0 20 50" {
		t.Errorf("the shares of writes are %s; want 0, 20 of the run's mix, 50, and no mix that it does not define", got)
	}
	here := analysis.Machine{Name: "here", Run: analysis.Of(wholeRun)}
	same, changed := len(byMachine([]analysis.Machine{here, {Name: "there", Run: analysis.Of(otherMachine())}})), len(byMachine([]analysis.Machine{here, {Name: "there", Run: analysis.Of(run)}}))
	if changed != same-2 { // r95w5 is another mix, write-only none
		t.Errorf("%d figures of runs with the same mixes, and %d where two mixes differ; want 2 fewer", same, changed)
	}
}
