package instrument

import (
	"fmt"
	"go/ast"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
)

// once are packages whose functions must not be called again when a package's variables are made
// anew, because they register things for the whole process.
var once = map[string]bool{"flag": true, "expvar": true, "net/http": true, "database/sql": true, "encoding/gob": true}

// unit is the files of a package that are rewritten together: those of the package, or those of its
// tests.
type unit struct {
	files []*file
	info  *types.Info
	build *build
}

// reset adds to the files what makes the variables of the package anew: their initial values in the
// order of the language, then the functions init.
func (u *unit) reset() {
	var calls []string
	calls = append(calls, u.zeros()...)
	for _, init := range u.info.InitOrder {
		f := u.fileOf(init.Lhs[0])
		if f == nil || f.callsOnce(init.Rhs) || u.constant(init) {
			continue
		}
		var names []string
		for _, v := range init.Lhs {
			names = append(names, v.Name())
		}
		if len(names) == 1 && names[0] == "_" {
			continue
		}
		name := fmt.Sprintf("xplr_init_%d_%s", len(calls), f.id())
		fmt.Fprintf(&f.tail, "\nfunc %s() { %s = %s }", name, strings.Join(names, ", "), f.render(init.Rhs.Pos(), init.Rhs.End()))
		calls = append(calls, name+"()")
	}
	for _, f := range u.files {
		calls = append(calls, f.inits()...)
	}
	if len(calls) == 0 {
		return
	}
	f := u.files[len(u.files)-1]
	fmt.Fprintf(&f.tail, "\nfunc init() { %s(func() { %s }) }\n", f.flow("OnReset"), strings.Join(calls, "; "))
}

// fileOf returns the file of the unit that declares a variable, or nil.
func (u *unit) fileOf(o types.Object) *file {
	for _, f := range u.files {
		if f.syntax.FileStart <= o.Pos() && o.Pos() < f.syntax.FileEnd {
			return f
		}
	}
	return nil
}

// id returns the name of the file as a part of a name.
func (f *file) id() string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, filepath.Base(f.set.Position(f.syntax.Pos()).Filename))
}

// zeros returns the calls that set the variables without initial values to zero.
func (u *unit) zeros() (calls []string) {
	for _, f := range u.files {
		for _, d := range f.syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || f.embeds(g) {
				continue
			}
			for _, s := range g.Specs {
				if s, ok := s.(*ast.ValueSpec); ok && g.Tok.String() == "var" && len(s.Values) == 0 {
					for _, n := range s.Names {
						if n.Name != "_" {
							calls = append(calls, fmt.Sprintf("%s(&%s)", u.files[len(u.files)-1].flow("Zero"), n.Name))
						}
					}
				}
			}
		}
	}
	return calls
}

func (f *file) embeds(g *ast.GenDecl) bool {
	for _, c := range f.syntax.Comments {
		for _, l := range c.List {
			if strings.HasPrefix(l.Text, "//go:embed") && l.Pos() < g.End() && l.End() > g.Pos()-200 {
				return true
			}
		}
	}
	return false
}

// inits renames the functions init, so that they can be called again, and returns the calls.
func (f *file) inits() (calls []string) {
	for _, d := range f.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || fn.Name.Name != "init" || fn.Body == nil {
			continue
		}
		if f.callsOnce(fn.Body) {
			f.build.limit("a function init of package %s was not run again for each execution", f.pkg.Path())
			continue
		}
		name := fmt.Sprintf("xplr_func_%d_%s", len(calls), f.id())
		f.replace(fn.Name.Pos(), fn.Name.End(), name)
		fmt.Fprintf(&f.tail, "\nfunc init() { %s() }", name)
		calls = append(calls, name+"()")
	}
	return calls
}

// callsOnce reports whether n calls a function of the packages in once.
func (f *file) callsOnce(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if p, ok := f.info.Uses[id].(*types.PkgName); ok && once[p.Imported().Path()] {
				found = true
			}
		}
		return !found
	})
	return found
}

// constant reports whether the variable never changes, as far as its type and its package tell: it
// is a number, a string, a function or an error, and nothing assigns it or takes its address.
func (u *unit) constant(init *types.Initializer) bool {
	for _, v := range init.Lhs {
		switch t := v.Type().Underlying().(type) {
		case *types.Basic, *types.Signature:
		case *types.Interface:
			if v.Type().String() != "error" {
				return false
			}
		default:
			_ = t
			return v.Type().String() == "*regexp.Regexp" && !u.build.assigned[v]
		}
		if u.build.assigned[v] {
			return false
		}
	}
	return true
}

// noteAssigned notes the variables of packages that a file assigns or takes the address of.
func noteAssigned(assigned map[types.Object]bool, info *types.Info, syntax *ast.File) {
	note := func(e ast.Expr) {
		switch e := ast.Unparen(e).(type) {
		case *ast.Ident:
			assigned[info.Uses[e]] = true
		case *ast.SelectorExpr:
			assigned[info.Uses[e.Sel]] = true
		}
	}
	ast.Inspect(syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				note(l)
			}
		case *ast.IncDecStmt:
			note(n.X)
		case *ast.UnaryExpr:
			if n.Op.String() == "&" {
				note(n.X)
			}
		case *ast.RangeStmt:
			if n.Key != nil {
				note(n.Key)
			}
			if n.Value != nil {
				note(n.Value)
			}
		}
		return true
	})
}

// sortFiles sorts files by name, which is the order in which the go command gives them to the
// compiler.
func sortFiles(files []*file) {
	slices.SortFunc(files, func(a, b *file) int {
		return strings.Compare(a.set.Position(a.syntax.Pos()).Filename, b.set.Position(b.syntax.Pos()).Filename)
	})
}
