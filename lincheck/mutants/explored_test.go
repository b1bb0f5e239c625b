//go:build explore

package mutants

import (
	"flag"
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

var update = flag.Bool("update", false, "write what the explorer finds into the patches and the matrix")

// TestExplored builds each mutant, has the explorer find it, and compares the kind of failure
// and its simplest schedule with the patch. The matrix must be the table of what the patches say.
func TestExplored(t *testing.T) {
	all := load(t)
	t.Run("mutants", func(t *testing.T) {
		for i := range all {
			m := &all[i]
			if m.Program == "" {
				continue
			}
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel()
				found := explored(t, m)
				if *update {
					if err := m.SetSchedule(root, found); err != nil {
						t.Fatal(err)
					}
				}
				if found != m.Schedule {
					t.Errorf("%s: the explorer finds %q; want %q; -update writes it into the patch", m.Patch, found, m.Schedule)
				}
			})
		}
	})
	if *update {
		m, err := ReadMatrix(root, all)
		if err == nil {
			err = m.Write(root)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// explored returns what the explorer says of the mutant.
func explored(t *testing.T, m *Mutant) string {
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := m.Overlay(abs, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-tags", "explore", "-overlay", overlay, "-count=1", "-v", "-run", "^TestForMutants$", "./lincheck/explore/programs")
	cmd.Dir = abs
	cmd.Env = append(os.Environ(), "EXPLORE_PROGRAM="+m.Program, "EXPLORE_STRATEGY="+m.Strategy)
	if m.StoreBuffers {
		cmd.Env = append(cmd.Env, "EXPLORE_TSO=1")
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", m.Patch, err, out)
	}
	found := regexp.MustCompile(`(?m)^found (.*)$`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("%s: the explorer does not find the mutant:\n%s", m.Patch, out)
	}
	return string(found[1])
}

// TestSchedulesPassOnTheRealCode replays the schedules that kill the mutants. The real code does
// not fail in them, though it may leave them as soon as it differs.
func TestSchedulesPassOnTheRealCode(t *testing.T) {
	for _, m := range load(t) {
		if m.Program == "" {
			continue
		}
		s, err := programs.Find(m.Strategy)
		if err != nil {
			t.Fatalf("%s: %v", m.Patch, err)
		}
		p, timeouts, err := s.Named(m.Program)
		if err != nil {
			t.Fatalf("%s: %v", m.Patch, err)
		}
		schedule := m.Schedule[strings.LastIndexByte(m.Schedule, ' ')+1:]
		res, err := explore.Run(explore.Config{Replay: schedule, Timeouts: timeouts}, p)
		if err != nil {
			t.Fatalf("%s: %v", m.Patch, err)
		}
		if f := res.Failure; f != nil && f.Kind != explore.Nondeterministic {
			t.Errorf("%s: the real code fails too: %v", m.Patch, f)
		}
	}
}

// TestKilledByTests has the packages' own tests kill their mutants, where a package with its tests
// builds in less than a second. The command kill does so for the others.
func TestKilledByTests(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds test programs")
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, m := range load(t) {
		for _, k := range m.Kills {
			if k.By != Tests || !slices.Contains([]string{"./impl/strategy", "./impl/buffers", "./impl/table"}, k.pkg) {
				continue
			}
			tried++
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				program, err := k.Build(t.Context(), &m, abs, dir)
				if err != nil {
					t.Fatal(err)
				}
				if shot, err := k.Try(t.Context(), program, abs, dir, 1); err != nil || !shot.Killed {
					t.Errorf("%s: the tests of %s do not kill the mutant: %v", m.Patch, k.pkg, err)
				}
			})
		}
	}
	if tried == 0 {
		t.Error("no mutant is killed by tests of these packages")
	}
}
