package table

import (
	"bytes"
	"fmt"
	"reflect"
	"unsafe"
)

// Unlike describes how t differs from other, or returns "" if both hold the same entries. It is for
// checked builds. Values are compared bit by bit, without what they point to. Entries with NaN in
// their key are only counted, because no lookup finds them.
func (t Table[K, V]) Unlike(other *Table[K, V]) string {
	if t.Len() != other.Len() {
		return fmt.Sprintf("one has %d entries, the other %d", t.Len(), other.Len())
	}
	parts := partsOf(reflect.TypeFor[V](), 0)
	for k, v := range t.All() {
		if k != k {
			continue
		}
		w, ok := other.Get(k)
		switch {
		case !ok:
			return fmt.Sprintf("only one has key %v", k)
		case !sameParts(parts, unsafe.Pointer(&v), unsafe.Pointer(&w)):
			return fmt.Sprintf("key %v has %v in one, %v in the other", k, v, w)
		}
	}
	return ""
}

// part is the place of a field or element within a value.
type part struct{ offset, size uintptr }

// partsOf returns the parts of a value of type t at offset. It leaves out padding, which
// assignments need not copy.
func partsOf(t reflect.Type, offset uintptr) (parts []part) {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			parts = append(parts, partsOf(f.Type, offset+f.Offset)...)
		}
		return parts
	case reflect.Array:
		if k := t.Elem().Kind(); k == reflect.Struct || k == reflect.Array {
			for i := range t.Len() {
				parts = append(parts, partsOf(t.Elem(), offset+uintptr(i)*t.Elem().Size())...)
			}
			return parts
		}
	}
	return []part{{offset, t.Size()}}
}

// sameParts reports whether the values at v and w are equal in all parts.
func sameParts(parts []part, v, w unsafe.Pointer) bool {
	for _, p := range parts {
		if !bytes.Equal(unsafe.Slice((*byte)(unsafe.Add(v, p.offset)), p.size), unsafe.Slice((*byte)(unsafe.Add(w, p.offset)), p.size)) {
			return false
		}
	}
	return true
}
