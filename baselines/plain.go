package baselines

import (
	"iter"

	"doublebuf/baselines/kv"
)

func plain() kv.Entry {
	return withPlainMap(kv.Entry{
		Name:     "plain",
		Doc:      "built-in map without synchronisation, only read once it is shared: the ceiling",
		Identity: kv.Identity{Family: "plain", Role: kv.Ceiling},
		Level:    kv.Linearizable, // trivially, because nothing changes while it is shared
		Caps:     kv.Concurrent | kv.Range | kv.Snapshot,
	})
}

// plainMap may be written by one goroutine while no other goroutine uses it, and not later.
type plainMap[K, V comparable] struct{ m builtin[K, V] }

func newPlainMap[K, V comparable](capacity int) kv.Map[K, V] {
	return &plainMap[K, V]{make(builtin[K, V], capacity)}
}

func (p *plainMap[K, V]) Get(key K) (V, bool) {
	v, ok := p.m[key]
	return v, ok
}

func (p *plainMap[K, V]) GetMany(keys []K, values []V, found []bool) {
	p.m.getMany(keys, values, found)
}

func (p *plainMap[K, V]) Set(key K, value V)   { p.m[key] = value }
func (p *plainMap[K, V]) Delete(key K)         { delete(p.m, key) }
func (p *plainMap[K, V]) All() iter.Seq2[K, V] { return p.m.all() }
func (p *plainMap[K, V]) Len() int             { return len(p.m) }
