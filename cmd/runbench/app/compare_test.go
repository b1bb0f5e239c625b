package app

import (
	"math"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/results"
)

// TestDoubts: a comparison is limited by the layouts and the noise of both runs. The minimum effect
// is what was asked for.
func TestDoubts(t *testing.T) {
	of := func(links int) *results.Set {
		set := &results.Set{Manifest: results.Manifest{Environment: results.Environment{Go: "go1.26"}}}
		for i := range links {
			set.Cells = append(set.Cells, results.Cell{Block: i + 1, Process: i + 1, Link: i + 1})
		}
		return set
	}
	id := results.ID{Kind: results.Throughput, Impl: "m", Mix: "r95w5", Dist: "uniform", KeyType: "uint64", Keys: 64, G: 1, Procs: 2}
	controlled := of(6)
	for i := range controlled.Cells {
		c := &controlled.Cells[i]
		c.ID, c.Metrics = id, map[string]float64{results.OpsPerSec: 1e6}
		twin := *c
		twin.Impl, twin.Metrics = results.Twin("m"), map[string]float64{results.OpsPerSec: 1.25e6}
		controlled.Twins = append(controlled.Twins, twin)
	}
	for _, c := range []struct {
		old, now      *results.Set
		layout, noise float64
		note          string
	}{
		{of(1), of(1), 0.05, 0, "One build, one process. With a single build, differences under 5 % are not conclusive"},
		{of(6), of(1), 0.05, 0, "Old: 6 builds, 6 processes. "},
		{of(1), of(6), 0.05, 0, "New: 6 builds, 6 processes. "},
		{of(6), of(6), 0, 0, "6 builds, 6 processes. "},
		{of(6), controlled, 0, 0.25, "6 builds, 6 processes. Intervals are over the builds"},
		{controlled, of(6), 0, 0.25, "6 builds, 6 processes. Intervals are over the builds"},
	} {
		notes, limits := doubts(analysis.Of(c.old), analysis.Of(c.now), 0.02)
		if text := strings.Join(notes, "\n"); limits.MinEffect != 0.02 || limits.Layout != c.layout || math.Abs(limits.Noise-c.noise) > 1e-9 || !strings.Contains(text, c.note) {
			t.Errorf("%+v with %q; want layout %v, noise %v and %q", limits, text, c.layout, c.noise, c.note)
		}
	}
}

// Runs that replayed other input are compared with a warning.
func TestComparingOtherInput(t *testing.T) {
	with := func(inputs map[string]string) *results.Set {
		return &results.Set{Manifest: results.Manifest{Inputs: inputs}}
	}
	one, other := map[string]string{"trace a": "sha256:1"}, map[string]string{"trace a": "sha256:2"}
	for _, test := range []struct {
		old, now map[string]string
		want     bool
	}{{one, one, false}, {one, other, true}, {one, nil, false}, {nil, nil, false}} {
		notes, _ := doubts(analysis.Of(with(test.old)), analysis.Of(with(test.now)), 0.01)
		if got := strings.Contains(strings.Join(notes, " "), "different real input"); got != test.want {
			t.Errorf("%v and %v: %v", test.old, test.now, notes)
		}
	}
}
