package compare

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

// run simulates a run of that many cells and blocks. Speeds have noise, and whole blocks are
// disturbed. A cell's true speed is multiplied by what factor returns.
func run(r *rand.Rand, cells, blocks int, factor func(cell int) float64) *results.Set {
	s := &results.Set{Better: map[string]string{results.OpsPerSec: "higher"}}
	for block := 1; block <= blocks; block++ {
		weather := math.Exp(0.01 * r.NormFloat64())
		for cell := range cells {
			id := results.ID{Kind: results.Throughput, Impl: "m" + strconv.Itoa(cell), Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 64, G: 1, Procs: 2}
			noise := math.Exp(0.03 * r.ExpFloat64())
			s.Cells = append(s.Cells, results.Cell{ID: id, Block: block, Metrics: map[string]float64{
				results.OpsPerSec: 1e6 * float64(cell+1) * factor(cell) * weather / noise,
			}})
		}
	}
	return s
}

func steady(int) float64 { return 1 }

// twoRuns compares two made-up runs of 40 cells x 10 blocks.
func twoRuns(t *testing.T, seed uint64, minEffect float64, factor func(int) float64) Table {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	c, err := Runs(analysis.Of(run(r, 40, 10, steady)), analysis.Of(run(r, 40, 10, factor)), nil, Limits{MinEffect: minEffect})
	if err != nil {
		t.Fatal(err)
	}
	return c.Tables[0]
}

const (
	seeds = 200
	// atMost is how many of the comparisons may be wrong, if 5 % are in the long run. By chance,
	// one test in a thousand has more.
	atMost = 20
)

// TestNothingChanged compares runs of the same maps. Without a minimum effect one cell in twenty
// differs, as the level says. After the correction hardly any comparison has one.
func TestNothingChanged(t *testing.T) {
	uncorrected, families, most := 0, 0, 0
	for seed := range uint64(seeds) {
		wrong := 0
		for _, row := range twoRuns(t, seed, 0, steady).Rows {
			if row.Effect.P < 0.05 {
				uncorrected++
			}
			if row.Conclusion == Better || row.Conclusion == Worse {
				wrong++
			}
		}
		if wrong > 0 {
			families++
		}
		most = max(most, wrong)
	}
	t.Logf("seeds 0 to %d: %.2f of 40 cells differ uncorrected; after Holm any does in %.3f of the comparisons, and at most %d do",
		seeds-1, float64(uncorrected)/seeds, float64(families)/seeds, most)
	// Whole blocks are disturbed, so the errors of a run's cells are correlated.
	if mean := float64(uncorrected) / seeds; mean < 1 || mean > 3 {
		t.Errorf("%.2f of 40 cells differ uncorrected; want about 2", mean)
	}
	if families > atMost || most > 1 {
		t.Errorf("in %d of %d comparisons a cell differs after Holm, in one of them %d do; want %d at most, and 1", families, seeds, most, atMost)
	}
}

// TestAtTheMargin makes every cell slower by exactly the minimum effect. Such a cell must hardly
// ever be called worse.
func TestAtTheMargin(t *testing.T) {
	wrong := 0
	for seed := range uint64(seeds) {
		for _, row := range twoRuns(t, seed, 0.05, func(int) float64 { return 1 / 1.05 }).Rows {
			if row.Conclusion == Worse {
				wrong++
				break
			}
		}
	}
	if wrong > atMost {
		t.Errorf("in %d of %d comparisons a cell is worse; want %d at most", wrong, seeds, atMost)
	}
}

// TestPlanted slows down one cell of 40 by a fifth and speeds up another by a quarter. A few may
// be missed, because there are few repetitions. None may be called the opposite.
func TestPlanted(t *testing.T) {
	planted := map[int]float64{7: 0.8, 11: 1.25}
	want := map[int]Conclusion{7: Worse, 11: Better}
	found := map[Conclusion]int{}
	for seed := range uint64(seeds) {
		for i, row := range twoRuns(t, seed, 0.05, func(cell int) float64 {
			if f, ok := planted[cell]; ok {
				return f
			}
			return 1
		}).Rows {
			if row.Conclusion == want[i] {
				found[row.Conclusion]++
			} else if row.Conclusion != Inconclusive && (want[i] != "" || row.Conclusion != Same) {
				t.Errorf("seed %d, cell %d: %s (%s), %+v", seed, i, row.Conclusion, row.Why, row.Effect)
			}
		}
	}
	t.Logf("of %d each, %d are found to be worse and %d better", seeds, found[Worse], found[Better])
	if min(found[Worse], found[Better]) < seeds*95/100 {
		t.Errorf("of %d each, %d are found to be worse and %d better; want 95 %%", seeds, found[Worse], found[Better])
	}
}

