package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// gateFiles are valid files. Each is compared with a mutation of it. Nothing in them differs, so
// that the gate is open if nothing is lost.
func gateFiles() []string {
	const config = "goos: linux\ngoarch: amd64\npkg: p\ncpu: X\n"
	var repeated, loud, events strings.Builder
	repeated.WriteString(config)
	loud.WriteString("=== RUN   TestX\n--- PASS: TestX (0.00s)\n" + config)
	for _, name := range []string{"Get/size=10-4", "Set-4", "Map/impl=a/n=1-4"} {
		for range 8 {
			fmt.Fprintf(&repeated, "Benchmark%s \t     100\t        20.00 ns/op\n", name)
		}
		for range 4 {
			fmt.Fprintf(&loud, "Benchmark%s\nBenchmark%s \t2026/01/01 10:00:00 loud\n     100\t        20.00 ns/op\n", strings.TrimSuffix(name, "-4"), name)
			for _, output := range []string{fmt.Sprintf("Benchmark%s \t", name), "     100\t        20.00 ns/op\n"} {
				line, err := json.Marshal(map[string]string{"Action": "output", "Package": "p", "Output": output})
				if err != nil {
					panic(err) // of a map of strings
				}
				events.Write(append(line, '\n'))
			}
		}
	}
	return []string{repeated.String() + "PASS\nok  \tp\t1.2s\n", loud.String() + "PASS\n", events.String()}
}

var benchmarkName = regexp.MustCompile(`Benchmark([A-Z][\w/=]*-4)\b`)

// namesIn returns the names of the benchmarks in a text.
func namesIn(text []byte) (names []string) {
	for _, m := range benchmarkName.FindAllSubmatch(text, -1) {
		if name := string(m[1]); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// checkGate compares a file with a mutation of it, as the old or the new file. The gate must not be
// open if a benchmark that both have is missing from the table.
func checkGate(t *testing.T, file, mutation []byte, isOld bool) {
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
	for i, text := range [][]byte{file, mutation} {
		if err := os.WriteFile(paths[i], text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if isOld {
		slices.Reverse(paths)
	}
	var out, errs bytes.Buffer
	if code := Main([]string{"compare", "-gate", "-format", "json", paths[0], paths[1]}, &out, &errs); code != ExitOK {
		return
	}
	var table struct {
		Tables []struct{ Rows []struct{ Cell string } }
	}
	if err := json.Unmarshal(out.Bytes(), &table); err != nil {
		t.Fatal(err)
	}
	inTable := func(name string) bool {
		for _, t := range table.Tables {
			for _, r := range t.Rows {
				if cell, _, _ := strings.Cut(r.Cell, " "); cell == name || strings.HasSuffix(cell, "."+name) {
					return true
				}
			}
		}
		return false
	}
	of := namesIn(mutation)
	for _, name := range namesIn(file) {
		if slices.Contains(of, name) && !inTable(name) {
			t.Fatalf("old %v: exit 0, and %s is missing\nmutation:\n%s\nstderr:\n%s\nstdout:\n%s", isOld, name, mutation, errs.String(), out.String())
		}
	}
}

// mutate changes a text in a few places: bytes, and whole lines.
func mutate(r *rand.Rand, text []byte) []byte {
	text = slices.Clone(text)
	const alphabet = "\n\n\n\t  \r:-/#=x0.B\x00{}\""
	for range 1 + r.IntN(2) {
		i := r.IntN(len(text))
		to := min(len(text), i+r.IntN(30))
		switch r.IntN(6) {
		case 0:
			text[i] = alphabet[r.IntN(len(alphabet))]
		case 1:
			text = slices.Delete(text, i, i+1)
		case 2:
			text = slices.Insert(text, i, alphabet[r.IntN(len(alphabet))])
		case 3:
			text = slices.Delete(text, i, to)
		case 4: // the end of a line
			if n := bytes.IndexByte(text[i:], '\n'); n >= 0 {
				text = slices.Delete(text, i+n, i+n+1)
			}
		case 5: // the same damage to all lines of a benchmark
			from, end := bytes.LastIndexByte(text[:i], '\n')+1, i
			if n := bytes.IndexByte(text[i:], '\n'); n >= 0 {
				end = i + n
			}
			line := slices.Clone(text[from:end])
			if at := r.IntN(len(line) + 1); len(line) > 0 {
				damaged := slices.Concat(line[:at], []byte{alphabet[r.IntN(len(alphabet))]}, line[min(len(line), at+r.IntN(12)):])
				text = bytes.ReplaceAll(text, line, damaged)
			}
		}
		if len(text) == 0 {
			return []byte("\n")
		}
	}
	return text
}

// TestGateLosesNothing compares files with random mutations of them.
func TestGateLosesNothing(t *testing.T) {
	const seed = 20
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range 200 {
		for _, file := range gateFiles() {
			checkGate(t, []byte(file), mutate(r, []byte(file)), i%2 == 0)
		}
	}
}

// FuzzGate does the same with mutations of the fuzzer.
func FuzzGate(f *testing.F) {
	files := gateFiles()
	for i, file := range files {
		f.Add(uint8(i), []byte(file), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, i uint8, mutation []byte, isOld bool) {
		checkGate(t, []byte(files[int(i)%len(files)]), mutation, isOld)
	})
}
