package atomicx

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestImplBlocksByAtomicxAlone checks that code of impl waits, starts goroutines and affects other
// goroutines only through atomicx. Otherwise the schedule explorer would not know of it.
func TestImplBlocksByAtomicxAlone(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "atomicx" || d.Name() == "invariants"):
			return fs.SkipDir // invariants are not compiled into what is explored
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files++
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		for _, what := range blocking(fset, f) {
			t.Error(what)
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files read, %v", files, err)
	}
}

// blocking lists the forbidden statements and imports in f.
func blocking(fset *token.FileSet, f *ast.File) (found []string) {
	report := func(n ast.Node, what string) {
		found = append(found, fmt.Sprintf("%v: %s", fset.Position(n.Pos()), what))
	}
	for _, i := range f.Imports {
		if path := strings.Trim(i.Path.Value, `"`); path == "sync" || path == "sync/atomic" {
			report(i, "import of "+path)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectStmt:
			report(n, "select")
		case *ast.SendStmt:
			report(n, "send on a channel")
		case *ast.GoStmt:
			report(n, "go statement")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				report(n, "receive from a channel")
			}
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok {
				switch name := pkg.Name + "." + n.Sel.Name; name {
				case "time.Sleep", "time.After", "time.NewTimer", "time.AfterFunc", "time.Now", "time.Since",
					"runtime.Gosched", "runtime.AddCleanup", "runtime.SetFinalizer":
					report(n, name)
				}
			}
		}
		return true
	})
	return found
}

func TestBlockingIsFound(t *testing.T) {
	for _, body := range []string{
		"select {}", "c <- 1", "<-c", "go f()", "time.Sleep(1)", "runtime.Gosched()", "runtime.AddCleanup(p, f, 1)",
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "x.go", "package p\nfunc g() {\n"+body+"\n}", 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(blocking(fset, f)) != 1 {
			t.Errorf("%s is not found", body)
		}
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "x.go", "package p\nimport \"sync/atomic\"", 0)
	if err != nil || len(blocking(fset, f)) != 1 {
		t.Errorf("an import is not found, %v", err)
	}
}
