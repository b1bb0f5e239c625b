package baselines

import (
	"context"
	"iter"

	"doublebuf/baselines/kv"
	"doublebuf/impl/hashmap"
)

// sole is a hashmap.WriteHandle. One goroutine writes, and it alone.
type sole[K, V comparable] struct{ w *hashmap.WriteHandle[K, V] }

func (s sole[K, V]) Set(key K, value V)                      { s.w.Insert(key, value) }
func (s sole[K, V]) Delete(key K)                            { s.w.Remove(key) }
func (s sole[K, V]) Clear()                                  { s.w.Clear() }
func (s sole[K, V]) Update(key K, f func(V, bool) (V, bool)) { s.w.Update(key, f) }
func (s sole[K, V]) Rewrite(f func(key K, value *V) bool)    { s.w.Retain(f) }
func (s sole[K, V]) Publish() uint64                         { return s.made(s.w.Publish()) }
func (s sole[K, V]) Flush() error                            { return s.w.Flush() }
func (s sole[K, V]) Close()                                  { s.w.Close() }

func (s sole[K, V]) Retain(keep func(K, V) bool) {
	s.w.Retain(func(key K, value *V) bool { return keep(key, *value) })
}

// made returns the last version. It panics on an error, as Publish of lockedWriter does.
func (s sole[K, V]) made(err error) (version uint64) {
	if err != nil {
		panic(err)
	}
	return s.w.Version()
}

func (s sole[K, V]) TryPublish() (version uint64, published bool) {
	published, err := s.w.TryPublish()
	return s.made(err), published
}

func (s sole[K, V]) PublishContext(ctx context.Context) (version uint64, err error) {
	err = s.w.PublishContext(ctx)
	return s.w.Version(), err
}

// soleMap is a map whose writer is sole, and whose readers have handles.
type soleMap[K, V comparable] struct{ sole[K, V] }

func (m soleMap[K, V]) Open() kv.Map[K, V] {
	return &soleHandle[K, V]{m.sole, reader[K, V]{m.w.NewReadHandle()}}
}

// Get may be called before a handle is opened. It opens a handle for the call.
func (m soleMap[K, V]) Get(key K) (V, bool) {
	r := m.w.NewReadHandle()
	defer r.Close()
	return r.Get(key)
}

type soleHandle[K, V comparable] struct {
	sole[K, V]
	reader[K, V]
}

func (h *soleHandle[K, V]) Get(key K) (V, bool)  { return h.r.Get(key) }
func (h *soleHandle[K, V]) Read() kv.Guard[K, V] { return h.r.Read() }
func (h *soleHandle[K, V]) Close()               { h.r.Close() }

// shared reads a map without handles.
type shared[K, V comparable] struct{ s *hashmap.Shared[K, V] }

// mustShare returns s, under a strategy.Sharer.
func mustShare[K, V comparable](s *hashmap.Shared[K, V], err error) shared[K, V] {
	if err != nil {
		panic(err)
	}
	return shared[K, V]{s}
}

func (s shared[K, V]) Get(key K) (V, bool)  { return s.s.Get(key) }
func (s shared[K, V]) All() iter.Seq2[K, V] { return walk(s.s.Read) }
func (s shared[K, V]) Len() int             { return size(s.s.Read()) }

func (s shared[K, V]) GetMany(keys []K, values []V, found []bool) {
	many(s.s.Read(), keys, values, found)
}

// freeSole is a map whose writer is sole, and which is read without handles.
type freeSole[K, V comparable] struct {
	sole[K, V]
	shared[K, V]
}

func (f freeSole[K, V]) Read() kv.Guard[K, V] { return f.s.Read() }

// freeGroup is a group that is read without handles.
type freeGroup[K, V comparable] struct {
	groupWriter[K, V]
	shared[K, V]
}
