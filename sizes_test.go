package doublebuf

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	maxFunction = 60  // lines, from its first to its last
	maxFile     = 450 // lines
)

// tooLong returns the functions of a file that are too long, and the file itself if it is.
func tooLong(path string, text []byte) (found []string, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			if n := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; n > maxFunction {
				found = append(found, fmt.Sprintf("%s has %d lines; want at most %d", f.Name.Name, n, maxFunction))
			}
		}
	}
	if n := strings.Count(string(text), "\n"); n > maxFile {
		found = append(found, fmt.Sprintf("the file has %d lines; want at most %d", n, maxFile))
	}
	return found, nil
}

// TestSizes holds that no function and no file is too long to be read at once. Tests and generated
// files may be.
func TestSizes(t *testing.T) {
	walk(t, func(path string) {
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(text), "// Code generated ") {
			return
		}
		found, err := tooLong(path, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range found {
			t.Errorf("%s: %s", path, what)
		}
	})
}

// TestSizesFindsWhatIsTooLong plants the faults that TestSizes is for.
func TestSizesFindsWhatIsTooLong(t *testing.T) {
	for lines, want := range map[int]int{58: 0, 59: 1, 500: 2} {
		text := "package p\n\nfunc f() {\n" + strings.Repeat("\tf()\n", lines) + "}\n"
		found, err := tooLong("planted.go", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != want {
			t.Errorf("a function with %d lines in it: %v; want %d findings", lines, found, want)
		}
	}
}
