package atomic

import (
	"sync/atomic"
	"unsafe"

	"doublebuf/impl/atomicx/hooked"
)

func LoadPointer(addr *unsafe.Pointer) unsafe.Pointer {
	h := begin(hooked.OpLoad, addr)
	v := atomic.LoadPointer(addr)
	end(h, false, v)
	return v
}

func StorePointer(addr *unsafe.Pointer, val unsafe.Pointer) { swapPointer(hooked.OpStore, addr, val) }

func SwapPointer(addr *unsafe.Pointer, new unsafe.Pointer) unsafe.Pointer {
	return swapPointer(hooked.OpSwap, addr, new)
}

func swapPointer(kind hooked.Kind, addr *unsafe.Pointer, v unsafe.Pointer) unsafe.Pointer {
	h := begin(kind, addr)
	old := atomic.SwapPointer(addr, v)
	end(h, old != v, v)
	return old
}

func CompareAndSwapPointer(addr *unsafe.Pointer, old, new unsafe.Pointer) bool {
	h := begin(hooked.OpCompareAndSwap, addr)
	swapped := atomic.CompareAndSwapPointer(addr, old, new)
	end(h, swapped && old != new, swapped)
	return swapped
}

// Pointer has the methods of atomic.Pointer.
type Pointer[T any] struct {
	_ [0]*T
	_ noCopy
	v unsafe.Pointer
}

func (x *Pointer[T]) Load() *T     { return (*T)(LoadPointer(&x.v)) }
func (x *Pointer[T]) Store(val *T) { StorePointer(&x.v, unsafe.Pointer(val)) }

func (x *Pointer[T]) Swap(new *T) *T { return (*T)(SwapPointer(&x.v, unsafe.Pointer(new))) }

func (x *Pointer[T]) CompareAndSwap(old, new *T) bool {
	return CompareAndSwapPointer(&x.v, unsafe.Pointer(old), unsafe.Pointer(new))
}

// Target returns the pointer as an interface value, for tools that name the words of a data
// structure. It is no operation.
func (x *Pointer[T]) Target() any { return (*T)(atomic.LoadPointer(&x.v)) }

// Value has the methods of atomic.Value.
type Value struct{ v atomic.Value }

func (x *Value) Load() any {
	h := begin(hooked.OpLoad, x)
	v := x.v.Load()
	end(h, false, v)
	return v
}

// Store, Swap and CompareAndSwap count as changes, because two values may be incomparable.
func (x *Value) Store(val any) {
	h := begin(hooked.OpStore, x)
	x.v.Store(val)
	end(h, true, val)
}

func (x *Value) Swap(new any) any {
	h := begin(hooked.OpSwap, x)
	old := x.v.Swap(new)
	end(h, true, new)
	return old
}

func (x *Value) CompareAndSwap(old, new any) bool {
	h := begin(hooked.OpCompareAndSwap, x)
	swapped := x.v.CompareAndSwap(old, new)
	end(h, swapped, swapped)
	return swapped
}
