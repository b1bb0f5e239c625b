//go:build explore

package mutants

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/programs"
)

var update = flag.Bool("update", false, "write the golden file anew")

const golden = "testdata/explored.txt"

// TestExplored builds each mutant, has the explorer find it, and holds the kind of failure
// and its simplest schedule against the golden file.
func TestExplored(t *testing.T) {
	lines := make([]string, len(Explored))
	t.Run("mutants", func(t *testing.T) {
		for i, m := range Explored {
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel()
				lines[i] = fmt.Sprintf("%s | %s | %s", m.Name, m.Program, findIn(t, m.Mutant, m.Program))
			})
		}
	})
	if t.Failed() {
		return
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	holdMatrix(t)
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(want), "\n") {
		if i < len(lines) && lines[i] != line {
			t.Errorf("got  %s\nwant %s", lines[i], line)
		}
	}
	if got != string(want) {
		t.Errorf("%s does not hold what was found; -update writes it anew", golden)
	}
}

// holdMatrix holds the matrix against the explorer's golden file, which is its first column.
func holdMatrix(t *testing.T) {
	m, err := ReadMatrix("../..")
	if err == nil && *update {
		err = m.Write("../..")
	}
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join("../..", matrixFile)); err != nil || string(text) != m.String() {
		t.Errorf("%s is not the table of these mutants (%v); -update writes it", matrixFile, err)
	}
}

// strategyOf returns the name of the strategy under which a mutant is to be found.
func strategyOf(m Mutant) string {
	if strings.HasPrefix(m.Name, "46 ") {
		return "adaptive"
	}
	switch m.File {
	case indicator:
		return "indicator"
	case refcount:
		return "refcount"
	case counted:
		return "counted"
	case asymmetric:
		return "asymmetric"
	}
	return "epoch"
}

// needsStoreBuffers reports whether a mutant is one that must not be found without them.
func needsStoreBuffers(m Mutant) bool {
	number, _, _ := strings.Cut(m.Name, " ")
	return number >= "36" && number <= "39" || number == "46"
}

// findIn returns what the explorer says of the mutant.
func findIn(t *testing.T, m Mutant, program string) string {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := m.Overlay(root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-tags", "explore", "-overlay", overlay, "-count=1", "-v", "-run", "^TestForMutants$", "./lincheck/explore/programs")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "EXPLORE_PROGRAM="+program, "EXPLORE_STRATEGY="+strategyOf(m))
	if needsStoreBuffers(m) {
		cmd.Env = append(cmd.Env, "EXPLORE_TSO=1")
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := regexp.MustCompile(`(?m)^found (.*)$`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("the mutant lives:\n%s", out)
	}
	return string(found[1])
}

// TestSchedulesPassOnTheRealCode replays the schedules by which the mutants were found: the
// real code does not fail in them, though it may leave them as soon as it differs.
func TestSchedulesPassOnTheRealCode(t *testing.T) {
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != len(Explored) {
		t.Fatalf("%s has %d lines for %d mutants", golden, len(lines), len(Explored))
	}
	for i, line := range lines {
		parts := strings.Split(line, " | ")
		s, err := programs.Find(strategyOf(Explored[i].Mutant))
		if err != nil {
			t.Fatal(err)
		}
		p, timeouts, err := s.Named(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		schedule := parts[2][strings.LastIndexByte(parts[2], ' ')+1:]
		res, err := explore.Run(explore.Config{Replay: schedule, Timeouts: timeouts}, p)
		if err != nil {
			t.Fatal(err)
		}
		if f := res.Failure; f != nil && f.Kind != explore.Nondeterministic {
			t.Errorf("%s: the real code fails too: %v", parts[0], f)
		}
	}
}

// A mutant whose old text is not there, or twice, is refused.
func TestOverlayRefuses(t *testing.T) {
	for _, old := range []string{"no such text", "string"} {
		m := Mutant{"x", "lincheck/mutants/mutants.go", old, ""}
		if _, err := m.Overlay("../..", t.TempDir()); err == nil {
			t.Errorf("%q is accepted", old)
		}
	}
	if names := slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for _, m := range Explored {
			if !yield(m.Name) {
				return
			}
		}
	})); len(names) != len(Explored) {
		t.Error("two mutants have one name")
	}
}
