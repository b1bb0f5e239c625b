package report

import (
	"bytes"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

var update = flag.Bool("update", false, "write the golden files")

// speeds gives a map's operations a second in each of six blocks.
type speeds [6]float64

// even is a map that is equally fast in every block.
func even(x float64) speeds { return speeds{x, x, x, x, x, x} }

// drifting is a machine that becomes slower. With paired blocks this favours no map.
var drifting = speeds{100e6, 90e6, 80e6, 70e6, 60e6, 50e6}

func (s speeds) times(x float64) speeds {
	for i := range s {
		s[i] *= x
	}
	return s
}

func cells(id results.ID, unit string, s speeds) (all []results.Cell) {
	for i, v := range s {
		c := results.Cell{ID: id, Block: i + 1, Ops: 1000, Metrics: map[string]float64{unit: v}}
		if unit == results.ReadsPerSec {
			c.Metrics[results.WritesPerSec] = v / 10
			c.Metrics[results.OpsPerSec] = v * 1.1
		}
		all = append(all, c)
	}
	return all
}

// example is a run in which every part of a report occurs.
func example() *results.Set {
	mixed := results.ID{Kind: results.Throughput, Mix: "r95w5", Dist: "zipf0.99", KeyType: "uint64", Keys: 1 << 16, G: 2, Procs: 2}
	roles := results.ID{Kind: results.Throughput, Mix: "roles", Dist: "zipf0.99", KeyType: "uint64", Keys: 1 << 16, Readers: 1, Writers: 1, Procs: 2}
	stale := roles
	stale.Kind = results.Staleness
	of := func(id results.ID, impl string) results.ID {
		id.Impl = impl
		return id
	}
	set := &results.Set{Manifest: exampleManifest()}
	for _, m := range []struct {
		impl string
		s    speeds
	}{
		{"batched", drifting.times(1.2)},
		{"batched-more", drifting.times(1.15)},
		{"fresh", drifting},
		{"fresh-too", drifting.times(0.97)},
		{"loses", drifting.times(3)},
		{"loses-known", drifting.times(3)},
		{"noop", even(400e6)},
		{"plain", even(200e6)},
	} {
		all := cells(of(mixed, m.impl), results.OpsPerSec, m.s)
		if m.impl == "batched" || m.impl == "fresh" {
			for _, c := range all {
				c.Metrics[results.LivePerKey], c.Metrics[results.MarkPerKey], c.Metrics[results.CPUPerOp] = 68.2, 12e-9, 31e-9
				c.Metrics[results.BytesPerOp], c.Metrics[results.AllocsPerOp], c.Metrics[results.Fairness] = 0, 0.25, 0.97
				c.Metrics[results.GCShare], c.Metrics[results.PauseMax], c.Metrics[results.Judged] = 0.021, 80e-6, 7e6
			}
		}
		set.Cells = append(set.Cells, all...)
	}
	for _, m := range []struct {
		impl  string
		reads speeds
		lag   float64
	}{{"fresh", even(40e6), 0}, {"batched", speeds{44e6, 38e6, 44e6, 38e6, 48e6, 44e6}, 31.5}} {
		set.Cells = append(set.Cells, cells(of(roles, m.impl), results.ReadsPerSec, m.reads)...)
		for block := 1; block <= 6; block++ {
			set.Cells = append(set.Cells, results.Cell{ID: of(stale, m.impl), Block: block, Ops: 1, Metrics: map[string]float64{
				results.StaleMean: m.lag, results.StaleOps(50): m.lag, results.StaleOps(99): 2 * m.lag, results.StaleOps(100): 3 * m.lag, results.StaleShare: m.lag / 100,
				results.StaleMeanAge: m.lag * 1e-6, results.StaleAge(50): 0, results.StaleAge(99): m.lag * 2e-6, results.StaleAge(100): m.lag * 1e-3,
			}})
			late := of(mixed, m.impl)
			late.Kind, late.Load = results.Latency, 70
			times := map[string]float64{
				results.Capacity: 5e6, results.Offered: 3.5e6, results.Reached: 1, results.ClockCost: 23e-9,
				results.ClosedMean: 120e-9, results.ClosedP99: 200e-9, results.PaceP50: 11e-9, results.PaceP99: 29e-9,
				results.LatencyUnit(results.OfReads, 50): 150e-9, results.LatencyUnit(results.OfReads, 100): 50e-3,
			}
			if m.lag > 0 {
				times[results.LatencyUnit(results.OfPublishes, 100)] = 1.5e-6
			}
			if block == 6 || block == 5 && m.lag > 0 {
				times = map[string]float64{results.Capacity: 5e6, results.Reached: 0.5, results.ClockCost: 23e-9}
			}
			set.Cells = append(set.Cells, results.Cell{ID: late, Block: block, Ops: 1, Metrics: times})
		}
	}
	// Faster than all others. Only the final-state check of one of its cells fails.
	faulty := cells(of(mixed, "sum-fault"), results.OpsPerSec, drifting.times(2))
	faulty[3].Fault = "key 5 holds 7; want 6"
	set.Cells = append(set.Cells, faulty...)
	// A map is measured twice. Its twin is 2 % slower in one block and 4 % faster in another.
	for i, c := range cells(of(mixed, results.Twin("fresh")), results.OpsPerSec, drifting) {
		c.Metrics[results.OpsPerSec] *= []float64{1, 1.01, 0.98, 1, 1.04, 0.99}[i]
		set.Twins = append(set.Twins, c)
	}
	return set
}

func exampleManifest() results.Manifest {
	return results.Manifest{
		Preset: "quick", Seed: 7, Complete: true,
		Environment: results.Environment{
			Go: "go1.26.0", GOOS: "linux", GOARCH: "amd64", CPU: "a processor", Processors: 2, GOMAXPROCS: 2,
			Kernel: "Linux 6.1", Commit: "0123456789abcdef", Date: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC),
			Command: []string{"runbench", "run", "-seed", "7"},
		},
		Inputs: map[string]string{"identifiers": "sha256:00"},
		Verdicts: []results.Verdict{
			{Impl: "batched", Level: "atomic", Check: "history", Outcome: results.Ok, Reason: "24 histories"},
			{Impl: "batched-more", Level: "atomic", Check: "history", Outcome: results.Unknown, Reason: "no answer in time"},
			{Impl: "fresh", Level: "linearizable", Check: "history", Outcome: results.Ok},
			{Impl: "fresh-too", Level: "linearizable", Check: "history", Outcome: results.Ok},
			{Impl: "loses", Level: "linearizable", Check: "history", Outcome: results.Illegal, Reason: "linearizable: key 1", Evidence: []string{"evidence/loses.jsonl"}},
			{Impl: "loses-known", Level: "linearizable", Check: "history", Outcome: results.Illegal, Broken: true},
			{Impl: "noop", Level: "none", Check: "history", Outcome: results.Ok},
			{Impl: "plain", Level: "linearizable", Check: "history", Outcome: results.Ok},
		},
		Sessions: []results.Session{
			{Before: []results.Finding{
				{What: "governor", State: results.Unfit, Found: "powersave", Why: "it depends on the load", Want: "performance"},
				{What: "load", State: results.Fit, Found: "0.01", Why: "others", Want: "none"},
			}},
			{
				Before: []results.Finding{{What: "governor", State: results.Fit, Found: "performance", Why: "it depends on the load", Want: "performance"}},
				During: []results.Finding{{What: "steal", State: results.Hidden, Found: "not visible here", Why: "neighbours", Want: "none"}},
			},
		},
	}
}

