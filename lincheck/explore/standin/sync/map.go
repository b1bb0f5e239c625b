package sync

import (
	"slices"
	"sync"

	"doublebuf/impl/atomicx/hooked"
)

// Map has the methods of sync.Map. Under the explorer each operation is one step, and Range visits
// the keys in the order of their insertion, a step for each.
type Map struct {
	noCopy noCopy
	real   sync.Map
	values map[any]any // under the explorer
	keys   []any
}

// op runs an operation on key under the explorer. It returns the value before.
func (m *Map) op(h hooked.Whole, kind hooked.Kind, what string, key any, f func(old any, ok bool)) (any, bool) {
	h.Step(hooked.Op{Kind: kind, Loc: m, What: what})
	if m.values == nil {
		m.values = map[any]any{}
	}
	old, ok := m.values[key]
	if f != nil {
		f(old, ok)
	}
	h.Did(f != nil, nil)
	return old, ok
}

func (m *Map) put(key, value any) {
	if _, ok := m.values[key]; !ok {
		m.keys = append(m.keys, key)
	}
	m.values[key] = value
}

func (m *Map) remove(key any) {
	if _, ok := m.values[key]; ok {
		delete(m.values, key)
		i := slices.Index(m.keys, key)
		m.keys = slices.Delete(slices.Clone(m.keys), i, i+1)
	}
}

func (m *Map) Load(key any) (value any, ok bool) {
	if h := hooked.Current(); h != nil {
		return m.op(h, hooked.OpLoad, "Map.Load", key, nil)
	}
	return m.real.Load(key)
}

func (m *Map) Store(key, value any) { m.Swap(key, value) }

func (m *Map) Swap(key, value any) (previous any, loaded bool) {
	if h := hooked.Current(); h != nil {
		return m.op(h, hooked.OpStore, "Map.Store", key, func(any, bool) { m.put(key, value) })
	}
	return m.real.Swap(key, value)
}

func (m *Map) LoadOrStore(key, value any) (actual any, loaded bool) {
	h := hooked.Current()
	if h == nil {
		return m.real.LoadOrStore(key, value)
	}
	old, ok := m.op(h, hooked.OpStore, "Map.LoadOrStore", key, func(_ any, ok bool) {
		if !ok {
			m.put(key, value)
		}
	})
	if ok {
		return old, true
	}
	return value, false
}

func (m *Map) LoadAndDelete(key any) (value any, loaded bool) {
	if h := hooked.Current(); h != nil {
		return m.op(h, hooked.OpStore, "Map.Delete", key, func(any, bool) { m.remove(key) })
	}
	return m.real.LoadAndDelete(key)
}

func (m *Map) Delete(key any) { m.LoadAndDelete(key) }

func (m *Map) CompareAndSwap(key, old, new any) (swapped bool) {
	h := hooked.Current()
	if h == nil {
		return m.real.CompareAndSwap(key, old, new)
	}
	m.op(h, hooked.OpCompareAndSwap, "Map.CompareAndSwap", key, func(v any, ok bool) {
		if swapped = ok && v == old; swapped {
			m.put(key, new)
		}
	})
	return swapped
}

func (m *Map) CompareAndDelete(key, old any) (deleted bool) {
	h := hooked.Current()
	if h == nil {
		return m.real.CompareAndDelete(key, old)
	}
	m.op(h, hooked.OpCompareAndSwap, "Map.CompareAndDelete", key, func(v any, ok bool) {
		if deleted = ok && v == old; deleted {
			m.remove(key)
		}
	})
	return deleted
}

func (m *Map) Clear() {
	h := hooked.Current()
	if h == nil {
		m.real.Clear()
		return
	}
	m.op(h, hooked.OpStore, "Map.Clear", nil, func(any, bool) { m.values, m.keys = map[any]any{}, nil })
}

func (m *Map) Range(f func(key, value any) bool) {
	h := hooked.Current()
	if h == nil {
		m.real.Range(f)
		return
	}
	var keys []any
	m.op(h, hooked.OpLoad, "Map.Range", nil, nil)
	keys = m.keys
	for _, key := range keys {
		if v, ok := m.Load(key); ok && !f(key, v) {
			return
		}
	}
}
