package baselines

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// doubleBuffers returns the configurations of this project's own map, with several writers
// by one lock. Those of the strategy epoch over the built-in map stand in every run, in four
// publish policies; the others stand aside.
func doubleBuffers() []kv.Entry {
	const bounded = kv.BoundedLag
	entries := []kv.Entry{
		// With a publish before each write returns, a write takes effect when the copies are
		// swapped, and a Get, which is one guard, reads what was current when it opened.
		configuration("dbuf-epoch-b1", "double buffer, published after each write", kv.Linearizable, bounded, 1),
		configuration("dbuf-epoch-b64", "double buffer, published by each worker every 64 writes", kv.Atomic, bounded, 64),
		configuration("dbuf-epoch-b4096", "double buffer, published by each worker every 4096 writes", kv.Atomic, bounded, 4096),
		configuration("dbuf-epoch-demand", "double buffer, published only on demand", kv.Atomic, bounded, 0),
	}
	timed := configuration("dbuf-epoch-t100us", "double buffer, published by each worker 100 µs after its last publish", kv.Atomic, bounded, 0)
	timed.Policy.Interval = 100 * time.Microsecond
	flat := hashmap.WithTable(table.Flat)
	aside := slices.Concat(
		[]kv.Entry{timed},
		variationOf("epoch", "flat", "",
			configuration("dbuf-flat-b64", "the same over the flat table, published every 64 writes", kv.Atomic, bounded, 64, flat),
			configuration("dbuf-flat-b4096", "the same, published every 4096 writes", kv.Atomic, bounded, 4096, flat)),
		variationOf("epoch", "builtin", "maxwait",
			configuration("dbuf-maxwait-b1", "a publish waits 20 µs at most, then clones; after each write", kv.Linearizable, 0, 1, maxWait),
			configuration("dbuf-maxwait-b64", "the same, published every 64 writes", kv.Atomic, 0, 64, maxWait)),
	)
	for _, k := range strategy.All() {
		if k.Name != "epoch" {
			aside = append(aside, variationOf(k.Name, "builtin", "", ofStrategy(k)...)...)
		}
	}
	for _, e := range aside {
		e.Aside = true
		entries = append(entries, e)
	}
	return append(entries, withGroup(kv.Entry{
		Name: "dbuf-group", Identity: variation("epoch", "builtin", "group"), Doc: "double buffer of many writers, whose operations are combined and published before they return",
		Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Swaps, Aside: true,
	}))
}

var maxWait = hashmap.WithMaxWait(20 * time.Microsecond)

// variation returns the identity of a double buffer that is not the main one.
func variation(strategy, table, writer string) kv.Identity {
	return kv.Identity{Family: kv.DoubleBuffer, Strategy: strategy, Table: table, Writer: writer, Variation: true}
}

// variationOf gives all of entries that identity.
func variationOf(strategy, table, writer string, entries ...kv.Entry) []kv.Entry {
	for i := range entries {
		entries[i].Identity = variation(strategy, table, writer)
	}
	return entries
}

// configuration returns the entry of a double buffer with those options, beyond the
// capabilities that all have with those that it has more, published by each
// worker every so many writes.
func configuration(name, doc string, level kv.Level, more kv.Caps, every int, options ...hashmap.Option) kv.Entry {
	return withDoubleBuffer(kv.Entry{
		Name: name, Doc: doc, Level: level,
		Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin"},
		Caps:     kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Versions | kv.Clears | kv.Retains | more,
		Policy:   kv.Policy{Every: every},
		Watched:  watched(newDoubleBuffer[uint64, uint64], options),
	}, options)
}

// watched is what open returns, but that the function that it takes as well is called when a wait
// is over.
func watched(open func([]hashmap.Option) func(int) kv.Map[uint64, uint64], options []hashmap.Option) func(int, func()) kv.Map[uint64, uint64] {
	return func(capacity int, entered func()) kv.Map[uint64, uint64] {
		return open(append(slices.Clone(options), hashmap.WithWatch(entered)))(capacity)
	}
}

// ofStrategy returns the entries of a strategy, in its publish policies. With a publish before each
// write returns, the map is linearizable, unless its level is per handle.
func ofStrategy(k strategy.Kind) (entries []kv.Entry) {
	batches := k.Batches
	if len(batches) == 0 {
		batches = []int{1, 64, 4096}
	}
	for i, every := range batches {
		level := kv.Atomic
		switch {
		case k.PerHandle:
			level = kv.PerHandle
		case every == 1:
			level = kv.Linearizable
		}
		doc := "the same"
		if i == 0 {
			doc = "the strategy " + k.Name + ", " + k.Doc
		}
		if every == 1 {
			doc += ", published after each write"
		} else {
			doc += fmt.Sprintf(", published every %d writes", every)
		}
		open := configuration
		if k.HandleFree {
			open = handleFree
		}
		e := open(fmt.Sprintf("dbuf-%s-b%d", k.Name, every), doc, level, kv.BoundedLag, every, hashmap.WithStrategy(k.New))
		e.Instead = k.Ready
		if k.Collects {
			e = collects(e)
		}
		if k.OneGoroutine {
			e.Caps &^= kv.Concurrent
		}
		entries = append(entries, e)
	}
	return entries
}

// handleFree is a configuration whose readers have no handles.
func handleFree(name, doc string, level kv.Level, more kv.Caps, every int, options ...hashmap.Option) kv.Entry {
	e := withFree(configuration(name, doc, level, more, every), options)
	e.Watched = watched(newFree[uint64, uint64], options)
	return e
}

// collects returns e, whose publishes take a garbage collection each, for keys of uint64 and
// string only: the battery takes its time, and does not need all types.
func collects(e kv.Entry) kv.Entry {
	e.Collects = true
	e.Constructors = kv.Constructors{String: e.String}
	return e
}

