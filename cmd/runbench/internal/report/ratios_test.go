package report

import (
	"bytes"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

// TestRatios has a map that is 20 % faster than xsync at one size, on a drifting machine, and not
// measured at another size. Another map failed its check.
func TestRatios(t *testing.T) {
	at := func(keys int, impl string) results.ID {
		return results.ID{Kind: results.Throughput, Impl: impl, Mix: "roles", Dist: "uniform", KeyType: "uint64", Keys: keys, Readers: 1, Writers: 1, Procs: 2}
	}
	set := &results.Set{Manifest: results.Manifest{Verdicts: []results.Verdict{
		{Impl: "ahead", Level: "atomic", Outcome: results.Ok},
		{Impl: "even", Level: "linearizable", Outcome: results.Ok},
		{Impl: "loses", Level: "linearizable", Outcome: results.Illegal},
		{Impl: "xsync", Level: "linearizable", Outcome: results.Ok},
	}}}
	for _, m := range []struct {
		keys  int
		impl  string
		speed float64
	}{
		{1000, "xsync", 1},
		{1000, "even", 1.01},
		{1000, "loses", 2},
		{10000, "xsync", 1},
		{10000, "even", 0.99},
		{10000, "ahead", 1.2},
		{10000, "loses", 2},
	} {
		set.Cells = append(set.Cells, cells(at(m.keys, m.impl), results.ReadsPerSec, drifting.times(m.speed))...)
	}
	d := &export.Document{}
	ratios(d, analysis.Of(set))
	b := bytes.NewBuffer(exported(t, export.Markdown{}, d))
	for _, want := range []string{
		"### roles: uniform, readers 1, writers 1, read-ops/s over xsync's, n = 6\n",
		"### roles: uniform, readers 1, writers 1, write-ops/s over xsync's, n = 6\n",
		"| map | 1000 uint64 | 10000 uint64 |\n",
		"| ahead |  | **1.20 [1.20, 1.20]** |\n",
		"| even | 1.01 [1.01, 1.01] | 0.99 [0.99, 0.99] |\n",
		"| loses | not compared | not compared |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "over plain's") {
		t.Error("ratios to a map that was not measured")
	}
}
