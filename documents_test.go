package doublebuf

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"doublebuf/cmd/runbench/app"
	"doublebuf/impl/strategy"
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

// eachDocument calls visit with the path and the text of each document.
func eachDocument(t *testing.T, visit func(path, text string)) {
	t.Helper()
	for _, path := range documents(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		visit(path, string(text))
	}
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
				return fs.SkipDir // a run that is not part of the repository
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
	link       = regexp.MustCompile(`\]\(([^)#\s]*)(#[^)\s]+)?[^)]*\)`)
	heading    = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	command    = regexp.MustCompile(`(?m)(?:\./|^runbench |\brun (?:-tags explore )?\./cmd/)runbench +(\w+)([^#\n` + "`" + `]*)`)
	flagName   = regexp.MustCompile(`(?:^| )-([a-z][a-z-]*)`)
	goPath     = regexp.MustCompile(`(?m)\bgo (?:test|run|build|vet|doc)\b[^\n` + "`" + `#]*`)
	ourPackage = regexp.MustCompile(`(?:^| )\./([\w/-]+)`)
	testName   = regexp.MustCompile(`\b(Test|Benchmark|Fuzz|Example)[A-Z]\w*`)
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	ourPath    = regexp.MustCompile(`^(impl|baselines|workloads|lincheck|results|analysis|plots|cmd|tools|\.ci)/[\w./-]+$`)
	ourName    = regexp.MustCompile(`^([a-z]+)\.([A-Z]\w*)`)
)

// deadReferences returns what a document refers to that does not exist: files and headings behind
// relative links, files and folders in code spans, packages in go commands, commands of runbench
// and their flags, tests, and exported names of our packages. A name of a test may be the beginning
// of one, as in go test -run.
func deadReferences(r repository, path, text string) (dead []string) {
	exists := func(name string) bool {
		_, err := os.Stat(filepath.FromSlash(name))
		return err == nil
	}
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		target := filepath.Join(filepath.Dir(path), m[1])
		switch {
		case strings.Contains(m[1], "://"):
		case m[1] != "" && !exists(target):
			dead = append(dead, m[1])
		case m[2] != "" && m[1] == "" && !hasHeading(text, m[2]), m[2] != "" && m[1] != "" && !hasHeading(readText(target), m[2]):
			dead = append(dead, m[1]+m[2])
		}
	}
	for _, line := range goPath.FindAllString(text, -1) {
		for _, m := range ourPackage.FindAllStringSubmatch(line, -1) {
			if !exists(strings.TrimSuffix(m[1], "/")) {
				dead = append(dead, "./"+m[1])
			}
		}
	}
	dead = append(dead, deadCommands(text)...)
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

func readText(path string) string {
	text, _ := os.ReadFile(path) // a file that cannot be read has no headings
	return string(text)
}

// hasHeading reports whether a document has a heading with the given anchor, formed as on GitHub.
func hasHeading(text, anchor string) bool {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		if "#"+name == anchor {
			return true
		}
	}
	return false
}

