package table

import (
	"math/bits"
	"reflect"
	"unsafe"

	"doublebuf/impl/atomicx"
)

// Words is a flat table of integers as readers see it that do not keep the writer out: they look
// while the table may be changing, and afterwards find out whether it has; see [strategy.Glance].
// So all words that they read are atomic. A table has the same Words at all times.
type Words struct {
	slots atomicx.Pointer[Ints]     // one array of them; it is replaced by another, never changed
	zero  atomicx.Pointer[WordSlot] // the slot of key zero, or nil if that key is not there
	_     [64]byte                  // so that nothing else shares the cache line
}

// WordSlot is a [Slot] whose key and value are words. The value may be a pointer.
type WordSlot struct{ Value, Key uint64 }

// Word64 reports whether tables with these types of keys and values can be read as [Words]: the
// keys are integers, the values need one word, and words are of 64 bits. pointer says that the
// word of the values is a pointer.
func Word64[K comparable, V any]() (ok, pointer bool) {
	k, v := reflect.TypeFor[K](), reflect.TypeFor[V]()
	ok = isInteger(k.Kind()) && k.Size() == 8 && v.Size() == 8 && v.Align() == 8 && bits.UintSize == 64
	return ok, ok && hasPointer(v)
}

// hasPointer reports whether a value of type t holds a pointer.
func hasPointer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointer(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return t.Len() > 0 && hasPointer(t.Elem())
	}
	return t.Kind() > reflect.Complex128
}

// Slots returns the array of slots that w has now.
func (w *Words) Slots() *Ints { return w.slots.Load() }

// Zero returns the slot of key zero, or nil if that key is not there.
func (w *Words) Zero() *WordSlot { return w.zero.Load() }

// Home returns the home of the key with that hash. At least seven slots follow it: the tail.
func (x *Ints) Home(hash uint64) *WordSlot { return (*WordSlot)(x.at(hash, unsafe.Sizeof(WordSlot{}))) }

// Next returns the slot that is n slots after s. It must be in the same array.
func (s *WordSlot) Next(n uint64) *WordSlot {
	return (*WordSlot)(unsafe.Add(unsafe.Pointer(s), uintptr(n)*unsafe.Sizeof(*s)))
}

// FromWord and FromPointer return the value with that word or pointer, if [Word64] says that it has
// one.
func FromWord[V any](w uint64) V            { return *(*V)(unsafe.Pointer(&w)) }
func FromPointer[V any](p unsafe.Pointer) V { return *(*V)(unsafe.Pointer(&p)) }

// setValue stores a value in s.
func setValue[V any](s *WordSlot, value V, pointer bool) {
	if pointer {
		atomicx.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&s.Value)), *(*unsafe.Pointer)(unsafe.Pointer(&value)))
		return
	}
	atomicx.StoreWord(&s.Value, *(*uint64)(unsafe.Pointer(&value)))
}

// show lets readers see the slots of f. Nobody has seen these slots yet.
func (f *flat[K, V]) show() {
	if f.words != nil {
		x := f.Ints
		f.words.slots.Store(&x)
	}
}

// put stores an entry in slot i. Readers may be looking at it, in any state between the old one and
// the new one.
func (f *flat[K, V]) put(i uint64, s Slot[K, V]) {
	if f.words == nil {
		f.slots[i] = s
		return
	}
	w := (*WordSlot)(unsafe.Pointer(&f.slots[i]))
	setValue(w, s.Value, f.pointer)
	if w.Key != Word(s.Key) {
		atomicx.StoreWord(&w.Key, Word(s.Key))
	}
}

// putValue stores another value in a slot.
func (f *flat[K, V]) putValue(s *Slot[K, V], value V) {
	if f.words == nil {
		s.Value = value
		return
	}
	setValue((*WordSlot)(unsafe.Pointer(s)), value, f.pointer)
}
