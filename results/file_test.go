package results

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files in testdata")

var testEnv = Environment{
	Go: "go1.26", GOOS: "linux", GOARCH: "amd64", CPU: "Example CPU @ 2.00GHz", Processors: 2, GOMAXPROCS: 2,
	Kernel: "Linux 6.1", Commit: "0123456789abcdef0123456789abcdef01234567", Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	Command: []string{"runbench"},
}

// testCells returns blocks of cells of both kinds of a few maps. The values depend only on i.
func testCells(blocks int) []Cell {
	impls := []string{"dbuf-epoch-b64", "sync.Map", "shard-32", "noop"}
	var cells []Cell
	for block := 1; block <= blocks; block++ {
		for i, impl := range impls {
			for _, g := range []int{1, 2} {
				speed := float64(g*(1+i)*10_000_000 + block*1000)
				c := Cell{
					ID:    ID{Kind: Throughput, Impl: impl, Mix: "r99w1", Dist: "zipf0.99", KeyType: "uint64", Keys: 65536, G: g, Procs: 2},
					Block: block, Ops: int64(speed / 10),
					Metrics: map[string]float64{
						OpsPerSec: speed, ReadsPerSec: 0.99 * speed, WritesPerSec: 0.01 * speed,
						Fairness: 0.97, BytesPerOp: 0, AllocsPerOp: float64(i) / 4,
					},
				}
				if impl == "noop" && g == 2 { // after one that has them
					delete(c.Metrics, BytesPerOp)
					delete(c.Metrics, AllocsPerOp)
				}
				if block > 1 { // as of a run of several processes; before there was only one
					c.Process, c.Link = block, block/2
				}
				if impl == "dbuf-epoch-b64" {
					c.Metrics[PublishesPerSec] = speed / 6400
				}
				if impl == "shard-32" && block == 2 && g == 2 {
					c.Fault = "key 7 holds 3;\n want 4 or 5"
				}
				cells = append(cells, c)
			}
		}
	}
	for block := 1; block <= blocks; block++ {
		for i, impl := range impls[:2] {
			cells = append(cells, Cell{
				ID:    ID{Kind: Staleness, Impl: impl, Mix: "roles", Dist: "uniform", KeyType: "uint64", Keys: 65536, Readers: 1, Writers: 1, Procs: 2},
				Block: block, Ops: 1000,
				Metrics: map[string]float64{StaleMean: float64(1-i) * 31.5, StaleOps(50): 0, StaleOps(99): float64(1-i) * 63, StaleOps(100): float64(1-i) * 64},
			})
		}
	}
	return cells
}

// asRead returns what a reader makes of cells: their faults in one line.
func asRead(cells []Cell) []Cell {
	var read []Cell
	for _, c := range cells {
		c.Fault = strings.Join(strings.Fields(c.Fault), " ")
		read = append(read, c)
	}
	return read
}

func writeRun(t *testing.T, cells []Cell) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "results", "run")
	f, err := Create(dir, testEnv)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		if err := f.Append(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWriteAndLoad(t *testing.T) {
	cells := testCells(2)
	dir := writeRun(t, cells)
	s, warnings, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(asRead(cells), s.Cells); diff != "" {
		t.Errorf("cells written and read (-want +got):\n%s", diff)
	}
	if len(warnings) != 1 || !strings.Contains(string(warnings[0]), "manifest.json") {
		t.Errorf("warnings %q; want one, of the manifest that is not there", warnings)
	}
	for _, name := range []string{cellsFile, stalenessFile} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, got)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), -update accepts it:\n%s", path, diff)
	}
}

func TestCreateRefusesWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(dir, testEnv); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create of a folder that is there: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(file, "run"), testEnv); err == nil {
		t.Error("Create below a file succeeds")
	}
}

func TestCellsThatCannotBeWritten(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "run"), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, change := range map[string]func(*Cell){
		"a unit that no one knows": func(c *Cell) { c.Metrics = map[string]float64{"ns/op": 1} },
		"a unit of the other kind": func(c *Cell) { c.Metrics = map[string]float64{StaleMean: 1} },
		"no metrics":               func(c *Cell) { c.Metrics = nil },
		"a negative value":         func(c *Cell) { c.Metrics = map[string]float64{OpsPerSec: -1} },
		"a name with a blank":      func(c *Cell) { c.Impl = "sync Map" },
		"no number of keys":        func(c *Cell) { c.Keys = 0 },
	} {
		c := testCells(1)[0]
		change(&c)
		if err := f.Append(c); err == nil {
			t.Errorf("a cell with %s is written", name)
		}
	}
}

