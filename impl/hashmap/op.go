package hashmap

import (
	"bytes"
	"unsafe"

	"doublebuf/impl/table"
)

type opKind uint8

const (
	opInsert opKind = iota
	opRemove
	opClear
	opFunc     // a function of the user that has not been resolved
	opResolved // the result of such a function
)

// op is one operation in the log.
type op[K comparable, V any] struct {
	key    K
	value  V
	change *change[K, V] // for opFunc and opResolved
	kind   opKind
}

// change is the effect of an operation with a function of the user. The function runs once, on the
// first of the two copies, and yields data. The data is then applied to both copies (law L3). So a
// function that has state, or depends on the order of its calls, cannot make the copies differ. A
// function that panics has changed nothing.
type change[K comparable, V any] struct {
	resolve func(t *table.Table[K, V], c *change[K, V])
	sets    []entry[K, V]
	removes []K
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// ApplyFirst implements [buffers.Operation].
func (o *op[K, V]) ApplyFirst(t *table.Table[K, V]) {
	if o.kind == opFunc {
		c := o.change
		c.resolve(t, c)
		c.resolve = nil
		o.kind = opResolved
	}
	o.ApplySecond(t)
}

// ApplySecond implements [buffers.Operation].
func (o *op[K, V]) ApplySecond(t *table.Table[K, V]) {
	switch o.kind {
	case opInsert:
		t.Set(o.key, o.value)
	case opRemove:
		t.Delete(o.key)
	case opClear:
		t.Clear()
	case opFunc:
		panic("law L3 is broken: a function that has not been called reached the second copy")
	case opResolved:
		for _, e := range o.change.sets {
			t.Set(e.key, e.value)
		}
		for _, k := range o.change.removes {
			t.Delete(k)
		}
	}
}

// ApplyBatch implements [buffers.Batcher]. It applies operations that set and remove keys, and
// stops at the first other one. Most operations set an integer that is in its home. They need no
// call here, so that their cache misses overlap; see impl/DESIGN.md.
func (*op[K, V]) ApplyBatch(t *table.Table[K, V], ops []op[K, V]) (done int) {
	const stretch = 64 // operations whose keys are prefetched at once
	prefetches, ints := t.Prefetches(), t.Ints()
	for i := range ops {
		if prefetches && i%stretch == 0 {
			var keys [stretch]K
			next := ops[i:min(i+stretch, len(ops))]
			for j := range next {
				keys[j] = next[j].key
			}
			t.Prefetch(keys[:len(next)])
		}
		switch o := &ops[i]; o.kind {
		case opInsert:
			if ints != nil {
				if w := table.Word(o.key); w != 0 {
					if s := table.At[K, V](ints, ints.Hash(w)); s.Key == o.key {
						s.Value = o.value
						continue
					}
				}
			}
			t.Set(o.key, o.value)
		case opRemove:
			t.Delete(o.key)
		default:
			return i
		}
	}
	return len(ops)
}

func resolveUpdate[K comparable, V any](key K, f func(V, bool) (V, bool)) func(*table.Table[K, V], *change[K, V]) {
	return func(t *table.Table[K, V], c *change[K, V]) {
		if key != key {
			return
		}
		if v, keep := f(t.Get(key)); keep {
			c.sets = []entry[K, V]{{key, v}}
		} else {
			c.removes = []K{key}
		}
	}
}

func resolveRetain[K comparable, V any](f func(K, *V) bool) func(*table.Table[K, V], *change[K, V]) {
	return func(t *table.Table[K, V], c *change[K, V]) {
		for k, v := range t.All() {
			if k != k {
				continue // NaN: no Insert and no Remove finds this entry again
			}
			old := v
			switch keep := f(k, &v); {
			case !keep:
				c.removes = append(c.removes, k)
			case !sameBits(&v, &old):
				c.sets = append(c.sets, entry[K, V]{k, v})
			}
		}
	}
}

// sameBits reports whether a and b have the same bits. Then the value need not be stored again.
// Unlike == this works for every type, and for NaN.
func sameBits[V any](a, b *V) bool {
	size := unsafe.Sizeof(*a)
	return bytes.Equal(unsafe.Slice((*byte)(unsafe.Pointer(a)), size), unsafe.Slice((*byte)(unsafe.Pointer(b)), size))
}
