package instrument

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// inSelect reports whether n is the operation of a case of a select.
func (f *file) inSelect(n ast.Node, path []ast.Node) bool {
	for i := len(path) - 1; i >= 0; i-- {
		switch p := path[i].(type) {
		case *ast.CommClause:
			return p.Comm != nil && n.End() <= p.Comm.End()
		case *ast.ExprStmt, *ast.AssignStmt, *ast.ParenExpr:
			if a, ok := p.(*ast.AssignStmt); ok && a.Rhs[0] != n {
				return false
			}
			if _, ok := p.(*ast.ParenExpr); !ok {
				n = p
			}
		default:
			return false
		}
	}
	return false
}

// receive changes <-ch.
func (f *file) receive(n *ast.UnaryExpr, path []ast.Node) {
	if f.inSelect(n, path) {
		return
	}
	name := "Receive("
	two := false
	switch p := path[len(path)-1].(type) {
	case *ast.AssignStmt:
		two = len(p.Lhs) == 2 && len(p.Rhs) == 1
	case *ast.ValueSpec:
		two = len(p.Names) == 2 && len(p.Values) == 1
	}
	if two {
		name = "Receive2("
	}
	f.replace(n.OpPos, n.OpPos+2, f.flow(name))
	f.insert(n.X.End(), ")")
}

// goStatement changes go f(x) so that f and x are evaluated at once, as before.
func (f *file) goStatement(n *ast.GoStmt) {
	call := n.Call
	if lit, ok := call.Fun.(*ast.FuncLit); ok && len(call.Args) == 0 && lit.Type.Results == nil {
		f.replace(n.Go, n.Go+token.Pos(len("go")), f.flow("Go("))
		f.replace(call.Lparen, call.Rparen+1, ")")
		return
	}
	var names, values, args []string
	keep := func(e ast.Expr) string {
		tv := f.info.Types[e]
		if tv.Value != nil || tv.IsNil() || tv.IsType() || tv.IsBuiltin() {
			return f.render(e.Pos(), e.End())
		}
		name := f.fresh()
		names, values = append(names, name), append(values, f.render(e.Pos(), e.End()))
		return name
	}
	fun := f.render(call.Fun.Pos(), call.Fun.End())
	if !f.static(call.Fun) {
		fun = keep(call.Fun)
	}
	for _, a := range call.Args {
		args = append(args, keep(a))
	}
	if call.Ellipsis.IsValid() {
		args[len(args)-1] += "..."
	}
	begin, end := "", ""
	if len(names) > 0 {
		begin = fmt.Sprintf("{ %s := %s; ", strings.Join(names, ", "), strings.Join(values, ", "))
		end = " }"
	}
	f.replace(n.Pos(), n.End(), fmt.Sprintf("%s%s(func() { %s(%s) })%s", begin, f.flow("Go"), fun, strings.Join(args, ", "), end))
}

// static reports whether e is the name of a function, whose value never changes.
func (f *file) static(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		switch f.info.Uses[e].(type) {
		case *types.Func, *types.Builtin:
			return true
		}
	case *ast.IndexExpr:
		return f.static(e.X)
	case *ast.IndexListExpr:
		return f.static(e.X)
	case *ast.SelectorExpr:
		if id, ok := e.X.(*ast.Ident); ok {
			_, ok = f.info.Uses[id].(*types.PkgName)
			return ok
		}
	}
	return false
}

// selectStatement changes a select to a switch over flow.Select. The last case becomes the default
// one if there is none, so that a function may still end in it.
func (f *file) selectStatement(n *ast.SelectStmt) {
	if len(n.Body.List) == 0 {
		f.replace(n.Pos(), n.End(), "for { "+f.flow("Select(false) }"))
		return
	}
	var names, values []string
	otherwise := false
	for _, s := range n.Body.List {
		otherwise = otherwise || s.(*ast.CommClause).Comm == nil
	}
	for i, s := range n.Body.List {
		c := s.(*ast.CommClause)
		head, body := fmt.Sprintf("case %d", len(names)), ""
		if !otherwise && i == len(n.Body.List)-1 {
			head = "default"
		}
		if c.Comm == nil {
			continue
		}
		name := f.fresh()
		names = append(names, name)
		switch comm := c.Comm.(type) {
		case *ast.SendStmt:
			values = append(values, fmt.Sprintf("%s(%s).Of(%s)", f.flow("To"), f.render(comm.Chan.Pos(), comm.Chan.End()), f.render(comm.Value.Pos(), comm.Value.End())))
		case *ast.ExprStmt:
			values = append(values, f.from(comm.X))
		case *ast.AssignStmt:
			values = append(values, f.from(comm.Rhs[0]))
			body = f.render(comm.Lhs[0].Pos(), comm.Lhs[len(comm.Lhs)-1].End()) + " " + comm.Tok.String() + " " + name + ".V"
			if len(comm.Lhs) == 2 {
				body += ", " + name + ".OK"
			}
			body += "; "
		}
		lines := strings.Repeat("\n", f.set.Position(c.Colon).Line-f.set.Position(c.Case).Line)
		f.replace(c.Case, c.Colon+1, head+":"+lines+" "+body)
	}
	text := fmt.Sprintf("switch %s := %s; %s(%v, %s) {", strings.Join(names, ", "), strings.Join(values, ", "), f.flow("Select"), otherwise, strings.Join(names, ", "))
	if len(names) == 0 {
		text = fmt.Sprintf("switch %s(%v) {", f.flow("Select"), otherwise)
	}
	f.replace(n.Select, n.Body.Lbrace+1, strings.ReplaceAll(text, "\n", " "))
}

