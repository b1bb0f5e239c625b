package campaign

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// TestEstimate: the time that a campaign announces counts the check of each map that has no verdict
// yet: its histories, and the battery of tests, which takes a second and more.
func TestEstimate(t *testing.T) {
	dir := t.TempDir()
	s, err := createStore(filepath.Join(dir, "r"), filepath.Join(dir, "p"), results.Manifest{Environment: results.CollectEnvironment(nil)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	p := plan.Plan{Blocks: 1, Procs: 1, Time: 1}
	for _, impl := range []string{"rwmutex", "xsync"} {
		p.Cells = append(p.Cells, plan.Cell{Impl: impl, Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 64, G: 1})
	}
	announced := func(check time.Duration) time.Duration {
		var out strings.Builder
		c := &Campaign{Setup: Setup{Maps: baselines.All(), Out: &out}, plan: p, check: check, store: s}
		c.loop = c.newLoop(1)
		c.announce()
		_, text, _ := strings.Cut(out.String(), "time: about ")
		text, _, _ = strings.Cut(text, "\n")
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("%v in %s", err, &out)
		}
		return d
	}
	if short, long := announced(100*time.Millisecond), announced(10*time.Second); short < 2*time.Second || short > 10*time.Second || long < 40*time.Second {
		t.Errorf("%v for two checks of 100 ms, and %v for two of 10 s; want the battery of each counted", short, long)
	}
	for _, impl := range []string{"rwmutex", "xsync"} {
		s.manifest.Verdicts = append(s.manifest.Verdicts, results.Verdict{Impl: impl, Outcome: results.Ok})
	}
	if d := announced(10 * time.Second); d > time.Second {
		t.Errorf("%v if all maps have been checked; want no time for checks", d)
	}
}
