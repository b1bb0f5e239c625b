package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestSoak(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		time time.Duration
		code int
		want []string // expressions, a line each
	}{
		{"-impl dbuf-epoch-b64,dbuf-refcount-b64 -every 100ms -seed 3 -time ", 300 * time.Millisecond, 0, []string{
			`^soak: 2 maps for [0-9.]+m?s each, [0-9.]+m?s in all, seed 3$`,
			`^dbuf-epoch-b64: [0-9.]+m?s, [1-9][0-9]* guards checked \([0-9.]+ million/s\), [1-9][0-9]* publishes, [1-9][0-9]* phases$`,
			`^dbuf-epoch-b64: Ok$`,
			`^dbuf-refcount-b64: Ok$`,
		}},
		{"-impl control-stale-guard -time ", 5 * time.Minute, 0, []string{
			`^control-stale-guard: Illegal, as expected \(C[47]\): reader [0-9]+ `,
			`^  C[47] says: `,
			`^  phase [0-9]+ of seed 1: [0-9]+ readers with `,
			`^  version [0-9]+ had been published and version [0-9]+ begun; `,
		}},
	} {
		dir := t.TempDir()
		var lacks string
		// On a busy machine no guard may have been checked by then: it gets more time.
		for ; ; c.time *= 4 {
			code, stdout, stderr := runbench(t, dir, append([]string{"soak"}, strings.Fields(c.args+c.time.String())...)...)
			if code != c.code || stderr != "" {
				t.Fatalf("soak %s: exit code %d, want %d\n%s%s", c.args, code, c.code, stdout, stderr)
			}
			lacks = ""
			for _, want := range c.want {
				if !regexp.MustCompile("(?m)" + want).MatchString(stdout) {
					lacks = fmt.Sprintf("no line like %s:\n%s", want, stdout)
				}
			}
			if lacks == "" || c.time > 10*time.Second {
				break
			}
		}
		if lacks != "" {
			t.Errorf("soak %s%v: %s", c.args, c.time, lacks)
		}
		if left := files(t, dir); left != "" {
			t.Errorf("soak %s leaves %s", c.args, left)
		}
	}
}

// TestSoakInterrupted interrupts a soak when it has reported once.
func TestSoakInterrupted(t *testing.T) {
	t.Parallel()
	cmd := command(t.TempDir(), "soak", "-impl", "dbuf-epoch-b64,dbuf-flat-b64", "-time", "1h", "-every", "50ms")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var all []string
	for lines.Scan() {
		if all = append(all, lines.Text()); len(all) == 2 {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // the exit code is checked below
	text := strings.Join(all, "\n")
	want := "\ndbuf-epoch-b64: Ok\ninterrupted; 1 of 2 maps were begun"
	if code := cmd.ProcessState.ExitCode(); code != 0 || !strings.HasSuffix(text, want) || stderr.String() != "" {
		t.Errorf("exit code %d; want 0 and at the end %q\n%s\n%s", code, want, text, stderr.String())
	}
}

// TestSoakFailed: a map that fails is named on stderr too, and the exit code is 3. Its evidence is
// kept.
func TestSoakFailed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, stdout, stderr := runbench(t, dir, "soak", "-impl", "dbuf-epoch-b64", "-time", "1h", "-hang", "1ns", "-results", "r")
	if want := "runbench: not what was declared: dbuf-epoch-b64; see the reasons above\n"; code != 3 || stderr != want {
		t.Errorf("exit code %d, stderr %q; want 3 and %q\n%s", code, stderr, want, stdout)
	}
	if want := "\ndbuf-epoch-b64: Illegal (C9): a goroutine made no progress for 1ns; there are "; !strings.Contains(stdout, want) {
		t.Errorf("stdout lacks %q:\n%s", want, stdout)
	}
	if stacks := read(t, filepath.Join(dir, "r"), "evidence/dbuf-epoch-b64-stderr.txt"); !strings.Contains(stacks, ".(*soak).") || !strings.Contains(stdout, "\n  output: r/evidence/dbuf-epoch-b64-stderr.txt\n") {
		t.Errorf("no stacks of the soak:\n%s\n%s", stdout, stacks)
	}
	if verdicts := read(t, filepath.Join(dir, "r"), "verdicts.json"); !strings.Contains(verdicts, `"checker": "C9"`) {
		t.Errorf("no verdict of the soak:\n%s", verdicts)
	}
}
