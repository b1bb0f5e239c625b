package results

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

const goTestText = "goos: linux\npkg: a\nBenchmarkFoo-4   \t 1000000\t        20.00 ns/op\nBenchmarkFoo-4   \t 1000000\t        21.00 ns/op\nPASS\n"

func inUTF16(text string, order binary.AppendByteOrder) string {
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

func zipped(t *testing.T, text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// asJSON is what go test -json makes of text. An event ends after a tab, too. Lines of another
// package stand between.
func asJSON(t *testing.T, text string) string {
	var out strings.Builder
	for _, part := range strings.SplitAfter(strings.ReplaceAll(text, "\t", "\t\x00"), "\n") {
		for _, piece := range strings.Split(part, "\x00") {
			line, err := json.Marshal(map[string]string{"Action": "output", "Package": "a", "Output": piece})
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(string(line) + "\n" + `{"Action":"output","Package":"b","Output":"Hello\n"}` + "\n")
		}
	}
	return out.String()
}

// TestEncodings reads the same two repetitions from what go test, PowerShell, gzip and editors make
// of a file.
func TestEncodings(t *testing.T) {
	windows := strings.ReplaceAll(goTestText, "\n", "\r\n")
	for name, text := range map[string]string{
		"plain":                 goTestText,
		"CRLF":                  windows,
		"a byte-order mark":     "\ufeff" + goTestText[strings.Index(goTestText, "Benchmark"):],
		"UTF-16, little endian": inUTF16(windows, binary.LittleEndian),
		"UTF-16, big endian":    inUTF16(goTestText, binary.BigEndian),
		"gzip":                  zipped(t, goTestText),
		"go test -json":         asJSON(t, goTestText),
		"gzip of it, in CRLF":   zipped(t, strings.ReplaceAll(asJSON(t, goTestText), "\n", "\r\n")),
		"no newline at the end": strings.TrimSuffix(goTestText, "\nPASS\n"),
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		set, _, err := Open(path)
		if err != nil || len(set.Cells) != 2 || set.Cells[0].Name() != "Foo-4" || len(set.Lost) > 0 {
			t.Errorf("%s: %+v, %v; want two cells Foo-4", name, set, err)
		}
	}
}

// TestJoinedAndLost reads files in which other output tears results apart. No repetition may be
// lost without a word.
func TestJoinedAndLost(t *testing.T) {
	const fine = "BenchmarkB-4 10 5 ns/op\n"
	for _, c := range []struct {
		text  string
		cells int
		lost  string // the beginning of the reason; "" if nothing is lost
	}{
		{"BenchmarkA-4   \t2026/01/01 loud\n 100\t 20 ns/op\t 5 B/op\n", 2, ""},
		{"BenchmarkA-4   \t2026/01/01 loud\nlouder 5\n 100\t 20 ns/op\n", 2, ""},
		{"BenchmarkA-4   \tdone 17 of 20...     100\t        20.00 ns/op\n", 2, ""},
		{"BenchmarkA\nBenchmarkA-4   \t\n     100\t        20.00 ns/op\n", 2, ""},
		{"BenchmarkA-4   \t2026/01/01 loud\n", 1, `F:1: parsing iteration count`},
		{"BenchmarkA-4   \t\n", 1, `F:1: "BenchmarkA-4   \t": a name without its result`},
		{" 100\t 20 ns/op\n", 1, `F:1: " 100\t 20 ns/op": a result without its name`},
		{"BenchmarkA-4\n", 1, `F: BenchmarkA-4 has a name and no result`},
		{"BenchmarkA\n--- SKIP: BenchmarkA\n", 1, ""},
		{"BenchmarkA\nBenchmarkA/b\nBenchmarkA/b-4 10 5 ns/op\n", 2, ""},
		{"some textBenchmarkA-4 10 5 ns/op\n", 1, `F:1: "some textBenchmarkA-4 10 5 ns/op": a result within another line`},
		{"note: BenchmarkA-4 10 5 ns/op\n", 1, `F:1: "note: BenchmarkA-4 10 5 ns/op": a result within another line`},
		{"# BenchmarkA-4 10 5 ns/op\n", 1, ""},
		{"    BenchmarkA-4 10 5 ns/op\n", 2, ""},
		{"BenchmarkA-4 10 5 ns/op BenchmarkA-4 10 5 ns/op\n", 1, "F:1: parsing measurement"},
		{"Benchmarking is fun, 10 times\n", 1, ""},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(c.text+fine), 0o666); err != nil {
			t.Fatal(err)
		}
		set, _, err := Open(path)
		if err != nil {
			t.Fatalf("%q: %v", c.text, err)
		}
		lost := strings.ReplaceAll(strings.Join(set.Lost, "\n"), path, "F")
		if len(set.Cells) != c.cells || !strings.HasPrefix(lost, c.lost) || (lost == "") != (c.lost == "") {
			t.Errorf("%q: %d cells, lost %q; want %d and %q", c.text, len(set.Cells), lost, c.cells, c.lost)
		}
	}
}

// TestOddValues: a zero has the unit of other values. A benchmark of another program may report any
// number.
func TestOddValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("BenchmarkA 1 0 ns/op 0.00 p99-ns 0 MB/s -3 delta NaN x\nBenchmarkMap/impl=a/n=3 1 5 ns/op 3 hits/s\nBenchmarkB.twin 1 5 ns/op\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	set, _, err := Open(path)
	if err != nil || len(set.Cells) != 3 {
		t.Fatalf("%+v, %v", set, err)
	}
	for _, unit := range []string{"sec/op", "p99-sec", "B/s", "delta", "x"} {
		if _, ok := set.Cells[0].Metrics[unit]; !ok {
			t.Errorf("no %s in %v", unit, set.Cells[0].Metrics)
		}
	}
	if c := set.Cells[1]; !c.Foreign() || c.Name() != "Map/impl=a/n=3" {
		t.Errorf("%+v is taken for a cell of ours", c)
	}
	if len(set.Assumed) != 1 || set.Assumed[0] != "hits/s" || set.Better["hits/s"] != "higher" {
		t.Errorf("assumed %q, better %v", set.Assumed, set.Better)
	}
}

// TestConfigOfOthers: what differs in a file's configuration is another benchmark.
func TestConfigOfOthers(t *testing.T) {
	c := Config("").With("pkg", "p").With("goos", "linux").With("toolchain", "go1")
	if c != "goos: linux\npkg: p\ntoolchain: go1\n" || c.With("pkg", "q").Get("pkg") != "q" || c.With("pkg", "").Get("pkg") != "" {
		t.Errorf("%q", c)
	}
	s := &Set{Cells: []Cell{{ID: ID{Config: c}}}}
	if !s.Ignore("toolchain") || s.Ignore("other") || s.Cells[0].Config != "goos: linux\npkg: p\n" {
		t.Errorf("%q", s.Cells[0].Config)
	}
}

// TestNoText: what is no text of lines ends soon, in one sentence.
func TestNoText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bomb.gz")
	if err := os.WriteFile(path, []byte(zipped(t, strings.Repeat("x", 1<<20))), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(path); err == nil || !strings.Contains(err.Error(), "a line of more than") {
		t.Errorf("a long line: %v", err)
	}
}
