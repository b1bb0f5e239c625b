package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// TestControls looks at what is added to the cells that axes ask for.
func TestControls(t *testing.T) {
	quick, err := plan.FindPreset("quick", 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line  string
		added []string // map, mix, and number of workers
	}{
		// A twin in each workload, and a floor in each mix, with as many goroutines as processors.
		{"-impl dbuf-epoch-b64,rwmutex -mix read-only,r50w50 -g 1,2,4", []string{
			"rwmutex.twin read-only 1", "rwmutex.twin read-only 2", "noop read-only 2", "rwmutex.twin read-only 4",
			"rwmutex.twin r50w50 1", "rwmutex.twin r50w50 2", "noop r50w50 2", "rwmutex.twin r50w50 4",
		}},
		{"-impl xsync,rwmutex -mix roles -readers 3", []string{"noop roles 4", "xsync.twin roles 4"}},
		// The floor is there already, and has no twin.
		{"-impl noop,plain -mix read-only -g 1", []string{"plain.twin read-only 1"}},
		{"-impl noop -mix read-only -g 1", nil},
		{"-impl dbuf-epoch-b64 -mix read-only -g 1", []string{"noop read-only 1", "dbuf-epoch-b64.twin read-only 1"}},
	} {
		axes := parsed(t, c.line)
		before, err := quick.Plan(axes, baselines.All(), 2)
		if err != nil {
			t.Fatal(err)
		}
		p, err := quick.Plan(axes, baselines.All(), 2)
		if err != nil {
			t.Fatal(err)
		}
		plan.AddControls(&p, baselines.All())
		p.Seed = 1
		if err := p.Validate(baselines.All()); err != nil {
			t.Errorf("%s: %v", c.line, err)
		}
		var added []string
		for i, cell := range p.Cells {
			if slices.Contains(before.Cells, cell) {
				continue
			}
			added = append(added, fmt.Sprintf("%s %s %d", cell.Impl, cell.Mix, cell.G+cell.Readers+cell.Writers))
			// What was asked for comes first in its workload.
			for _, later := range p.Cells[i+1:] {
				workload := cell
				workload.Impl = later.Impl
				if later == workload && slices.Contains(before.Cells, later) {
					t.Errorf("%s: %s stands before %s", c.line, cell.Impl, later.Impl)
				}
			}
		}
		slices.Sort(added)
		want := slices.Sorted(slices.Values(c.added))
		if !slices.Equal(added, want) || len(p.Cells) != len(before.Cells)+len(want) {
			t.Errorf("%s: added %q; want %q", c.line, added, want)
		}
	}
}

// TestTwinsOfStrangers: a map of the caller may not be named as if it were a twin.
func TestTwinsOfStrangers(t *testing.T) {
	all := baselines.All()
	mine := all[slices.IndexFunc(all, func(e kv.Entry) bool { return e.Name == "rwmutex" })]
	mine.Name = results.Twin("rwmutex")
	var out, told strings.Builder
	if code := Main([]string{"list"}, &out, &told, mine); code != ExitError || !strings.Contains(told.String(), `a map is named "rwmutex.twin", which is the name of a second measurement of "rwmutex"`) {
		t.Errorf("exit code %d, stderr %q", code, told.String())
	}
}
