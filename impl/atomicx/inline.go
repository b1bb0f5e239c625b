//go:build !explore

package atomicx

import "unsafe"

// Other packages inline the methods of the aliases only if this package uses them too. See
// impl/DESIGN.md, "The inliner". A test of package strategy reads the machine code.
var _ = func(b *Bool, i *Int64, w *Uint32, u *Uint64, m *Mutex, x *uint64, p *unsafe.Pointer) {
	StoreWord(x, LoadWord(x))
	StorePointer(p, LoadPointer(p))
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
