package app_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterruptFromTerminal interrupts all processes at once, as a terminal does, during a cell.
// The process that measures finishes the cell, and the cell is kept.
func TestInterruptFromTerminal(t *testing.T) {
	dir := t.TempDir()
	note := filepath.Join(dir, "note")
	if err := syscall.Mkfifo(note, 0o600); err != nil {
		t.Fatal(err)
	}
	notes, err := os.OpenFile(note, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	if err := notes.SetReadDeadline(time.Now().Add(5 * time.Minute)); err != nil { // a run that never begins
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, strings.Fields("run -impl noting -mix read-only -g 1 -keys 64 -preset smoke -time 300ms -reps 3 -forks 2 -results r -plots p")...)
	var out strings.Builder
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), noteInto+"="+note, "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(notes)
	if _, err := lines.ReadString('\n'); err != nil { // the first cell begins
		t.Fatal(err)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code is checked below
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.HasSuffix(out.String(), "runbench: interrupted; go on with: runbench run -resume -results r -plots p\n") {
		t.Errorf("exit code %d; want 1, and that it was interrupted\n%s", code, &out)
	}
	begun := 1 // on a slow machine another cell may have begun before the signal arrived
	if _, err := notes.WriteString("end\n"); err != nil {
		t.Fatal(err)
	}
	for line, err := lines.ReadString('\n'); line != "end\n"; line, err = lines.ReadString('\n') {
		if err != nil {
			t.Fatal(err)
		}
		begun++
	}
	text, err := os.ReadFile(filepath.Join(dir, "r/cells.txt"))
	if got := len(cellLines(string(text))); err != nil || got != begun {
		t.Errorf("%d cells (%v) of %d that began; want the one that ran, too\n%s", got, err, begun, text)
	}
}
