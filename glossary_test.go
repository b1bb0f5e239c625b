package doublebuf

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// avoided is a row of the last table of GLOSSARY.md.
type avoided struct {
	word, instead string
	allowed       []string // packages in which the word has its meaning
}

// readGlossary returns the rows of the last table of GLOSSARY.md.
func readGlossary(t *testing.T) (rows []avoided) {
	t.Helper()
	text, err := os.ReadFile("GLOSSARY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\n## Words that exported names do not use\n")
	if !ok {
		t.Fatal("GLOSSARY.md has no section of words that exported names do not use")
	}
	for line := range strings.Lines(table) {
		columns := strings.Split(strings.TrimSpace(line), "|")
		if len(columns) != 5 || strings.Contains(line, "---") || strings.HasPrefix(line, "| word |") {
			continue
		}
		row := avoided{word: strings.TrimSpace(columns[1]), instead: strings.TrimSpace(columns[2])}
		for _, m := range codeSpan.FindAllStringSubmatch(columns[3], -1) {
			row.allowed = append(row.allowed, m[1])
		}
		rows = append(rows, row)
	}
	if len(rows) < 10 {
		t.Fatalf("the last table of GLOSSARY.md has %d rows; want 10 or more", len(rows))
	}
	return rows
}

var namePart = regexp.MustCompile(`[A-Z]+[a-z0-9]*`)

// avoidedIn returns the row that a name of a package violates, if there is one.
func avoidedIn(rows []avoided, pkg, name string) (avoided, bool) {
	for _, part := range namePart.FindAllString(name, -1) {
		for _, row := range rows {
			if (part == row.word || part == row.word+"s") && !slices.Contains(row.allowed, pkg) {
				return row, true
			}
		}
	}
	return avoided{}, false
}

// exportedNames returns the exported names that a file declares, methods and fields among them.
func exportedNames(file *ast.File) (names []string) {
	add := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if id.IsExported() {
				names = append(names, id.Name)
			}
		}
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			add(f.Name)
		}
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		ast.Inspect(g, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				add(n.Name)
			case *ast.ValueSpec:
				add(n.Names...)
			case *ast.Field:
				add(n.Names...)
			}
			return true
		})
	}
	return names
}

func TestGlossary(t *testing.T) {
	rows := readGlossary(t)
	walk(t, func(path string) {
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range exportedNames(file) {
			if row, bad := avoidedIn(rows, file.Name.Name, name); bad {
				t.Errorf("%s: the name %s has the word %s; GLOSSARY.md says: use %s", path, name, row.word, row.instead)
			}
		}
	})
}

// TestGlossaryFindsAvoidedWords plants the faults that TestGlossary is for.
func TestGlossaryFindsAvoidedWords(t *testing.T) {
	rows := readGlossary(t)
	for _, name := range []string{"LeafOf", "TryMark", "Margins", "SittingLength"} {
		if _, bad := avoidedIn(rows, "hashmap", name); !bad {
			t.Errorf("%s is taken for a good name", name)
		}
	}
	for _, name := range []string{"Market", "NewReadHandle", "Summary"} {
		if row, bad := avoidedIn(rows, "hashmap", name); bad {
			t.Errorf("%s is refused for the word %s", name, row.word)
		}
	}
	if _, bad := avoidedIn(rows, "results", "Outcome"); bad {
		t.Error("Outcome is refused in package results, which is allowed to use it")
	}
}
