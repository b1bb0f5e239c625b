package hooked

// Plain is a shared word that is read and written without synchronisation.
type Plain[T any] struct{ v T }

func (p *Plain[T]) Load() T {
	if hook == nil {
		return p.v
	}
	hook.Step(Op{Kind: OpPlainLoad, Loc: p})
	v := p.v
	if own, buffered := hook.Newest(p); buffered {
		v = own.(T)
	}
	hook.Did(false, v)
	return v
}

func (p *Plain[T]) Store(v T) {
	if hook == nil {
		p.v = v
		return
	}
	hook.Step(Op{Kind: OpPlainStore, Loc: p})
	buffered := hook.Buffer(p, v, func() { p.v = v })
	if !buffered {
		p.v = v
	}
	hook.Did(!buffered, v)
}

// BeginRead and EndRead enclose the time in which a goroutine may read copy, BeginWrite and
// EndWrite the time in which it may change it. A copy is named by a pointer.
func BeginRead(copy any)  { access(OpBeginRead, copy) }
func EndRead(copy any)    { access(OpEndRead, copy) }
func BeginWrite(copy any) { access(OpBeginWrite, copy) }
func EndWrite(copy any)   { access(OpEndWrite, copy) }

func access(kind Kind, copy any) {
	if hook != nil {
		hook.Step(Op{Kind: kind, Loc: copy})
		hook.Did(kind == OpEndWrite, nil)
	}
}
