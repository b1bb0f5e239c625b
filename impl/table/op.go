package table

import (
	"bytes"
	"hash/maphash"
	"reflect"
	"runtime"
	"unsafe"

	"doublebuf/impl/atomicx"
)

// Op is an operation on a table, as data. It can be applied to several tables of one [Maker], with
// the same effect on each. It implements Operation and Batcher of package buffers.
type Op[K comparable, V any] struct {
	key    K
	value  V
	hash   uint64        // of key, in flat tables
	change *change[K, V] // nil if the operation sets key to value
}

type opKind uint8

const (
	opDelete opKind = iota
	opClear
	opFunc     // a function of the user that has not been resolved
	opResolved // the result of such a function
)

// change is an operation other than setting a key.
//
// A function of the user runs once, on the first of the two copies, and yields data. The data is
// then applied to both copies (law L3). So a function that has state, or depends on the order of
// its calls, cannot make the copies differ. A function that panics has changed nothing.
type change[K comparable, V any] struct {
	kind    opKind
	resolve func(t *Table[K, V], c *change[K, V]) // for opFunc
	effects []Op[K, V]                            // for opResolved: keys that are set and removed
}

// Maker makes empty tables of one kind and one seed, and operations for them. An operation holds
// the hash of its key under that seed, so it can be applied to tables of its own Maker only. Any
// number of goroutines may use a Maker.
type Maker[K comparable, V any] struct {
	kind    Kind
	integer bool // the keys are integers
	shared  bool // the tables have Words
	pointer bool // the values of Words are pointers
	mask    uint64
	factor  uint64
	seed    maphash.Seed
	deletes *change[K, V] // shared by all operations of their kind
	clears  *change[K, V]
}

// NewMaker returns a Maker with a new random seed. It panics if there is no such kind of table.
func NewMaker[K comparable, V any](kind Kind) *Maker[K, V] {
	mustKind(kind)
	return &Maker[K, V]{
		kind: kind, integer: isInteger(reflect.TypeFor[K]().Kind()),
		mask: atomicx.Random(), factor: atomicx.Random() | 1, seed: maphash.MakeSeed(),
		deletes: &change[K, V]{kind: opDelete}, clears: &change[K, V]{kind: opClear},
	}
}

// Shared reports whether the tables of m have [Words].
func (m *Maker[K, V]) Shared() bool { return m.shared }

// Hash returns the hash function of the tables of m for integers, and whether values are pointers.
func (m *Maker[K, V]) Hash() (Mix, bool) { return Mix{m.mask, m.factor}, m.pointer }

// Share has m make tables that readers may look at while they change, if that is possible; see
// [Words]. Writes take longer in such tables.
func (m *Maker[K, V]) Share() *Maker[K, V] {
	if ok, pointer := Word64[K, V](); ok && m.kind == Flat {
		m.shared, m.pointer = true, pointer
	}
	return m
}

// hash returns the hash of key in the tables of m.
func (m *Maker[K, V]) hash(key K) uint64 {
	switch {
	case m.kind == Builtin:
		return 0
	case m.integer:
		return mix(Word(key), m.mask, m.factor)
	}
	return maphash.Comparable(m.seed, key)
}

// Set returns the operation that stores value under key.
func (m *Maker[K, V]) Set(key K, value V) Op[K, V] {
	return Op[K, V]{key: key, value: value, hash: m.hash(key)}
}

// Delete returns the operation that removes key if it is there.
func (m *Maker[K, V]) Delete(key K) Op[K, V] {
	return Op[K, V]{key: key, hash: m.hash(key), change: m.deletes}
}

// Clear returns the operation that removes all entries.
func (m *Maker[K, V]) Clear() Op[K, V] { return Op[K, V]{change: m.clears} }

// Update returns the operation that sets key to what f returns for its value, or removes key if f
// returns false. f is called when the operation is first applied, unless key is unequal to itself.
func (m *Maker[K, V]) Update(key K, f func(value V, ok bool) (V, bool)) Op[K, V] {
	hash := m.hash(key)
	return deciding(func(t *Table[K, V], c *change[K, V]) {
		if key != key {
			return
		}
		if v, keep := f(t.get(key, hash)); keep {
			c.effects = []Op[K, V]{{key: key, value: v, hash: hash}}
		} else {
			c.effects = []Op[K, V]{{key: key, hash: hash, change: m.deletes}}
		}
	})
}

