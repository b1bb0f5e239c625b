package linear

import (
	"fmt"

	"doublebuf/lincheck/explore"
)

// Entries is the state of a sequential map: the last change first. nil is the empty map.
type Entries[K comparable, V any] struct {
	key    K
	value  V
	there  bool
	before *Entries[K, V]
}

func (s *Entries[K, V]) get(key K) (value V, ok bool) {
	for ; s != nil; s = s.before {
		if s.key == key {
			return s.value, s.there
		}
	}
	return value, false
}

// Recorder passes calls to a map and records them.
type Recorder[K comparable, V comparable] struct {
	*History[*Entries[K, V]]
	x *explore.X
	m any
	// get looks a key up.
	get func(K) (V, bool)
}

// Map records the calls to m, a map with the method Get. The map must be empty.
func Map[K, V comparable, M interface{ Get(K) (V, bool) }](x *explore.X, m M) *Recorder[K, V] {
	return newRecorder(x, m, m.Get)
}

// LoadMap is Map for a map whose method is called Load.
func LoadMap[K, V comparable, M interface{ Load(K) (V, bool) }](x *explore.X, m M) *Recorder[K, V] {
	return newRecorder(x, m, m.Load)
}

func newRecorder[K, V comparable](x *explore.X, m any, get func(K) (V, bool)) *Recorder[K, V] {
	x.Name("map", m)
	return &Recorder[K, V]{New(x, (*Entries[K, V])(nil)), x, m, get}
}

// record records a call that must have found old and ok, if it tells, and that sets key to value,
// or removes it, if it changes anything.
func (r *Recorder[K, V]) record(what string, key K, call func() (result string, may func(old V, ok bool) (next V, there, changed, fits bool))) {
	r.Do(what, func() (string, func(*Entries[K, V]) (*Entries[K, V], bool)) {
		result, may := call()
		return result, func(s *Entries[K, V]) (*Entries[K, V], bool) {
			next, there, changed, fits := may(s.get(key))
			if fits && changed {
				s = &Entries[K, V]{key, next, there, s}
			}
			return s, fits
		}
	})
}

// Get is the method Get or Load.
func (r *Recorder[K, V]) Get(key K) (value V, ok bool) {
	r.record(fmt.Sprintf("Get(%v)", key), key, func() (string, func(V, bool) (V, bool, bool, bool)) {
		value, ok = r.get(key)
		return found(value, ok), func(old V, there bool) (V, bool, bool, bool) {
			return old, there, false, there == ok && (!ok || old == value)
		}
	})
	return value, ok
}

func found(value any, ok bool) string {
	if !ok {
		return "none"
	}
	return fmt.Sprint(value)
}

// Set is the method Set, Store or Insert.
func (r *Recorder[K, V]) Set(key K, value V) {
	set := r.setter()
	r.record(fmt.Sprintf("Set(%v, %v)", key, value), key, func() (string, func(V, bool) (V, bool, bool, bool)) {
		set(key, value)
		return "done", func(V, bool) (V, bool, bool, bool) { return value, true, true, true }
	})
}

func (r *Recorder[K, V]) setter() func(K, V) {
	switch m := r.m.(type) {
	case interface{ Set(K, V) }:
		return m.Set
	case interface{ Store(K, V) }:
		return m.Store
	case interface{ Insert(K, V) }:
		return m.Insert
	}
	r.lacks("Set, Store or Insert of a key and a value, without a result")
	return nil
}

func (r *Recorder[K, V]) lacks(what string) {
	r.x.Failf("linear: %T has no method %s; record it with Do", r.m, what)
}

// Del is the method Del, Delete or Remove. Its result is not judged.
func (r *Recorder[K, V]) Del(key K) {
	var del func(K)
	switch m := r.m.(type) {
	case interface{ Del(...K) }:
		del = func(key K) { m.Del(key) }
	case interface{ Del(K) }:
		del = m.Del
	case interface{ Del(K) bool }:
		del = func(key K) { m.Del(key) }
	case interface{ Delete(K) }:
		del = m.Delete
	case interface{ Delete(K) bool }:
		del = func(key K) { m.Delete(key) }
	case interface{ Remove(K) }:
		del = m.Remove
	default:
		r.lacks("Del, Delete or Remove of a key")
	}
	r.record(fmt.Sprintf("Del(%v)", key), key, func() (string, func(V, bool) (V, bool, bool, bool)) {
		del(key)
		return "done", func(old V, _ bool) (V, bool, bool, bool) { return old, false, true, true }
	})
}

// LoadOrStore is the method LoadOrStore or GetOrSet.
func (r *Recorder[K, V]) LoadOrStore(key K, value V) (actual V, loaded bool) {
	var f func(K, V) (V, bool)
	switch m := r.m.(type) {
	case interface{ LoadOrStore(K, V) (V, bool) }:
		f = m.LoadOrStore
	case interface{ GetOrSet(K, V) (V, bool) }:
		f = m.GetOrSet
	default:
		r.lacks("LoadOrStore or GetOrSet")
	}
	r.record(fmt.Sprintf("LoadOrStore(%v, %v)", key, value), key, func() (string, func(V, bool) (V, bool, bool, bool)) {
		actual, loaded = f(key, value)
		return fmt.Sprintf("%v, %v", actual, loaded), func(old V, there bool) (V, bool, bool, bool) {
			if there {
				return old, true, false, loaded && actual == old
			}
			return value, true, true, !loaded && actual == value
		}
	})
	return actual, loaded
}

// LoadAndDelete is the method LoadAndDelete or GetAndDel.
func (r *Recorder[K, V]) LoadAndDelete(key K) (value V, loaded bool) {
	var f func(K) (V, bool)
	switch m := r.m.(type) {
	case interface{ LoadAndDelete(K) (V, bool) }:
		f = m.LoadAndDelete
	case interface{ GetAndDel(K) (V, bool) }:
		f = m.GetAndDel
	default:
		r.lacks("LoadAndDelete or GetAndDel")
	}
	r.record(fmt.Sprintf("LoadAndDelete(%v)", key), key, func() (string, func(V, bool) (V, bool, bool, bool)) {
		value, loaded = f(key)
		return found(value, loaded), func(old V, there bool) (V, bool, bool, bool) {
			return old, false, there, there == loaded && (!there || old == value)
		}
	})
	return value, loaded
}

// CompareAndSwap is the method CompareAndSwap.
func (r *Recorder[K, V]) CompareAndSwap(key K, from, to V) (swapped bool) {
	m, ok := r.m.(interface{ CompareAndSwap(K, V, V) bool })
	if !ok {
		r.lacks("CompareAndSwap")
	}
	r.record(fmt.Sprintf("CompareAndSwap(%v, %v, %v)", key, from, to), key, func() (string, func(V, bool) (V, bool, bool, bool)) {
		swapped = m.CompareAndSwap(key, from, to)
		return fmt.Sprint(swapped), func(old V, there bool) (V, bool, bool, bool) {
			return to, true, swapped, swapped == (there && old == from)
		}
	})
	return swapped
}