// TestCutAnywhere cuts a file after each of its bytes. The rest gives every whole cell and no
// other. A run that continues it ends with the cells of the plan.
func TestCutAnywhere(t *testing.T) {
	cells := testCells(2)[6:10] // with a change of block
	cells[3].Fault = "a fault"
	whole, err := os.ReadFile(filepath.Join(writeRun(t, cells), cellsFile))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		dir := t.TempDir()
		path := filepath.Join(dir, cellsFile)
		if err := os.WriteFile(path, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		want := bytes.Count(whole[:cut], []byte("\nBenchmark"))
		if want > 0 && whole[cut-1] != '\n' && bytes.HasPrefix(whole[bytes.LastIndexByte(whole[:cut], '\n')+1:cut], []byte("Benchmark")) {
			want--
		}
		got, warnings, err := ReadCells(path)
		if err != nil {
			t.Fatalf("cut behind byte %d: %v", cut, err)
		}
		if diff := cmp.Diff(asRead(cells[:want]), got); diff != "" {
			t.Fatalf("cut behind byte %d (-want +got):\n%s", cut, diff)
		}
		cutOff := cut > 0 && whole[cut-1] != '\n'
		if cutOff != (len(warnings) == 1) {
			t.Fatalf("cut behind byte %d: warnings %q", cut, warnings)
		}
		if cutOff && cut%40 != 0 {
			continue // Continue waits for the disk
		}
		f, got, _, err := Continue(dir, testEnv)
		if err != nil || len(got) != want {
			t.Fatalf("cut behind byte %d: continued with %d cells, %v", cut, len(got), err)
		}
		all := append([]Cell(nil), cells[:len(got)]...)
		for _, c := range cells[len(got):] {
			c.Fault = "" // measured again, the cell is sound
			if err := f.Append(c); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		got, warnings, err = ReadCells(path)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("continued behind byte %d: %v, %q", cut, err, warnings)
		}
		if diff := cmp.Diff(asRead(all), got); diff != "" {
			t.Fatalf("continued behind byte %d (-want +got):\n%s", cut, diff)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\ngoos: ")); n != 1 {
			t.Fatalf("continued behind byte %d, the file has its configuration %d times", cut, n)
		}
	}
}

func TestContinueRefusesAnotherMachine(t *testing.T) {
	dir := writeRun(t, testCells(1))
	env := testEnv
	env.CPU = "Another CPU"
	if _, _, _, err := Continue(dir, env); err == nil || !strings.Contains(err.Error(), "Another CPU") {
		t.Errorf("continued on another machine: %v", err)
	}
}

// TestDamage compares the errors of damaged files with a golden text, one error for each case.
func TestDamage(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", cellsFile))
	if err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	for _, damage := range []struct{ name, old, new string }{
		{"a result that lost its beginning", "BenchmarkMap/impl=sync.Map", "sync.Map"},
		{"a result that lost its unit", "e+07 ops/s", "e+07"},
		{"a unit that lost its end", "e+07 ops/s", "e+07 op"},
		{"two results in one line", "0.97 slowest/fastest\n", "0.97 slowest/fastest"},
		{"a result without values", "/g=1-2 ", "/g=1-2\n# "},
		{"no number of operations", "/g=1-2 1", "/g=1-2 x"},
		{"not a number", " 9.90099e+06 read-ops/s", " NaN read-ops/s"},
		{"a negative number", " 9.90099e+06 read-ops/s", " -3 read-ops/s"},
		{"a unit twice", "100010 write-ops/s", "100010 read-ops/s"},
		{"a name with a part too few", "/mix=r99w1", ""},
		{"a name with a part that no one knows", "/mix=r99w1", "/mox=r99w1"},
		{"a cell twice in a block", "# block 2", "# block 1"},
		{"a block that is none", "# block 2", "# block two"},
		{"a log line", "goos:", "2026/01/02 loading\ngoos:"},
		{"zeros, as a crashed file system leaves them", "goarch:", "\x00\x00\x00"},
		{"metadata that lost its unit", "Unit ops/s ", "Unit "},
		{"half a number aside", "0 allocs/op\n", "0\n"},
		{"a word aside", "0 allocs/op\n", "no allocs/op\n"},
		{"a unit aside that no one knows", "0 allocs/op\n", "0 allocs\n"},
		{"a line without end", "\n# block 2", "\n# " + strings.Repeat("x", 70_000) + "\n# block 2"},
		{"two betters of one unit", "Unit ops/s better=higher\n", "Unit ops/s better=higher\nUnit ops/s better=lower\n"},
	} {
		text := strings.Replace(string(whole), damage.old, damage.new, 1)
		if text == string(whole) {
			t.Fatalf("%s: %q is not in the file", damage.name, damage.old)
		}
		path := filepath.Join(t.TempDir(), cellsFile)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, _, err := ReadCells(path)
		if err == nil {
			t.Errorf("%s is read without an error", damage.name)
			continue
		}
		fmt.Fprintf(&report, "%s\n\t%s\n", damage.name, strings.ReplaceAll(err.Error(), path, cellsFile))
	}
	golden(t, "damage.txt", []byte(report.String()))
}

func TestMissingAndEmpty(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of a folder without cells: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, cellsFile), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(dir); err == nil {
		t.Error("Load of an empty file succeeds")
	}
}

