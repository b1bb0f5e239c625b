package plots

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot/vg"

	"doublebuf/analysis"
	"doublebuf/results"
)

var (
	update = flag.Bool("update", false, "rewrite golden files in testdata")
	keep   = flag.String("keep", "", "folder to keep the figures in, to look at them")
)

// testMap is a made-up map of a made-up run.
type testMap struct {
	name   string
	read   float64 // ops/s of one goroutine that only reads
	write  float64 // of one that only writes
	scales float64 // how much a second processor adds
	stale  float64
	level  string
	result results.Outcome
}

var testMaps = []testMap{
	{"dbuf-epoch-b1", 62e6, 2.5e6, 0.95, 0, "linearizable", results.Ok},
	{"dbuf-epoch-b64", 64e6, 14e6, 0.95, 12.7, "atomic", results.Ok},
	{"dbuf-epoch-b4096", 64e6, 18e6, 0.95, 840, "atomic", results.Ok},
	{"syncmap", 41e6, 7e6, 0.93, 0, "linearizable", results.Ok},
	{"rwmutex", 45e6, 21e6, -0.4, 0, "linearizable", results.Ok},
	{"mutex", 46e6, 22e6, -0.5, 0, "linearizable", results.Ok},
	{"sharded", 40e6, 20e6, 0.6, 0, "linearizable", results.Ok},
	{"cow", 70e6, 0.004e6, 0.95, 0, "linearizable", results.Ok},
	{"haxmap", 55e6, 15e6, 0.9, 0.4, "linearizable", results.Illegal},
	{"stranger", 30e6, 10e6, 0.9, 0, "linearizable", results.Unknown},
	{"noop", 640e6, 420e6, 1, 0, "none", results.Ok},
}

// testRun makes a run of that many blocks on 2 processors, the same each time.
func testRun(maps []testMap, blocks int) *results.Set {
	rng := rand.New(rand.NewPCG(1, 2))
	s := &results.Set{Manifest: results.Manifest{Environment: results.Environment{
		Go: "go1.26", GOOS: "linux", GOARCH: "amd64", CPU: "Example CPU @ 2.00GHz", Processors: 2, GOMAXPROCS: 2,
		Commit: "0123456789abcdef0123456789abcdef01234567", Dirty: true, Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}}}
	s.Manifest.Maps = variants()
	for _, m := range maps {
		s.Manifest.Verdicts = append(s.Manifest.Verdicts, results.Verdict{Impl: m.name, Level: m.level, Outcome: m.result})
	}
	add := func(block int, kind results.Kind, m testMap, mix string, g, r, w int, metrics map[string]float64) {
		s.Cells = append(s.Cells, results.Cell{
			ID:    results.ID{Kind: kind, Impl: m.name, Mix: mix, Dist: "zipf0.99", KeyType: "uint64", Keys: 64 << 10, G: g, Readers: r, Writers: w, Procs: 2},
			Block: block, Metrics: metrics,
		})
	}
	for block := 1; block <= blocks; block++ {
		for _, m := range maps {
			noise := func() float64 { return 1 + 0.06*rng.NormFloat64() }
			for _, g := range []int{64, 4, 2, 1} {
				add(block, results.Throughput, m, "read-only", g, 0, 0, map[string]float64{results.OpsPerSec: noise() * m.speed(0, g)})
			}
			for _, mix := range []struct {
				name   string
				writes float64
			}{{"r95w5", 0.05}, {"r50w50", 0.5}, {"write-only", 1}} {
				add(block, results.Throughput, m, mix.name, 2, 0, 0, map[string]float64{results.OpsPerSec: noise() * m.speed(mix.writes, 2)})
			}
			add(block, results.Throughput, m, "roles", 0, 1, 1, map[string]float64{
				results.OpsPerSec: m.read + m.write, results.ReadsPerSec: noise() * m.read, results.WritesPerSec: noise() * m.write,
			})
			stale := m.stale * noise()
			add(block, results.Staleness, m, "roles", 0, 1, 1, map[string]float64{
				results.StaleMean: stale, results.StaleOps(100): 10 * stale, results.ReadsPerSec: 1, results.WritesPerSec: 1, // not to be drawn
			})
		}
	}
	return s
}

func (m testMap) speed(writes float64, g int) float64 {
	one := 1 / ((1-writes)/m.read + writes/m.write)
	if g == 1 {
		return one
	}
	return one * (1 + m.scales*(1-writes)) * (1 - 0.01*math.Log2(float64(g)))
}

