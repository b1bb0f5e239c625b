package doublebuf

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The ways in which documents name what shows a claim, on one line each.
var (
	testsIn  = regexp.MustCompile("((?:`(?:Test|Fuzz)\\w+`(?: \\([^)]*\\))?(?:,? and |, )?)+) in `([\\w/]+)`")
	programs = regexp.MustCompile("programs? ((?:`[^`]+`(?:,? and |, )?)+)")
	mutants  = regexp.MustCompile(`[Mm]utants? ((?:\d+(?:,? and |, )?)+)`)
	spans    = regexp.MustCompile("`([^`]+)`")
)

// missingEvidence returns what a text names as evidence that does not exist: tests that are not in
// the package that it names, programs that the explorer does not have, and mutants without a patch.
func missingEvidence(t *testing.T, text string) (missing []string) {
	t.Helper()
	text = strings.Join(strings.Fields(text), " ")
	for _, m := range testsIn.FindAllStringSubmatch(text, -1) {
		declared := sources(t, m[2], "*_test.go")
		for _, name := range spans.FindAllStringSubmatch(m[1], -1) {
			if !strings.Contains(declared, "\nfunc "+name[1]+"(") {
				missing = append(missing, name[1]+" in "+m[2])
			}
		}
	}
	known := sources(t, "lincheck/explore/programs", "*.go")
	for _, m := range programs.FindAllStringSubmatch(text, -1) {
		for _, name := range spans.FindAllStringSubmatch(m[1], -1) {
			if !strings.Contains(known, `"`+name[1]+`"`) {
				missing = append(missing, "the program "+name[1])
			}
		}
	}
	for _, m := range mutants.FindAllStringSubmatch(text, -1) {
		for _, number := range regexp.MustCompile(`\d+`).FindAllString(m[1], -1) {
			patches, err := filepath.Glob(fmt.Sprintf("lincheck/mutants/testdata/%02s-*.patch", number))
			if err != nil {
				t.Fatal(err)
			}
			if len(patches) == 0 {
				missing = append(missing, "mutant "+number)
			}
		}
	}
	return missing
}

// sources returns the text of the files of a package whose names match a pattern.
func sources(t *testing.T, folder, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func TestDocumentsNameTheirEvidence(t *testing.T) {
	tests, explored := 0, 0
	eachDocument(t, func(path, text string) {
		for _, missing := range missingEvidence(t, text) {
			t.Errorf("%s names as evidence %s, which does not exist", path, missing)
		}
		flat := strings.Join(strings.Fields(text), " ")
		tests += len(testsIn.FindAllString(flat, -1))
		explored += len(programs.FindAllString(flat, -1))
	})
	if tests < 30 || explored < 10 {
		t.Errorf("only %d places that name tests and %d that name programs are found", tests, explored)
	}
}

// TestMissingEvidenceIsFound plants the faults that the test above is for.
func TestMissingEvidenceIsFound(t *testing.T) {
	for text, want := range map[string]int{
		"`TestDetach` in `impl/strategy`":                            0,
		"`TestDetach` and `TestFlush` in\n`impl/strategy`":           1,
		"`TestDetach`, `TestNone` (steps) and `TestFlush` in `impl`": 3,
		"the program `nested guards`":                                0,
		"the programs `nested guards`, `no such\nguards` and `none`": 2,
		"Mutants 1, 999 and\n49, and mutant 998":                     2,
	} {
		if missing := missingEvidence(t, text); len(missing) != want {
			t.Errorf("in %q %v are missing, want %d", text, missing, want)
		}
	}
}

var fenced = regexp.MustCompile("(?s)(?:^|\n)```(go|text)\n(.*?)\n```")

// strangers are documents whose blocks of Go are whole programs, with the tests that build and
// run them.
var strangers = map[string]string{"baselines/README.md": "TestAddingAMap in cmd/runbench/app"}

// unproved returns the first lines of the blocks of a document that are not in a file
// example_test.go: blocks of Go stand there as code, and blocks of text as output.
func unproved(r repository, path, text string) (all []string) {
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		block := withoutIndentation(m[2])
		if m[1] == "go" && strangers[path] != "" {
			continue
		}
		if m[1] == "text" {
			block = "// " + strings.ReplaceAll(m[2], "\n", "\n// ")
		}
		inside := func(example string) bool { return strings.Contains(example, block) }
		if !slices.ContainsFunc(r.examples, inside) {
			first, _, _ := strings.Cut(m[2], "\n")
			all = append(all, first)
		}
	}
	return all
}

func TestBlocksOfDocumentsAreExamples(t *testing.T) {
	r := readRepository(t)
	eachDocument(t, func(path, text string) {
		for _, first := range unproved(r, path, text) {
			t.Errorf("%s: the block that begins with %q is in no file example_test.go", path, first)
		}
	})
}

// TestUnprovedBlocksAreFound plants the faults that the test above is for.
func TestUnprovedBlocksAreFound(t *testing.T) {
	r := readRepository(t)
	for block, want := range map[string]int{
		"```go\nw := hashmap.New[string, int]() // the writer, for one goroutine\n```": 0,
		"```go\nw := hashmap.NewMap[string, int]()\n```":                               1,
		"```text\nreplay sc:A1B2A1\n```":                                               0,
		"```text\nreplay sc:A1B2A2\n```":                                               1,
		"```sh\nanything\n```":                                                         0,
	} {
		if n := len(unproved(r, "README.md", "words\n\n"+block)); n != want {
			t.Errorf("%d blocks of %q are found unproved, want %d", n, block, want)
		}
	}
}
