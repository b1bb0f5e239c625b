//go:build !explore

package atomicx

// A method that is reached through an alias is inlined into other packages only if the
// package of the alias has a use for it too; otherwise every atomic load is a call. (Seen
// with Go 1.26; a test of package strategy reads the disassembly.)
var _ = func(b *Bool, i *Int64, w *Uint32, u *Uint64, m *Mutex) {
	m.Lock()
	b.Store(b.Load() && b.Swap(true) && b.CompareAndSwap(true, false))
	i.Store(i.Load() + i.Swap(1) + i.Add(1))
	i.CompareAndSwap(1, 2)
	w.Store(w.Load() + w.Swap(1) + w.Add(1))
	w.CompareAndSwap(1, w.And(1)+w.Or(1))
	u.Store(u.Load() + u.Swap(1) + u.Add(1))
	u.CompareAndSwap(1, u.And(1)+u.Or(1))
	m.Unlock()
}
