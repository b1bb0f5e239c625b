package analysis

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// calls returns the places in the files of a folder, tests left out, that call a function or method
// of that name.
func calls(t *testing.T, dir, name string) (places []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, error %v", dir, len(paths), err)
	}
	files := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			ast.Inspect(d, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				switch f := call.Fun.(type) {
				case *ast.Ident:
					ok = f.Name == name
				case *ast.SelectorExpr:
					ok = f.Sel.Name == name
				default:
					ok = false
				}
				if ok {
					in := ""
					if f, ok := d.(*ast.FuncDecl); ok {
						in = f.Name.Name
					}
					places = append(places, in)
				}
				return true
			})
		}
	}
	return places
}

// TestComputedOnce: only Of computes what follows from a run, and it does so once. Code that reads
// an analysis neither makes another one nor computes statistics itself.
func TestComputedOnce(t *testing.T) {
	for _, name := range []string{"verdictsOf", "controlOf", "gradeOf", "standingsOf", "correct", "layersOf"} {
		if places := calls(t, ".", name); len(places) != 1 || places[0] != "Of" {
			t.Errorf("%s is called in %q; want Of alone, once", name, places)
		}
	}
	readers := []string{"../plots", "../cmd/runbench/internal/report", "../cmd/runbench/internal/study", "../cmd/runbench/internal/compare"}
	for _, dir := range readers {
		for _, name := range []string{"Of", "Summarize", "SummarizeLayers", "SpreadOf", "Pair"} {
			if places := calls(t, dir, name); len(places) > 0 {
				t.Errorf("%s calls %s in %q; want it to read a Run", dir, name, places)
			}
		}
	}
}

// TestEffectsOnce: an effect or a summary that is asked for twice is computed once.
func TestEffectsOnce(t *testing.T) {
	r := Of(controlled(1, 1, 6, 0.02, 1))
	a := r.Groups("Map")[0]
	first := r.Effect(a, a, "ops/s")
	n := len(r.effects.known)
	for i := range a.Cells {
		a.Cells[i].Metrics = nil // anything computed from here on finds no values
	}
	if again := r.Effect(a, a, "ops/s"); first.N != 6 || again.N != first.N || len(r.effects.known) != n {
		t.Errorf("the effect is %+v, and then %+v; %d effects are known, and then %d", first, again, n, len(r.effects.known))
	}
	if s := a.Summary("ops/s"); s.N != 6 {
		t.Errorf("the summary is computed again: %+v", s)
	}
}
