package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTraceRun replays a trace with a malformed line. Its digest and statistics are in the
// manifest, and only the same trace resumes the run.
func TestTraceRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "my.trace.txt", "# licence: CC0\nset a\nget a\nput a\nget b\ndelete b\n")
	start := []string{
		"run", "-preset", "smoke", "-impl", "rwmutex,dbuf-epoch-b64", "-trace", "my.trace.txt", "-skip-malformed",
		"-g", "2", "-time", "1ms", "-reps", "12", "-results", "r", "-plots", "p",
	}
	code, stdout, stderr := afterFirstCell(t, command(dir, start...), os.Interrupt)
	if code != 1 {
		t.Fatalf("exit code %d; want 1, interrupted\n%s%s", code, stdout, stderr)
	}
	manifest := read(t, dir, "r/manifest.json")
	// printf 'set a\nget a\nget b\ndelete b\n' | sha256sum
	for _, want := range []string{
		`"trace my.trace.txt": "sha256:194c5fcb2735d8232718fe17d119024a872cc36c6b1038d67862d2226294f08b; licence: CC0; steps: 4: 50.0 % gets, 25.0 % sets, 25.0 % deletes; distinct keys: 2; gets that hit: 50.0 %; `,
		"malformed lines: 1, skipped",
	} {
		if !strings.Contains(manifest, want) {
			t.Errorf("the manifest lacks %s:\n%s", want, manifest)
		}
	}
	goOn := []string{"run", "-resume", "-results", "r", "-plots", "p"}
	text := read(t, dir, "my.trace.txt")
	write(t, dir, "my.trace.txt", text+"get a\n")
	if code, _, stderr := runbench(t, dir, goOn...); code != 1 || !strings.HasPrefix(stderr, `runbench: cannot resume r: its input "trace my.trace.txt" was sha256:194c5`) {
		t.Errorf("resumed with another text: exit code %d, %s", code, stderr)
	}
	write(t, dir, "other.txt", text)
	if code, _, stderr := runbench(t, dir, append(goOn, "-trace", "other.txt", "-skip-malformed")...); code != 2 || !strings.Contains(stderr, "with -trace and the other flags the plan would change") {
		t.Errorf("resumed with another trace: exit code %d, %s", code, stderr)
	}
	if err := os.Remove(filepath.Join(dir, "my.trace.txt")); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := runbench(t, dir, goOn...); code != 1 || !strings.Contains(stderr, "cannot read the trace: open my.trace.txt") {
		t.Errorf("resumed without the trace: exit code %d, %s", code, stderr)
	}
	write(t, dir, "my.trace.txt", text)
	if code, stdout, stderr := runbench(t, dir, goOn...); code != 0 {
		t.Errorf("resumed: exit code %d\n%s%s", code, stdout, stderr)
	}
	if cells := read(t, dir, "r/cells.txt"); strings.Count(cells, "impl=rwmutex/mix=replay/dist=trace-my/keytype=trace/keys=2/g=2") != 12 || strings.Contains(cells, "# fault") {
		t.Errorf("cells\n%s", cells)
	}
}

// TestAdvise asks which of two maps to take. In so little time it may be that neither is
// conclusively faster.
func TestAdvise(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var text strings.Builder // so many keys that their memory stands out from the rest of the process
	for i := range 5000 {
		fmt.Fprintf(&text, "get key %d\nset key %d\n", i, 7*i)
	}
	write(t, dir, "t.txt", text.String())
	var code int
	var stdout, stderr string
	// On a busy machine the operations of a short cell come faster than a map can do them.
	for each := time.Millisecond; each < time.Minute; each *= 4 {
		code, stdout, stderr = runbench(t, dir, "advise", "-trace", "t.txt", "-readers", "2", "-impl", "rwmutex,mutex", "-time", each.String(), "-results", "r", "-plots", "p")
		if !strings.Contains(stdout, "not measured") {
			break
		}
		if err := os.RemoveAll(filepath.Join(dir, "r")); err != nil {
			t.Fatal(err)
		}
	}
	if code != 0 && code != 4 || !strings.Contains(stdout, "\nadvice: ") || !strings.Contains(stdout, "roles, trace-t, 9285 trace keys, readers 2, writers 1") ||
		strings.Count(stdout, "never stale") != 3 || strings.Contains(stdout, "not measured") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if code == 4 && !strings.Contains(stderr, "runbench: the lead of the advised map is not conclusive") {
		t.Errorf("inconclusive, and says\n%s", stderr)
	}
	read(t, dir, "r/report.html")
}