func drawTo(t *testing.T, name string, s *results.Set) (dir string, figures []Figure) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "plots", "run")
	if *keep != "" {
		dir = filepath.Join(*keep, name)
	}
	figures, err := Draw(analysis.Of(s), dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, figures
}

func svgOf(t *testing.T, c *chart) []byte {
	t.Helper()
	svg, err := c.svg()
	if err != nil {
		t.Fatal(err)
	}
	return svg
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var wholeRun = testRun(testMaps, 6)

// TestData compares the data of all figures with golden tables, and the drawings with digests.
// Rounding on other processors may change the digests. It covers the usual figures, logarithmic
// axes, heat maps, and all strategies, whose glyphs and dashes are only in the drawings.
func TestData(t *testing.T) {
	var data, digests strings.Builder
	all := charts(analysis.Of(wholeRun))
	for _, c := range all {
		fmt.Fprintf(&data, "%s\n%s\n%s\n", c.name, c.title, c.subtitle)
		for _, row := range c.table {
			fmt.Fprintln(&data, strings.Join(row, ","))
		}
		fmt.Fprintln(&data)
	}
	for _, run := range []*results.Set{wholeRun, lateRun(), plane(6, planeMixes, planeSizes, func(int, int, int) float64 { return 1 }), testRun(withStrategies(), 6)} {
		for _, c := range charts(analysis.Of(run)) {
			fmt.Fprintf(&digests, "%x %s\n", sha256.Sum256(svgOf(t, c)), c.name)
		}
	}
	golden(t, "data.txt", data.String())
	if runtime.GOARCH == "amd64" {
		golden(t, "digests.txt", digests.String())
	}
	if len(all) != 3 {
		t.Errorf("%d figures; want 3", len(all))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(read(t, "testdata", name)), got); diff != "" {
		t.Errorf("%s (-want +got); look at the figures (-keep DIR), then -update accepts them:\n%s", path, diff)
	}
}

func TestSameBytes(t *testing.T) {
	first, figures := drawTo(t, "first", wholeRun)
	for i, c := range append(byAnswers(analysis.Of(wholeRun)), charts(analysis.Of(wholeRun))...) {
		if !bytes.Equal(read(t, first, figures[i].SVG), svgOf(t, c)) {
			t.Errorf("%s is not what is in its file", figures[i].SVG)
		}
		rows, err := csv.NewReader(bytes.NewReader(read(t, first, figures[i].Table))).ReadAll()
		if diff := cmp.Diff(c.table, rows); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", figures[i].Table, err, diff)
		}
	}
	second, _ := drawTo(t, "second", wholeRun)
	for _, f := range figures {
		for _, name := range []string{f.SVG, f.PNG, f.Table} {
			if !bytes.Equal(read(t, first, name), read(t, second, name)) {
				t.Errorf("%s differs when it is drawn again", name)
			}
		}
	}
}

// TestEveryFigureSays looks for the texts that every figure must have.
func TestEveryFigureSays(t *testing.T) {
	for _, c := range charts(analysis.Of(wholeRun)) {
		svg := string(svgOf(t, c))
		for _, want := range []string{
			c.title, c.subtitle, "million ", "n = 6 blocks", "95 % confidence", "zipf0.99 over 64Ki uint64 keys",
			"Example CPU @ 2.00GHz, 2 processors, linux/amd64, go1.26", "commit 0123456789ab with changes", "2026-01-02",
			">haxmap FAILED CHECK<", ">stranger ?<", "? = not checked", ">dbuf-epoch-b64<",
			"'Liberation Sans',Arial,Helvetica,sans-serif",
		} {
			if !strings.Contains(svg, want) {
				t.Errorf("%s does not say %q", c.name, want)
			}
		}
		for _, never := range []string{">noop<", "font-family:Liberation", "NaN", "Inf"} {
			if strings.Contains(svg, never) {
				t.Errorf("%s has %q", c.name, never)
			}
		}
		if texts, long := strings.Count(svg, "<text "), strings.Count(svg, ` textLength="`); texts == 0 || long != texts {
			t.Errorf("%s says of %d of %d texts how long they are", c.name, long, texts)
		}
		if strings.Contains(c.title, "goroutines") && !strings.Contains(svg, "Harness floor") {
			t.Errorf("%s does not state the harness floor", c.name)
		}
	}
}

