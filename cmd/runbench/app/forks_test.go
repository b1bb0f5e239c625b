package app_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// few are flags of a run of one cell, one of the floor and one of a twin.
const few = " -preset smoke -mix r50w50 -g 2 -keys 64 -reps 2 -time 2ms -results r -plots p"

func TestForks(t *testing.T) {
	dir := t.TempDir()
	// A map that prints would disturb the answers of the process that measures it.
	code, stdout, stderr := stranger(t, dir, strings.Fields("run -impl good,prints-measured -forks 6"+few)...)
	if code != 0 || !strings.Contains(stdout, "4 cells x 2 blocks x 6 processes x 1 links") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if want := "One build, 6 processes. This run can tell maps apart that differ by "; !strings.Contains(stdout, want) {
		t.Errorf("stdout lacks %q:\n%s", want, stdout)
	}
	cells, err := os.ReadFile(filepath.Join(dir, "r/cells.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n# block 1 process 1 link 1\n", "\n# block 2 process 1 link 1\n", "\n# block 3 process 2 link 1\n", "\n# block 12 process 6 link 1\n"} {
		if !strings.Contains(string(cells), want) {
			t.Errorf("cells.txt lacks %q", want)
		}
	}
	if got := strings.Count(string(cells), "\nBenchmark"); got != 48 {
		t.Errorf("%d cells; want 48", got)
	}
}

// TestForksAreProcesses has every cell note the process that measures it.
func TestForksAreProcesses(t *testing.T) {
	for _, slice := range []string{"0s", "500us"} {
		k := &killed{t: t, dir: t.TempDir(), way: way{forks: 4, slice: slice}}
		k.note = filepath.Join(k.dir, "note")
		var out strings.Builder
		if err := k.start(&out).Wait(); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		k.complete()
		text, err := os.ReadFile(k.note)
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Fields(string(text))
		changes := 1
		for i := 1; i < len(notes); i++ {
			if notes[i] != notes[i-1] {
				changes++
			}
		}
		slices.Sort(notes)
		if distinct := len(slices.Compact(notes)); distinct != 4 || changes != 4 {
			t.Errorf("slices of %s: %d processes that took turns %d times; want 4, one after another", slice, distinct, changes)
		}
	}
}

// TestForkCrashes has a map that passes its check and crashes when it is measured. It fails once,
// and the floor is measured in all processes.
func TestForkCrashes(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := stranger(t, dir, strings.Fields("run -impl crashes-measured -forks 2"+few)...)
	const want = " of block 1: it ended its process while it was built and filled: panic: a map that crashes; its remaining cells are skipped"
	if code != 3 || strings.Count(stderr, want) != 1 {
		t.Errorf("exit code %d and %q; want 3 and %q\n%s", code, stderr, want, stdout)
	}
	cells, err := os.ReadFile(filepath.Join(dir, "r/cells.txt"))
	if n := strings.Count(string(cells), "\nBenchmarkMap/impl=noop/"); err != nil || n != 4 {
		t.Errorf("%v: %d cells of the floor; want 4\n%s", err, n, cells)
	}
}

// TestLinksWithoutGo refuses what needs the go command and a source tree, before it makes
// a folder.
func TestLinksWithoutGo(t *testing.T) {
	for name, path := range map[string]string{
		"there is no go command in the path": "",
		"start it in its source tree":        os.Getenv("PATH"),
	} {
		t.Setenv("PATH", path)
		dir := t.TempDir()
		code, _, stderr := stranger(t, dir, strings.Fields("run -impl good -links 2"+few)...)
		if code != 1 || !strings.HasPrefix(stderr, "runbench: -links must build the program again: ") || !strings.Contains(stderr, name) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("exit code %d and %q; want 1 and one line with %q", code, stderr, name)
		}
		if _, err := os.Stat(filepath.Join(dir, "r")); err == nil {
			t.Errorf("%s: a folder is left behind", name)
		}
	}
}

// TestOneProcess: one process measures all blocks, extra ones among them. Another one would have to
// measure each map alone again.
func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, strings.Fields("run -impl noting -mix r95w5 -g 1 -keys 64 -preset smoke -time 1ms -slice 500us -reps 2 -extra 8 -results r -plots p")...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), noteInto+"=note", "GORACE=atexit_sleep_ms=0")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), " extra blocks for ") {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "note"))
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Fields(string(text))
	slices.Sort(notes)
	if n := len(slices.Compact(slices.Clone(notes))); n != 1 || len(notes) < 2*(2+8) {
		t.Errorf("%d processes measured %d cells; want one, and 20 or more", n, len(notes))
	}
}
