package mutants

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"doublebuf/lincheck"
)

// TestMatrix holds the committed matrix against the mutants: each was caught under all seeds
// that were tried, at least three, by every checker that was meant to, or in some order by the
// explorer. What takes a timed cell was caught by no short history.
func TestMatrix(t *testing.T) {
	m, err := ReadMatrix("../..")
	if err != nil {
		t.Fatal(err)
	}
	caught := map[string]bool{}
	for _, e := range Explored {
		caught[e.Name] = m.Cell(e.Name, Explorer) != ""
	}
	for _, c := range Checked {
		for _, k := range c.Kills {
			var times, seeds int
			text := m.Cell(c.Name, k.By)
			_, err := fmt.Sscanf(text, "%d/%d", &times, &seeds)
			want := seeds
			if k.Misses {
				want = 0
			}
			if err != nil || seeds < 3 || times != want {
				t.Errorf("%s by %s: %q; want it caught %d times", c.Name, k.By, text, want)
				continue
			}
			caught[c.Name] = caught[c.Name] || !k.Misses
		}
	}
	for _, name := range Names() {
		if !caught[name] {
			t.Errorf("nobody catches %s", name)
		}
	}
}

// Every mutant can still be planted: its old text is there, once.
func TestMutantsCanBePlanted(t *testing.T) {
	for _, c := range Checked {
		if _, err := c.Overlay("../..", t.TempDir()); err != nil {
			t.Error(err)
		}
	}
}

// TestKill builds a mutant and has it caught by each of its checkers. The whole matrix is for the
// command kill.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	c := Checked[slices.IndexFunc(Checked, func(c Case) bool { return c.Name == "8 the flag is never flipped" })]
	dir := t.TempDir()
	for _, k := range c.Kills {
		program, err := k.Build(t.Context(), c.Mutant, root, dir)
		if err != nil {
			t.Fatal(err)
		}
		if shot, err := k.Try(t.Context(), program, root, dir, 1); err != nil || !shot.Killed {
			t.Errorf("%s by %s: %+v, %v", c.Name, k.By, shot, err)
		}
	}
}

// What one checker catches is no kill of another.
func TestCaughtBy(t *testing.T) {
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
		{Digest, child("it crashed: panic: law S1 is broken: …"), "law", true},
		{Digest, child("it crashed: panic: nil"), "crash", false},
		{Digest, child("it crashed: panic: law L2 is broken: the copies differ after a replay: …"), "C8", true},
		{Digest, child("it crashed: panic: doublebuf: the writer is poisoned: an operation panicked on the second copy"), "C8", true},
		{Digest, lincheck.Verdict{Outcome: lincheck.Illegal, Checker: "C6"}, "C6", false},
	} {
		how, killed := Kill{By: test.by}.caught(test.verdict)
		if how != test.how || killed != test.killed {
			t.Errorf("%s: %v: %s, %t; want %s, %t", test.by, test.verdict, how, killed, test.how, test.killed)
		}
	}
}
