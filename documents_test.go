package doublebuf

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repository is what documents may refer to.
type repository struct {
	declared map[string]bool     // names of tests, benchmarks, fuzz tests and examples
	exported map[string][]string // exported names of each package, by the package's last folder
	examples []string            // texts of files example_test.go, without indentation
}

var generated = []string{"results/reference", "plots/reference", "testdata", "evidence"}

// documents returns the Markdown files that people write.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	walk(t, func(path string) {
		if filepath.Ext(path) == ".md" && !slices.ContainsFunc(generated, func(g string) bool { return strings.Contains(path, g) }) {
			all = append(all, path)
		}
	})
	if len(all) < 5 {
		t.Fatalf("only %d documents are found: %v", len(all), all)
	}
	return all
}

// walk calls visit for every file of the repository, with its path from the root.
func walk(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") && path != "." && entry.Name() != ".ci"
			measured := filepath.Dir(path) == "results" || filepath.Dir(path) == "plots"
			if hidden || measured && entry.Name() != "reference" && entry.Name() != "testdata" {
				return fs.SkipDir // a run of somebody's own
			}
			return nil
		}
		visit(path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readRepository(t *testing.T) repository {
	t.Helper()
	r := repository{declared: map[string]bool{}, exported: map[string][]string{}}
	walk(t, func(path string) {
		if filepath.Ext(path) != ".go" || strings.Contains(path, "testdata") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		test := strings.HasSuffix(path, "_test.go")
		folder := filepath.Base(filepath.Dir(path))
		for _, name := range topLevelNames(file) {
			if test {
				r.declared[name] = true
			} else if ast.IsExported(name) {
				r.exported[folder] = append(r.exported[folder], name)
			}
		}
		if strings.HasSuffix(path, "example_test.go") {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r.examples = append(r.examples, withoutIndentation(string(text)))
		}
	})
	return r
}

// topLevelNames returns the names that a file declares, methods and fields left out.
func topLevelNames(file *ast.File) (names []string) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

func withoutIndentation(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

var (
	link     = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	testName = regexp.MustCompile(`\b(Test|Benchmark|Fuzz|Example)[A-Z]\w*`)
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	ourPath  = regexp.MustCompile(`^(impl|baselines|workloads|lincheck|results|stats|plots|cmd|tools|\.ci)/[\w./-]+$`)
	ourName  = regexp.MustCompile(`^([a-z]+)\.([A-Z]\w*)`)
)

// deadReferences returns what a document refers to that does not exist: files behind relative
// links, files and folders in code spans, tests, and exported names of our packages. A name of a
// test may be the beginning of one, as in go test -run.
func deadReferences(r repository, path, text string) (dead []string) {
	exists := func(name string) bool {
		_, err := os.Stat(filepath.FromSlash(name))
		return err == nil
	}
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(m[1], "://") && !exists(filepath.Join(filepath.Dir(path), m[1])) {
			dead = append(dead, m[1])
		}
	}
	for _, name := range testName.FindAllString(text, -1) {
		begins := func(have string) bool { return strings.HasPrefix(have, name) }
		if !slices.ContainsFunc(keys(r.declared), begins) {
			dead = append(dead, name)
		}
	}
	for _, m := range codeSpan.FindAllStringSubmatch(text, -1) {
		span := strings.TrimSuffix(strings.TrimPrefix(m[1], "./"), "/...")
		if ourPath.MatchString(span) && !exists(span) && !exists(filepath.Join(filepath.Dir(path), span)) {
			dead = append(dead, m[1])
		}
		if n := ourName.FindStringSubmatch(m[1]); n != nil {
			if names, ours := r.exported[n[1]]; ours && !slices.Contains(names, n[2]) {
				dead = append(dead, m[1])
			}
		}
	}
	return dead
}

func keys(m map[string]bool) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

func TestDocumentsHaveNoDeadReferences(t *testing.T) {
	r := readRepository(t)
	for _, path := range documents(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, dead := range deadReferences(r, path, string(text)) {
			t.Errorf("%s refers to %s, which does not exist", path, dead)
		}
	}
}

// TestDeadReferencesAreFound plants the faults that the test above is for.
func TestDeadReferencesAreFound(t *testing.T) {
	r := readRepository(t)
	for _, text := range []string{
		"see [there](no/such/file.md)",
		"`go test -run TestNoSuchThing ./impl/...` shows it",
		"the file `impl/nothing.go`",
		"call `hashmap.NewNothing`",
	} {
		if len(deadReferences(r, "README.md", text)) != 1 {
			t.Errorf("no dead reference is found in %q", text)
		}
	}
	right := "see [the glossary](GLOSSARY.md), `go test -run TestArrows .`, `impl/hashmap`, and `hashmap.New`"
	if dead := deadReferences(r, "README.md", right); len(dead) > 0 {
		t.Errorf("%v are said not to exist", dead)
	}
}

// goBlocks returns the fenced blocks of Go code in a document.
func goBlocks(text string) (blocks []string) {
	for i, part := range strings.Split("\n"+text, "\n```") {
		if code, ok := strings.CutPrefix(part, "go\n"); ok && i%2 == 1 {
			blocks = append(blocks, code)
		}
	}
	return blocks
}

// TestCodeInDocumentsIsTested holds that each block of Go code in a document is tested: it is
// part of an example of go test, or a whole file, which TestREADMEAddsAMap builds and runs.
func TestCodeInDocumentsIsTested(t *testing.T) {
	r := readRepository(t)
	blocks := 0
	for _, path := range documents(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range goBlocks(string(text)) {
			blocks++
			if strings.HasPrefix(code, "package main\n") {
				if path != "baselines/README.md" {
					t.Errorf("%s: no test builds this file:\n%s", path, code)
				}
				continue
			}
			if !isExample(r, code) {
				t.Errorf("%s: this code is part of no file example_test.go:\n%s", path, code)
			}
		}
	}
	if blocks == 0 {
		t.Error("no document has any Go code")
	}
	if isExample(r, "x := noSuchThing()\n") {
		t.Error("code that is in no example is taken for tested")
	}
}

func isExample(r repository, code string) bool {
	code = withoutIndentation(strings.TrimSpace(code))
	return slices.ContainsFunc(r.examples, func(text string) bool { return strings.Contains(text, code) })
}
