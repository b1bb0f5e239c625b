package atomic

import (
	"sync/atomic"
	"unsafe"

	"doublebuf/impl/atomicx/hooked"
)

type integer interface {
	int32 | int64 | uint32 | uint64 | uintptr
}

// begin announces an operation. It returns the hook, or nil if there is none.
func begin[T any](kind hooked.Kind, p *T) hooked.Whole {
	h := hooked.Current()
	if h != nil {
		h.Step(hooked.Op{Kind: kind, Loc: unsafe.Pointer(p), Size: unsafe.Sizeof(*p)})
	}
	return h
}

// end reports the effect of an operation.
func end[T any](h hooked.Whole, changed bool, v T) {
	if h == nil {
		return
	}
	if h.Tracing() {
		h.Did(changed, v)
		return
	}
	h.Did(changed, nil)
}

func load[T integer](p *T) T {
	h := begin(hooked.OpLoad, p)
	v := get(p)
	end(h, false, v)
	return v
}

func get[T integer](p *T) T {
	if unsafe.Sizeof(*p) == 4 {
		return T(atomic.LoadUint32((*uint32)(unsafe.Pointer(p))))
	}
	return T(atomic.LoadUint64((*uint64)(unsafe.Pointer(p))))
}

func swapIf[T integer](p *T, old, v T) bool {
	if unsafe.Sizeof(*p) == 4 {
		return atomic.CompareAndSwapUint32((*uint32)(unsafe.Pointer(p)), uint32(old), uint32(v))
	}
	return atomic.CompareAndSwapUint64((*uint64)(unsafe.Pointer(p)), uint64(old), uint64(v))
}

func update[T integer](kind hooked.Kind, p *T, f func(T) T) (old, v T) {
	h := begin(kind, p)
	for {
		old = get(p)
		if v = f(old); swapIf(p, old, v) {
			break
		}
	}
	end(h, old != v, v)
	return old, v
}

func store[T integer](p *T, v T) { update(hooked.OpStore, p, func(T) T { return v }) }

func swap[T integer](p *T, v T) T {
	old, _ := update(hooked.OpSwap, p, func(T) T { return v })
	return old
}

func add[T integer](p *T, delta T) T {
	_, v := update(hooked.OpAdd, p, func(old T) T { return old + delta })
	return v
}

func and[T integer](p *T, mask T) T {
	old, _ := update(hooked.OpAnd, p, func(old T) T { return old & mask })
	return old
}

func or[T integer](p *T, mask T) T {
	old, _ := update(hooked.OpOr, p, func(old T) T { return old | mask })
	return old
}

func compareAndSwap[T integer](p *T, old, v T) bool {
	h := begin(hooked.OpCompareAndSwap, p)
	swapped := swapIf(p, old, v)
	end(h, swapped && old != v, swapped)
	return swapped
}

// Integer has the methods of the integers of sync/atomic.
type Integer[T integer] struct {
	_ noCopy
	v T
}

type (
	Int32   = Integer[int32]
	Int64   = Integer[int64]
	Uint32  = Integer[uint32]
	Uint64  = Integer[uint64]
	Uintptr = Integer[uintptr]
)

func (x *Integer[T]) Load() T                        { return load(&x.v) }
func (x *Integer[T]) Store(v T)                      { store(&x.v, v) }
func (x *Integer[T]) Swap(v T) T                     { return swap(&x.v, v) }
func (x *Integer[T]) Add(delta T) T                  { return add(&x.v, delta) }
func (x *Integer[T]) And(mask T) T                   { return and(&x.v, mask) }
func (x *Integer[T]) Or(mask T) T                    { return or(&x.v, mask) }
func (x *Integer[T]) CompareAndSwap(old, new T) bool { return compareAndSwap(&x.v, old, new) }

// Bool has the methods of atomic.Bool.
type Bool struct {
	_ noCopy
	v uint32
}

func number(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

func (x *Bool) Load() bool       { return load(&x.v) != 0 }
func (x *Bool) Store(v bool)     { store(&x.v, number(v)) }
func (x *Bool) Swap(v bool) bool { return swap(&x.v, number(v)) != 0 }
func (x *Bool) CompareAndSwap(old, new bool) bool {
	return compareAndSwap(&x.v, number(old), number(new))
}

type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
