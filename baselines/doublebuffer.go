package baselines

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// doubleBuffers returns the entries of this project's own map. Several goroutines write it, under
// one lock, through a group, or with a log for each. The maps of the strategy epoch over the
// built-in table with the usual publish policies are in every run. The others are Aside.
func doubleBuffers() []kv.Entry {
	const bounded = kv.BoundedLag
	entries := []kv.Entry{
		// With a publish before each write returns, a write takes effect when the copies are
		// swapped. A Get is one guard, and reads the version that was current when it opened.
		bufferEntry("dbuf-epoch-b1", "double buffer, published after each write", kv.Linearizable, bounded, 1),
		bufferEntry("dbuf-epoch-b64", "double buffer, published by each worker every 64 writes", kv.Atomic, bounded, 64),
		bufferEntry("dbuf-epoch-b4096", "double buffer, published by each worker every 4096 writes", kv.Atomic, bounded, 4096),
		bufferEntry("dbuf-epoch-demand", "double buffer, published only on demand", kv.Atomic, bounded, 0),
	}
	timed := bufferEntry("dbuf-epoch-t100us", "double buffer, published by each worker 100 µs after its last publish", kv.Atomic, bounded, 0)
	timed.Policy.Interval = 100 * time.Microsecond
	flat := hashmap.WithTable(table.Flat)
	aside := slices.Concat(
		[]kv.Entry{timed},
		variationOf("epoch", "flat", "",
			bufferEntry("dbuf-flat-b64", "double buffer over the flat table, published every 64 writes", kv.Atomic, bounded, 64, flat),
			bufferEntry("dbuf-flat-b4096", "double buffer over the flat table, published every 4096 writes", kv.Atomic, bounded, 4096, flat)),
		variationOf("epoch", "builtin", "maxwait",
			bufferEntry("dbuf-maxwait-b1", "double buffer whose publish waits at most 20 µs and then clones, published after each write", kv.Linearizable, 0, 1, maxWait),
			bufferEntry("dbuf-maxwait-b64", "double buffer whose publish waits at most 20 µs and then clones, published every 64 writes", kv.Atomic, 0, 64, maxWait)),
	)
	aside = append(append(aside, defaultEntry()), ownLogEntries()...)
	for _, k := range strategy.All() {
		if k.Name != "epoch" {
			kind := "builtin"
			if k.Flat {
				kind = "flat"
			}
			aside = append(aside, variationOf(k.Name, kind, "", ofStrategy(k)...)...)
		}
	}
	for _, e := range aside {
		e.Aside = true
		entries = append(entries, e)
	}
	return append(entries, withGroup(kv.Entry{
		Name: "dbuf-group", Identity: variation("epoch", "builtin", "group"), Doc: "double buffer of many writers; their operations are combined, and published before they return",
		Level: kv.Linearizable, Caps: grouped, Aside: true,
	}))
}

var maxWait = hashmap.WithMaxWait(20 * time.Microsecond)

// variation returns the identity of a double buffer that is not the main one.
func variation(strategy, table, writer string) kv.Identity {
	return kv.Identity{Family: kv.DoubleBuffer, Strategy: strategy, Table: table, Writer: writer, Variation: true}
}

// variationOf sets the identity of all entries to that variation, and returns them.
func variationOf(strategy, table, writer string, entries ...kv.Entry) []kv.Entry {
	for i := range entries {
		entries[i].Identity = variation(strategy, table, writer)
	}
	return entries
}

// buffered are the capabilities that all double buffers have.
const buffered = kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Versions | kv.Clears | kv.Retains |
	kv.Updates | kv.Rewrites | kv.BatchReads | kv.TryPublishes | kv.Cancels | kv.Flushes | kv.Ends

// grouped are the capabilities of a group.
const grouped = kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Swaps | kv.Clears | kv.Retains | kv.Rewrites | kv.Ends

// bufferEntry returns the entry of a double buffer with those options. It has the capabilities
// buffered, and those of more. Each worker publishes after so many writes.
func bufferEntry(name, doc string, level kv.Level, more kv.Caps, every int, options ...hashmap.Option) kv.Entry {
	return withDoubleBuffer(kv.Entry{
		Name: name, Doc: doc, Level: level,
		Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "builtin"},
		Caps:     buffered | more,
		Policy:   kv.Policy{Every: every},
		Watched:  watched(newDoubleBuffer[uint64, uint64], options),
	}, options)
}

