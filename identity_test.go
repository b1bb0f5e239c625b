package doublebuf

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
)

// byIdentity are the packages that choose maps by kv.Identity.
var byIdentity = []string{
	"analysis", "plots", "cmd/runbench/app", "cmd/runbench/internal/campaign", "cmd/runbench/internal/compare",
	"cmd/runbench/internal/plan", "cmd/runbench/internal/report", "cmd/runbench/internal/selftest", "cmd/runbench/internal/study",
}

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
// package strings or regexp with such a part. If strict it also returns all literals with the
// beginning of the names of double buffers; help texts and examples of commands may have them.
func namesTakenApart(set *token.FileSet, file *ast.File, parts map[string]bool, strict bool) (found []string) {
	report := func(text *ast.BasicLit) {
		found = append(found, fmt.Sprintf("%s: %s", set.Position(text.Pos()), text.Value))
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if text, ok := n.(*ast.BasicLit); ok && strict && strings.Contains(text.Value, kv.DoubleBuffer) {
			report(text)
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if pkg, ok := f.X.(*ast.Ident); !ok || pkg.Name != "strings" && pkg.Name != "regexp" {
			return true
		}
		for _, arg := range call.Args {
			text, ok := arg.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING {
				continue
			}
			value, err := strconv.Unquote(text.Value)
			if err != nil {
				continue
			}
			for _, part := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(`-.^$()|\`, r) }) {
				if parts[part] {
					report(text)
					break
				}
			}
		}
		return true
	})
	return found
}

// TestNoNamesTakenApart holds that no file of these packages chooses a map by a part of its name.
func TestNoNamesTakenApart(t *testing.T) {
	files, parts := 0, partsOfNames()
	for _, dir := range byIdentity {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			files++
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			strict := !strings.HasPrefix(dir, "cmd/") || strings.HasSuffix(dir, "/plan") || strings.HasSuffix(dir, "/report")
			for _, place := range namesTakenApart(set, file, parts, strict) {
				t.Errorf("%s; want a choice by the fields of kv.Identity", place)
			}
		}
	}
	if files < 60 {
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
