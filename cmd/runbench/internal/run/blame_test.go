package run

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doublebuf/baselines"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// pretend returns Children that measure nothing. A process dies in the turn of the last of the jobs
// that it is asked for, if dies says so.
func pretend(t *testing.T, how Ended, dies func(jobs []plan.Job) bool) Children {
	serve := func(orders io.Reader, answers *io.PipeWriter) {
		defer answers.Close()
		in, out := json.NewDecoder(orders), json.NewEncoder(answers)
		env := results.CollectEnvironment(nil)
		var marks *marker
		for {
			var o request
			var err error
			if in.Decode(&o) != nil {
				return
			}
			a := answer{Number: o.Number, Commit: env.Commit, Dirty: env.Dirty}
			if o.Plan != nil {
				marks, err = openMarks(o.Steps)
			}
			if len(o.Jobs) > 0 {
				marks.set(len(o.Jobs)-1, measuring, 0)
			}
			if dies(o.Jobs) {
				return
			}
			for _, j := range o.Jobs {
				a.Cells = append(a.Cells, cellOf(j))
			}
			if err == nil {
				err = out.Encode(a)
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	}
	return Children{
		Start: func(context.Context, int) (*Process, error) {
			theirs, orders := io.Pipe()
			answers, back := io.Pipe()
			go serve(theirs, back)
			cmd := exec.Command("true")
			return &Process{cmd, orders, answers, &strings.Builder{}}, cmd.Start()
		},
		Cause: func(string, error) (string, Ended) { return "the end", how },
		Where: func(string) string { return "" },
	}
}

// TestCulpritOfDrawing has a process end while it draws the keys of its second cohort. The map that
// it measured before has done it, because a process ends that measures this map alone.
func TestCulpritOfDrawing(t *testing.T) {
	r, err := New(good(), baselines.All())
	if err != nil {
		t.Fatal(err)
	}
	defer r.End()
	mutex, rwmutex := plan.Job{Process: 1, ID: results.ID{Impl: "mutex"}}, plan.Job{Process: 1, ID: results.ID{Impl: "rwmutex"}}
	alive := true // the process that measures mutex
	r.Children = pretend(t, Otherwise, func(jobs []plan.Job) bool {
		return !alive && len(jobs) > 0 && jobs[0].ID.Impl == "mutex"
	})
	r.Children.Failed = func(Failure) error { return nil }
	if _, err = r.measureInChild([]plan.Job{mutex}); err != nil {
		t.Fatal(err)
	}
	alive = false
	r.endChild()
	j, d, err := r.culprit([]plan.Job{rwmutex}, &death{at: mark{step: drawing}})
	if err != nil || !d.certain || j.ID.Impl != "mutex" {
		t.Errorf("%s, %+v, %v; want mutex, for certain", j.ID.Impl, d, err)
	}
}

// held matches what this machine has to say of memory.
var held = regexp.MustCompile(`with [0-9.]+ .iB (of [0-9.]+ .iB )?held( \(.*?\))?`)

// TestCulprit has processes die that measure two maps. A map fails if a process dies that measures
// it alone. If none does, the cells are measured again. If that process dies too, nothing is known,
// or the maps need too much memory together.
func TestCulprit(t *testing.T) {
	jobs := []plan.Job{{Process: 1, Block: 2, ID: results.ID{Impl: "mutex"}}, {Process: 1, Block: 2, ID: results.ID{Impl: "rwmutex"}}}
	together := func(jobs []plan.Job) bool { return len(jobs) > 1 }
	for _, c := range []struct {
		name     string
		how      Ended
		dies     func(jobs []plan.Job) bool
		failures string // maps, whether there is no proof, and reasons
		measured string // maps
		err      string
	}{
		{
			"each dies in which rwmutex is", Otherwise,
			func(jobs []plan.Job) bool { return len(jobs) > 0 && jobs[len(jobs)-1].ID.Impl == "rwmutex" },
			"rwmutex false it ended its process while it was measured: the end;", "mutex", "",
		},
		{
			"each is killed in which mutex is", Killed,
			func(jobs []plan.Job) bool { return len(jobs) > 0 && jobs[0].ID.Impl == "mutex" },
			"mutex false its process was killed while it was measured: the end, twice, the second time when it was measured alone;", "rwmutex", "",
		},
		{
			"the first is killed", Killed, func() func([]plan.Job) bool {
				killed := false
				return func(jobs []plan.Job) bool {
					before := killed
					killed = killed || together(jobs)
					return !before && killed
				}
			}(),
			" false its process was killed while it was measured: the end;", "mutex rwmutex", "",
		},
		{
			"those of both are killed", Killed, together,
			" false its process was killed while it was measured: the end;", "",
			"process 1 failed in the turn of rwmutex, and so did another one in its place, but no map fails alone; want fewer maps in a run, by -impl: its process was killed while it was measured: the end",
		},
		{
			"both do not fit into the memory", Starved, together,
			" false it ran out of memory, with 0 MiB of 1 GiB held (a limit), while it was measured: the end;" +
				"rwmutex true it ran out of memory, with 0 MiB of 1 GiB held (a limit), while it was measured: the end; no map runs out of memory alone;",
			"mutex", "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := New(good(), baselines.All())
			if err != nil {
				t.Fatal(err)
			}
			defer r.End()
			r.Children = pretend(t, c.how, c.dies)
			failures := ""
			r.Children.Failed = func(f Failure) error {
				if f.Job.Block != 2 || f.Map == "" && f.Job.ID.Impl != "rwmutex" {
					t.Errorf("%+v; want the cell of the process that died", f)
				}
				failures += fmt.Sprintf("%s %v %s;", f.Map, f.NoProof, f.Reason)
				return nil
			}
			cells, err := r.measureInChild(slices.Clone(jobs))
			var measured []string
			for _, cell := range cells {
				measured = append(measured, cell.Impl)
			}
			if is := held.ReplaceAllString(failures, "with 0 MiB of 1 GiB held (a limit)"); is != c.failures || strings.Join(measured, " ") != c.measured {
				t.Errorf("failures %q, measured %q; want %q and %q", is, measured, c.failures, c.measured)
			}
			if text := fmt.Sprint(err); err != nil && text != c.err || err == nil && c.err != "" {
				t.Errorf("error %v; want %q", err, c.err)
			}
		})
	}
}