// TestLowerIsBetter reverses the direction, and removes it.
func TestLowerIsBetter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	old, now := run(r, 2, 10, steady), run(r, 2, 10, func(int) float64 { return 2 })
	for better, want := range map[string]Conclusion{"higher": Better, "lower": Worse, "": Inconclusive} {
		old.Better[results.OpsPerSec], now.Better[results.OpsPerSec] = better, better
		c, err := Runs(analysis.Of(old), analysis.Of(now), nil, Limits{MinEffect: 0.05})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(c.Named(want)); got != 3 { // two cells and their mean
			t.Errorf("better=%s: %d rows are %s; want 3", better, got, want)
		}
	}
	old.Better[results.OpsPerSec] = "higher"
	now.Better[results.OpsPerSec] = "lower"
	if _, err := Runs(analysis.Of(old), analysis.Of(now), nil, Limits{MinEffect: 0.05}); err == nil {
		t.Error("two runs that disagree about the direction are compared")
	}
}

// TestMaps compares two maps of one run, in which blocks differ tenfold.
func TestMaps(t *testing.T) {
	set := &results.Set{Better: map[string]string{results.OpsPerSec: "higher", results.ReadsPerSec: "higher"}}
	for block := 1; block <= 8; block++ {
		for _, m := range []struct {
			impl, mix string
			speed     float64
		}{{"a", "x", 100}, {"b", "x", 120}, {"a", "y", 100}, {"b", "y", 101}, {"a", "z", 1}, {"c", "x", 5}} {
			id := results.ID{Kind: results.Throughput, Impl: m.impl, Mix: m.mix, Dist: "uniform", KeyType: "uint64", Keys: 64, G: 1, Procs: 2}
			v := m.speed * math.Pow(10, float64(block%3)/2) * (1 + float64(block)/1000)
			set.Cells = append(set.Cells, results.Cell{ID: id, Block: block, Metrics: map[string]float64{results.OpsPerSec: v}})
		}
	}
	c, err := Maps(analysis.Of(set), "a", "b", nil, Limits{MinEffect: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	rows := c.Tables[0].Rows
	if len(rows) != 2 || rows[0].Conclusion != Better || rows[1].Conclusion != Same || !slices.Equal(c.OnlyOld, []string{"Map/mix=z/dist=uniform/keytype=uint64/keys=64/g=1-2"}) {
		t.Errorf("%+v, only old %q", rows, c.OnlyOld)
	}
	if c, err = Maps(analysis.Of(set), "b", "a", nil, Limits{MinEffect: 0.05}); err != nil || c.Tables[0].Rows[0].Conclusion != Worse {
		t.Errorf("the other way round: %+v, %v", c, err)
	}
}

// TestWhatIsMissing removes the new map's worst values, so the rest looks better. No row is
// better. A row without values has no effect, and two rows without values are the same.
func TestWhatIsMissing(t *testing.T) {
	const unit = "read-p99-sec"
	set := &results.Set{Better: map[string]string{unit: "lower"}}
	id := results.ID{Kind: results.Latency, Mix: "x", Dist: "uniform", KeyType: "uint64", Keys: 64, G: 1, Procs: 2}
	for block := 1; block <= 12; block++ {
		for load, values := range [][2]float64{{1, 0.5}, {1, 0.5}, {0, 0.5}, {0, 0}, {1, 0.5}} {
			for i, impl := range []string{"a", "b"} {
				id.Impl, id.Load = impl, load+1
				m := map[string]float64{results.Reached: 1, unit: values[i] * (1 + float64(block)/1000)}
				switch {
				case impl == "b" && block > 8 && load == 0: // overloaded
					m = map[string]float64{results.Reached: 0.5}
				case impl == "b" && block > 8 && load == 1:
					m[unit] = 0
				}
				set.Cells = append(set.Cells, results.Cell{ID: id, Block: block, Metrics: m})
			}
		}
	}
	c, err := Maps(analysis.Of(set), "a", "b", []string{unit}, Limits{MinEffect: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		conclusion Conclusion
		effect     string
		why        string
	}{
		{Inconclusive, "-50.0 %", "0 old and 4 new repetitions have no value: they are overloaded or too short, or the unit is measured once in a process"},
		{Inconclusive, "-50.0 %", "4 blocks have a zero, which has no ratio"},
		{Inconclusive, "-", "12 blocks have a zero, which has no ratio"},
		{Same, "+0.0 %", ""},
		{Better, "-50.0 %", ""},
	} {
		if r := c.Tables[0].Rows[i]; r.Conclusion != want.conclusion || percent(r.Effect.Ratio) != want.effect || r.Why != want.why {
			t.Errorf("row %d: %s, %s: %q; want %+v", i, r.Conclusion, percent(r.Effect.Ratio), r.Why, want)
		}
	}
	if m := c.Tables[0].Mean; m != nil {
		t.Errorf("a mean of one cell: %+v", m)
	}
	var text bytes.Buffer
	if err := (export.JSON{}).Export(&text, Document(Heading{}, c)); err != nil || !json.Valid(text.Bytes()) {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// TestFarBlocks: the numbers of blocks may be any numbers.
func TestFarBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	old, now := run(r, 2, 8, steady), run(r, 2, 8, steady)
	for _, s := range []*results.Set{old, now} {
		for i := range s.Cells {
			s.Cells[i].Block *= 1 << 50
		}
	}
	c, err := Runs(analysis.Of(old), analysis.Of(now), nil, Limits{MinEffect: 0.5})
	if err != nil || c.Tables[0].Mean == nil || c.Tables[0].Mean.Effect.N != [2]int{8, 8} {
		t.Errorf("%v, %+v", err, c)
	}
}

// TestLimits compares runs of one map that became slower by a share. The new run has a twin of the
// map, which is slower by another share. The programs have one link or several.
func TestLimits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	for _, c := range []struct {
		loss, twin float64
		limits     Limits
		want       Conclusion
		why        string
	}{
		{0.20, 0, Limits{MinEffect: 0.05}, Worse, ""},
		{0.20, 0.1, Limits{MinEffect: 0.05}, Worse, ""},
		{0.20, 0.4, Limits{MinEffect: 0.05, Layout: 0.05}, Inconclusive, "the effect is not larger than"},
		{0.10, 0, Limits{MinEffect: 0.02, Layout: 0.15}, Inconclusive, "the effect may be less than 15 %, the smallest that can be conclusive"},
		{0, 0.4, Limits{MinEffect: 0.05, Layout: 0.05}, Same, ""},
		{0, 0, Limits{MinEffect: 0.04, Layout: 0.05}, Inconclusive, "a single build cannot show that a difference is under 5 %"},
	} {
		made := func(factor float64) *results.Set {
			s := run(r, 1, 10, func(int) float64 { return factor })
			for i := range s.Cells { // with less noise, so that the interval is narrow
				m := s.Cells[i].Metrics
				m[results.OpsPerSec] = factor * 1e6 * math.Pow(m[results.OpsPerSec]/factor/1e6, 0.1)
				twin := s.Cells[i]
				twin.Impl, twin.Metrics = results.Twin(twin.Impl), map[string]float64{results.OpsPerSec: m[results.OpsPerSec] * (1 - c.twin)}
				s.Twins = append(s.Twins, twin)
			}
			return s
		}
		got, err := Runs(analysis.Of(made(1)), analysis.Of(made(1-c.loss)), nil, c.limits)
		if err != nil {
			t.Fatal(err)
		}
		if row := got.Tables[0].Rows[0]; row.Conclusion != c.want || !strings.HasPrefix(row.Why, c.why) || c.why == "" && row.Why != "" {
			t.Errorf("a loss of %v with %+v: %s, %q; want %s, %q; %+v", c.loss, c.limits, row.Conclusion, row.Why, c.want, c.why, row.Effect)
		}
	}
}

// TestJSONKnowsNoInfinity writes an effect whose old value is zero.
func TestJSONKnowsNoInfinity(t *testing.T) {
	var old, now results.Set
	for range 5 {
		old.Cells = append(old.Cells, results.Cell{ID: results.ID{Impl: "X", Procs: 1}, Metrics: map[string]float64{"allocs/op": 0}})
		now.Cells = append(now.Cells, results.Cell{ID: results.ID{Impl: "X", Procs: 1}, Metrics: map[string]float64{"allocs/op": 2}})
	}
	now.Better = map[string]string{"allocs/op": "lower"}
	c, err := Runs(analysis.Of(&old), analysis.Of(&now), nil, Limits{MinEffect: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := (export.JSON{}).Export(&text, Document(Heading{}, c)); err != nil || !json.Valid(text.Bytes()) || !strings.Contains(text.String(), `"ratio": null`) {
		t.Errorf("%v\n%s", err, text.String())
	}
	if got := c.Tables[0].Rows[0].Conclusion; got != Worse {
		t.Errorf("allocations where there were none: %s", got)
	}
}

// TestBenchstatAgrees asks benchstat for the medians of the same files.
func TestBenchstatAgrees(t *testing.T) {
	if testing.Short() {
		t.Skip("builds benchstat")
	}
	paths := benchmarkFiles(t)
	var sets [2]*results.Set
	for i, path := range paths {
		set, _, err := results.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		sets[i] = set
	}
	c, err := Runs(analysis.Of(sets[0]), analysis.Of(sets[1]), nil, Limits{MinEffect: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string][2]float64{}
	for _, table := range c.Tables {
		for _, row := range append(slices.Clone(table.Rows), *table.Mean) {
			name := strings.TrimPrefix(row.Cell, "example.com/m.")
			if strings.HasPrefix(name, "geometric mean") {
				name = "geomean"
			}
			ours[table.Unit+" "+name] = [2]float64{row.Old, row.New}
		}
	}

	records := benchstat(t, paths)
	compared, unit := 0, ""
	for _, rec := range records {
		if len(rec) > 4 && rec[0] == "" && rec[2] == "CI" {
			unit = rec[1]
		}
		if len(rec) < 4 || rec[0] == "" {
			continue
		}
		mine, ok := ours[unit+" "+rec[0]]
		if !ok {
			t.Errorf("benchstat has %q in %s, and compare has not", rec[0], unit)
			continue
		}
		for i, column := range []int{1, 3} {
			theirs, err := strconv.ParseFloat(rec[column], 64)
			if err != nil || math.Abs(theirs-mine[i]) > 1e-4*theirs {
				t.Errorf("%s in %s: %v, and benchstat says %v (%v)", rec[0], unit, mine[i], rec[column], err)
			}
			compared++
		}
	}
	if compared != 2*len(ours) || compared == 0 {
		t.Errorf("%d medians were compared; want %d\n%q", compared, 2*len(ours), records)
	}
}

// benchmarkFiles returns two files of random benchmarks of another program.
func benchmarkFiles(t *testing.T) (paths []string) {
	r := rand.New(rand.NewPCG(3, 0))
	dir := t.TempDir()
	for _, n := range []int{7, 8} {
		var b strings.Builder
		b.WriteString("goos: linux\ngoarch: amd64\npkg: example.com/m\ncpu: a processor\n")
		for _, name := range []string{"Get/size=10-4", "Set-4", "Walk-4"} {
			for range n {
				fmt.Fprintf(&b, "Benchmark%s 100 %.3f ns/op %d B/op %.2f MB/s\n", name, 100*r.ExpFloat64()+1, 16*(1+r.IntN(9)), 100*r.Float64()+1)
			}
		}
		path := filepath.Join(dir, fmt.Sprintf("n%d.txt", n))
		if err := os.WriteFile(path, []byte(b.String()+"PASS\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// benchstat returns the records that benchstat prints for the files.
func benchstat(t *testing.T, paths []string) [][]string {
	cmd := exec.Command("go", "tool", "benchstat", "-format", "csv", paths[0], paths[1])
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("benchstat: %v\n%s", err, stderr.String())
	}
	lines := csv.NewReader(bytes.NewReader(out))
	lines.FieldsPerRecord = -1
	records, err := lines.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// TestMapsOfOneRun: an effect between two maps of one run must be larger than the A/A limit of its
// own workload. With one build, a small effect is one of this build.
func TestMapsOfOneRun(t *testing.T) {
	for _, c := range []struct {
		ratio, twin float64 // of b over a, and of the twin of a over a
		want        Conclusion
		why         string
	}{
		{0.97, 1.01, Worse, "in this build; another layout of the code can cause up to 5 %"},
		{0.97, 1.04, Inconclusive, "the effect is not larger than 4 %, the A/A limit of the workload"},
		{1.03, 1.01, Better, "in this build; another layout of the code can cause up to 5 %"},
		{0.9, 1.04, Worse, ""},
	} {
		set := &results.Set{Better: map[string]string{results.OpsPerSec: "higher"}}
		id := results.ID{Kind: results.Throughput, Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 8, G: 1, Procs: 1}
		for block := range 12 {
			add := func(to *[]results.Cell, impl string, g int, rate float64) {
				cell := results.Cell{ID: id, Block: block + 1, Process: 1, Link: 1, Metrics: map[string]float64{results.OpsPerSec: rate}}
				cell.Impl, cell.G = impl, g
				*to = append(*to, cell)
			}
			drift := 1e6 * float64(1+block)
			add(&set.Cells, "a", 1, drift)
			add(&set.Cells, "b", 1, drift*c.ratio*(1+0.002*float64(block%3)))
			add(&set.Twins, results.Twin("a"), 1, drift*c.twin)
			// Another workload is noisier.
			add(&set.Cells, "a", 2, drift)
			add(&set.Twins, results.Twin("a"), 2, drift*[]float64{0.5, 2}[block%2])
		}
		run := analysis.Of(set)
		got, err := Maps(run, "a", "b", nil, Limits{Layout: run.Layout})
		if err != nil {
			t.Fatal(err)
		}
		if r := got.Tables[0].Rows[0]; r.Conclusion != c.want || r.Why != c.why {
			t.Errorf("b is %v times as fast, the twin %v: %s: %s; want %s: %s (effect %+v)", c.ratio, c.twin, r.Conclusion, r.Why, c.want, c.why, r.Effect)
		}
	}
}
