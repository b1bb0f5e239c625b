package run

import (
	"iter"

	"doublebuf/baselines/kv"
)

// large is a type of values other than uint64. Its number is in the first word, or behind the
// pointer.
type large interface{ kv.Line | kv.Wide | *uint64 }

// valued makes a map with large values look like one with numbers, so that one harness drives and
// checks both. A lookup copies the whole value out of the map. A set copies a whole value into
// the map, with the number in the first and the last word, and in the middle one of a kv.Wide,
// and with 0 in all others; the pointer of a set is to a new object. Each operation costs one
// call more than on a map with numbers. This applies to every map.
//
// It has all methods that a map may have. Each may be called if the entry of the map declares the
// capability.
type valued[V large] struct {
	m    kv.Map[uint64, V]
	keep bool // m is closed by another

	many []V // for GetMany
}

// withValues turns a constructor of maps with large values into one of maps with numbers. It
// returns nil for nil.
func withValues[V large](build func(capacity int) kv.Map[uint64, V]) func(capacity int) kv.Map[uint64, uint64] {
	if build == nil {
		return nil
	}
	return func(capacity int) kv.Map[uint64, uint64] { return &valued[V]{m: build(capacity)} }
}

// torn is the number of a value whose words differ, as if several sets had written it. No worker
// sets it.
const torn = ^uint64(0)

func number[V large](v *V) uint64 {
	switch v := any(v).(type) {
	case *kv.Line:
		if v[0] == v[len(v)-1] {
			return v[0]
		}
		return torn
	case *kv.Wide:
		if v[0] == v[len(v)/2] && v[0] == v[len(v)-1] {
			return v[0]
		}
		return torn
	case **uint64:
		if *v != nil {
			return **v
		}
	}
	return 0
}

func (m *valued[V]) Get(key uint64) (uint64, bool) {
	v, ok := m.m.Get(key)
	return number(&v), ok
}

func (m *valued[V]) GetMany(keys, numbers []uint64, found []bool) {
	if len(m.many) < len(keys) {
		m.many = make([]V, len(keys))
	}
	values := m.many[:len(keys)]
	m.m.(kv.BatchReader[uint64, V]).GetMany(keys, values, found)
	for i := range values {
		numbers[i] = number(&values[i])
	}
}

func (m *valued[V]) Set(key, n uint64) {
	var v V
	switch v := any(&v).(type) {
	case *kv.Line:
		v[0], v[len(v)-1] = n, n
	case *kv.Wide:
		v[0], v[len(v)/2], v[len(v)-1] = n, n, n
	case **uint64:
		*v = new(n)
	}
	m.m.Set(key, v)
}

func (m *valued[V]) Delete(key uint64) { m.m.Delete(key) }

// Open returns a handle. Closing it closes what Open has opened, and nothing else.
func (m *valued[V]) Open() kv.Map[uint64, uint64] {
	_, opens := m.m.(kv.Opener[uint64, V])
	return &valued[V]{m: kv.Open(m.m), keep: !opens}
}

func (m *valued[V]) Close() {
	if !m.keep {
		kv.Close(m.m)
	}
}

func (m *valued[V]) Publish() uint64 { return kv.Publish(m.m) }
func (m *valued[V]) Clear()          { m.m.(kv.Clearer).Clear() }
func (m *valued[V]) Len() int        { return m.m.(kv.Ranger[uint64, V]).Len() }

func (m *valued[V]) Retain(keep func(key, n uint64) bool) {
	m.m.(kv.Retainer[uint64, V]).Retain(func(key uint64, v V) bool { return keep(key, number(&v)) })
}

func (m *valued[V]) All() iter.Seq2[uint64, uint64] {
	return func(yield func(key, n uint64) bool) {
		m.m.(kv.Ranger[uint64, V]).All()(func(key uint64, v V) bool { return yield(key, number(&v)) })
	}
}
