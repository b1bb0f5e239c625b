package hooked

import (
	"sync/atomic"
	"unsafe"
)

// LoadWord and StoreWord are [atomic.LoadUint64] and [atomic.StoreUint64].
func LoadWord(p *uint64) uint64 {
	return load(p, func() uint64 { return atomic.LoadUint64(p) })
}

func StoreWord(p *uint64, v uint64) {
	store(p, v, func() uint64 { return atomic.SwapUint64(p, v) })
}

// LoadPointer and StorePointer are [atomic.LoadPointer] and [atomic.StorePointer].
func LoadPointer(p *unsafe.Pointer) unsafe.Pointer {
	return load(p, func() unsafe.Pointer { return atomic.LoadPointer(p) })
}

func StorePointer(p *unsafe.Pointer, v unsafe.Pointer) {
	store(p, v, func() unsafe.Pointer { return atomic.SwapPointer(p, v) })
}

func load[T any](p *T, read func() T) T {
	if hook == nil {
		return read()
	}
	hook.Step(Op{Kind: OpLoad, Loc: p})
	v := read()
	hook.Did(false, v)
	return v
}

func store[T comparable](p *T, v T, swap func() (old T)) {
	if hook == nil {
		swap()
		return
	}
	hook.Step(Op{Kind: OpStore, Loc: p})
	hook.Did(swap() != v, v)
}