// TestGradeInTheFooter: every figure of a run with findings has the grade, and the A/A limit if
// there is one.
func TestGradeInTheFooter(t *testing.T) {
	s := *wholeRun
	s.Manifest.Sessions = []results.Session{{Before: []results.Finding{{What: "steal", State: results.Fit}}, During: []results.Finding{}}}
	for _, c := range charts(analysis.Of(&s)) {
		if svg := string(svgOf(t, c)); !strings.Contains(svg, "2026-01-02; grade D.") {
			t.Errorf("%s does not say its grade", c.name)
		}
	}
	for _, c := range s.Cells {
		if c.Impl == testMaps[0].name && c.Mix == "read-only" {
			c.Impl = results.Twin(c.Impl)
			c.Metrics = map[string]float64{results.OpsPerSec: 1.5 * c.Metrics[results.OpsPerSec]}
			s.Twins = append(s.Twins, c)
		}
	}
	for _, c := range charts(analysis.Of(&s)) {
		if svg := string(svgOf(t, c)); !strings.Contains(svg, "2026-01-02; grade D, A/A limit 50 %.") {
			t.Errorf("%s does not say its grade and limit", c.name)
		}
	}
}

// TestFooterTellsOfSubstitutes: every figure names a map that another map replaced.
func TestFooterTellsOfSubstitutes(t *testing.T) {
	s := *wholeRun
	s.Manifest.Instead = map[string]string{"mutex": "no locks here, cow instead", "cow": "no cows, mutex instead", "rwmutex": "no locks here, cow instead"}
	s.Manifest.Environment.Checked = true
	all := charts(analysis.Of(&s))
	for _, c := range all {
		const want = "cow: no cows, mutex instead; mutex, rwmutex: no locks here, cow instead."
		if !slices.ContainsFunc(c.notes, func(n string) bool {
			return strings.Contains(n, want) && strings.Contains(n, "with changes, checked build;")
		}) {
			t.Errorf("%s does not say %q, nor that the build was checked: %q", c.name, want, c.notes)
		}
	}
}

// TestNoBandFromTooFew: five blocks give medians but no interval to draw.
func TestNoBandFromTooFew(t *testing.T) {
	for blocks, want := range map[int]bool{5: false, 6: true} {
		for _, c := range charts(analysis.Of(testRun(testMaps[:4], blocks)))[:2] {
			svg := string(svgOf(t, c))
			if got := strings.Contains(svg, "fill-opacity"); got != want {
				t.Errorf("%s of %d blocks: bands drawn: %v", c.name, blocks, got)
			}
			if got := !strings.Contains(svg, "too few for confidence intervals"); got != want {
				t.Errorf("%s of %d blocks: intervals announced: %v", c.name, blocks, got)
			}
		}
	}
}

func TestStaleAndFreshStandApart(t *testing.T) {
	c := byStaleness(analysis.Of(wholeRun))[0]
	stale := map[look]bool{}
	for _, m := range testMaps {
		if m.stale > 0 {
			stale[key(styleOf(wholeRun.Map(m.name), analysis.Of(wholeRun).Verdict(m.name)))] = true
		}
	}
	if c.gap == 0 || len(c.panels) != 2 {
		t.Fatalf("gap at %v, %d panels", c.gap, len(c.panels))
	}
	for _, p := range c.panels {
		if len(p.series) != len(testMaps)-1 {
			t.Errorf("%s: %d maps; want all but noop", p.yLabel, len(p.series))
		}
		at := map[float64]bool{}
		for _, s := range p.series {
			x := s.points[0].x
			if stale[key(s.style)] != (x > c.gap) {
				t.Errorf("%s: a map at %v on the wrong side of the gap at %v", p.yLabel, x, c.gap)
			}
			if at[x] || x < c.xMin || x > c.xMax {
				t.Errorf("%s: a map at %v hides another or is off the axis", p.yLabel, x)
			}
			at[x] = true
		}
		if len(p.links) != 1 || len(p.links[0].points) != 3 {
			t.Errorf("%s: links %v; want one over the three policies", p.yLabel, p.links)
		}
	}
	if c.fresh.label != "always fresh" {
		t.Errorf("the fresh maps are said to be %q", c.fresh.label)
	}
	once := testRun(testMaps, 6)
	for i, cell := range once.Cells {
		if cell.Kind == results.Staleness && cell.Impl == "syncmap" && cell.Block == 3 {
			once.Cells[i].Metrics[results.StaleMean] = 1
		}
	}
	if label := byStaleness(analysis.Of(once))[0].fresh.label; label == "always fresh" {
		t.Errorf("a map that was stale once is said to be %q", label)
	}
}

