package hashmap

import (
	"errors"
	"runtime"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/buffers"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// ErrHandles is returned by Share under a strategy that needs a handle for each goroutine.
var ErrHandles = errors.New("doublebuf: the strategy needs a ReadHandle for each goroutine that reads; indicator and collector do not")

// Shared reads a map for any number of goroutines at once. It needs no Close: the garbage collector
// frees it when nothing refers to it or to its guards any more.
type Shared[K comparable, V any] struct {
	readable   *atomicx.Pointer[strategy.Copy] // for lookups without calls, if a load opens a guard
	indicators strategy.Indicators             // for lookups without calls, if visits
	visits     bool
	checkKeys  bool
	handles    []*buffers.ReadHandle[table.Table[K, V]] // a power of two
}

// Share returns a new Shared for the map of w, or ErrHandles. Any goroutine may call it at any
// time, also while Publish waits. All goroutines can use the same Shared.
func (w *WriteHandle[K, V]) Share() (*Shared[K, V], error) {
	s := &Shared[K, V]{handles: w.log.Share(), checkKeys: w.checkKeys}
	if len(s.handles) == 0 {
		return nil, ErrHandles
	}
	if !s.checkKeys { // as in ReadHandle.prepare
		s.readable = buffers.Readable(s.handles)
		s.indicators, s.visits = buffers.Indicators(s.handles)
	}
	return s, nil
}

// Get returns the value of key in the last published version, and whether there is one. It never
// waits and allocates nothing. It panics if key cannot be hashed.
func (s *Shared[K, V]) Get(key K) (V, bool) {
	var raw *buffers.ReadHandle[table.Table[K, V]]
	if s.readable != nil {
		c := s.readable.Load()
		if atomicx.Hooked || invariants.Enabled {
			raw = s.handles[0]
			raw.Enter(c)
		}
		v, ok := raw.Data(c).Get(key)
		if atomicx.Hooked || invariants.Enabled {
			raw.Leave(c)
		}
		runtime.KeepAlive(c) // this reference is the whole guard
		return v, ok
	}
	if !s.visits {
		return s.get(key)
	}
	visit, c, ok := s.indicators.TryOpen()
	if !ok {
		c = visit.Reopen(c)
	}
	if atomicx.Hooked || invariants.Enabled {
		raw = s.handles[0]
		raw.Enter(c)
	}
	v, ok := raw.Data(c).Get(key)
	if atomicx.Hooked || invariants.Enabled {
		raw.Leave(c)
	}
	visit.Close(c)
	runtime.KeepAlive(s) // as in ReadHandle.Get
	return v, ok
}

// get is Get for any strategy and any type of keys.
func (s *Shared[K, V]) get(key K) (V, bool) {
	if s.checkKeys {
		mustHash(key) // as in ReadHandle.get
	}
	g := s.Read()
	v, ok := g.Get(key)
	g.Release()
	return v, ok
}

// Read opens a guard on the last published version. It never waits and allocates nothing. One
// goroutine at a time may use the guard. It must be released.
func (s *Shared[K, V]) Read() ReadGuard[K, V] {
	g := s.handles[strategy.Stripe(len(s.handles))].Read()
	return ReadGuard[K, V]{g, *g.Value()}
}
