package hashmap

import (
	"iter"
	"runtime"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/buffers"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// ReadHandle reads a map. If a handle is dropped without Close, the garbage collector finds it.
// From then on it no longer holds the writer up.
type ReadHandle[K comparable, V any] struct {
	look     look
	words    bool // Get uses look.get
	pointers bool // get uses look.seekPointer

	// If direct, lookups use these fields without calls. They come first, so that they are on one
	// cache line. table is that of the copy in which lookup opens a guard. table and ints
	// are read under that guard only, because the writer may clear them; see uncache.
	table     table.Table[K, V]
	ints      *table.Ints // of table, or nil if it has none
	lookup    strategy.Lookup
	integers  bool // the tables have ints; Get reads it without a guard, so only the reader writes it
	direct    bool
	checkKeys bool
	raw       buffers.ReadHandle[table.Table[K, V]]
	maker     *table.Maker[K, V]
	_         [128]byte // so that no other object shares a cache line with r
}

// prepare completes a new handle. If keys may be unhashable, lookups use getGuarded.
func (r *ReadHandle[K, V]) prepare(m *table.Maker[K, V]) *ReadHandle[K, V] {
	r.maker = m
	if m.Shared() {
		hash, pointer := m.Hash()
		r.look.hash = hash
		r.look.glance, r.words = r.raw.Glance()
		r.pointers = r.words && pointer
		r.words = r.words && !pointer
	}
	r.direct = r.raw.Lookup(&r.lookup) && !r.checkKeys
	if r.direct && r.lookup.Uncaches() {
		self := atomicx.WeakOf(r)
		r.lookup.OnDetach(func(g strategy.Generations) bool {
			r := self.Value()
			return r == nil || r.uncache(g)
		})
	}
	return r
}

// uncache clears the cached table if it is that of a detached copy. The writer calls it. See
// strategy.Lookup.Uncache, which has the proof.
func (r *ReadHandle[K, V]) uncache(g strategy.Generations) bool {
	return r.lookup.Uncache(g, func() { r.table, r.ints = table.Table[K, V]{}, nil })
}

// Clone returns a new handle on the same map. Unlike the other methods it may be called from any
// goroutine.
func (r *ReadHandle[K, V]) Clone() *ReadHandle[K, V] {
	clone := &ReadHandle[K, V]{checkKeys: r.checkKeys}
	r.raw.Clone(&clone.raw, "")
	return clone.prepare(r.maker)
}

// Close ends the use of r: reading through it panics from now on. Open guards stay valid, and hold
// the writer up, until they are released.
func (r *ReadHandle[K, V]) Close() {
	r.raw.Close() // from now on the writer does not call uncache
	r.words, r.pointers, r.direct, r.integers, r.ints = false, false, false, false, nil
	r.table, r.lookup = table.Table[K, V]{}, strategy.Lookup{} // which keep a copy alive
}

// Get returns the value of key in the last published version, and whether there is one. It never
// waits and allocates nothing. It panics if key cannot be hashed.
//
// It is inlined into the caller; see impl/DESIGN.md, "The inliner".
func (r *ReadHandle[K, V]) Get(key K) (value V, ok bool) {
	inline(func() {
		sure := false
		if r.words {
			r.begin()
			var word uint64
			word, ok, sure = r.look.get(table.Word(key))
			value = table.FromWord[V](word)
			r.end()
		}
		if !sure {
			value, ok = r.get(key)
		}
	})
	return
}

func inline(f func()) { f() }

// getInt is Get for most integers in a flat table. Otherwise sure is false. It calls nothing and
// spills nothing, so it needs no stack frame. Each of its ends has a return of its own. All this
// makes it short: the fewer instructions a lookup has, the more lookups overlap. See [table.Ints].
func (r *ReadHandle[K, V]) getInt(key K) (value V, ok, sure bool) {
	w := table.Word(key)
	if w == 0 {
		return
	}
	r.begin()
	if !r.lookup.Announce() || !r.lookup.Validate() {
		r.lookup.Retract()
		r.end()
		return
	}
	r.enter()
	x := r.ints
	s, ok := table.Find[K, V](x, x.Hash(w), key)
	if !ok {
		r.retract()
		return value, false, true
	}
	value = s.Value
	r.retract()
	return value, true, true
}

// retract closes the guard that getInt has opened.
func (r *ReadHandle[K, V]) retract() {
	r.leave()
	r.lookup.Retract()
	r.end()
}

// begin and end say when the handle is in use. enter and leave say which copy is read. Checkers
// want to know. In ordinary builds these calls compile to nothing.

func (r *ReadHandle[K, V]) begin() {
	if invariants.Enabled {
		r.raw.Begin()
	}
}

func (r *ReadHandle[K, V]) end() {
	if invariants.Enabled {
		r.raw.End()
	}
}

func (r *ReadHandle[K, V]) enter() {
	if atomicx.Hooked || invariants.Enabled {
		r.raw.Enter(r.lookup.Copy())
	}
}

func (r *ReadHandle[K, V]) leave() {
	if atomicx.Hooked || invariants.Enabled {
		r.raw.Leave(r.lookup.Copy())
	}
}

// get is Get for any strategy, table, and type of keys.
func (r *ReadHandle[K, V]) get(key K) (value V, ok bool) {
	switch {
	case r.words:
		r.begin()
		word, ok, sure := r.look.seek(table.Word(key))
		r.end()
		if sure {
			return table.FromWord[V](word), ok
		}
	case r.pointers:
		r.begin()
		p, ok, sure := r.look.seekPointer(table.Word(key))
		r.end()
		if sure {
			return table.FromPointer[V](p), ok
		}
	case r.integers:
		value, ok, sure := r.getInt(key)
		runtime.KeepAlive(r) // this may be its last use, and a handle that is found dropped has no guards
		if sure {
			return value, ok
		}
	}
	if !r.direct {
		return r.getGuarded(key)
	}
	r.begin()
	opened := false
	if r.lookup.Tags() {
		opened = r.lookup.Announce() && r.lookup.Validate()
	} else {
		opened = r.lookup.TryCount()
	}
	if !opened {
		return r.getMoved(key)
	}
	r.enter()
	value, ok = r.table.Get(key)
	r.leave()
	if !r.lookup.TryClose() {
		r.lookup.CloseMoved()
	}
	r.end()
	runtime.KeepAlive(r) // as in Get
	return value, ok
}

// getMoved is get if the lookup guard must be opened in another copy than the last time. If the
// writer is clearing the cached table, it opens another guard instead. It ends as get does. A
// function for both would add instructions to get.
func (r *ReadHandle[K, V]) getMoved(key K) (value V, ok bool) {
	if !r.lookup.Claim() {
		r.lookup.Retract()
		r.end()
		return r.getGuarded(key)
	}
	r.table = *r.raw.Data(r.lookup.Reopen())
	if r.lookup.Tags() {
		r.ints = r.table.Ints()
		r.integers = r.ints != nil
	}
	r.lookup.Unclaim()
	r.enter()
	value, ok = r.table.Get(key)
	r.leave()
	r.lookup.Close()
	r.end()
	runtime.KeepAlive(r) // as in Get
	return value, ok
}

// getGuarded is get if no lookup guard can be opened, or if keys may be unhashable.
func (r *ReadHandle[K, V]) getGuarded(key K) (V, bool) {
	if r.checkKeys {
		mustHash(key) // before the guard is open: after a panic it would never be released
	}
	g := r.Read()
	v, ok := g.Get(key)
	g.Release()
	return v, ok
}

// Read opens a guard on the last published version. It never waits and allocates nothing. Several
// guards of one handle may be open at once. They may be released in any order.
func (r *ReadHandle[K, V]) Read() ReadGuard[K, V] {
	g := r.raw.Read()
	return ReadGuard[K, V]{g, *g.Value()}
}

// ReadGuard is an open read of one version. The version stays unchanged until Release. The guard
// holds up the second publish after its version, so release it soon. It belongs to the goroutine of
// its handle.
type ReadGuard[K comparable, V any] struct {
	raw   buffers.ReadGuard[table.Table[K, V]]
	table table.Table[K, V]
}

// Get returns the value of key in this version, and whether there is one.
func (g ReadGuard[K, V]) Get(key K) (value V, ok bool) {
	value, ok = g.table.Get(key)
	g.raw.KeepAlive()
	return
}

// GetMany looks up every keys[i]. It stores the value in values[i], and in found[i] whether there
// is one. If there is none, values[i] becomes the zero value. The slices must not be shorter than
// keys.
func (g ReadGuard[K, V]) GetMany(keys []K, values []V, found []bool) {
	g.table.GetMany(keys, values, found)
	g.raw.KeepAlive()
}

// All iterates over the entries in no particular order. The guard must stay open meanwhile.
func (g ReadGuard[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		g.raw.KeepAlive() // so that checked builds find a released guard before the first entry
		g.table.All()(yield)
		g.raw.KeepAlive()
	}
}

// Len returns the number of entries.
func (g ReadGuard[K, V]) Len() int {
	n := g.table.Len()
	g.raw.KeepAlive()
	return n
}

// Version returns the number of publishes that this guard sees.
func (g ReadGuard[K, V]) Version() uint64 {
	v := g.raw.Version()
	g.raw.KeepAlive()
	return v
}

// Release closes the guard. It never waits. If the writer sleeps until this guard closes, Release
// wakes it.
//
// The guard must not be used any more, and must not be released again. A second Release panics if
// the handle has no other guard open in the same of the two copies. If it has one, the second
// Release closes that guard instead. It may go unnoticed if the guard does not block the writer:
// under the strategy collector, and after WithMaxWait has left the copy to its guards. Checked
// builds (-race, or the tag invariants) panic on every use after Release.
func (g ReadGuard[K, V]) Release() { g.raw.Release() }
