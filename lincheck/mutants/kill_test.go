package mutants

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"doublebuf/lincheck"
)

// root is the folder of the module.
const root = "../.."

func load(t *testing.T) []Mutant {
	t.Helper()
	all, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestMatrix compares the committed matrix with the patches: it is the table of these mutants.
// Each checker that is to kill a mutant did so under all seeds that were tried, at least three;
// each that must miss it did so; and each mutant is killed by at least one checker.
func TestMatrix(t *testing.T) {
	all := load(t)
	m, err := ReadMatrix(root, all)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(root, matrixFile)); err != nil || string(text) != m.String() {
		t.Errorf("%s is not the table of the patches (%v); run: go run ./lincheck/mutants/kill -write -run '^$'", matrixFile, err)
	}
	for _, mutant := range all {
		killed := mutant.Schedule != ""
		if mutant.Program != "" && !killed {
			t.Errorf("%s: no schedule; explore with: go test -tags explore -run TestExplored ./lincheck/mutants -update", mutant.Patch)
		}
		for _, k := range mutant.Kills {
			text, want := m.Cell(mutant.Name, k.By), "all"
			if k.Misses {
				want = "none"
			}
			var times, seeds int
			_, err := fmt.Sscanf(text, "%d/%d", &times, &seeds)
			if err != nil || seeds < 3 || k.Misses && times > 0 || !k.Misses && times < seeds {
				t.Errorf("%s by %s: the matrix has %q; want a kill in %s of at least 3 seeds; measure with: go run ./lincheck/mutants/kill -write -run '^%s$'",
					mutant.Patch, k.By, text, want, regexp.QuoteMeta(mutant.Name))
				continue
			}
			killed = killed || !k.Misses
		}
		if !killed {
			t.Errorf("%s: no checker kills the mutant", mutant.Patch)
		}
	}
}

// TestKill builds a mutant as a program and runs each checker that needs one. The command kill does
// so for all.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	all := load(t)
	c := all[slices.IndexFunc(all, func(m Mutant) bool { return m.Number() == 8 })]
	dir := t.TempDir()
	for _, k := range c.Kills {
		if k.By == Tests {
			continue // see TestKilledByTests
		}
		program, err := k.Build(t.Context(), &c, root, dir)
		if err != nil {
			t.Fatal(err)
		}
		if shot, err := k.Try(t.Context(), program, root, dir, 1); err != nil || !shot.Killed {
			t.Errorf("%s by %s: %+v, %v", c.Name, k.By, shot, err)
		}
	}
}

// A verdict is a kill only by a checker that it belongs to.
func TestClassify(t *testing.T) {
	child := func(reason string) lincheck.Verdict {
		return lincheck.Verdict{Outcome: lincheck.Illegal, Checker: "child", Reason: reason}
	}
	c2 := lincheck.Verdict{Outcome: lincheck.Illegal, Checker: "C2"}
	for _, test := range []struct {
		by      Checker
		verdict lincheck.Verdict
		how     string
		killed  bool
	}{
		{History, c2, "C2", true},
		{History, lincheck.Verdict{Outcome: lincheck.Ok}, "", false},
		{History, lincheck.Verdict{Checker: "C2"}, "C2", false}, // Unknown
		{History, child("it crashed: fatal error: concurrent map writes"), "crash", true},
		{History, child("no answer within 3s: it hangs"), "hang", true},
		{Liveness, child("no answer within 3s: it hangs"), "hang", true},
		{Liveness, c2, "C2", false},
		{Liveness, lincheck.Verdict{Outcome: lincheck.Illegal, Checker: "C9", Reason: "no answer within 3s: it hangs, with 2 of the clients"}, "hang", true},
		{Oracle, lincheck.Verdict{Outcome: lincheck.Illegal, Checker: "C7"}, "C7", true},
		{Audit, child("it crashed: panic: law S1 is broken: …"), "law", true},
		{Audit, child("it crashed: panic: nil"), "crash", false},
		{Audit, child("it crashed: panic: law L2 is broken: the copies differ after a replay: …"), "C8", true},
		{Audit, child("it crashed: panic: doublebuf: the writer is poisoned: an operation panicked on the second copy"), "C8", true},
		{Audit, lincheck.Verdict{Outcome: lincheck.Illegal, Checker: "C6"}, "C6", false},
	} {
		how, killed := Kill{By: test.by}.classify(test.verdict)
		if how != test.how || killed != test.killed {
			t.Errorf("%s: %v: %s, %t; want %s, %t", test.by, test.verdict, how, killed, test.how, test.killed)
		}
	}
}
