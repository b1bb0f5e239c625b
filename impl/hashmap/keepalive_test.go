package hashmap_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

// readingFiles have all code that reads a copy through a handle, a guard or a Shared, and that
// ends a guard.
var readingFiles = []string{"reader.go", "shared.go", "../buffers/raw.go"}

// TestEachReadKeepsItsHandleAlive reads the source. If the garbage collector found a handle or a
// guard during its last read, the guard would end before the read. So after each read of a copy,
// and after the end of a guard, there must be a KeepAlive before the function returns. Then the
// test removes one KeepAlive after the other, and its rule must find each place.
func TestEachReadKeepsItsHandleAlive(t *testing.T) {
	for _, place := range unkept(t, token.NoPos) {
		t.Errorf("%s, and no KeepAlive follows", place)
	}
	r := parseReading(t)
	for _, keep := range r.keeps {
		if len(unkept(t, keep)) == 0 {
			t.Errorf("%s: without this KeepAlive the rule finds nothing", r.files.Position(keep))
		}
	}
	if n := len(r.keeps); n < 10 {
		t.Errorf("%d KeepAlives were removed, want all of %v", n, readingFiles)
	}
}

// reading is the code of readingFiles. Positions are the same each time that it is parsed.
type reading struct {
	files   *token.FileSet
	methods []*ast.FuncDecl
	keeps   []token.Pos // of the calls of KeepAlive, but not of those that begin a block
}

func parseReading(t *testing.T) (r reading) {
	r.files = token.NewFileSet()
	for _, name := range readingFiles {
		f, err := parser.ParseFile(r.files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			m, ok := d.(*ast.FuncDecl)
			if !ok || m.Recv == nil || m.Name.Name == "KeepAlive" || f.Name.Name == "buffers" && m.Name.Name != "Release" {
				continue
			}
			r.methods = append(r.methods, m)
			ast.Inspect(m, func(n ast.Node) bool {
				if b, ok := n.(*ast.BlockStmt); ok {
					for i, s := range b.List {
						if x, ok := s.(*ast.ExprStmt); ok && i > 0 && isKeepAlive(x.X) {
							r.keeps = append(r.keeps, x.Pos())
						}
					}
				}
				return true
			})
		}
	}
	return r
}

// unkept returns the reads in exported methods that no KeepAlive follows, without that at position
// except. An unexported method may leave the KeepAlive to its callers. Then a call of it is a read.
func unkept(t *testing.T, except token.Pos) (places []string) {
	r := parseReading(t)
	leaves := map[string]bool{} // methods that leave the KeepAlive to their callers
	for changed := true; changed; {
		changed, places = false, nil
		for _, m := range r.methods {
			for _, read := range readsOf(m, leaves, except) {
				switch name := m.Name.Name; {
				case returnsGuard(m): // which keeps the handle alive
				case m.Name.IsExported():
					places = append(places, fmt.Sprintf("%s: %s reads a copy or ends a guard", r.files.Position(read), name))
				case !leaves[name]:
					leaves[name], changed = true, true
				}
			}
		}
	}
	return places
}

// readsOf returns the reads in m that no KeepAlive follows in the same block or in one around it,
// before a return.
func readsOf(m *ast.FuncDecl, leaves map[string]bool, except token.Pos) (reads []token.Pos) {
	type event struct {
		at     token.Pos
		blocks []ast.Node // around it
	}
	var found, keeps []event
	var returns []token.Pos
	var around []ast.Node
	ast.PreorderStack(m.Body, nil, func(n ast.Node, stack []ast.Node) bool {
		around = slices.DeleteFunc(slices.Clone(stack), func(n ast.Node) bool { _, block := n.(*ast.BlockStmt); return !block })
		switch {
		case isKeepAlive(n) && n.Pos() != except:
			keeps = append(keeps, event{n.Pos(), around})
		case isRead(n, leaves):
			found = append(found, event{n.Pos(), around})
		}
		if _, ok := n.(*ast.ReturnStmt); ok {
			returns = append(returns, n.End()) // a read in its results has ended too
		}
		return true
	})
	for _, r := range found {
		kept := slices.ContainsFunc(keeps, func(k event) bool {
			ended := slices.ContainsFunc(returns, func(at token.Pos) bool { return r.at < at && at < k.at })
			return r.at < k.at && slices.Contains(r.blocks, k.blocks[len(k.blocks)-1]) && !ended
		})
		if !kept {
			reads = append(reads, r.at)
		}
	}
	return reads
}

// isKeepAlive reports whether n is a call of runtime.KeepAlive, or of the method of a guard.
func isKeepAlive(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	return ok && nameOf(call.Fun) == "KeepAlive"
}

// isRead reports whether n reads a copy: its table, its version, or the slots of its table. The end
// of a guard counts too.
func isRead(n ast.Node, leaves map[string]bool) bool {
	if star, ok := n.(*ast.StarExpr); ok { // *raw.Data(c)
		call, ok := star.X.(*ast.CallExpr)
		return ok && slices.Contains([]string{"Data", "Value"}, nameOf(call.Fun))
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	f := call.Fun
	if index, ok := f.(*ast.IndexListExpr); ok { // table.Find[K, V]
		f = index.X
	}
	s, ok := f.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of := s.X
	if data, ok := of.(*ast.CallExpr); ok { // raw.Data(c).Get
		of = data.Fun
	}
	switch nameOf(of) {
	case "table", "Data":
		return slices.Contains([]string{"Get", "GetMany", "All", "Len", "Find"}, s.Sel.Name)
	case "raw":
		return s.Sel.Name == "Version"
	case "reader":
		return s.Sel.Name == "Close"
	}
	return leaves[s.Sel.Name]
}

// nameOf returns the last name of x, as in a.b.name.
func nameOf(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

func returnsGuard(m *ast.FuncDecl) bool {
	if m.Type.Results == nil || len(m.Type.Results.List) != 1 {
		return false
	}
	of, ok := m.Type.Results.List[0].Type.(*ast.IndexListExpr)
	return ok && nameOf(of.X) == "ReadGuard"
}
