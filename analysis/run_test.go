package analysis

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doublebuf/results"
)

func TestVerdictIsTheWorst(t *testing.T) {
	s := Of(&results.Set{
		Manifest: results.Manifest{Verdicts: []results.Verdict{
			{Impl: "good", Outcome: results.Ok},
			{Impl: "bad", Outcome: results.Ok},
			{Impl: "bad", Outcome: results.Illegal, Reason: "why"},
			{Impl: "bad", Outcome: results.Unknown},
			{Impl: "unsure", Outcome: results.Unknown, Reason: "timeout"},
			{Impl: "unsure", Outcome: results.Ok},
			{Impl: "sum", Outcome: results.Ok, Level: "atomic", Broken: true},
			{Impl: "dead", Outcome: results.Illegal, Reason: "wrong"},
			{Impl: "dead", Outcome: results.Illegal, Check: results.Crash, Reason: "it hangs"},
			{Impl: "dead", Outcome: results.Illegal, Check: "sum", Reason: "lost"},
		}},
		Cells: []results.Cell{{ID: results.ID{Impl: "sum"}}, {ID: results.ID{Impl: "sum"}, Fault: "a lost put"}},
	})
	for impl, want := range map[string]struct {
		outcome results.Outcome
		reason  string
	}{
		"good": {results.Ok, ""}, "bad": {results.Illegal, "why"}, "unsure": {results.Unknown, "timeout"},
		"sum": {results.Illegal, "a lost put"}, "stranger": {results.Unknown, "it was never checked"},
		"dead": {results.Illegal, "it hangs"},
	} {
		if v := s.Verdict(impl); v.Outcome != want.outcome || v.Reason != want.reason || v.Impl != impl {
			t.Errorf("verdict on %s: %+v; want %v", impl, v, want)
		}
	}
	if v := s.Verdict("sum"); v.Level != "atomic" || !v.AsExpected() {
		t.Errorf("the sum check's verdict forgets the map's entry: %+v", v)
	}
}

// TestTwinsStandApart writes cells of a twin and reads them. No map has the twin's name.
func TestTwinsStandApart(t *testing.T) {
	cells, twins := twice(1, 1, 6, 0.02, 1)
	twins[2].Fault = "key 1 holds 3"
	dir := filepath.Join(t.TempDir(), "run")
	f, err := results.Create(dir, results.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range slices.Concat(cells, twins) {
		if err := f.Append(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s, _, err := results.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	r := Of(s)
	if len(s.Cells) != 6 || len(s.Twins) != 6 || !slices.Equal(r.Impls(), []string{"m"}) || len(r.Control.Pairs) != 1 {
		t.Errorf("%d cells, %d of twins, maps %q, pairs %+v", len(s.Cells), len(s.Twins), r.Impls(), r.Control.Pairs)
	}
	if v := r.Verdict("m"); v.Outcome != results.Illegal || !strings.Contains(v.Evidence[0], results.Twin("m")) {
		t.Errorf("the fault of a twin is not one of its map: %+v", v)
	}
}