// deadCommands returns the commands of runbench in a document that do not exist, and the flags that
// their command does not have.
func deadCommands(text string) (dead []string) {
	for _, m := range command.FindAllStringSubmatch(text, -1) {
		if m[1] == "help" {
			continue
		}
		var help strings.Builder
		if app.Main([]string{m[1], "-help"}, &help, io.Discard) != app.ExitOK {
			dead = append(dead, "runbench "+m[1])
			continue
		}
		for _, f := range flagName.FindAllStringSubmatch(m[2], -1) {
			if !strings.Contains(help.String(), "\n  -"+f[1]+" ") {
				dead = append(dead, "runbench "+m[1]+" -"+f[1])
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
	eachDocument(t, func(path, text string) {
		for _, dead := range deadReferences(r, path, text) {
			t.Errorf("%s refers to %s, which does not exist", path, dead)
		}
	})
}

// TestDeadReferencesAreFound plants the faults that the test above is for.
func TestDeadReferencesAreFound(t *testing.T) {
	r := readRepository(t)
	for _, text := range []string{
		"see [there](no/such/file.md)",
		"`go test -run TestNoSuchThing ./impl/...` shows it",
		"the file `impl/nothing.go`",
		"call `hashmap.NewNothing`",
		"see [below](#no-such-heading)",
		"see [words](GLOSSARY.md#no-such-heading)",
		"    go test ./no/such/package",
		"    ./runbench nothing",
		"    ./runbench run -nosuchflag 3",
		"    go run -tags explore ./cmd/runbench explore -nosuchflag",
	} {
		if len(deadReferences(r, "README.md", text)) != 1 {
			t.Errorf("no dead reference is found in %q", text)
		}
	}
	right := "see [the glossary](GLOSSARY.md), `go test -run TestArrows .`, `impl/hashmap`, " +
		"`hashmap.New`, [words](GLOSSARY.md#names-of-methods), and `go run ./cmd/runbench run -reps 3`"
	if dead := deadReferences(r, "README.md", right); len(dead) > 0 {
		t.Errorf("%v are said not to exist", dead)
	}
}

// wide returns the numbers of the lines of a Markdown text that are longer than 100 characters. It
// allows lines that cannot be wrapped: those of tables, of blocks, of comments, and with an image.
func wide(text string) (numbers []int) {
	fence, comment, code, blank := false, false, false, true
	for i, line := range strings.Split(text, "\n") {
		indented := strings.HasPrefix(line, "    ")
		code = line != "" && indented && (code || blank)
		blank = line == ""
		starts := strings.HasPrefix(line, "<!--")
		switch {
		case strings.HasPrefix(line, "```"):
			fence = !fence
		case starts || comment:
			comment = !strings.Contains(line, "-->")
		case fence || code || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "!["):
		case utf8.RuneCountInString(line) > 100:
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

func TestDocumentsAreWrapped(t *testing.T) {
	eachDocument(t, func(path, text string) {
		if strings.HasSuffix(path, "matrix.md") {
			return // is generated
		}
		for _, n := range wide(text) {
			t.Errorf("%s:%d: the line is longer than 100 characters", path, n)
		}
	})
}

// TestWideLinesAreFound plants the fault that the test above is for, and what it allows.
func TestWideLinesAreFound(t *testing.T) {
	long := strings.Repeat("word ", 21)
	for text, want := range map[string]int{
		long:                              1,
		"* " + long + "\n" + long:         2,
		"first\n    " + long:              1, // goes on with a paragraph
		"| " + long:                       0,
		"first\n\n    " + long:            0,
		"```go\n" + long + "\n```\n":      0,
		"```go\n" + "\n```\n" + long:      1,
		"<!-- " + long + "-->\n" + long:   1,
		"<!--\n" + long + "\n-->\n" + "a": 0,
	} {
		if n := len(wide(text)); n != want {
			t.Errorf("%d wide lines in %q, want %d", n, text, want)
		}
	}
}

// tabWidth is the number of columns of a tab at the beginning of a line.
const tabWidth = 4

// tooWide returns the comment lines of a file that are wider than 100 columns, each with its
// number. A line without a space to break at may be wider, and so may a directive and the output of
// an example.
func tooWide(text string) (lines []string) {
	scanner := bufio.NewScanner(strings.NewReader(text))
	output := false
	for n := 1; scanner.Scan(); n++ {
		line := scanner.Text()
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "// ")
		output = ok && (output || comment == "Output:")
		width := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", strings.Repeat(" ", tabWidth)))
		if ok && !output && width > 100 && strings.Contains(comment, " ") {
			lines = append(lines, fmt.Sprintf("%d: %d columns", n, width))
		}
	}
	return lines
}

func TestCommentsWrapAt100Columns(t *testing.T) {
	walk(t, func(path string) {
		if filepath.Ext(path) != ".go" {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range tooWide(string(text)) {
			t.Errorf("%s:%s; want at most 100", path, line)
		}
	})
	if len(tooWide("\t// "+strings.Repeat("word ", 20)+"\n")) != 1 {
		t.Error("a comment of 104 columns is not found")
	}
}

// strategiesWithout returns the strategies that have no row in a table: no line of text has their
// name between before and after.
func strategiesWithout(text, before, after string) (missing []string) {
	for _, k := range strategy.All() {
		row := regexp.MustCompile(`(?mi)^` + regexp.QuoteMeta(before) + k.Name + regexp.QuoteMeta(after))
		if !row.MatchString(text) {
			missing = append(missing, k.Name)
		}
	}
	return missing
}

// TestEveryStrategyIsDescribed: the tables from which readers choose a strategy have all of them.
func TestEveryStrategyIsDescribed(t *testing.T) {
	for path, row := range map[string][2]string{
		"impl/strategy/strategy.go": {"//\t", " "},
		"ALGORITHM.md":              {"| [", "]"},
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if missing := strategiesWithout(string(text), row[0], row[1]); len(missing) > 0 {
			t.Errorf("%s: its table of strategies lacks %v", path, missing)
		}
		without := strings.ReplaceAll(strings.ReplaceAll(string(text), row[0]+"Counted", ""), row[0]+"counted", "")
		if missing := strategiesWithout(without, row[0], row[1]); !slices.Equal(missing, []string{"counted"}) {
			t.Errorf("%s without counted: it lacks %v", path, missing)
		}
	}
}
