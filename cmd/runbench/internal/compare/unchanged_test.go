package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// peers are the maps of the runs that compared makes: the unchanged ones, and then the others.
var peers = []results.Map{
	{Impl: "floor", Identity: kv.Identity{Role: kv.Floor}},
	{Impl: "ceiling", Identity: kv.Identity{Role: kv.Ceiling}},
	{Impl: "theirs", Identity: kv.Identity{Module: "example.org/theirs"}, Version: "v1.2.3"},
	{Impl: "std", Identity: kv.Identity{Module: kv.Standard}, Version: "go1.26.1"},
	{Impl: "same"},
	{Impl: "slower"},
}

// compared compares two runs of 6 workloads and 12 blocks. In the new run the machine is slower by
// a share. Every cell of a run deviates from its true rate by some per cent, in all its blocks. The
// map slower is slower by a share.
func compared(t *testing.T, r *rand.Rand, machine, deviation, slower float64) Table {
	t.Helper()
	made := func(old bool) *analysis.Run {
		s := &results.Set{Better: map[string]string{results.OpsPerSec: "higher"}}
		s.Manifest = results.Manifest{Maps: peers, Environment: results.Environment{Go: "go1.26.1", Commit: fmt.Sprint(old)}}
		for g := range 6 {
			ofRun := map[string]float64{}
			for _, m := range peers {
				ofRun[m.Impl] = math.Exp(deviation * r.NormFloat64())
				if !old {
					ofRun[m.Impl] *= 1 - machine
				}
				if !old && m.Impl == "slower" {
					ofRun[m.Impl] *= 1 - slower
				}
			}
			for block := range 12 {
				weather := math.Exp(0.1 * r.NormFloat64())
				for _, m := range peers {
					id := results.ID{Kind: results.Throughput, Impl: m.Impl, Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 64, G: g + 1, Procs: 2}
					s.Cells = append(s.Cells, results.Cell{ID: id, Block: block + 1, Metrics: map[string]float64{
						results.OpsPerSec: 1e6 * weather * ofRun[m.Impl] * math.Exp(0.01*r.NormFloat64()),
					}})
				}
			}
		}
		return analysis.Of(s)
	}
	c, err := Runs(made(true), made(false), nil, Limits{MinEffect: 0.03})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Unchanged, " "); got != "floor ceiling theirs std" {
		t.Fatalf("the unchanged maps are %s", got)
	}
	return c.Tables[0]
}

// TestSlowerMachine: the machine of the new run is slower by 12 %, and one map by 15 % more. Only
// that map has become worse.
func TestSlowerMachine(t *testing.T) {
	table := compared(t, rand.New(rand.NewPCG(1, 2)), 0.12, 0, 0.15)
	for _, row := range append(table.Rows, *table.Mean) {
		want, relative := Same, 1.0
		switch {
		case row.Unchanged:
			want = SameMap
		case strings.Contains(row.Cell, "slower"):
			want, relative = Worse, 0.85
		case row.Cell == table.Mean.Cell: // of the maps that have changed
			want, relative = Worse, math.Sqrt(0.85)
		}
		if row.Conclusion != want || math.Abs(row.Relative.Ratio-relative) > 0.015 || row.Effect.Ratio > relative*0.96 {
			t.Errorf("%s: %s: %s, relative %+v, effect %+v; want %s and %v", row.Cell, row.Conclusion, row.Why, row.Relative, row.Effect, want, relative)
		}
	}
	if got, want := table.drift(), "The unchanged rows changed by -12.2 % on average, from"; !strings.HasPrefix(got, want) {
		t.Errorf("%s; want %s …", got, want)
	}
}

