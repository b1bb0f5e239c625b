package instrument

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// linked are the functions that packages link to by name, and the function of package flow that
// stands in for each. Functions with "" keep their link: they only compute.
var linked = map[string]string{
	"runtime.fastrand":     "Uint32",
	"runtime.fastrand64":   "Uint64",
	"runtime.cheaprand":    "Uint32",
	"runtime.cheaprand64":  "Uint64",
	"runtime.rand":         "Uint64",
	"runtime.rand32":       "Uint32",
	"runtime.fastrandn":    "Uint32n",
	"runtime.cheaprandn":   "Uint32n",
	"runtime.fastrandu":    "Uint",
	"runtime.nanotime":     "Nanotime",
	"runtime.procPin":      "ProcPin",
	"runtime.procUnpin":    "ProcUnpin",
	"runtime.procyield":    "Procyield",
	"runtime.memhash":      "",
	"runtime.memhash32":    "",
	"runtime.memhash64":    "",
	"runtime.strhash":      "",
	"runtime.typehash":     "",
	"runtime.nilinterhash": "",
	"runtime.interhash":    "",
	"runtime.memequal":     "",
	"runtime.memmove":      "",
	"runtime.mallocgc":     "",
	"runtime.growslice":    "",
	"reflect.unsafe_New":   "",

	"sync.runtime_procPin":        "ProcPin",
	"sync.runtime_procUnpin":      "ProcUnpin",
	"sync.runtime_canSpin":        "CanSpin",
	"sync.runtime_doSpin":         "DoSpin",
	"sync/atomic.runtime_procPin": "ProcPin",
}

// linknames gives bodies to functions that are linked to the runtime.
func (f *file) linknames() {
	links := map[string]string{} // local name -> linked name
	for _, g := range f.syntax.Comments {
		for _, c := range g.List {
			words := strings.Fields(c.Text)
			if len(words) != 3 || words[0] != "//go:linkname" {
				continue
			}
			links[words[1]] = words[2]
			if to, known := linked[words[2]]; known && to != "" {
				f.replace(c.Pos(), c.Pos()+2, "// ")
			}
		}
	}
	for _, d := range f.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body != nil || fn.Recv != nil {
			continue
		}
		name := fn.Name.Name
		to, known := linked[links[name]]
		switch {
		case known && to != "":
			f.insert(fn.End(), f.body(fn, to))
			f.escapes(fn.Doc)
		case !known:
			f.build.bodyless[f.pkg.Path()+"."+name] = true
		}
	}
}

// escapes removes the promise that the arguments of a function do not escape. Only functions
// without a body may have it.
func (f *file) escapes(doc *ast.CommentGroup) {
	if doc == nil {
		return
	}
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, "//go:noescape") {
			f.replace(c.Pos(), c.Pos()+2, "// ")
		}
	}
}

// body returns a body that passes the parameters of fn on. Parameters may have no names.
func (f *file) body(fn *ast.FuncDecl, to string) string {
	sig := f.info.Defs[fn.Name].(*types.Func).Signature()
	var args []string
	for i := range sig.Params().Len() {
		name := sig.Params().At(i).Name()
		if name == "" || name == "_" {
			args = append(args, "0")
			continue
		}
		args = append(args, name)
	}
	call := fmt.Sprintf("%s(%s)", f.flow(to), strings.Join(args, ", "))
	if sig.Results().Len() == 0 {
		return " { " + call + " }"
	}
	return fmt.Sprintf(" { return %s(%s) }", types.TypeString(sig.Results().At(0).Type(), types.RelativeTo(f.pkg)), call)
}
