package doublebuf

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
)

// byIdentity are the folders whose packages choose maps by kv.Identity.
var byIdentity = []string{"analysis", "plots", "results", "cmd"}

// partsOfNames returns what stands between the hyphens in the names of all maps: dbuf, epoch, b64.
func partsOfNames() map[string]bool {
	parts := map[string]bool{}
	for _, e := range baselines.All() {
		for _, part := range strings.Split(e.Name, "-") {
			parts[part] = true
		}
	}
	return parts
}

// namesTakenApart returns the places of a file that look for a part of a map's name: calls of
// package strings or regexp, and comparisons with a slice of a string, that have such a part. If
// strict it also returns all literals with the beginning of the names of double buffers; help texts
// and examples of commands may have them.
func namesTakenApart(set *token.FileSet, file *ast.File, parts map[string]bool, strict bool) (found []string) {
	report := func(n ast.Node) { found = append(found, set.Position(n.Pos()).String()) }
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if strict && strings.Contains(n.Value, kv.DoubleBuffer) {
				report(n)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && isPackage(f.X, "strings", "regexp") && slices.ContainsFunc(n.Args, partIn(parts)) {
				report(n)
			}
		case *ast.BinaryExpr:
			_, x := n.X.(*ast.SliceExpr)
			_, y := n.Y.(*ast.SliceExpr)
			if x && partIn(parts)(n.Y) || y && partIn(parts)(n.X) {
				report(n)
			}
		}
		return true
	})
	return found
}

func isPackage(x ast.Expr, names ...string) bool {
	id, ok := x.(*ast.Ident)
	return ok && slices.Contains(names, id.Name)
}

// partIn returns a function that reports whether an expression has a part of a name: a literal in
// it, or kv.DoubleBuffer.
func partIn(parts map[string]bool) func(ast.Expr) bool {
	return func(x ast.Expr) (has bool) {
		ast.Inspect(x, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				has = has || isPackage(n.X, "kv") && n.Sel.Name == "DoubleBuffer"
			case *ast.BasicLit:
				value, err := strconv.Unquote(n.Value)
				split := func(r rune) bool { return strings.ContainsRune(`-.^$()|\`, r) }
				has = has || err == nil && slices.ContainsFunc(strings.FieldsFunc(value, split), func(part string) bool { return parts[part] })
			}
			return true
		})
		return has
	}
}

// TestNoNamesTakenApart holds that no file of these packages chooses a map by a part of its name.
func TestNoNamesTakenApart(t *testing.T) {
	files, parts := 0, partsOfNames()
	walk(t, func(path string) {
		dir := filepath.ToSlash(filepath.Dir(path))
		top, _, _ := strings.Cut(dir, "/")
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || !slices.Contains(byIdentity, top) {
			return
		}
		files++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		strict := top != "cmd" || strings.HasSuffix(dir, "/plan") || strings.HasSuffix(dir, "/report")
		for _, place := range namesTakenApart(set, file, parts, strict) {
			t.Errorf("%s: want a choice by the fields of kv.Identity", place)
		}
	})
	if files < 100 {
		t.Errorf("%d files; want those of %v", files, byIdentity)
	}
}

// TestNamesTakenApartAreFound plants the faults that the test above is for.
func TestNamesTakenApartAreFound(t *testing.T) {
	parts := partsOfNames()
	for code, want := range map[string]int{
		`strings.HasPrefix(name, "` + kv.DoubleBuffer + `-")`:                 1,
		`strings.Contains(name, "-flat-") || strings.HasSuffix(name, "-b64")`: 2,
		"regexp.MustCompile(`^dbuf-(\\w+)-b64$`)":                             1,
		`strings.Cut(name, "epoch")`:                                          1,
		`strings.HasPrefix(name, kv.DoubleBuffer+"-")`:                        1,
		`len(name) > 4 && name[:4] == "dbuf"`:                                 1,
		`strings.Cut(text, ", ")`:                                             0,
		`strings.HasPrefix(name, "control-lost")`:                             0,
	} {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "planted.go", "package p\n\nvar x = "+code+"\n", 0)
		if err != nil {
			t.Fatal(err)
		}
		if found := namesTakenApart(set, file, parts, false); len(found) != want {
			t.Errorf("in %s %v are found; want %d", code, found, want)
		}
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "planted.go", "package p\n\nvar x = name == \"dbuf-epoch-b64\"\n", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(namesTakenApart(set, file, parts, true)) != 1 {
		t.Error("the name of a double buffer is not found")
	}
}