// TestOddRuns draws figures without a scale, a width or data. None may panic.
func TestOddRuns(t *testing.T) {
	one := testRun(testMaps[3:4], 1)
	one.Cells = one.Cells[3:4]
	zeros := testRun(testMaps, 6)
	for _, c := range zeros.Cells {
		for unit := range c.Metrics {
			c.Metrics[unit] = 0
		}
	}
	noThroughput := testRun(testMaps, 6)
	for i, c := range noThroughput.Cells {
		if c.Kind == results.Throughput {
			noThroughput.Cells[i].Mix = "elsewhere"
		}
	}
	atTimes := testRun(testMaps, 6) // an interval that reaches zero
	for _, c := range atTimes.Cells {
		if c.Block == 3 && c.Kind == results.Staleness {
			c.Metrics[results.StaleMean] = 0
		}
	}
	unknown := testRun(testMaps, 6)
	unknown.Manifest = results.Manifest{}
	onlyFloor := testRun(testMaps[len(testMaps)-1:], 6)
	for _, test := range []struct {
		name string
		run  *results.Set
		want int
	}{
		{"nothing", &results.Set{}, 0},
		{"one cell", one, 2},
		{"zeros", zeros, 3},
		{"only stale maps", testRun(testMaps[1:3], 6), 3},
		{"one stale map", testRun(testMaps[1:2], 6), 3},
		{"only fresh maps", testRun(testMaps[3:6], 6), 3},
		{"staleness without throughput", noThroughput, 1},
		{"fresh at times", atTimes, 3},
		{"no manifest", unknown, 3},
		{"only the floor", onlyFloor, 0},
	} {
		all := charts(analysis.Of(test.run))
		if len(all) != test.want {
			t.Errorf("%s: %d figures; want %d", test.name, len(all), test.want)
		}
		for _, c := range all {
			if svg := svgOf(t, c); bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
				t.Errorf("%s: %s has coordinates that are no numbers", test.name, c.name)
			}
		}
		if *keep != "" {
			drawTo(t, test.name, test.run)
		}
	}
}

func TestDrawSaysWhereItCannot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Draw(analysis.Of(wholeRun), filepath.Join(file, "plots")); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("drawn below a file: %v", err)
	}
}

func TestTicksAreRoundAndEnough(t *testing.T) {
	if ticks := niceTicks(0); len(ticks) < 4 {
		t.Errorf("up to 0: %v", ticks)
	}
	for _, top := range []float64{5e-324, 1.7e308, math.Inf(1), math.NaN()} { // a loop that does not end, or memory
		if ticks := niceTicks(top); len(ticks) < 4 || len(ticks) > 6 {
			t.Errorf("up to %v: %v", top, ticks)
		}
	}
	for top := 1e-3; top < 1e4; top *= 1.03 {
		ticks := niceTicks(top)
		last := ticks[len(ticks)-1].at
		if ticks[0].at != 0 || last < top*(1-1e-9) || last > 2*top || len(ticks) < 4 || len(ticks) > 6 {
			t.Errorf("up to %v: %v", top, ticks)
		}
		seen := map[string]bool{}
		for _, k := range ticks {
			if seen[k.label] {
				t.Errorf("up to %v the label %s stands twice", top, k.label)
			}
			seen[k.label] = true
		}
	}
}

func TestShortNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.1: "0.1", 31.53: "31.5", 999: "999", 999.6: "1k", 1693: "1.69k", 189247: "189k", 1e6: "1M", 2.5e12: "2.5e+03G"} {
		if got := formatShort(v); got != want {
			t.Errorf("%v is written %s; want %s", v, got, want)
		}
	}
}

func TestLegendRowsDoNotOverlap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		const bottom, top = 20, 400
		ideal := make([]vg.Length, 1+rng.IntN(20))
		for i := range ideal {
			ideal[i] = vg.Length(rng.Float64()) * 420
		}
		slices.Sort(ideal)
		slices.Reverse(ideal)
		ys := spread(ideal, bottom, top, rowSize)
		for i, y := range ys {
			if y > top || y < bottom || i > 0 && ys[i-1]-y < rowSize-1e-9 {
				t.Fatalf("%v becomes %v", ideal, ys)
			}
		}
	}
	if got := spread([]vg.Length{300, 200, 100}, 0, 400, rowSize); !slices.Equal(got, []vg.Length{300, 200, 100}) {
		t.Errorf("rows with room are moved to %v", got)
	}
}
