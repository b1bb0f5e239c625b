package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"doublebuf/baselines"
	"doublebuf/workloads"
)

var update = flag.Bool("update", false, "write what the command prints into the golden files")

// asCommand in the environment makes the test binary run as the command. So the tests, and the
// child processes that the command starts, need no second build.
const asCommand = "RUNBENCH_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command returns runbench with args, to be run in the folder dir.
func command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	if self, err := os.Executable(); err == nil {
		cmd.Path = self
	}
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asCommand+"=1", "GORACE=atexit_sleep_ms=0") // otherwise the race detector sleeps for a second at exit
	return cmd
}

// runbench runs the command to its end.
func runbench(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := command(dir, args...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := cmd.Run(); e != nil && !errors.As(e, new(*exec.ExitError)) {
		t.Fatal(e)
	}
	return cmd.ProcessState.ExitCode(), out.String(), err.String()
}

// TestGolden runs each archive of testdata/lines. The comment of an archive is the command line
// and the exit code. Its files are those in the folder, and the output.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/lines/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			golden(t, path)
		})
	}
}

func golden(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(archive.Comment), "\n")
	args := strings.Fields(line)
	if len(args) == 0 || args[0] != "runbench" {
		t.Fatalf("%s:1: %q; want a line that begins with runbench", path, line)
	}
	dir := t.TempDir()
	got := &txtar.Archive{}
	printed := map[string]bool{"stdout": true, "stderr": true}
	for _, f := range archive.Files {
		if printed[f.Name] {
			continue
		}
		got.Files = append(got.Files, f)
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		// An archive cannot hold a file that was cut off within a line.
		if err := os.WriteFile(name, bytes.TrimSuffix(f.Data, []byte("<cut>\n")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, stderr := runbench(t, dir, args[1:]...)
	got.Comment = fmt.Appendf(nil, "%s\nexit %d\n", line, code)
	for _, f := range []txtar.File{{Name: "stdout", Data: []byte(stdout)}, {Name: "stderr", Data: []byte(withoutLists(stderr))}} {
		if len(f.Data) > 0 {
			got.Files = append(got.Files, f)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := txtar.Format(got)
	switch {
	case bytes.Equal(text, want):
	case *update:
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s does not print what its golden file says (go test ./cmd/runbench -update writes it):\n%s", line, text)
	}
	if code != 0 && strings.Count(stderr, "\n") != 1 && !strings.Contains(stderr, "warning:") {
		t.Errorf("%s: exit code %d with %d lines on stderr; want one", line, code, strings.Count(stderr, "\n"))
	}
}

// withoutLists replaces the lists of all maps and of all key types in an error. So golden files
// stay the same when a map or a key type is added.
func withoutLists(text string) string {
	var maps, types []string
	for _, e := range baselines.All() {
		maps = append(maps, e.Name)
	}
	for _, k := range workloads.KeyTypes() {
		types = append(types, k.Name)
	}
	return strings.NewReplacer(strings.Join(maps, ", "), "<all maps>", strings.Join(types, ", "), "<all key types>").Replace(text)
}

// tiny are flags for a very short run of 14 cells, and of 3 more for the floor and 3 for a twin.
var tiny = []string{"run", "-preset", "smoke", "-impl", "dbuf-epoch-b64,rwmutex", "-mix", "read-only,r50w50,roles", "-g", "1", "-keys", "64", "-time", "1ms", "-latency", "20", "-latency-time", "5ms", "-results", "r", "-plots", "p"}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := runbench(t, dir, append(tiny, "-reps", "6")...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{
		"plan: custom, seed 1: 20 cells x 6 blocks x 1ms",
		"dbuf-epoch-b64  atomic        Ok",
		"rwmutex         linearizable  Ok",
		"benchstat@latest -col /impl r/cells.txt",
		"\nHarness floor, ns of processor time per operation: read-only ", ", roles ",
		"\ngrade ", "  A/A control     limit ", "Map/impl=rwmutex/mix=",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	if !strings.Contains(stderr, "cell 120 of 120, block 6 of 6, 0s left") {
		t.Errorf("stderr lacks the last cell:\n%s", stderr)
	}
	wantCells(t, dir, 72, 12, 36)

	report := read(t, dir, "r/report.md")
	for _, want := range []string{
		"| dbuf-epoch-b64 | atomic | Ok |",
		"![Throughput", "](../p/",
		"One build, one process",
		"### roles, zipf0.99, 64 uint64 keys, readers 1, writers 1",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for line := range strings.Lines(report) {
		if _, link, ok := strings.Cut(line, "]("); ok {
			link, _, _ = strings.Cut(link, ")")
			read(t, filepath.Join(dir, "r"), link)
		}
	}

	// Everything can be made again from the results alone.
	figures := files(t, filepath.Join(dir, "p"))
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "p")), os.Remove(filepath.Join(dir, "r/report.md"))); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := runbench(t, dir, "report", "-plots", "p", "r"); code != 0 {
		t.Fatalf("report: exit code %d: %s", code, stderr)
	}
	if files(t, filepath.Join(dir, "p")) != figures || read(t, dir, "r/report.md") != report {
		t.Error("figures or report made again are others than those of the run")
	}
}

// TestInterrupt interrupts a run once and kills it once. In the end each cell of the plan has been
// measured once in each block.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	const blocks = 12
	start := append(tiny, "-reps", fmt.Sprint(blocks))
	goOn := []string{"run", "-resume", "-results", "r", "-plots", "p"}

	code, stdout, stderr := afterFirstCell(t, command(dir, start...), os.Interrupt)
	if want := "runbench: interrupted; go on with: runbench run -resume -results r -plots p\n"; code != 1 || !strings.HasSuffix(stderr, want) {
		t.Fatalf("interrupted: exit code %d, stderr %q; want 1 and %q", code, stderr, want)
	}
	if !strings.Contains(stdout, "report:") {
		t.Errorf("interrupted: no report of what there is:\n%s", stdout)
	}
	if !strings.Contains(read(t, dir, "r/report.md"), "was not completed") {
		t.Error("the report does not say that the run was not completed")
	}
	if code, _, stderr := runbench(t, dir, append(goOn, "-seed", "2")...); code != 2 || !strings.Contains(stderr, "the plan would change") {
		t.Errorf("resumed with another seed: exit code %d, %s", code, stderr)
	}
	manifest := read(t, dir, "r/manifest.json")
	another := regexp.MustCompile(`"commit": ".*"`).ReplaceAllString(manifest, `"commit": "0123456789abcdef"`)
	write(t, dir, "r/manifest.json", another)
	if code, _, stderr := runbench(t, dir, goOn...); code != 1 || !strings.HasPrefix(stderr, "runbench: cannot resume r: it was measured by commit 0123456789ab,") {
		t.Errorf("resumed at another commit: exit code %d, %s", code, stderr)
	}
	write(t, dir, "r/manifest.json", manifest)
	if code, _, stderr := afterFirstCell(t, command(dir, goOn...), os.Kill); code != -1 {
		t.Fatalf("killed: exit code %d, %s", code, stderr)
	}
	// A run that is killed during a cell may leave the beginning of a line.
	if f, err := os.OpenFile(filepath.Join(dir, "r/cells.txt"), os.O_APPEND|os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	} else if _, err := f.WriteString("BenchmarkMap/impl=rw"); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = runbench(t, dir, goOn...)
	if code != 0 || !strings.Contains(stderr, "warning:") {
		t.Fatalf("resumed: exit code %d; want 0 and a warning\n%s%s", code, stdout, stderr)
	}
	if strings.Contains(stdout, "checking") {
		t.Error("resumed: maps are checked again, though the manifest has their verdicts")
	}
	wantCells(t, dir, 12*blocks, 2*blocks, 6*blocks)
	seen := map[string]bool{}
	block := ""
	for line := range strings.Lines(read(t, dir, "r/cells.txt")) {
		if strings.HasPrefix(line, "# block") {
			block = line
		}
		if name, _, ok := strings.Cut(line, " "); ok && strings.HasPrefix(name, "Benchmark") {
			if seen[block+name] {
				t.Errorf("%s was measured twice in %s", name, block)
			}
			seen[block+name] = true
		}
	}
}

// TestTargetCI asks for intervals that enough blocks give, and for intervals that are narrower
// than any time can give.
func TestTargetCI(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"run", "-preset", "smoke", "-impl", "dbuf-epoch-b64,rwmutex", "-mix", "read-only", "-g", "1", "-keys", "64", "-time", "1ms", "-reps", "3", "-plots", "p"}
	code, stdout, stderr := runbench(t, dir, append(args, "-results", "r", "-target-ci", "1000%", "-max", "1m")...)
	blocks := strings.Count(read(t, dir, "r/cells.txt"), "# block ")
	told := fmt.Sprintf("\n%d blocks: the widest interval is ", blocks)
	if code != 0 || blocks < 6 || blocks%3 != 0 || !strings.Contains(stdout, told) || strings.Count(stdout, ", narrower than 1000%: ") != 1 ||
		!strings.Contains(stdout, "\n3 blocks: some leads have no interval: ") {
		t.Errorf("exit code %d and %d blocks; want 0, and 6 or a few more\n%s%s", code, blocks, stdout, stderr)
	}

	// Even without any time the plan is measured once, and each start adds as much as -max allows.
	code, stdout, stderr = runbench(t, dir, append(args, "-results", "s", "-target-ci", "0.0001%", "-max", "1ms")...)
	if n := strings.Count(read(t, dir, "s/cells.txt"), "# block "); code != 4 || n != 3 ||
		!strings.Contains(stderr, "runbench: the time -max is over: some leads have no interval, for ") || !strings.Contains(stdout, "report:") {
		t.Errorf("exit code %d and %d blocks; want 4 and 3\n%s%s", code, n, stdout, stderr)
	}
	write(t, dir, "s/manifest.json", strings.Replace(read(t, dir, "s/manifest.json"), `"max": "1ms"`, `"max": "2s"`, 1))
	for last := 3; last < 9; {
		code, stdout, stderr = runbench(t, dir, "run", "-resume", "-results", "s", "-plots", "p")
		n := strings.Count(read(t, dir, "s/cells.txt"), "# block ")
		if code != 4 || n < last+3 || n%3 != 0 {
			t.Fatalf("resumed: exit code %d and %d blocks after %d; want 4 and more\n%s%s", code, n, last, stdout, stderr)
		}
		last = n
	}
}

// afterFirstCell starts cmd, sends it sig when it has shown its first cell, and waits.
func afterFirstCell(t *testing.T, cmd *exec.Cmd, sig os.Signal) (code int, stdout, stderr string) {
	t.Helper()
	var out, told bytes.Buffer
	cmd.Stdout = &out
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		fmt.Fprintln(&told, lines.Text())
		if strings.HasPrefix(lines.Text(), "cell ") && sig != nil {
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			sig = nil
		}
	}
	_ = cmd.Wait() // the exit code is checked below
	return cmd.ProcessState.ExitCode(), out.String(), told.String()
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := runbench(t, dir, "check", "-impl", "rwmutex,dbuf-epoch-b64,control-lost-publish", "-time", "50ms", "-results", "c")
	if code != 0 || strings.Count(stdout, " Ok [") != 2 || !strings.Contains(stdout, "Illegal, as expected") {
		t.Fatalf("exit code %d; want 0, two maps Ok and a control Illegal\n%s%s", code, stdout, stderr)
	}
	_, line, ok := strings.Cut(stdout, "judge again: runbench ")
	if !ok {
		t.Fatalf("no line that judges again:\n%s", stdout)
	}
	line, _, _ = strings.Cut(line, "\n")
	if code, stdout, stderr := runbench(t, dir, strings.Fields(line)...); code != 3 || !strings.Contains(stdout, "Illegal") {
		t.Errorf("judged again: exit code %d; want 3\n%s%s", code, stdout, stderr)
	}
}

// wantCells checks how many cells the files of the run in dir/r have.
func wantCells(t *testing.T, dir string, throughput, staleness, latency int) {
	t.Helper()
	for file, want := range map[string]int{"r/cells.txt": throughput, "r/staleness.txt": staleness, "r/latency.txt": latency} {
		if got := strings.Count(read(t, dir, file), "\nBenchmark"); got != want {
			t.Errorf("%s has %d cells; want %d", file, got, want)
		}
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// files returns the names and contents of all files in dir.
func files(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, e := range entries {
		all.WriteString(e.Name() + "\n" + read(t, dir, e.Name()))
	}
	return all.String()
}
