package baselines

import (
	"iter"

	"doublebuf/baselines/kv"
)

func noop() kv.Entry {
	return withNoopMap(kv.Entry{
		Name:     "noop",
		Doc:      "does nothing: the floor, which shows what the harness itself costs",
		Identity: kv.Identity{Family: "noop", Role: kv.Floor},
		Level:    kv.None,
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Clears | kv.Retains,
	})
}

// noopMap is called like every map, by one dynamic call, and returns at once. Its methods have
// pointer receivers, because Go calls methods of a value through a wrapper with a stack frame.
type noopMap[K, V comparable] struct{}

func newNoopMap[K, V comparable](int) kv.Map[K, V] { return new(noopMap[K, V]) }

func (*noopMap[K, V]) Get(K) (value V, ok bool) { return value, false }
func (*noopMap[K, V]) GetMany([]K, []V, []bool) {}
func (*noopMap[K, V]) Set(K, V)                 {}
func (*noopMap[K, V]) Delete(K)                 {}
func (*noopMap[K, V]) All() iter.Seq2[K, V]     { return func(func(K, V) bool) {} }
func (*noopMap[K, V]) Len() int                 { return 0 }
func (*noopMap[K, V]) Clear()                   {}
func (*noopMap[K, V]) Retain(func(K, V) bool)   {}
