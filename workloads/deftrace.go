package workloads

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"runtime"
	"slices"
)

// LoadDefs returns a trace of what a type checker does with identifiers. A definition sets the
// object of an identifier, and a use looks it up, in the order of the source of the given packages
// of the standard library. A key names an object by its package, its name and its place in the
// source. LoadDefs needs a Go tree with its source. It also type-checks the imports of the
// packages, so it takes seconds.
func LoadDefs(packages ...string) (*Trace, error) {
	context := build.Default
	if context.GOROOT == "" { // built with -trimpath
		return nil, errors.New("definitions and uses of the standard library: the program does not know where its source is; want GOROOT set, as in GOROOT=$(go env GOROOT)")
	}
	context.CgoEnabled = false
	b := newTraceBuilder("go/types over the standard library of "+runtime.Version(), goLicence)
	fset := token.NewFileSet()
	from := importer.ForCompiler(fset, "source", nil)
	for _, path := range packages {
		if err := b.addDefs(&context, fset, from, path); err != nil {
			return nil, fmt.Errorf("definitions and uses in %s: %w; want a package of the standard library, and its source", path, err)
		}
	}
	return b.trace(), nil
}

func (b *traceBuilder) addDefs(context *build.Context, fset *token.FileSet, from types.Importer, path string) error {
	pkg, err := context.Import(path, "", 0)
	if err != nil {
		return err
	}
	var files []*ast.File
	for _, name := range pkg.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(pkg.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: from}
	if _, err := config.Check(path, fset, files, info); err != nil {
		return err
	}
	type step struct {
		at   token.Pos
		kind Kind
		key  string
	}
	var steps []step
	note := func(kind Kind, objects map[*ast.Ident]types.Object) {
		for id, o := range objects {
			if o == nil { // the name of the package, or of a type switch
				continue
			}
			where := fset.Position(o.Pos())
			key := fmt.Sprintf("%s.%s %s:%d:%d", packageOf(o), o.Name(), filepath.Base(where.Filename), where.Line, where.Column)
			steps = append(steps, step{id.Pos(), kind, key})
		}
	}
	note(Set, info.Defs)
	note(Get, info.Uses)
	// The name of an embedded field is both a use of its type and the definition of the field.
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind)) })
	for _, s := range steps {
		b.add(s.kind, s.key)
	}
	return nil
}

func packageOf(o types.Object) string {
	if o.Pkg() == nil {
		return "builtin"
	}
	return o.Pkg().Path()
}
