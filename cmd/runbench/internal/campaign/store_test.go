package campaign

import (
	"testing"

	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// TestOldFinalStateVerdict resumes a run whose manifest is older than the name of the final-state
// check: its verdict counts, and a further fault of the map adds none.
func TestOldFinalStateVerdict(t *testing.T) {
	dir := t.TempDir()
	old := results.Verdict{
		Impl: "haxmap", Level: "linearizable", Check: "sum", Outcome: results.Illegal,
		Reason: "sum check: 1 of 64 keys hold what nobody left there; the first is key 3, with nothing: want more",
	}
	m := results.Manifest{Environment: results.CollectEnvironment(nil), Verdicts: []results.Verdict{old}}
	if err := results.WriteManifest(dir, m); err != nil {
		t.Fatal(err)
	}
	s, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.lock.Close()
	l := &loop{plan: plan.Plan{}, store: s}
	for _, impl := range []string{"haxmap", "haxmap.twin"} {
		if err := l.blame(results.Cell{ID: results.ID{Impl: impl}, Fault: "final-state check: another"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.manifest.Verdicts; len(got) != 1 || got[0].Reason != old.Reason {
		t.Errorf("verdicts %+v; want the old one alone", got)
	}
	if err := l.blame(results.Cell{ID: results.ID{Impl: "xsync"}, Fault: "final-state check: first"}); err != nil {
		t.Fatal(err)
	}
	if again, err := results.ReadManifest(dir); err != nil || len(again.Verdicts) != 2 || again.Verdicts[1].Check != "sum" {
		t.Errorf("verdicts %+v, %v; want a second one, by the check \"sum\"", again.Verdicts, err)
	}
}