// Retain returns the operation that removes the entries for which f returns false. f may change
// values. It is called when the operation is first applied, for each entry whose key is equal to
// itself.
func (m *Maker[K, V]) Retain(f func(key K, value *V) bool) Op[K, V] {
	return deciding(func(t *Table[K, V], c *change[K, V]) {
		for k, v := range t.All() {
			if k != k {
				continue // NaN: no Set and no Delete finds this entry again
			}
			old := v
			switch keep := f(k, &v); {
			case !keep:
				c.effects = append(c.effects, m.Delete(k))
			case !sameBits(&v, &old):
				c.effects = append(c.effects, m.Set(k, v))
			}
		}
	})
}

func deciding[K comparable, V any](resolve func(*Table[K, V], *change[K, V])) Op[K, V] {
	return Op[K, V]{change: &change[K, V]{kind: opFunc, resolve: resolve}}
}

// Recovering returns an operation that does what o does. But if the function of o panics, the
// operation has no effect and calls report with the value of the panic.
func (o Op[K, V]) Recovering(report func(value any)) Op[K, V] {
	resolve := o.change.resolve
	return deciding(func(t *Table[K, V], c *change[K, V]) {
		defer func() {
			if p := recover(); p != nil {
				c.effects = nil
				report(p)
			}
		}()
		resolve(t, c)
	})
}

// ApplyFirst applies o to a table for the first time.
func (o *Op[K, V]) ApplyFirst(t *Table[K, V]) {
	if c := o.change; c != nil && c.kind == opFunc {
		c.resolve(t, c)
		c.kind, c.resolve = opResolved, nil
	}
	o.ApplySecond(t)
}

// ApplySecond applies o to a further table, whose content is that of the first before ApplyFirst.
func (o *Op[K, V]) ApplySecond(t *Table[K, V]) {
	switch c := o.change; {
	case c == nil:
		t.set(o.key, o.value, o.hash)
	case c.kind == opDelete:
		t.delete(o.key, o.hash)
	case c.kind == opClear:
		t.Clear()
	case c.kind == opFunc:
		panic("law L3 is broken: a function that has not been called reached the second copy")
	default:
		for i := range c.effects {
			c.effects[i].ApplySecond(t)
		}
	}
}

// ApplyBatch applies the first of ops, up to the first that does more than set or delete a key, and
// returns how many it has applied. The receiver is not used.
func (*Op[K, V]) ApplyBatch(t *Table[K, V], ops []Op[K, V]) (done int) {
	f := t.flat
	for ; done < len(ops); done++ {
		if f != nil && done%batch == 0 {
			f.load(ops[done:min(done+batch, len(ops))])
		}
		switch o := &ops[done]; {
		case o.change == nil:
			if f != nil && f.integer && Word(o.key) != 0 {
				// No call is needed if the key is there. So cache misses overlap.
				if s, ok := Find[K, V](&f.Ints, o.hash, o.key); ok {
					f.putValue(s, o.value)
					continue
				}
			}
			t.set(o.key, o.value, o.hash)
		case o.change.kind == opDelete:
			t.delete(o.key, o.hash)
		default:
			return done
		}
	}
	return done
}

// load loads the memory that operations read first, so that the cache misses overlap. There are no
// branches in between: one that depends on memory would be mispredicted before the next load.
func (f *flat[K, V]) load(ops []Op[K, V]) {
	const large = 1 << 14 // slots, more than are in the first caches
	if len(f.slots) < large {
		return
	}
	x, sum := f.Ints, uint8(0)
	for i := range ops {
		sum += firstByte(&at[K, V](&x, x.home(ops[i].hash)).Key)
	}
	if !f.integer {
		prints := f.prints
		for i := range ops {
			sum += prints[x.home(ops[i].hash)]
		}
	}
	runtime.KeepAlive(sum) // otherwise the compiler would remove the loads
}

// sameBits reports whether a and b have the same bits. Then the value need not be stored again.
// Unlike == this works for every type, and for NaN.
func sameBits[V any](a, b *V) bool {
	size := unsafe.Sizeof(*a)
	return bytes.Equal(unsafe.Slice((*byte)(unsafe.Pointer(a)), size), unsafe.Slice((*byte)(unsafe.Pointer(b)), size))
}
