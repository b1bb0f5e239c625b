package app_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"doublebuf/results"
)

// hanging is a run of a good map and of one that hangs now, while it is filled.
type hanging struct {
	t     *testing.T
	dir   string
	cmd   *exec.Cmd
	lines *bufio.Reader // of its stderr
	hung  *os.File      // open as long as the process that hangs
}

// startHanging starts the run, and returns when the map hangs.
func startHanging(t *testing.T) *hanging {
	t.Helper()
	h := &hanging{t: t, dir: t.TempDir()}
	if err := syscall.Mkfifo(filepath.Join(h.dir, "hung"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.cmd = exec.Command(self, strings.Fields("run -impl rwmutex,hangs-noted -mix r50w50 -g 2 -keys 4Ki -preset smoke -slice 0 -reps 1 -time 2ms -hang 1h -results r -plots p")...)
	h.cmd.Dir = h.dir
	h.cmd.Env = append(os.Environ(), asStranger+"=1", "GORACE=atexit_sleep_ms=0", "TMPDIR="+h.dir)
	stderr, err := h.cmd.StderrPipe()
	if err == nil {
		err = h.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	h.lines = bufio.NewReader(stderr)
	if h.hung, err = os.Open(filepath.Join(h.dir, "hung")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.hung.Close() })
	if line, err := bufio.NewReader(io.LimitReader(h.hung, 9)).ReadString('\n'); err != nil || line != "it hangs\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return h
}

// gone returns when no process of the run is left that hangs.
func (h *hanging) gone() {
	h.t.Helper()
	if rest, err := io.ReadAll(h.hung); err != nil || len(rest) > 0 {
		h.t.Errorf("%q, %v", rest, err)
	}
}

// TestInterruptWhileAMapHangs interrupts a run twice while a map hangs. The run says what it waits
// for, and then stops at once. It can be resumed: the map fails, and the other one is measured.
func TestInterruptWhileAMapHangs(t *testing.T) {
	h := startHanging(t)
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for {
		line, err := h.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v; want what it waits for", err)
		}
		if strings.HasPrefix(line, "runbench: interrupted; waiting for block 1 of r50w50, zipf0.99, 4Ki uint64 keys, 2 goroutines (hangs-noted") {
			break
		}
	}
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(h.lines)
	_ = h.cmd.Wait() // the exit code is checked below
	if code := h.cmd.ProcessState.ExitCode(); code != 1 || string(rest) != "runbench: stopped at once; go on with: runbench run -resume -results r -plots p\n" {
		t.Errorf("exit code %d, %q; want 1 and how to go on", code, rest)
	}
	h.gone()
	cells := func() string {
		text, err := os.ReadFile(filepath.Join(h.dir, "r/cells.txt"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := cells()
	if !strings.Contains(before, "/impl=rwmutex/") {
		t.Errorf("a cell that was finished is not there:\n%s", before)
	}
	if err := os.Remove(filepath.Join(h.dir, "hung")); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := stranger(t, h.dir, "run", "-resume", "-results", "r", "-plots", "p")
	if code != 3 || !strings.Contains(stderr, "hangs-noted failed in ") || !strings.HasPrefix(cells(), before) || !strings.Contains(cells(), "/impl=noop/") {
		t.Errorf("resumed: exit code %d; want 3, and all other cells\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := stranger(t, h.dir, "run", "-resume", "-results", "r", "-plots", "p"); code != 3 || strings.Contains(stderr, "failed in ") {
		t.Errorf("resumed again: exit code %d; want 3, and the map left out\n%s%s", code, stdout, stderr)
	}
	if m, err := results.ReadManifest(filepath.Join(h.dir, "r")); err != nil || !m.Complete {
		t.Errorf("%v; want a complete run", err)
	}
}

// TestNoChildIsLeft kills a run while a map hangs. The process that hangs ends too, and no file is
// left.
func TestNoChildIsLeft(t *testing.T) {
	h := startHanging(t)
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait() // it was killed
	h.gone()
	if left, err := filepath.Glob(filepath.Join(h.dir, "runbench-*")); err != nil || len(left) > 0 {
		t.Errorf("%q, %v; want no file left", left, err)
	}
}

// TestWithoutPreemption: Go cannot interrupt loops, and the run does not hang.
func TestWithoutPreemption(t *testing.T) {
	for _, slice := range []string{"0", "500us"} {
		t.Setenv("GODEBUG", "asyncpreemptoff=1")
		args := "run -impl rwmutex,dbuf-epoch-b64 -mix read-only,r50w50 -g 2 -keys 64 -latency 50 -preset smoke -reps 2 -time 2ms -latency-time 5ms -hang 10s -results r -plots p -slice " + slice
		if code, stdout, stderr := stranger(t, t.TempDir(), strings.Fields(args)...); code != 0 {
			t.Errorf("slices of %s: exit code %d; want 0\n%s%s", slice, code, stdout, stderr)
		}
	}
}

// within runs the stranger's program with that much address space, in KiB. Go reserves about a GiB.
func within(t *testing.T, dir string, kib int, args string) (code int, output string) {
	t.Helper()
	if raceEnabled {
		t.Skip("skipped: the race detector needs more address space than the test allows")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", fmt.Sprintf(`ulimit -v %d; exec "$0" "$@"`, kib), self)
	cmd.Args = append(cmd.Args, strings.Fields(args)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), asStranger+"=1")
	out, _ := cmd.CombinedOutput() // the exit code says how it ended
	return cmd.ProcessState.ExitCode(), string(out)
}

// TestOutOfMemory has a map that takes all memory. It fails, and the other one is measured.
func TestOutOfMemory(t *testing.T) {
	dir := t.TempDir()
	code, out := within(t, dir, 4<<20, "run -impl rwmutex,hoards -mix r95w5 -g 2 -keys 4Ki -preset smoke -slice 500us -reps 1 -time 2ms -results r -plots p")
	if code != 3 || !strings.Contains(out, ": it ran out of memory, with ") {
		t.Errorf("exit code %d; want 3\n%s", code, out)
	}
	set, _, err := results.Load(filepath.Join(dir, "r"))
	if err != nil || len(set.Cells) != 2 || !set.Manifest.Complete {
		t.Errorf("%v, %+v; want one cell of the good map and one of the floor", err, set)
	}

	// What cannot fit is refused before anything is started.
	code, out = within(t, dir, 4<<20, "run -impl rwmutex -mix r95w5 -g 2 -keys 64Mi -preset smoke -results s -plots p")
	if code != 1 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "64Mi uint64 keys, 2 goroutines: its keys need about 4.0 GiB of memory") {
		t.Errorf("exit code %d; want 1 and one line\n%s", code, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "s")); err == nil {
		t.Error("a run that was refused has left a folder")
	}
}

// TestForgedAnswer has a map that writes an answer of its own to the pipe for answers, the first
// file that a process inherits beside its standard ones.
func TestForgedAnswer(t *testing.T) {
	testMapFails(t, "answers", "r95w5", "500us", "it wrote to the pipe for answers, which it has not opened, while it was measured", "")
}

func init() {
	forge = func() { _, _ = syscall.Write(3, []byte(`{"Cells":[]}`+"\n")) }
}
