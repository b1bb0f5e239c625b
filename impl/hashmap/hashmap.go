// Package hashmap is a concurrent hash map for one writer and any number of readers. Readers see
// the writes that have been published.
//
// It is a double buffer: there are two copies of the map. Readers look things up in one copy
// without locks. They use a registered [ReadHandle], or a [ReadGuard], which pins one version. The
// writer logs its operations. [WriteHandle.Publish] applies them to the other copy and swaps the
// two copies. The next lookup and the next guard of each reader then see them. A later publish
// applies them to the old copy too, when the last reader has left it.
//
//	w := hashmap.New[string, int]()
//	w.Insert("a", 1)
//	w.Publish()
//	r := w.NewReadHandle()
//	v, ok := r.Get("a")
//
// Both copies hold every entry. They share what a value points to: do not change that after the
// value has been inserted.
//
// One goroutine at a time uses a WriteHandle. Only [WriteHandle.NewReadHandle] may be called from
// any goroutine. [Locked] and [Group] are writers for many goroutines. One goroutine at a time uses
// a ReadHandle and its guards.
//
// The design follows RustyYato's series of articles on double buffers, and the crates left-right
// and evmap of Jon Gjengset.
package hashmap

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"runtime"
	"time"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/buffers"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

var (
	// ErrClosed is returned by calls on a writer that has been closed.
	ErrClosed = buffers.ErrClosed
	// ErrPoisoned is returned by calls on a writer whose copies may differ, because an operation
	// panicked during a replay. Readers keep the last version.
	ErrPoisoned = buffers.ErrPoisoned
)

// Option sets up a new map.
type Option func(*config)

type config struct {
	strategy func(strategy.Options) strategy.Strategy
	table    table.Kind
	capacity int
	options  strategy.Options
	watch    func() // or nil
}

// WithStrategy chooses the rule by which the writer waits for readers. The default is
// [strategy.Epoch].
func WithStrategy(s func(strategy.Options) strategy.Strategy) Option {
	return func(c *config) { c.strategy = s }
}

// WithTable chooses what both copies store their entries in: table.Builtin, which is the default,
// or table.Flat, which uses more memory for faster lookups.
func WithTable(k table.Kind) Option { return func(c *config) { c.table = k } }

// WithCapacity sizes both copies for n entries.
func WithCapacity(n int) Option { return func(c *config) { c.capacity = n } }

// WithStallReport has the writer call report when it has waited for readers for the time after. It
// does so at most once in each wait, on its own goroutine. The default is a warning in the default
// log of log/slog after one second.
//
// report may release guards. It may also close a [WriteHandle]: the call that waits then does
// nothing more, and returns ErrClosed when its wait is over. Otherwise report must not use the
// writer that waits. If it uses a [Group] or a [Locked] that waits, it waits for ever.
func WithStallReport(after time.Duration, report func(strategy.Stall)) Option {
	return func(c *config) { c.options.StallAfter, c.options.Stalled = after, report }
}

// WithMaxWait bounds the time that a publish waits for readers. After that time the writer leaves
// their copy to them and to the garbage collector. It continues with a clone of the readable copy.
// The clone takes time in proportion to the map. While the guards of the old copy are open there
// are three copies in memory. There can be more: each idle [ReadHandle] keeps the copy that its
// last Get has read, until the handle is used again or dropped. If the bound is 200 µs or less, the
// writer keeps its processor while it waits. The default is no bound.
func WithMaxWait(d time.Duration) Option { return func(c *config) { c.options.MaxWait = d } }

// WithWatch has the writer call entered after each of its waits for readers, and before it changes
// the copy that they have read. WithMaxWait may have ended the wait. The writer is then about to
// make the second version after the one that they have read. Checkers use this to check the map
// while it runs. The call is on the writer's goroutine. entered must not use the map.
func WithWatch(entered func()) Option { return func(c *config) { c.watch = entered } }

// WriteHandle is the writer of a map.
type WriteHandle[K comparable, V any] struct {
	log       *buffers.OpWriteHandle[table.Table[K, V], op[K, V], *op[K, V]]
	checkKeys bool
}