// doubleBuffer is a hashmap with a writer for several goroutines.
type doubleBuffer[K, V comparable] struct{ lockedWriter[K, V] }

// lockedWriter is a hashmap.Locked.
type lockedWriter[K, V comparable] struct{ w *hashmap.Locked[K, V] }

func newDoubleBuffer[K, V comparable](options []hashmap.Option) func(capacity int) kv.Map[K, V] {
	return func(capacity int) kv.Map[K, V] {
		return &doubleBuffer[K, V]{newWriter[K, V](options, capacity)}
	}
}

func newWriter[K, V comparable](options []hashmap.Option, capacity int) lockedWriter[K, V] {
	return lockedWriter[K, V]{hashmap.NewLocked[K, V](append(options[:len(options):len(options)], hashmap.WithCapacity(capacity))...)}
}

func (d *doubleBuffer[K, V]) Open() kv.Map[K, V] {
	return &doubleBufferHandle[K, V]{d, reader[K, V]{d.w.NewReadHandle()}}
}

// Get is for the time before handles are opened: it opens and closes one for the call.
func (d *doubleBuffer[K, V]) Get(key K) (V, bool) {
	r := d.w.NewReadHandle()
	defer r.Close()
	return r.Get(key)
}

func (d *lockedWriter[K, V]) Set(key K, value V) { d.w.Insert(key, value) }
func (d *lockedWriter[K, V]) Delete(key K)       { d.w.Remove(key) }
func (d *lockedWriter[K, V]) Clear()             { d.w.Do((*hashmap.WriteHandle[K, V]).Clear) }

func (d *lockedWriter[K, V]) Retain(keep func(K, V) bool) {
	d.w.Do(func(w *hashmap.WriteHandle[K, V]) {
		w.Retain(func(key K, value *V) bool { return keep(key, *value) })
	})
}

// Publish panics if the writer cannot publish any more, which is a fault of the map or of
// its user that no measurement survives.
func (d *lockedWriter[K, V]) Publish() (version uint64) {
	version, err := d.w.Publish()
	if err != nil {
		panic(err)
	}
	return version
}

// Close ends writing; what has not been published is lost.
func (d *lockedWriter[K, V]) Close() { d.w.Close() }

// doubleBufferHandle writes through the shared writer and reads through its own handle.
type doubleBufferHandle[K, V comparable] struct {
	*doubleBuffer[K, V]
	reader[K, V]
}

func (h *doubleBufferHandle[K, V]) Get(key K) (V, bool)  { return h.r.Get(key) }
func (h *doubleBufferHandle[K, V]) Read() kv.Guard[K, V] { return h.r.Read() }
func (h *doubleBufferHandle[K, V]) Close()               { h.r.Close() }

// reader walks over a map through a handle.
type reader[K comparable, V any] struct{ r *hashmap.ReadHandle[K, V] }

func (h reader[K, V]) All() iter.Seq2[K, V] { return walk(h.r.Read) }
func (h reader[K, V]) Len() int             { return size(h.r.Read()) }

// walk keeps a guard open during the walk.
func walk[K comparable, V any](read func() hashmap.ReadGuard[K, V]) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		g := read()
		defer g.Release()
		g.All()(yield)
	}
}

func size[K comparable, V any](g hashmap.ReadGuard[K, V]) int {
	defer g.Release()
	return g.Len()
}

// free is a hashmap that is read without handles, with its writer under a lock.
type free[K, V comparable] struct {
	lockedWriter[K, V]
	s *hashmap.Shared[K, V]
}

// newFree makes maps of options whose strategy is a strategy.Sharer.
func newFree[K, V comparable](options []hashmap.Option) func(capacity int) kv.Map[K, V] {
	return func(capacity int) kv.Map[K, V] {
		w := newWriter[K, V](options, capacity)
		s, err := w.w.Share()
		if err != nil {
			panic(err)
		}
		return &free[K, V]{w, s}
	}
}

func (f *free[K, V]) Open() kv.Map[K, V]   { return freeHandle[K, V]{f} }
func (f *free[K, V]) Get(key K) (V, bool)  { return f.s.Get(key) }
func (f *free[K, V]) Read() kv.Guard[K, V] { return f.s.Read() }
func (f *free[K, V]) All() iter.Seq2[K, V] { return walk(f.s.Read) }
func (f *free[K, V]) Len() int             { return size(f.s.Read()) }

// freeHandle is the map itself, but for its end.
type freeHandle[K, V comparable] struct{ *free[K, V] }

// Close does nothing.
func (freeHandle[K, V]) Close() {}

// group is a hashmap.Group.
type group[K, V comparable] struct{ *hashmap.Group[K, V] }

func newGroup[K, V comparable](capacity int) kv.Map[K, V] {
	return group[K, V]{hashmap.NewGroup[K, V](hashmap.WithCapacity(capacity))}
}

func (g group[K, V]) Open() kv.Map[K, V] {
	return &groupHandle[K, V]{g, reader[K, V]{g.NewReadHandle()}}
}

// Get is for the time before handles are opened: it opens and closes one for the call.
func (g group[K, V]) Get(key K) (V, bool) {
	r := g.NewReadHandle()
	defer r.Close()
	return r.Get(key)
}

func (g group[K, V]) Set(key K, value V) { g.Insert(key, value) }
func (g group[K, V]) Delete(key K)       { g.Remove(key) }

// groupHandle writes through the group and reads through its own handle.
type groupHandle[K, V comparable] struct {
	group[K, V]
	reader[K, V]
}

func (h *groupHandle[K, V]) Get(key K) (V, bool) { return h.r.Get(key) }
func (h *groupHandle[K, V]) Close()              { h.r.Close() }
