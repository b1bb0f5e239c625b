package app

import (
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/results"
)

// TestDoubts: a comparison is limited by the layouts of both runs. The minimum effect
// is what was asked for.
func TestDoubts(t *testing.T) {
	of := func(links int) *results.Set {
		set := &results.Set{Manifest: results.Manifest{Environment: results.Environment{Go: "go1.26"}}}
		for i := range links {
			set.Cells = append(set.Cells, results.Cell{Block: i + 1, Process: i + 1, Link: i + 1})
		}
		return set
	}
	for _, c := range []struct {
		old, now *results.Set
		layout   float64
		note     string
	}{
		{of(1), of(1), 0.05, "One build, one process. With a single build, differences under 5 % are not conclusive"},
		{of(6), of(1), 0.05, "Old: 6 builds, 6 processes. "},
		{of(1), of(6), 0.05, "New: 6 builds, 6 processes. "},
		{of(6), of(6), 0, "6 builds, 6 processes. "},
	} {
		notes, limits := (&compareFlags{minEffect: 0.02}).doubts(analysis.Of(c.old), analysis.Of(c.now))
		if text := strings.Join(notes, "\n"); limits.MinEffect != 0.02 || limits.Layout != c.layout || !strings.Contains(text, c.note) {
			t.Errorf("%+v with %q; want layout %v and %q", limits, text, c.layout, c.note)
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
		notes, _ := (&compareFlags{minEffect: 0.01}).doubts(analysis.Of(with(test.old)), analysis.Of(with(test.now)))
		if got := strings.Contains(strings.Join(notes, " "), "different real input"); got != test.want {
			t.Errorf("%v and %v: %v", test.old, test.now, notes)
		}
	}
}