// New returns the writer of a new, empty map.
func New[K comparable, V any](options ...Option) *WriteHandle[K, V] {
	c := config{strategy: strategy.Epoch}
	for _, o := range options {
		o(&c)
	}
	s := c.strategy(c.options)
	if c.watch != nil {
		s = strategy.Watch(s, c.watch)
	}
	raw := buffers.NewWriteHandle(s, table.New[K, V](c.table, c.capacity), table.New[K, V](c.table, c.capacity))
	return &WriteHandle[K, V]{
		log:       buffers.NewOpWriteHandle[table.Table[K, V], op[K, V]](buffers.NewDelayWriteHandle(raw), cloneTable[K, V]),
		checkKeys: mayBeUnhashable(reflect.TypeFor[K]()),
	}
}

func cloneTable[K comparable, V any](t *table.Table[K, V]) table.Table[K, V] { return t.Clone() }

// mayBeUnhashable reports whether a comparable type has values that cannot be map keys.
func mayBeUnhashable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Array:
		return mayBeUnhashable(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if mayBeUnhashable(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// mustHash panics as the built-in map does if key cannot be hashed.
func mustHash[K comparable](key K) { _ = map[K]struct{}(nil)[key] }

// push logs o, whose key is checked here, in the caller, rather than at some later publish.
func (w *WriteHandle[K, V]) push(o op[K, V]) {
	if w.checkKeys {
		mustHash(o.key)
	}
	w.log.Push(o)
}

// Insert sets key to value. Like all operations it only goes to the log, so it is quick and never
// waits. Like all operations it panics if the writer is closed or if key cannot be hashed.
func (w *WriteHandle[K, V]) Insert(key K, value V) {
	w.push(op[K, V]{kind: opInsert, key: key, value: value})
}

// InsertAll sets all the entries of seq.
func (w *WriteHandle[K, V]) InsertAll(seq iter.Seq2[K, V]) {
	for k, v := range seq {
		w.Insert(k, v)
	}
}

// Remove removes key if it is there.
func (w *WriteHandle[K, V]) Remove(key K) {
	w.push(op[K, V]{kind: opRemove, key: key})
}

// Clear removes all entries. Only Clear removes entries with NaN in their key.
func (w *WriteHandle[K, V]) Clear() {
	w.push(op[K, V]{kind: opClear})
}

// Update calls f with the value of key and whether there is one. It sets key to what f returns, or
// removes key if f returns false. f is called once, when the operation is applied, in the order of
// the operations. f must not use the writer. If f panics, the operation is dropped, the others
// stand, and the caller of Publish gets the panic. A key that is unequal to itself (NaN) is never
// found, and f is not called for it.
func (w *WriteHandle[K, V]) Update(key K, f func(value V, ok bool) (V, bool)) {
	mustFunc(f == nil, "Update")
	w.push(op[K, V]{kind: opFunc, key: key, change: &change[K, V]{resolve: resolveUpdate(key, f)}})
}

// Retain calls f for every entry and removes those for which f returns false. f may change the
// value through the pointer, which is valid until f returns. As with Update, f is called when the
// operation is applied: once for each entry, in no particular order. Entries with NaN in their key
// are kept, and f is not called for them.
func (w *WriteHandle[K, V]) Retain(f func(key K, value *V) bool) {
	mustFunc(f == nil, "Retain")
	w.log.Push(op[K, V]{kind: opFunc, change: &change[K, V]{resolve: resolveRetain(f)}})
}

// mustFunc panics here, in the caller, rather than at the publish that would call the function.
func mustFunc(none bool, operation string) {
	if none {
		panic("doublebuf: " + operation + " without a function")
	}
}

// Publish applies all operations since the last publish. Every guard that is opened after it has
// returned sees them. First it waits until no guard is open in a version before the present one.
// Usually there is none. See [strategy.Stall] for what can hold it up. A goroutine that holds a
// guard and publishes twice waits for itself. On an error Publish has published nothing. The error
// is ErrClosed, ErrPoisoned or one of the strategy.
func (w *WriteHandle[K, V]) Publish() error { return w.log.Publish(nil) }

// TryPublish is Publish if that need not wait for a reader. Otherwise it does nothing and returns
// false.
func (w *WriteHandle[K, V]) TryPublish() (bool, error) { return w.log.TryPublish() }

// PublishContext is Publish, but it gives up the wait when ctx is done, and returns the cause. Then
// nothing is published, and nothing is lost: the operations remain pending.
func (w *WriteHandle[K, V]) PublishContext(ctx context.Context) error {
	return cause(ctx, w.log.Publish(ctx.Done()))
}

func cause(ctx context.Context, err error) error {
	if errors.Is(err, strategy.ErrCancelled) {
		return context.Cause(ctx)
	}
	return err
}

// Get returns the value that key will have at the next publish, and whether it will have one. It
// first applies the pending operations. So it may wait as Publish does, and returns the same
// errors.
func (w *WriteHandle[K, V]) Get(key K) (value V, ok bool, err error) {
	t, err := w.log.Apply(nil)
	if err != nil {
		return value, false, err
	}
	value, ok = t.Get(key)
	return value, ok, nil
}

// HasPending reports whether there are operations that have not been published.
func (w *WriteHandle[K, V]) HasPending() bool { return w.log.HasPending() }

// Version returns the number of publishes so far.
func (w *WriteHandle[K, V]) Version() uint64 { return w.log.Version() }

// Flush waits until no guard of a version before the last one is open. With WithMaxWait it
// waits no longer than that, and then returns [strategy.ErrMaxWait].
func (w *WriteHandle[K, V]) Flush() error { return w.log.Flush(nil) }

// Close ends writing. It publishes nothing, drops what is pending, and does not wait.
// Readers keep the last version.
func (w *WriteHandle[K, V]) Close() { w.log.Close() }

// NewReadHandle returns a new handle for reading. Any goroutine may call it at any time,
// also while Publish waits.
func (w *WriteHandle[K, V]) NewReadHandle() *ReadHandle[K, V] { return w.NewNamedReadHandle("") }

// NewNamedReadHandle is NewReadHandle with a name, which the report of a stall shows.
func (w *WriteHandle[K, V]) NewNamedReadHandle(name string) *ReadHandle[K, V] {
	r := &ReadHandle[K, V]{checkKeys: w.checkKeys}
	w.log.Register(&r.raw, name)
	return r.prepare()
}

// ReadHandle reads a map. If a handle is dropped without Close, the garbage collector finds it.
// From then on it no longer holds the writer up.
type ReadHandle[K comparable, V any] struct {
	// For look-ups without calls, if direct: the copy in which lookup.TryOpen opens a guard has
	// this table. First, so as to be on one cache line.
	table     table.Table[K, V]
	ints      *table.Ints // of table, if it has that
	lookup    strategy.Lookup
	direct    bool
	checkKeys bool
	raw       buffers.ReadHandle[table.Table[K, V]]
	_         [128]byte // alone on its cache lines
}

// prepare ends the making of a handle. Keys that may be unhashable are for the long way.
func (r *ReadHandle[K, V]) prepare() *ReadHandle[K, V] {
	r.lookup, r.direct = r.raw.Lookup()
	r.direct = r.direct && !r.checkKeys
	return r
}

// Clone returns a new handle on the same map. Unlike the other methods it may be called
// from any goroutine.
func (r *ReadHandle[K, V]) Clone() *ReadHandle[K, V] {
	clone := &ReadHandle[K, V]{checkKeys: r.checkKeys}
	r.raw.Clone(&clone.raw, "")
	return clone.prepare()
}

// Close ends the use of r: reading through it panics from now on. Guards that are open stay
// valid, and hold the writer up, until they are released.
func (r *ReadHandle[K, V]) Close() {
	r.raw.Close()
	r.direct, r.ints = false, nil
}

// Get returns the value of key in the last published version, and whether there is one.
// It never waits and allocates nothing. It panics if key cannot be hashed.
//
// It is inlined into the caller; see DESIGN.md, "The inliner".
func (r *ReadHandle[K, V]) Get(key K) (value V, ok bool) {
	inline(func() {
		sure := false
		if r.ints != nil {
			value, ok, sure = r.getInt(key)
			runtime.KeepAlive(r) // if this is its last use: a handle found dropped has no guards
		}
		if !sure {
			value, ok = r.get(key)
		}
	})
	return
}

func inline(f func()) { f() }

// getInt is Get for most integers in a flat table, or sure is false. It calls nothing and spills
// nothing, and so needs no stack frame, and is as short as can be, with a return of its own for
// each end: among many keys a look-up costs what keeps it from overlapping with others, see
// [table.Ints].
func (r *ReadHandle[K, V]) getInt(key K) (value V, ok, sure bool) {
	w := table.Word(key)
	if w == 0 {
		return
	}
	if invariants.Enabled {
		r.raw.Begin()
	}
	if !r.lookup.Announce() || !r.lookup.Validate() {
		r.lookup.Retract()
		if invariants.Enabled {
			r.raw.End()
		}
		return
	}
	if atomicx.Hooked || invariants.Enabled {
		r.raw.Enter(r.lookup.Copy())
	}
	x := r.ints
	for i := x.Hash(w); ; i++ {
		s := table.At[K, V](x, i)
		if s.Key == key {
			v := s.Value
			r.retract()
			return v, true, true
		}
		if table.Word(s.Key) == 0 {
			r.retract()
			return value, false, true
		}
	}
}

// retract closes what getInt has opened.
func (r *ReadHandle[K, V]) retract() {
	if atomicx.Hooked || invariants.Enabled {
		r.raw.Leave(r.lookup.Copy())
	}
	r.lookup.Retract()
	if invariants.Enabled {
		r.raw.End()
	}
}

// get is Get for any strategy, table, and type of keys.
func (r *ReadHandle[K, V]) get(key K) (value V, ok bool) {
	if !r.direct {
		return r.getGuarded(key)
	}
	if invariants.Enabled {
		r.raw.Begin()
	}
	opened := false // by TryOpen, inlined
	if r.lookup.Tags() {
		opened = r.lookup.Announce() && r.lookup.Validate()
	} else {
		opened = r.lookup.TryCount()
	}
	if !opened {
		r.reopen()
	}
	if atomicx.Hooked || invariants.Enabled {
		r.raw.Enter(r.lookup.Copy())
	}
	value, ok = r.table.Get(key)
	if atomicx.Hooked || invariants.Enabled {
		r.raw.Leave(r.lookup.Copy())
	}
	if !r.lookup.TryClose() {
		r.lookup.CloseTurned()
	}
	if invariants.Enabled {
		r.raw.End()
	}
	runtime.KeepAlive(r) // as in Get
	return value, ok
}

// reopen opens the lookup guard in another copy than the last time.
func (r *ReadHandle[K, V]) reopen() {
	r.table = *r.raw.Data(r.lookup.Reopen())
	if r.lookup.Tags() {
		r.ints = r.table.Ints()
	}
}

// getGuarded is get where there is no lookup guard, or keys may be unhashable.
func (r *ReadHandle[K, V]) getGuarded(key K) (V, bool) {
	if r.checkKeys {
		mustHash(key) // before the guard is open, which would never be released
	}
	g := r.Read()
	v, ok := g.Get(key)
	g.Release()
	return v, ok
}

// Read opens a guard on the last published version. It never waits and allocates nothing.
// Several guards of one handle may be open at once, and be released in any order.
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
		g.raw.KeepAlive() // here for checked builds
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
// the handle has no other guard open in the same version or the one before. If it has one, the
// second Release closes that guard instead. A second Release does nothing if the guard holds nobody
// up: under the strategy collector, and after WithMaxWait has left the copy to its guards. Checked
// builds (-race, or the tag invariants) panic on every use after Release.
func (g ReadGuard[K, V]) Release() { g.raw.Release() }
