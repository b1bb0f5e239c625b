package hooked

import (
	"sync/atomic"
	"unsafe"
)

// LoadWord and StoreWord are [atomic.LoadUint64] and [atomic.StoreUint64].
func LoadWord(p *uint64) uint64 {
	if hook == nil {
		return atomic.LoadUint64(p)
	}
	hook.Step(Op{Kind: OpLoad, Loc: p})
	v := atomic.LoadUint64(p)
	hook.Did(false, v)
	return v
}

func StoreWord(p *uint64, v uint64) {
	if hook == nil {
		atomic.StoreUint64(p, v)
		return
	}
	hook.Step(Op{Kind: OpStore, Loc: p})
	hook.Did(atomic.SwapUint64(p, v) != v, v)
}

// LoadPointer and StorePointer are [atomic.LoadPointer] and [atomic.StorePointer].
func LoadPointer(p *unsafe.Pointer) unsafe.Pointer {
	if hook == nil {
		return atomic.LoadPointer(p)
	}
	hook.Step(Op{Kind: OpLoad, Loc: p})
	v := atomic.LoadPointer(p)
	hook.Did(false, v)
	return v
}

func StorePointer(p *unsafe.Pointer, v unsafe.Pointer) {
	if hook == nil {
		atomic.StorePointer(p, v)
		return
	}
	hook.Step(Op{Kind: OpStore, Loc: p})
	hook.Did(atomic.SwapPointer(p, v) != v, v)
}
