package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mount mounts an empty file system in memory on dir for the time of the test.
func mount(t *testing.T, dir, options string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("runbench-test", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("skipped: this test needs a file system of its own, and may not mount one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// lastLine returns what stderr holds besides progress and warnings. It must be one line.
func lastLine(t *testing.T, stderr string) string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "cell ") && !strings.HasPrefix(line, "runbench: warning: ") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 {
		t.Fatalf("%d lines on stderr; want one:\n%s", len(lines), stderr)
	}
	return lines[0]
}

// TestFullDisk fills the disk under a run, which ends with one line. Then it makes room and resumes
// the run: what was measured before is still there.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	mount(t, disk, "size=32k")
	run := append(tiny, "-reps", "20", "-results", "disk/r") // the last of two -results counts

	code, _, stderr := runbench(t, dir, run...)
	line := lastLine(t, stderr)
	for _, want := range []string{
		"runbench: cannot keep a cell: write disk/r/", "no space left on device; all cells before it are safe",
		"go on with: runbench run -resume -results disk/r -plots p\n",
	} {
		if code != 1 || !strings.Contains(line, want) {
			t.Errorf("exit code %d; want 1 and %q in %q", code, want, line)
		}
	}
	before := wholeLines(read(t, disk, "r/cells.txt"))
	if n := strings.Count(before, "\nBenchmark"); n < 6 {
		t.Errorf("%d cells before the disk was full; want more", n)
	}

	// On a full disk a new run cannot begin either, and leaves nothing behind.
	code, _, stderr = runbench(t, dir, append(tiny, "-results", "disk/other")...)
	if line := lastLine(t, stderr); code != 1 || !strings.Contains(line, "no space left on device") {
		t.Errorf("begun on a full disk: exit code %d, %s", code, line)
	}
	if _, err := os.Stat(filepath.Join(disk, "other")); err == nil {
		t.Error("begun on a full disk: the folder is left behind")
	}

	if err := syscall.Mount("runbench-test", disk, "tmpfs", syscall.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := runbench(t, dir, "run", "-resume", "-results", "disk/r", "-plots", "p")
	if code != 0 {
		t.Fatalf("resumed: exit code %d\n%s%s", code, stdout, stderr)
	}
	if after := read(t, disk, "r/cells.txt"); !strings.HasPrefix(after, before) {
		t.Error("cells that were measured before the disk was full are lost")
	} else if got := strings.Count(after, "\nBenchmark") + strings.Count(read(t, disk, "r/staleness.txt"), "\nBenchmark"); got != 20*14 {
		t.Errorf("%d cells; want %d", got, 20*14)
	}
}

// TestNoRoomForFigures has a disk for the figures that is too small. The run ends with the command
// that reports what was measured. The command works once there is room.
func TestNoRoomForFigures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	mount(t, disk, "size=32k")
	code, _, stderr := runbench(t, dir, append(tiny, "-reps", "1", "-results", "r", "-plots", "disk/p")...)
	line := lastLine(t, stderr)
	if want := "no space left on device; all cells are safe in r; report them with: runbench report -plots disk/p r\n"; code != 1 || !strings.HasSuffix(line, want) {
		t.Errorf("exit code %d and %q; want 1 and %q", code, line, want)
	}
	if err := syscall.Mount("runbench-test", disk, "tmpfs", syscall.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := runbench(t, dir, "report", "-plots", "disk/p", "r"); code != 0 {
		t.Errorf("reported again: exit code %d, %s", code, stderr)
	}
}

// wholeLines returns text up to the end of its last cell.
func wholeLines(text string) string {
	text = text[:strings.LastIndexByte(text, '\n')+1]
	last := strings.LastIndex(text, "\nBenchmark") + 1
	return text[:last+strings.IndexByte(text[last:], '\n')+1]
}

// TestReadOnlyFolder has a read-only file system, which even the superuser cannot write to.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	mount(t, disk, "size=8m")
	if code, _, stderr := runbench(t, dir, append(tiny, "-reps", "1", "-results", "disk/r")...); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if err := syscall.Mount("runbench-test", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"run":     {append(tiny, "-results", "disk/new"), "cannot make the results folder: mkdir disk/new: read-only file system"},
		"figures": {append(tiny, "-results", "r", "-plots", "disk/p"), "cannot make the folder for figures: mkdir disk/p: read-only file system"},
		"resume":  {[]string{"run", "-resume", "-results", "disk/r", "-plots", "p"}, "cannot continue: open disk/r/cells.txt: read-only file system"},
		"check":   {[]string{"check", "-impl", "rwmutex", "-time", "1ms", "-results", "disk/c"}, "cannot make the results folder: mkdir disk/c: read-only file system"},
		"report":  {[]string{"report", "-plots", "p", "disk/r"}, "cannot write the report: open disk/r/report.md: read-only file system"},
	} {
		code, stdout, stderr := runbench(t, dir, c.args...)
		if line := lastLine(t, stderr); code != 1 || line != "runbench: "+c.want+"\n" {
			t.Errorf("%s: exit code %d and %q; want 1 and %q\n%s", name, code, line, c.want, stdout)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "r")); err == nil {
		t.Error("the folder of a run that could not begin is left behind")
	}
}
