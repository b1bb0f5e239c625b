package baselines

import (
	"iter"
	"maps"
)

// builtin is Go's map with the methods that several adapters share. The caller synchronises.
type builtin[K, V comparable] map[K]V

// getMany implements kv.BatchReader.
func (b builtin[K, V]) getMany(keys []K, values []V, found []bool) {
	for i, key := range keys {
		values[i], found[i] = b[key]
	}
}

func (b builtin[K, V]) swap(key K, value V) (previous V, loaded bool) {
	previous, loaded = b[key]
	b[key] = value
	return previous, loaded
}

func (b builtin[K, V]) loadOrStore(key K, value V) (actual V, loaded bool) {
	if actual, loaded = b[key]; loaded {
		return actual, true
	}
	b[key] = value
	return value, false
}

func (b builtin[K, V]) loadAndDelete(key K) (value V, loaded bool) {
	value, loaded = b[key]
	delete(b, key)
	return value, loaded
}

func (b builtin[K, V]) compareAndSwap(key K, old, new V) (swapped bool) {
	if v, ok := b[key]; !ok || v != old {
		return false
	}
	b[key] = new
	return true
}

func (b builtin[K, V]) compareAndDelete(key K, old V) (deleted bool) {
	if v, ok := b[key]; !ok || v != old {
		return false
	}
	delete(b, key)
	return true
}

func (b builtin[K, V]) update(key K, f func(V, bool) (V, bool)) {
	v, ok := b[key]
	if v, ok = f(v, ok); ok {
		b[key] = v
	} else {
		delete(b, key)
	}
}

func (b builtin[K, V]) retain(keep func(K, V) bool) {
	maps.DeleteFunc(b, func(k K, v V) bool { return !keep(k, v) })
}

// each calls yield for the entries until it returns false. It reports whether yield never did.
func (b builtin[K, V]) each(yield func(K, V) bool) bool {
	for k, v := range b {
		if !yield(k, v) {
			return false
		}
	}
	return true
}

// all iterates over the entries.
func (b builtin[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { b.each(yield) }
}
