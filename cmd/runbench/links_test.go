package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinks builds the command and has it build itself again, twice, with two layouts.
func TestLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "runbench")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	args := append(tiny, "-reps", "1", "-links", "2", "-forks", "2", "-results", filepath.Join(dir, "r"), "-plots", filepath.Join(dir, "p"))
	cmd := exec.Command(program, args...) // here, in the source tree
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
	}
	for _, want := range []string{
		"plan: custom, seed 1: 20 cells x 1 blocks x 2 processes x 2 links x 1ms",
		"link 2 of 2: go build -ldflags=-randlayout=",
		"2 builds, 4 processes. ",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("stdout lacks %q:\n%s", want, &stdout)
		}
	}
	wantCells(t, dir, 12*4, 2*4, 6*4)
	cells := read(t, dir, "r/cells.txt")
	for _, want := range []string{"\n# block 1 process 1 link 1\n", "\n# block 2 process 2 link 2\n", "\n# block 3 process 3 link 1\n"} {
		if !strings.Contains(cells, want) {
			t.Errorf("cells.txt lacks %q", want)
		}
	}
	report := read(t, dir, "r/report.md")
	if strings.Count(report, "`-ldflags=-randlayout=") != 2 || !strings.Contains(report, "\n## Spread\n") {
		t.Errorf("the report does not tell the links or the spread:\n%s", report)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "runbench-links-*")); len(left) > 0 {
		t.Errorf("links are left behind: %q", left)
	}
	out, err := exec.Command("go", "tool", "benchstat", "-col", "/impl", filepath.Join(dir, "r/cells.txt")).CombinedOutput()
	if tables := strings.Count("\n"+string(out), "\ngoos:"); err != nil || tables != 1 {
		t.Errorf("benchstat: %v, %d times the machine; want once, as of one set of cells\n%s", err, tables, out)
	}
}
