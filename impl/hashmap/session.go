package hashmap

import (
	"context"

	"doublebuf/impl/atomicx"
)

// Session is the writer and the reader of one goroutine. It reads its own writes: Get returns what
// the session has written last under the key, also if that is not yet visible to others. This is
// the guarantee "read your writes" of Terry and others (Session guarantees for weakly consistent
// replicated data, 1994).
//
// A Session has the methods of its Writer. Call those of the Session. It notes its writes until it
// knows that they are visible. That takes time and memory, which a Writer and a ReadHandle that are
// not paired do not need.
type Session[K comparable, V any] struct {
	*Writer[K, V]
	r       *ReadHandle[K, V]
	pending bool              // some write may not be visible
	own     map[K]ownWrite[V] // the last write of each key since the last Clear and Retain
	rest    ownWrite[V]       // the last Clear or Retain: the write of all keys that are not in own
	sweepAt int               // the size of own at which visible writes are dropped
}

// ownWrite is a write of a session.
type ownWrite[V any] struct {
	value   V
	ok      bool   // there is a value
	unknown bool   // a function of the user decides about it
	batch   uint64 // it is in the batch of its Writer with that number
}

// NewSession returns a new Session with a Writer and a ReadHandle of its own.
func (s *Writers[K, V]) NewSession() *Session[K, V] {
	return &Session[K, V]{Writer: s.NewWriter(), r: s.NewReadHandle(), own: map[K]ownWrite[V]{}}
}

// Insert is that of the Writer.
func (s *Session[K, V]) Insert(key K, value V) {
	s.Writer.Insert(key, value)
	s.note(key, ownWrite[V]{value: value, ok: true})
}

// Remove is that of the Writer.
func (s *Session[K, V]) Remove(key K) {
	s.Writer.Remove(key)
	s.note(key, ownWrite[V]{})
}

// Update is that of the Writer. What it stores is not known before it is published. So until then a
// Get of key publishes, and waits for that.
func (s *Session[K, V]) Update(key K, f func(value V, ok bool) (V, bool)) {
	s.Writer.Update(key, f)
	s.note(key, ownWrite[V]{unknown: true})
}

// Clear is that of the Writer.
func (s *Session[K, V]) Clear() {
	s.Writer.Clear()
	s.noteAll(ownWrite[V]{})
}

// Retain is that of the Writer. Until it is published, a Get of a key that is not written after it
// publishes, and waits for that.
func (s *Session[K, V]) Retain(f func(key K, value *V) bool) {
	s.Writer.Retain(f)
	s.noteAll(ownWrite[V]{unknown: true})
}

// note notes a write that is in the log.
func (s *Session[K, V]) note(key K, w ownWrite[V]) {
	s.pending = true
	if key != key {
		return // no Get finds it
	}
	if len(s.own) >= s.sweepAt {
		done := s.box.done.Load()
		for k, w := range s.own {
			if w.batch <= done {
				delete(s.own, k)
			}
		}
		s.sweepAt = 2*len(s.own) + 64
	}
	w.batch = s.handed + 1
	s.own[key] = w
}

// noteAll notes a write of all keys that is in the log.
func (s *Session[K, V]) noteAll(w ownWrite[V]) {
	s.pending = true
	clear(s.own)
	w.batch = s.handed + 1
	s.rest = w
}

// Get returns the value of key, and whether there is one: what the session has written last, or, if
// that is visible or there is no such write, the value in the last published version. It waits only
// after an Update of the key or a Retain, as [Writer.Wait] does. When writing has ended, what the
// session has not handed over is lost, and Get returns what was published.
func (s *Session[K, V]) Get(key K) (value V, ok bool) {
	if s.pending {
		if value, ok, known := s.find(key); known {
			return value, ok
		}
	}
	return s.r.Get(key)
}

// find returns the session's own write of key if it may not be visible.
//
// A write that is done is visible: its publish had returned when the publisher said that it is
// done, and a guard that is opened after a publish has returned sees it, at every level (C2). A
// write that is not done is in the log, or was handed over, or is just being published. Then it is
// the last write that this goroutine knows of. If the map has a later one, of another Writer, the
// session reads that when its own is done. When writing has ended, a write that is not done is
// lost, because the publisher ends writing after it has said what is done.
func (s *Session[K, V]) find(key K) (value V, ok, known bool) {
	done := s.box.done.Load()
	if done >= s.handed && len(s.log) == 0 {
		s.pending, s.rest = false, ownWrite[V]{}
		clear(s.own)
		return value, false, false
	}
	w, own := s.own[key]
	if !own {
		w = s.rest
	}
	switch {
	case w.batch <= done || s.writers.ended.Load() != nil:
		return value, false, false
	case w.unknown:
		if _, err := s.handOver(false); err == nil {
			_, _ = s.await(nil) // on an error the write is lost
		}
		return value, false, false
	}
	return w.value, w.ok, true
}

// Read opens a guard that sees all that the session has written. If some of it may not be visible,
// it first publishes and waits, as Publish and Wait do. On an error it opens no guard. A goroutine
// that holds a guard may then wait for itself.
func (s *Session[K, V]) Read(ctx context.Context) (ReadGuard[K, V], error) {
	if s.pending {
		if err := s.Publish(); err != nil {
			return ReadGuard[K, V]{}, err
		}
		if _, err := s.Wait(ctx); err != nil {
			return ReadGuard[K, V]{}, err
		}
	}
	return s.r.Read(), nil
}

// Close ends reading, as [ReadHandle.Close] does. What was handed over is published all the same.
func (s *Session[K, V]) Close() { s.r.Close() }

// ReadAtLeast is Read for a goroutine that has read the given version through another handle. The
// guard is not of an earlier version ("monotonic reads" of Terry and others).
//
// Under a strategy of the level atomic the first guard is good enough: versions that any guard has
// seen are seen by all guards that are opened later (C3). Under [strategy.Refcount] a publish moves
// the handles one by one, and ReadAtLeast waits until it has moved r. That takes as long as the
// move of all handles, and no reader delays it. If the version is not published, ReadAtLeast waits
// until it is.
func (r *ReadHandle[K, V]) ReadAtLeast(version uint64) ReadGuard[K, V] {
	for {
		g := r.Read()
		if g.Version() >= version {
			return g
		}
		g.Release()
		atomicx.Yield()
	}
}
