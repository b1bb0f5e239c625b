package campaign

import (
	"path/filepath"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/baselines"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/results"
)

// TestFailures: a map that failed is Illegal. One that was not measured to its end, for another
// reason, is Unknown, although it passed its check. Neither is measured again.
func TestFailures(t *testing.T) {
	dir := t.TempDir()
	m := results.Manifest{Environment: results.CollectEnvironment(nil)}
	for _, impl := range []string{"rwmutex", "mutex", "xsync"} {
		m.Verdicts = append(m.Verdicts, results.Verdict{Impl: impl, Check: "history", Outcome: results.Ok})
	}
	s, err := createStore(filepath.Join(dir, "r"), filepath.Join(dir, "p"), m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var warn strings.Builder
	c := &Campaign{Setup: Setup{Maps: baselines.All(), Warn: &warn, Dir: s.dir}, store: s, loop: &loop{store: s, newLine: func() {}}}
	job := func(impl string) plan.Job { return plan.Job{Block: 2, ID: results.ID{Impl: impl}} }
	for _, f := range []run.Failure{
		{Map: "rwmutex", Job: job("rwmutex"), Reason: "it hangs"},
		{Map: "mutex", Job: job("mutex"), Reason: "it did not fit", NoProof: true},
		{Job: job("xsync"), Reason: "it ended"},
	} {
		if err := c.failed(f); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{": rwmutex failed in ", ": mutex ended in ", ": a process ended in the turn of xsync, but no map "} {
		if !strings.Contains(warn.String(), "runbench: warning"+want) {
			t.Errorf("no warning %q:\n%s", want, &warn)
		}
	}
	set := analysis.Of(&results.Set{Manifest: s.manifest})
	for impl, want := range map[string]results.Outcome{"rwmutex": results.Illegal, "mutex": results.Unknown, "xsync": results.Ok} {
		if v := set.Verdict(impl); v.Outcome != want || c.loop.crashed(job(impl)) != (want != results.Ok) {
			t.Errorf("%s: %+v, left out: %v; want %s", impl, v, c.loop.crashed(job(impl)), want)
		}
	}
	if code := exit.Code(judge(set, dir)); code != exit.Failed {
		t.Errorf("exit code %d; want %d", code, exit.Failed)
	}
}
