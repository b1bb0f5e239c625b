// Package kv is the one interface that every map of this project wears, ours and
// those of others, so that one harness drives, checks and measures them all.
//
// A map is used through handles. A map whose readers must register implements
// [Opener]; every other map is its own handle. Callers obtain a handle with [Open],
// outside any timed region, and use it from one goroutine at a time.
//
// What a map can do beyond Get, Set and Delete it says by implementing the small
// interfaces of this package, on the value that [Open] returns, and by declaring the
// matching [Caps] in its [Entry].
package kv

import "iter"

// Map is the least that a map does. Set and Delete answer nothing: a map that can
// answer says so by implementing [Swapper].
//
// Whether the methods may be called from several goroutines at once is declared by
// the Entry's Caps.
type Map[K comparable, V any] interface {
	// Get returns the value of key as this handle sees it, and whether there is one.
	Get(key K) (V, bool)
	// Set stores value under key. On a map that publishes, readers may not see it
	// before the next Publish.
	Set(key K, value V)
	// Delete removes key if it is there.
	Delete(key K)
}

// Opener is implemented by maps that are used through registered handles.
type Opener[K comparable, V any] interface {
	// Open returns a new handle for one goroutine. It may be called from any
	// goroutine at any time. Release the handle with [Close].
	Open() Map[K, V]
}

// Publisher is implemented by handles of maps whose writes become visible in batches.
type Publisher interface {
	// Publish makes all writes that any handle finished before the call visible to
	// every read that begins after it returns. It returns the number of publishes of
	// the map so far, which is the version that it made.
	Publish() (version uint64)
}

// Ranger is implemented by handles that can walk over the whole map.
type Ranger[K comparable, V any] interface {
	// All iterates over the entries in no particular order. Unless the map has the
	// capability Snapshot, entries added or deleted during the walk may or may not be seen,
	// and those that are overwritten are seen once, with one of their values.
	All() iter.Seq2[K, V]
	// Len returns the number of entries, as weakly as All.
	Len() int
}

// Swapper is implemented by handles whose writes return what they replaced.
// The operations have the meaning of sync.Map's methods of the same names.
type Swapper[K comparable, V any] interface {
	Swap(key K, value V) (previous V, loaded bool)
	LoadOrStore(key K, value V) (actual V, loaded bool)
	LoadAndDelete(key K) (value V, loaded bool)
	CompareAndSwap(key K, old, new V) (swapped bool)
	CompareAndDelete(key K, old V) (deleted bool)
}

// Clearer is implemented by handles that can remove all entries. A Set that overlaps the
// call may come before or after it. On a map that publishes, readers may not see it before
// the next Publish.
type Clearer interface{ Clear() }

// Retainer is implemented by handles that can remove entries by what they are.
type Retainer[K comparable, V any] interface {
	// Retain removes the entries for which keep returns false. Which entries written
	// during the call it is asked about is not said; an entry that is removed is one that
	// keep refused. keep must be a pure function of its arguments and not use the map. On a
	// map that publishes, keep may be called as late as in a Publish, by any goroutine.
	Retain(keep func(key K, value V) bool)
}

// Versioned is implemented by handles that read through guards which tell their version.
type Versioned[K comparable, V any] interface {
	// Read opens a guard. Several may be open at once.
	Read() Guard[K, V]
}

// Guard is an open read of one version of the map. One goroutine uses it at a time.
type Guard[K comparable, V any] interface {
	Ranger[K, V]
	Get(key K) (V, bool)
	// Version is the number of publishes that the guard sees.
	Version() uint64
	// Release closes the guard. No other method may be called after it.
	Release()
}

// Open returns a handle of m for one goroutine: a new one if m needs handles, else m.
func Open[K comparable, V any](m Map[K, V]) Map[K, V] {
	if o, ok := m.(Opener[K, V]); ok {
		return o.Open()
	}
	return m
}

// Close releases a handle or a map if it holds anything to release.
func Close(x any) {
	if c, ok := x.(interface{ Close() }); ok {
		c.Close()
	}
}

// Publish publishes if h can, and returns the new version, else 0.
func Publish(h any) (version uint64) {
	if p, ok := h.(Publisher); ok {
		return p.Publish()
	}
	return 0
}
