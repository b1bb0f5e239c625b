package instrument

import (
	"go/ast"
	"go/token"
)

// constants gives constants their new values.
func (f *file) constants() {
	for _, d := range f.syntax.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			s := s.(*ast.ValueSpec)
			for i, n := range s.Names {
				name := f.pkg.Path() + "." + n.Name
				if v, ok := f.build.Consts[name]; ok && i < len(s.Values) {
					f.replace(s.Values[i].Pos(), s.Values[i].End(), v)
					delete(f.build.Consts, name)
				}
			}
		}
	}
}
