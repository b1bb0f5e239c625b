package doublebuf

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"doublebuf/baselines/kv"
)

// byIdentity are the packages that choose maps by kv.Identity.
var byIdentity = []string{"analysis", "plots", "cmd/runbench/internal/plan", "cmd/runbench/internal/report"}

// TestNoNamesTakenApart: no file of these packages has a part of a double buffer's name, so none
// can choose a double buffer by its name.
func TestNoNamesTakenApart(t *testing.T) {
	files := 0
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
			ast.Inspect(file, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && strings.Contains(text.Value, kv.DoubleBuffer) {
					t.Errorf("%s: %s; want a choice by the fields of kv.Identity", set.Position(text.Pos()), text.Value)
				}
				return true
			})
		}
	}
	if files < 20 {
		t.Errorf("%d files; want those of %v", files, byIdentity)
	}
}