func TestOtherBenchmarks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.txt")
	const text = "goos: linux\npkg: a\nBenchmarkGet/size=10-8 \t 1000\t 12.5 ns/op\t 0 B/op\nPASS\nok  \ta\t1.2s\npkg: b\nBenchmarkSet 5 3 ns/op\ngoos: plan9\nBenchmarkSet 5 3 ns/op\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	cells, warnings, err := ReadCells(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Cell{
		{ID: ID{Impl: "Get/size=10", Procs: 8, Config: "goos: linux\npkg: a\n"}, Ops: 1000, Metrics: map[string]float64{"sec/op": 12.5e-9, "B/op": 0}},
		{ID: ID{Impl: "Set", Procs: 1, Config: "goos: linux\npkg: b\n"}, Ops: 5, Metrics: map[string]float64{"sec/op": 3e-9}},
		{ID: ID{Impl: "Set", Procs: 1, Config: "goos: plan9\npkg: b\n"}, Ops: 5, Metrics: map[string]float64{"sec/op": 3e-9}},
	}
	if diff := cmp.Diff(want, cells, cmp.Comparer(func(a, b float64) bool { return a-b < 1e-18 && b-a < 1e-18 })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, name := range []string{"Get/size=10-8", "Set", "Set"} {
		if got := cells[i].Name(); got != name {
			t.Errorf("name %q; want %q", got, name)
		}
	}
	if len(warnings) != 0 {
		t.Errorf("warnings %q; want none", warnings)
	}
}

// TestGoTestOutput reads the output of go test -v -bench. Some benchmarks have names like ours.
func TestGoTestOutput(t *testing.T) {
	const text = `=== RUN   TestX
    x_test.go:3: hello
        and a second line
--- PASS: TestX (0.00s)
=== RUN   TestSub
=== RUN   TestSub/one
--- PASS: TestSub (0.00s)
    --- SKIP: TestSub/one (0.00s)
goos: linux
pkg: a
BenchmarkSkipped
    x_test.go:7: not here
--- SKIP: BenchmarkSkipped
BenchmarkMap
BenchmarkMap/size-10
BenchmarkMap/size-10-8         	      20	        12.55 ns/op
BenchmarkMap/size-1         	      20	        12.55 ns/op
BenchmarkLatency-8         	      20	        12.55 ns/op	3 p99-ns
--- BENCH: BenchmarkLatency-8
    x_test.go:8: some log
        second line
PASS
ok  	a	1.2s
`
	path := filepath.Join(t.TempDir(), "v.txt")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	cells, warnings, err := ReadCells(path)
	if err != nil || len(warnings) != 0 || len(cells) != 3 || cells[0].Name() != "Map/size-10-8" || cells[1].Name() != "Map/size-1" || cells[2].Name() != "Latency-8" {
		t.Errorf("%+v, %q, %v", cells, warnings, err)
	}
	for _, failure := range []string{"--- FAIL: TestX (0.00s)", "    --- FAIL: TestSub/one (0.00s)", "FAIL", "panic: no\n\ngoroutine 1 [running]:"} {
		if err := os.WriteFile(path, []byte(strings.Replace(text, "PASS\nok", failure+"\nok", 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ReadCells(path); err == nil {
			t.Errorf("%q is read without an error", failure)
		}
	}
}

// TestOddLines: other output of a program among its results is skipped with a warning, and a result
// that it tears apart is joined. In a file with a cell of ours it is damage.
func TestOddLines(t *testing.T) {
	const (
		loud   = "2026/11/25 10:00:00 loud\nBenchmarkA-2   \t2026/11/25 10:00:01 louder\n 1000\t 123 ns/op\n"
		others = "BenchmarkB-2 1000 123 ns/op\n"
	)
	ours := "Benchmark" + testCells(1)[0].Name() + " 1 5 ops/s\n"
	path := filepath.Join(t.TempDir(), "odd.txt")
	for text, want := range map[string]string{
		loud + others:                            "",
		others + loud:                            "",
		loud:                                     "",
		others + loud + ours:                     `:2: "2026/11/25 10:00:00 loud" is not a line`,
		others + loud + "--- FAIL: BenchmarkC\n": `:5: "--- FAIL: BenchmarkC": the program failed`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		cells, warnings, err := ReadCells(path)
		switch {
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %q", text, err, want)
		case want == "" && (err != nil || len(cells) != strings.Count(text, "ns/op") || len(warnings) != 1 || !strings.HasPrefix(string(warnings[0]), "passed over: ")):
			t.Errorf("%q: %d cells, warnings %q, %v", text, len(cells), warnings, err)
		}
	}
}

// TestBenchstat runs benchstat. It prints a table for each unit, with every map as a column, and
// no other table or warning.
func TestBenchstat(t *testing.T) {
	if testing.Short() {
		t.Skip("builds benchstat")
	}
	dir := writeRun(t, testCells(6))
	cmd := exec.Command("go", "tool", "benchstat", "-col", "/impl", filepath.Join(dir, cellsFile))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("benchstat: %v\n%s", err, stderr.String())
	}
	golden(t, "benchstat.txt", out)
}