func TestGolden(t *testing.T) {
	set := example()
	run := analysis.Of(set)
	figures := []Figure{{Title: "Throughput", Caption: "by goroutines", Image: "../p/f.svg", Table: "../p/f.csv"}}
	doc := Document("example", run, []results.Warning{"a doubt"}, figures)
	golden(t, "testdata/report.md", exported(t, export.Markdown{}, doc))
	html := string(exported(t, export.HTML{Read: figure}, doc))
	golden(t, "testdata/report.html", []byte(html[strings.Index(html, "<body>"):strings.Index(html, "<script>")]))
	golden(t, "testdata/summary.txt", exported(t, export.Text{}, Summary(run)))
	golden(t, "testdata/summary.json", exported(t, export.JSON{}, Summary(run)))
	golden(t, "testdata/summary.csv", exported(t, export.CSV{}, Summary(run)))
}

func exported(t *testing.T, as export.Exporter, d *export.Document) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := as.Export(&text, d); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what was written (-update writes it):\n%s", path, got)
	}
}

// TestAnswer checks the answers on the example.
func TestAnswer(t *testing.T) {
	s := analysis.Of(example()).Standings[0]
	want := []string{
		"r95w5, zipf0.99, 64Ki uint64 keys, 2 goroutines",
		"**fresh**: 75.0 M ops/s [50.0 M, 100 M]",
		"**fresh-too**: +3.1 % [+3.1 %, +3.1 %], not conclusive: it may lie within this run's 4 % error", // under the A/A limit, 4 %
		"**batched**: 90.0 M ops/s [60.0 M, 120 M]",
		"+20.0 % [+20.0 %, +20.0 %]", // a drift by half does not widen a paired interval
	}
	if got := answer(analysis.Of(&results.Set{}), s); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	roles := analysis.Of(example()).Standings[1]
	if got, want := answer(analysis.Of(&results.Set{}), roles)[4], "+6.8 % [-5.0 %, +20.0 %], not conclusive: a tie"; got != want { // the interval holds 0
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestControlBoundsEffects: an effect between two maps is not conclusive if a map differs from its
// twin by as much in one block of six.
func TestControlBoundsEffects(t *testing.T) {
	for twin, want := range map[float64]string{1.25: "+20.0 % [+20.0 %, +20.0 %], not conclusive: it may lie within this run's 25 % error", 1.15: "+20.0 % [+20.0 %, +20.0 %]"} {
		set := example()
		set.Twins[2].Metrics[results.OpsPerSec] *= twin / 0.98
		run := analysis.Of(set)
		if own := run.Limit(run.Standings[0].Workload); math.Abs(run.Control.Limit-(twin-1)) > 1e-9 || math.Abs(own-(twin-1)) > 1e-9 {
			t.Errorf("limit %g, that of the workload %g; want %g", run.Control.Limit, own, twin-1)
		}
		if got := answer(analysis.Of(&results.Set{}), analysis.Of(set).Standings[0])[4]; got != want {
			t.Errorf("with a twin %g times as fast: %s; want %s", twin, got, want)
		}
	}
}

func TestStaleOverFresh(t *testing.T) {
	for _, c := range []struct {
		staled, faster, slower int
		want                   string
	}{
		{0, 0, 0, ""},
		{3, 0, 0, " No map with stale reads was conclusively faster or slower than the fastest always-fresh map."},
		{20, 0, 17, " No map with stale reads was conclusively faster than the fastest always-fresh map; in 17 workloads the fastest one was conclusively slower."},
		{3, 1, 0, " The fastest map with stale reads was conclusively faster than the fastest always-fresh map in 1 workload."},
		{3, 2, 1, " The fastest map with stale reads was conclusively faster than the fastest always-fresh map in 2 workloads, and conclusively slower in 1."},
	} {
		if got := staleOverFresh(c.staled, c.faster, c.slower); got != c.want {
			t.Errorf("%d faster, %d slower of %d: %q, want %q", c.faster, c.slower, c.staled, got, c.want)
		}
	}
}

func TestTooFewBlocks(t *testing.T) {
	set := example()
	var few []results.Cell
	for _, c := range set.Cells {
		if c.Block <= 5 {
			few = append(few, c)
		}
	}
	set.Cells = few
	if got, want := answer(analysis.Of(&results.Set{}), analysis.Of(set).Standings[0])[4], "+20.0 %, not conclusive: too few blocks"; got != want {
		t.Errorf("5 blocks: got %s, want %s", got, want)
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 0.0512: "0.05", 1: "1.00", 9.994: "9.99", 9.996: "10.0", 99.96: "100", 999.4: "999",
		999.6: "1.00 k", 12345: "12.3 k", 999.6e3: "1.00 M", 2.5e6: "2.50 M", 7e9: "7.00 G",
	} {
		if got := number(x); got != want {
			t.Errorf("number(%v) = %q, want %q", x, got, want)
		}
	}
}

// layout is a run of two equal maps with that many links, each with that many processes of 6
// blocks. The layout of a link makes one map up to 4 % faster or slower.
func layout(links, processes int, seed uint64) *results.Set {
	r := rand.New(rand.NewPCG(seed, 0))
	set := &results.Set{Manifest: results.Manifest{Verdicts: []results.Verdict{
		{Impl: "a", Level: "linearizable", Outcome: results.Ok}, {Impl: "b", Level: "linearizable", Outcome: results.Ok},
	}}}
	for link := range links {
		effect := map[string]float64{"a": 0.04 * (2*r.Float64() - 1)}
		if links == 1 {
			effect["a"] = 0.04 // the worst that could happen to the only one
		}
		for process := range processes {
			for block := range 6 {
				for _, impl := range []string{"a", "b"} {
					p := link*processes + process
					set.Cells = append(set.Cells, results.Cell{
						ID:    results.ID{Kind: results.Throughput, Impl: impl, Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 8, G: 1, Procs: 1},
						Block: p*6 + block + 1, Process: p + 1, Link: link + 1,
						Metrics: map[string]float64{results.OpsPerSec: 1e7 * math.Exp(effect[impl]+0.005*r.NormFloat64())},
					})
				}
			}
		}
	}
	return set
}

// TestLayoutIsOfTheBuild plants an effect of the layout. With one link its interval lies beyond 1,
// and the report says that it holds for this build. With many links the interval holds 1. An
// equally small effect that every link shows is conclusive with many links.
func TestLayoutIsOfTheBuild(t *testing.T) {
	for _, c := range []struct {
		links, processes int
		caveat           string
	}{
		{1, 1, "One build, one process. With a single build, differences under 5 % hold for this build: another layout of the same code may cause them."},
		{1, 8, "One build, 8 processes. With a single build, differences under 5 % hold for this build: another layout of the same code may cause them."},
		{3, 3, "3 builds, 9 processes. Intervals are over the builds, and need 6 or more of them."},
		{8, 1, "8 builds, 8 processes. Intervals are over the builds, and need 6 or more of them."},
	} {
		set := layout(c.links, c.processes, 7)
		s := analysis.Of(set).Standings[0]
		a, b := s.Rows[0], s.Rows[1]
		if a.Impl != "a" {
			a, b = b, a
		}
		m := s.Effect(a, b)
		if outside := m.Interval && m.Lo > 1; outside != (c.links == 1) {
			t.Errorf("%d links: the effect is %+v", c.links, m)
		}
		want := ", not conclusive"
		if c.links == 1 {
			want = ", in this build"
		}
		if text := effect(s.Effect(a, b)); !strings.Contains(text, want) {
			t.Errorf("%d links: %s; want %q in it", c.links, text, want)
		}
		for i := range set.Cells {
			if set.Cells[i].Impl == "b" {
				set.Cells[i].Metrics[results.OpsPerSec] *= 0.96
			}
		}
		s = analysis.Of(set).Standings[0]
		if text := effect(s.Effect(s.Rows[0], s.Rows[1])); strings.Contains(text, "not conclusive") != (c.links < 6 && c.links > 1) && c.links > 1 {
			t.Errorf("%d links, with a true effect: %s", c.links, text)
		}
		var out bytes.Buffer
		out.Write(exported(t, export.Markdown{}, Document("layout", analysis.Of(set), nil, nil)))
		if want := "\n> " + c.caveat + "\n"; !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
		if got := strings.Contains(out.String(), "\n## Spread\n"); got != (c.processes*c.links > 1) {
			t.Errorf("%d links, %d processes: a table of the spread: %v", c.links, c.processes, got)
		}
		if c.links == 3 {
			golden(t, "testdata/layers.md", out.Bytes())
		}
	}
}

// TestWidest: the widest effect of the example is that of the readers beside a writer, from -5 %
// to +20 %. A map that failed its check has no effect.
func TestWidest(t *testing.T) {
	width, name := analysis.Of(example()).Widest()
	if math.Abs(width-(1.2/0.95-1)) > 1e-9 || name != "fresh against batched: roles, zipf0.99, 64Ki uint64 keys, readers 1, writers 1" {
		t.Errorf("%v, of %s", width, name)
	}
	few := example()
	few.Cells = slices.DeleteFunc(few.Cells, func(c results.Cell) bool { return c.Impl == "fresh-too" && c.Block > 5 })
	if width, name = analysis.Of(few).Widest(); !math.IsInf(width, 1) || !strings.HasPrefix(name, "fresh-too against batched: r95w5") {
		t.Errorf("with an effect that has no interval: %v, of %s", width, name)
	}
	few.Cells = slices.DeleteFunc(few.Cells, func(c results.Cell) bool { return c.Impl != "fresh" && c.Impl != "loses" })
	if _, name = analysis.Of(few).Widest(); name != "" {
		t.Errorf("with one map that passed its check: %s", name)
	}
}

// TestOneOfMany: an effect that is conclusive alone is not conclusive among many, because some of
// many look the same by chance. A much stronger effect is conclusive.
func TestOneOfMany(t *testing.T) {
	of := func(workloads int, ratios ...float64) string {
		set := &results.Set{}
		for g := 1; g <= workloads; g++ {
			for block, ratio := range ratios {
				for impl, rate := range map[string]float64{"a": 1e6, "b": 1e6 * ratio} {
					if g > 1 {
						rate = 1e6
					}
					set.Cells = append(set.Cells, results.Cell{
						ID:    results.ID{Kind: results.Throughput, Impl: impl, Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 64, G: g, Procs: 2},
						Block: block + 1, Metrics: map[string]float64{results.OpsPerSec: rate},
					})
				}
			}
		}
		s := analysis.Of(set).Standings[0]
		return effect(s.Effect(rowOf(s, "b"), rowOf(s, "a")))
	}
	few := []float64{1.01, 1.03, 1.05, 1.07, 1.09, 1.11} // t is 3.9 of 5 degrees of freedom, p 0.011
	for _, c := range []struct {
		workloads int
		ratios    []float64
		want      bool
	}{
		{1, few, true},
		{4, few, true},
		{5, few, false},
		{60, few, false},
		{60, []float64{1.96, 1.98, 2, 2.02, 2.04, 2.06}, true},
	} {
		if got := of(c.workloads, c.ratios...); strings.HasSuffix(got, "not conclusive: it may be chance") == c.want {
			t.Errorf("%g in one of %d workloads: %s", c.ratios, c.workloads, got)
		}
	}
}

// rowOf returns the row of a map that is there.
func rowOf(s *analysis.Standing, impl string) *analysis.Row {
	return s.Yardstick(func(m results.Map) bool { return m.Impl == impl })
}