// from returns the text of a receiving case. e is <-ch.
func (f *file) from(e ast.Expr) string {
	x := ast.Unparen(e).(*ast.UnaryExpr).X
	return fmt.Sprintf("%s(%s)", f.flow("From"), f.render(x.Pos(), x.End()))
}

// rangeStatement changes a range over a channel to a loop of receives.
func (f *file) rangeStatement(n *ast.RangeStmt) {
	if f.channel(n.X) == nil {
		f.loop(n.Body, n)
		return
	}
	ch, v, ok := f.fresh(), "_", f.fresh()
	declare := ""
	if n.Key != nil {
		v = f.render(n.Key.Pos(), n.Key.End())
	}
	receive := fmt.Sprintf("%s, %s := %s(%s)", v, ok, f.flow("Receive2"), ch)
	if n.Tok == token.ASSIGN {
		declare = "var " + ok + " bool; "
		receive = strings.Replace(receive, ":=", "=", 1)
	}
	text := fmt.Sprintf("for %s := %s; ; { %s%s; if !%s { break }; ", ch, f.render(n.X.Pos(), n.X.End()), declare, receive, ok)
	f.replace(n.For, n.Body.Lbrace+1, text)
}

// loop puts flow.Round at the head of a loop that may take steps.
func (f *file) loop(body *ast.BlockStmt, n ast.Stmt) {
	if !f.build.plain && !takesSteps(n) {
		return
	}
	f.build.loops = append(f.build.loops, f.set.Position(n.Pos()))
	f.replace(body.Lbrace, body.Lbrace+1, fmt.Sprintf("{ %s(%d, %v); ", f.flow("Round"), len(f.build.loops)-1, f.counts(n)))
}

// takesSteps reports whether a loop calls anything. Functions in it do not count.
func takesSteps(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr, *ast.SendStmt, *ast.SelectStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// counts reports whether a loop computes a variable from its value in the round before. Then two
// rounds that read the same need not do the same.
func (f *file) counts(loop ast.Stmt) (found bool) {
	if _, ok := loop.(*ast.RangeStmt); ok {
		return true
	}
	ast.Inspect(loop, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.IncDecStmt:
			found = found || f.outside(n.X, loop)
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				switch {
				case !f.outside(l, loop):
				case n.Tok != token.ASSIGN && n.Tok != token.DEFINE:
					found = true
				default:
					for _, r := range n.Rhs {
						found = found || f.mentions(r, l)
					}
				}
			}
		}
		return !found
	})
	return found
}

// outside reports whether e is not a variable that is declared in the body of the loop.
func (f *file) outside(e ast.Expr, loop ast.Stmt) bool {
	id, ok := e.(*ast.Ident)
	if !ok {
		return true
	}
	if id.Name == "_" {
		return false
	}
	o := f.info.ObjectOf(id)
	body := loop.(*ast.ForStmt).Body
	return o == nil || o.Pos() < body.Pos() || o.Pos() > body.End()
}

// mentions reports whether e uses the variable l.
func (f *file) mentions(e, l ast.Expr) (found bool) {
	id, ok := l.(*ast.Ident)
	if !ok {
		return true
	}
	ast.Inspect(e, func(n ast.Node) bool {
		if u, ok := n.(*ast.Ident); ok && f.info.ObjectOf(u) == f.info.ObjectOf(id) {
			found = true
		}
		return !found
	})
	return found
}
