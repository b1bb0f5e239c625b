package hooked

import "sync/atomic"

// Integer has the methods of the integers of sync/atomic. All of its widths share one
// representation.
type Integer[T int64 | uint32 | uint64] struct{ bits atomic.Uint64 }

type (
	Int64  = Integer[int64]
	Uint32 = Integer[uint32]
	Uint64 = Integer[uint64]
)

func (x *Integer[T]) Load() T {
	if hook == nil {
		return T(x.bits.Load())
	}
	hook.Step(Op{Kind: OpLoad, Loc: x})
	v := T(x.bits.Load())
	hook.Did(false, v)
	return v
}

func (x *Integer[T]) Store(v T) { x.update(OpStore, func(T) T { return v }) }

func (x *Integer[T]) Swap(v T) (old T) {
	old, _ = x.update(OpSwap, func(T) T { return v })
	return old
}

func (x *Integer[T]) Add(delta T) (sum T) {
	_, sum = x.update(OpAdd, func(old T) T { return old + delta })
	return sum
}

func (x *Integer[T]) And(mask T) (old T) {
	old, _ = x.update(OpAnd, func(old T) T { return old & mask })
	return old
}

func (x *Integer[T]) Or(mask T) (old T) {
	old, _ = x.update(OpOr, func(old T) T { return old | mask })
	return old
}

func (x *Integer[T]) CompareAndSwap(old, v T) (swapped bool) {
	if hook == nil {
		return x.bits.CompareAndSwap(uint64(old), uint64(v))
	}
	hook.Step(Op{Kind: OpCompareAndSwap, Loc: x})
	swapped = x.bits.CompareAndSwap(uint64(old), uint64(v))
	hook.Did(swapped && old != v, swapped)
	return swapped
}

func (x *Integer[T]) update(kind Kind, f func(T) T) (old, v T) {
	h := hook
	if h != nil {
		h.Step(Op{Kind: kind, Loc: x})
	}
	for {
		bits := x.bits.Load()
		old, v = T(bits), f(T(bits))
		if x.bits.CompareAndSwap(bits, uint64(v)) {
			break
		}
	}
	if h != nil {
		h.Did(old != v, v)
	}
	return old, v
}

// Bool has the methods of atomic.Bool.
type Bool struct{ v atomic.Bool }

func (x *Bool) Load() bool {
	if hook == nil {
		return x.v.Load()
	}
	hook.Step(Op{Kind: OpLoad, Loc: x})
	v := x.v.Load()
	hook.Did(false, v)
	return v
}

func (x *Bool) Store(v bool) { x.swap(OpStore, v) }

func (x *Bool) Swap(v bool) (old bool) { return x.swap(OpSwap, v) }

func (x *Bool) swap(kind Kind, v bool) (old bool) {
	if hook == nil {
		return x.v.Swap(v)
	}
	hook.Step(Op{Kind: kind, Loc: x})
	old = x.v.Swap(v)
	hook.Did(old != v, v)
	return old
}

func (x *Bool) CompareAndSwap(old, v bool) (swapped bool) {
	if hook == nil {
		return x.v.CompareAndSwap(old, v)
	}
	hook.Step(Op{Kind: OpCompareAndSwap, Loc: x})
	swapped = x.v.CompareAndSwap(old, v)
	hook.Did(swapped && old != v, swapped)
	return swapped
}

// Pointer has the methods of atomic.Pointer.
type Pointer[T any] struct{ p atomic.Pointer[T] }

func (x *Pointer[T]) Load() *T {
	if hook == nil {
		return x.p.Load()
	}
	hook.Step(Op{Kind: OpLoad, Loc: x})
	v := x.p.Load()
	hook.Did(false, v)
	return v
}

func (x *Pointer[T]) Store(v *T) { x.swap(OpStore, v) }

func (x *Pointer[T]) Swap(v *T) (old *T) { return x.swap(OpSwap, v) }

func (x *Pointer[T]) swap(kind Kind, v *T) (old *T) {
	if hook == nil {
		return x.p.Swap(v)
	}
	hook.Step(Op{Kind: kind, Loc: x})
	old = x.p.Swap(v)
	hook.Did(old != v, v)
	return old
}

func (x *Pointer[T]) CompareAndSwap(old, v *T) (swapped bool) {
	if hook == nil {
		return x.p.CompareAndSwap(old, v)
	}
	hook.Step(Op{Kind: OpCompareAndSwap, Loc: x})
	swapped = x.p.CompareAndSwap(old, v)
	hook.Did(swapped && old != v, swapped)
	return swapped
}

// Target returns the pointer as an interface value, for tools that name the words of a data
// structure. It is no operation.
func (x *Pointer[T]) Target() any { return x.p.Load() }
