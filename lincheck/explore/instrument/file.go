package instrument

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// standins is the path of the packages that stand in for others.
const standins = "doublebuf/lincheck/explore/standin/"

// replaced are the packages that a stand-in replaces.
var replaced = map[string]string{
	"sync":         "sync",
	"sync/atomic":  "atomic",
	"context":      "context",
	"hash/maphash": "maphash",
}

// symbols are the symbols of other packages that stand-ins replace: by path and name, the text that
// takes the place of the package's name.
var symbols = map[string]map[string]string{
	"time":         table("xplr_time", "Sleep After Tick NewTimer NewTicker AfterFunc Timer Ticker Now Since Until"),
	"runtime":      table("xplr_runtime", "Gosched NumCPU GOMAXPROCS GC SetFinalizer AddCleanup"),
	"math/rand":    table("xplr_rand.Global()", "Int Intn Int31 Int31n Int63 Int63n Uint32 Uint64 Float32 Float64 NormFloat64 ExpFloat64 Perm Shuffle Read Seed"),
	"math/rand/v2": table("xplr_rand.Global2()", "Int IntN Int32 Int32N Int64 Int64N Uint UintN Uint32 Uint32N Uint64 Uint64N Float32 Float64 NormFloat64 ExpFloat64 Perm Shuffle"),
}

// kept is a symbol of each of these packages that keeps its import in use.
var kept = map[string]string{"time": "Nanosecond", "runtime": "Version", "math/rand": "New", "math/rand/v2": "New"}

func table(text, names string) map[string]string {
	t := map[string]string{}
	for name := range strings.FieldsSeq(names) {
		t[name] = text
	}
	return t
}

// file rewrites one file.
type file struct {
	*edits
	syntax *ast.File
	info   *types.Info
	pkg    *types.Package
	set    *token.FileSet
	build  *build
	uses   map[string]bool // the stand-ins that the new text imports
	names  int             // names given so far
}

// text returns a name of the package flow, which the new text then imports.
func (f *file) flow(name string) string {
	f.uses["flow"] = true
	return "xplr_flow." + name
}

// fresh returns a name that the file does not use otherwise.
func (f *file) fresh() string {
	f.names++
	return fmt.Sprintf("xplr_%d", f.names)
}

// rewrite makes all changes within the file. Inner nodes come first, because outer ones copy their
// text.
func (f *file) rewrite() {
	f.imports()
	f.linknames()
	var path []ast.Node
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if n != nil {
			path = append(path, n)
			return true
		}
		top := path[len(path)-1]
		path = path[:len(path)-1]
		f.node(top, path)
		return true
	})
}

// finish returns the new text of the file.
func (f *file) finish() string {
	var imports strings.Builder
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range f.uses {
			if !yield(name) {
				return
			}
		}
	}) {
		fmt.Fprintf(&imports, "; import xplr_%s %q", name, standins+name)
	}
	fmt.Fprintf(&imports, "; import _ %q", standins+"goroutine")
	f.insert(f.syntax.Name.End(), imports.String())
	return f.renderBytes(0, len(f.text)) + f.tail.String()
}

// imports replaces whole packages.
func (f *file) imports() {
	for _, spec := range f.syntax.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if to, ok := replaced[path]; ok {
			text := strconv.Quote(standins + to)
			if spec.Name == nil {
				text = to + " " + text
			}
			f.replace(spec.Path.Pos(), spec.Path.End(), text)
		}
		if name, ok := kept[path]; ok && (spec.Name == nil || spec.Name.Name != "_" && spec.Name.Name != ".") {
			local := map[string]string{"math/rand/v2": "rand", "math/rand": "rand"}[path]
			if local == "" {
				local = path
			}
			if spec.Name != nil {
				local = spec.Name.Name
			}
			fmt.Fprintf(&f.tail, "\nvar _ = %s.%s", local, name)
		}
	}
}

// node makes the changes of one node. path holds the nodes around it, the innermost last.
func (f *file) node(n ast.Node, path []ast.Node) {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		f.selector(n)
	case *ast.GoStmt:
		f.goStatement(n)
	case *ast.SendStmt:
		if !f.inSelect(n, path) {
			f.insert(n.Chan.Pos(), f.flow("To("))
			f.replace(n.Arrow, n.Arrow+2, ").Send(")
			f.insert(n.Value.End(), ")")
		}
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			f.receive(n, path)
		}
	case *ast.CallExpr:
		f.call(n)
	case *ast.SelectStmt:
		f.selectStatement(n)
	case *ast.RangeStmt:
		f.rangeStatement(n)
	case *ast.ForStmt:
		f.loop(n.Body, n)
	}
}

func (f *file) selector(n *ast.SelectorExpr) {
	id, ok := n.X.(*ast.Ident)
	if !ok {
		return
	}
	p, ok := f.info.Uses[id].(*types.PkgName)
	if !ok {
		return
	}
	path := p.Imported().Path()
	text, ok := symbols[path][n.Sel.Name]
	if path == "math/rand/v2" && n.Sel.Name == "N" {
		text, ok = "xplr_rand", true
	}
	if !ok {
		return
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "xplr_"), ".")
	f.uses[name] = true
	f.replace(id.Pos(), id.End(), text)
}

// builtin reports whether e is the name of the predeclared function.
func (f *file) builtin(e ast.Expr, name string) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok || id.Name != name {
		return false
	}
	_, ok = f.info.Uses[id].(*types.Builtin)
	return ok
}

// channel returns the type of e if it is a channel.
func (f *file) channel(e ast.Expr) *types.Chan {
	t := f.info.TypeOf(e)
	if t == nil {
		return nil
	}
	if p, ok := t.(*types.TypeParam); ok {
		t = p.Constraint().Underlying()
		if i, ok := t.(*types.Interface); ok && i.NumEmbeddeds() == 1 {
			t = i.EmbeddedType(0)
		}
	}
	c, _ := t.Underlying().(*types.Chan)
	return c
}

// call changes the calls of close and len of a channel, and those of functions without a body.
func (f *file) call(n *ast.CallExpr) {
	switch {
	case f.builtin(n.Fun, "close"):
		f.replace(n.Fun.Pos(), n.Fun.End(), f.flow("Close"))
	case f.builtin(n.Fun, "len") && len(n.Args) == 1:
		if c := f.channel(n.Args[0]); c != nil {
			name := "Len"
			if c.Dir() == types.SendOnly {
				name = "LenSend"
			}
			f.replace(n.Fun.Pos(), n.Fun.End(), f.flow(name))
		}
	default:
		if id, ok := n.Fun.(*ast.Ident); ok {
			if fn, ok := f.info.Uses[id].(*types.Func); ok && f.build.bodyless[fn.Pkg().Path()+"."+fn.Name()] && fn.Signature().Recv() == nil {
				f.replace(id.Pos(), id.End(), fmt.Sprintf("%s(%q, %s)", f.flow("Note"), fn.Pkg().Path()+"."+fn.Name(), id.Name))
			}
		}
	}
}