// watched returns a constructor like that of open. Its function entered is called when a wait for
// readers has ended.
func watched(open func([]hashmap.Option) func(int) kv.Map[uint64, uint64], options []hashmap.Option) func(int, func()) kv.Map[uint64, uint64] {
	return func(capacity int, entered func()) kv.Map[uint64, uint64] {
		return open(append(slices.Clone(options), hashmap.WithWatch(entered)))(capacity)
	}
}

// ofStrategy returns the entries of a strategy, one for each publish policy. With a publish before
// each write returns, the map is linearizable, unless the level of the strategy is per handle.
func ofStrategy(k strategy.Kind) (entries []kv.Entry) {
	batches := k.Batches
	if len(batches) == 0 {
		batches = []int{1, 64, 4096}
	}
	for _, every := range batches {
		level := kv.Atomic
		switch {
		case k.PerHandle:
			level = kv.PerHandle
		case every == 1:
			level = kv.Linearizable
		}
		doc := "the strategy " + k.Name + ", " + k.Doc
		if every == 1 {
			doc += ", published after each write"
		} else {
			doc += fmt.Sprintf(", published every %d writes", every)
		}
		open := bufferEntry
		if k.HandleFree {
			open = handleFree
		}
		options := []hashmap.Option{hashmap.WithStrategy(k.New)}
		if k.Flat {
			options, doc = append(options, hashmap.WithTable(table.Flat)), doc+", over the flat table"
		}
		e := open(fmt.Sprintf("dbuf-%s-b%d", k.Name, every), doc, level, kv.BoundedLag, every, options...)
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

// handleFree is bufferEntry for a map whose readers have no handles.
func handleFree(name, doc string, level kv.Level, more kv.Caps, every int, options ...hashmap.Option) kv.Entry {
	e := withFree(bufferEntry(name, doc, level, more|kv.Passes, every), options)
	e.Watched = watched(newFree[uint64, uint64], options)
	return e
}

// collects returns e as the entry of a map whose publishes each need a garbage collection. It has
// keys of uint64 and string only, because the battery takes long on such a map.
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

// sized returns the options of a map with that capacity. Its strategy is epoch and its table the
// built-in one, unless options say otherwise.
func sized(options []hashmap.Option, capacity int) []hashmap.Option {
	return slices.Concat([]hashmap.Option{
		hashmap.WithStrategy(strategy.Epoch), hashmap.WithTable(table.Builtin), hashmap.WithCapacity(capacity),
	}, options)
}

func newWriter[K, V comparable](options []hashmap.Option, capacity int) lockedWriter[K, V] {
	return lockedWriter[K, V]{hashmap.NewLocked[K, V](sized(options, capacity)...)}
}

func (d *doubleBuffer[K, V]) Open() kv.Map[K, V] {
	return &doubleBufferHandle[K, V]{d, reader[K, V]{d.w.NewReadHandle()}}
}

// Get may be called before a handle is opened. It opens a handle for the call.
func (d *doubleBuffer[K, V]) Get(key K) (V, bool) {
	r := d.w.NewReadHandle()
	defer r.Close()
	return r.Get(key)
}

func (d *lockedWriter[K, V]) Set(key K, value V) { d.w.Insert(key, value) }
func (d *lockedWriter[K, V]) Delete(key K)       { d.w.Remove(key) }
func (d *lockedWriter[K, V]) Clear()             { d.w.Do((*hashmap.WriteHandle[K, V]).Clear) }

func (d *lockedWriter[K, V]) Update(key K, f func(value V, ok bool) (V, bool)) {
	d.w.Do(func(w *hashmap.WriteHandle[K, V]) { w.Update(key, f) })
}

func (d *lockedWriter[K, V]) Rewrite(f func(key K, value *V) bool) {
	d.w.Do(func(w *hashmap.WriteHandle[K, V]) { w.Retain(f) })
}

func (d *lockedWriter[K, V]) Retain(keep func(K, V) bool) {
	d.w.Do(func(w *hashmap.WriteHandle[K, V]) {
		w.Retain(func(key K, value *V) bool { return keep(key, *value) })
	})
}

// Publish panics if the writer cannot publish any more. That is a fault of the map or of its user,
// and no measurement can continue.
func (d *lockedWriter[K, V]) Publish() (version uint64) {
	version, err := d.w.Publish()
	if err != nil {
		panic(err)
	}
	return version
}

// TryPublish panics as Publish does.
func (d *lockedWriter[K, V]) TryPublish() (version uint64, published bool) {
	var err error
	d.w.Do(func(w *hashmap.WriteHandle[K, V]) {
		published, err = w.TryPublish()
		version = w.Version()
	})
	if err != nil {
		panic(err)
	}
	return version, published
}

func (d *lockedWriter[K, V]) PublishContext(ctx context.Context) (version uint64, err error) {
	d.w.Do(func(w *hashmap.WriteHandle[K, V]) {
		err = w.PublishContext(ctx)
		version = w.Version()
	})
	return version, err
}

func (d *lockedWriter[K, V]) Flush() (err error) {
	d.w.Do(func(w *hashmap.WriteHandle[K, V]) { err = w.Flush() })
	return err
}

// Close ends writing. What has not been published is lost.
func (d *lockedWriter[K, V]) Close() { d.w.Close() }

// doubleBufferHandle writes through the shared writer and reads through its own handle.
type doubleBufferHandle[K, V comparable] struct {
	*doubleBuffer[K, V]
	reader[K, V]
}

func (h *doubleBufferHandle[K, V]) Get(key K) (V, bool)  { return h.r.Get(key) }
func (h *doubleBufferHandle[K, V]) Read() kv.Guard[K, V] { return h.r.Read() }
func (h *doubleBufferHandle[K, V]) Close()               { h.r.Close() }

// reader reads several entries of a map through a handle.
type reader[K comparable, V any] struct{ r *hashmap.ReadHandle[K, V] }

func (h reader[K, V]) All() iter.Seq2[K, V] { return walk(h.r.Read) }
func (h reader[K, V]) Len() int             { return size(h.r.Read()) }

func (h reader[K, V]) GetMany(keys []K, values []V, found []bool) {
	many(h.r.Read(), keys, values, found)
}

// many looks up keys through a guard, which it releases.
func many[K comparable, V any](g hashmap.ReadGuard[K, V], keys []K, values []V, found []bool) {
	g.GetMany(keys, values, found)
	g.Release()
}

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

// free is a hashmap that is read without handles. Its writer has a lock.
type free[K, V comparable] struct {
	lockedWriter[K, V]
	s *hashmap.Shared[K, V]
}

// newFree makes maps with options whose strategy is a strategy.Sharer.
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

func (f *free[K, V]) GetMany(keys []K, values []V, found []bool) {
	many(f.s.Read(), keys, values, found)
}

// freeHandle is the map itself, but Close does nothing.
type freeHandle[K, V comparable] struct{ *free[K, V] }

func (freeHandle[K, V]) Close() {}

// group is a hashmap.Group.
type group[K, V comparable] struct{ groupWriter[K, V] }

// groupWriter is what a group does without a reader.
type groupWriter[K, V comparable] struct{ *hashmap.Group[K, V] }

func newGroup[K, V comparable](capacity int) kv.Map[K, V] {
	return group[K, V]{groupWriter[K, V]{hashmap.NewGroup[K, V](sized(nil, capacity)...)}}
}

func (g group[K, V]) Open() kv.Map[K, V] {
	return &groupHandle[K, V]{g, reader[K, V]{g.NewReadHandle()}}
}

// Get may be called before a handle is opened. It opens a handle for the call.
func (g group[K, V]) Get(key K) (V, bool) {
	r := g.NewReadHandle()
	defer r.Close()
	return r.Get(key)
}

func (g groupWriter[K, V]) Set(key K, value V) { g.Insert(key, value) }
func (g groupWriter[K, V]) Delete(key K)       { g.Remove(key) }

func (g groupWriter[K, V]) Rewrite(f func(key K, value *V) bool) { g.Group.Retain(f) }

func (g groupWriter[K, V]) Retain(keep func(K, V) bool) {
	g.Group.Retain(func(key K, value *V) bool { return keep(key, *value) })
}

// groupHandle writes through the group and reads through its own handle.
type groupHandle[K, V comparable] struct {
	group[K, V]
	reader[K, V]
}

func (h *groupHandle[K, V]) Get(key K) (V, bool) { return h.r.Get(key) }
func (h *groupHandle[K, V]) Close()              { h.r.Close() }
