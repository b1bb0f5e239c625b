// Package kv is the interface of all maps that this project checks and measures, its own and those
// of others.
//
// A map is used through handles. A map whose readers must register implements [Opener]; every
// other map is its own handle. Callers get a handle from [Open], outside any timed region, and
// use it from one goroutine at a time.
//
// A map that can do more than Get, Set and Delete implements further small interfaces of this
// package, on the value that [Open] returns. Its [Entry] declares the matching [Caps].
package kv

import "iter"

// Map is the smallest interface of a map. Set and Delete return nothing. A map that can return what
// it replaced implements [Swapper].
//
// The Caps of the Entry declare whether several goroutines may call the methods at once.
type Map[K comparable, V any] interface {
	// Get returns the value of key as this handle sees it, and whether there is one.
	Get(key K) (V, bool)
	// Set stores value under key. If the map publishes, readers may not see the value before the
	// next Publish.
	Set(key K, value V)
	// Delete removes key if it is there.
	Delete(key K)
}

// Opener is implemented by maps that are used through registered handles.
type Opener[K comparable, V any] interface {
	// Open returns a new handle for one goroutine. Any goroutine may call it at any time. Release
	// the handle with [Close].
	Open() Map[K, V]
}

// Publisher is implemented by handles of maps whose writes become visible in batches.
type Publisher interface {
	// Publish makes all writes that any handle finished before the call visible to every read that
	// begins after it returns; with the capability OwnLogs those of its own handle. It may block
	// until readers have left the other copy. It returns the version that it made: the number of
	// publishes of the map so far.
	Publish() (version uint64)
}

// Ranger is implemented by handles that can walk over the whole map.
type Ranger[K comparable, V any] interface {
	// All iterates over the entries in no particular order. Without the capability Snapshot, the
	// walk may or may not see entries that are added or deleted during it. It sees an overwritten
	// entry once, with one of its values.
	All() iter.Seq2[K, V]
	// Len returns the number of entries, with the same guarantees as All.
	Len() int
}

// Swapper is implemented by handles whose writes return what they replaced. The methods do what
// those of sync.Map with the same names do.
type Swapper[K comparable, V any] interface {
	Swap(key K, value V) (previous V, loaded bool)
	LoadOrStore(key K, value V) (actual V, loaded bool)
	LoadAndDelete(key K) (value V, loaded bool)
	CompareAndSwap(key K, old, new V) (swapped bool)
	CompareAndDelete(key K, old V) (deleted bool)
}

// Clearer is implemented by handles that can remove all entries. A Set that overlaps the call may
// take effect before or after it. If the map publishes, readers may not see the effect before the
// next Publish.
type Clearer interface{ Clear() }

// Retainer is implemented by handles that can remove entries by key and value.
type Retainer[K comparable, V any] interface {
	// Retain removes the entries for which keep returns false, and no others. It may or may not
	// call keep for entries that are written during the call. keep must be a pure function of its
	// arguments and must not use the map. If the map publishes, a later Publish may call keep, from
	// any goroutine.
	Retain(keep func(key K, value V) bool)
}

// Versioned is implemented by handles that read through guards with a version.
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

// Open returns a handle of m for one goroutine: a new one if m needs handles, otherwise m.
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

// Publish publishes if h can, and returns the new version. Otherwise it returns 0.
func Publish(h any) (version uint64) {
	if p, ok := h.(Publisher); ok {
		return p.Publish()
	}
	return 0
}