// TestOtherMethod: if the runs measured in different ways, no map counts as unchanged.
func TestOtherMethod(t *testing.T) {
	set := func() *analysis.Run {
		s := &results.Set{Manifest: results.Manifest{Maps: peers, Environment: results.Environment{Go: "go1.26.1", Commit: "c"}}}
		for block := range 6 {
			id := results.ID{Kind: results.Throughput, Impl: "floor", Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 64, G: 1, Procs: 2}
			s.Cells = append(s.Cells, results.Cell{ID: id, Block: block + 1, Metrics: map[string]float64{results.OpsPerSec: 1e6}})
		}
		return analysis.Of(s)
	}
	for _, other := range []bool{false, true} {
		c, err := Runs(set(), set(), nil, Limits{OtherMethod: other})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(c.Unchanged) == 0; got != other {
			t.Errorf("other method %v: unchanged maps are %v", other, c.Unchanged)
		}
	}
}

// TestRunsDeviate: two runs of the same maps differ by more than their blocks show. Of 200
// comparisons at most 20 say that anything is better or worse, as often as chance allows. Without
// the deviation of the unchanged maps nearly all would.
func TestRunsDeviate(t *testing.T) {
	wrong, narrow := 0, 0
	for seed := range uint64(200) {
		table := compared(t, rand.New(rand.NewPCG(seed, 7)), 0, 0.03, 0)
		found := false
		for _, row := range append(table.Rows, *table.Mean) {
			found = found || row.Conclusion == Better || row.Conclusion == Worse
			if row.Relative.Lo > 1 || row.Relative.Hi < 1 {
				narrow++
			}
		}
		if found {
			wrong++
		}
		if table.Deviation.DF != 18 {
			t.Fatalf("%d degrees of freedom; want 3 of each of 6 workloads", table.Deviation.DF)
		}
	}
	if all := 200 * 37; wrong > 20 || narrow > all/15 {
		t.Errorf("%d of 200 comparisons find an effect, and %d of %d intervals lack 1", wrong, narrow, all)
	}
}

func TestSameCode(t *testing.T) {
	clean := results.Environment{Go: "go1.26.1", GOARCH: "amd64", Commit: "c1"}
	with := func(change func(e *results.Environment)) results.Environment {
		e := clean
		change(&e)
		return e
	}
	theirs := func(version string) []results.Map {
		return []results.Map{{Impl: "m", Identity: kv.Identity{Module: "example.org/m"}, Version: version}}
	}
	other := with(func(e *results.Environment) { e.Commit = "c2" })
	for _, c := range []struct {
		name     string
		old, now results.Manifest
		want     bool
	}{
		{"one commit", results.Manifest{Environment: clean}, results.Manifest{Environment: clean}, true},
		{"changes on top", results.Manifest{Environment: clean}, results.Manifest{Environment: with(func(e *results.Environment) { e.Dirty = true })}, false},
		{"no commit known", results.Manifest{Environment: with(func(e *results.Environment) { e.Commit = results.NotKnown })}, results.Manifest{Environment: with(func(e *results.Environment) { e.Commit = results.NotKnown })}, false},
		{"another commit", results.Manifest{Environment: clean}, results.Manifest{Environment: other}, false},
		{"another compiler", results.Manifest{Environment: clean}, results.Manifest{Environment: with(func(e *results.Environment) { e.Go = "go1.27" })}, false},
		{"checked", results.Manifest{Environment: clean}, results.Manifest{Environment: with(func(e *results.Environment) { e.Checked = true })}, false},
		{"one version", results.Manifest{Environment: clean, Maps: theirs("v1")}, results.Manifest{Environment: other, Maps: theirs("v1")}, true},
		{"two versions", results.Manifest{Environment: clean, Maps: theirs("v1")}, results.Manifest{Environment: other, Maps: theirs("v2")}, false},
		{"version not known", results.Manifest{Environment: clean, Maps: theirs("")}, results.Manifest{Environment: other, Maps: theirs("")}, false},
		{"benchmarks of another program", results.Manifest{}, results.Manifest{}, false},
	} {
		of := func(m results.Manifest) *analysis.Run { return analysis.Of(&results.Set{Manifest: m}) }
		if got := SameCode(of(c.old), of(c.now), "m"); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
