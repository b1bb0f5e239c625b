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
// One goroutine at a time uses a WriteHandle. Other goroutines may call its methods
// NewReadHandle, NewNamedReadHandle and Share, and no others. [Writers], [Locked] and [Group] are
// for many goroutines that write. A [Session] also reads its own pending writes. One goroutine at
// a time uses a ReadHandle and its guards.
//
// The design follows RustyYato's series of articles on double buffers, and the crates left-right
// and evmap of Jon Gjengset.
package hashmap

import (
	"fmt"
	"reflect"
	"time"

	"doublebuf/impl/buffers"
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
// [strategy.Optimistic]. WithStrategy panics if s is nil.
func WithStrategy(s func(strategy.Options) strategy.Strategy) Option {
	mustOption(s != nil, "WithStrategy(nil)", "a strategy, such as strategy.Epoch")
	return func(c *config) { c.strategy = s }
}

// WithTable chooses what both copies store their entries in: table.Builtin or table.Flat. The
// default is [table.Best], which is table.Flat unless keys or values are large. WithTable panics if
// there is no such table.
func WithTable(k table.Kind) Option {
	mustOption(k <= table.Flat, fmt.Sprintf("WithTable(%d)", k), "table.Builtin or table.Flat")
	return func(c *config) { c.table = k }
}

// WithCapacity sizes both copies for n entries, or for as many as fit in [table.MostReserved]. Both
// grow as needed. WithCapacity panics if n is negative.
func WithCapacity(n int) Option {
	mustOption(n >= 0, fmt.Sprintf("WithCapacity(%d)", n), "0 or more entries")
	return func(c *config) { c.capacity = n }
}

// mustOption panics, in the caller of an option, if its argument is bad.
func mustOption(ok bool, option, want string) {
	if !ok {
		panic("doublebuf: " + option + "; want " + want)
	}
}

// WithStallReport has the writer call report when it has waited for readers for the time after. It
// does so at most once in each wait, on its own goroutine. The default is a warning in the default
// log of log/slog after one second, also if after is 0 or report is nil. WithStallReport panics if
// after is negative.
//
// report may release guards. It may also close a [WriteHandle]: the call that waits then returns
// ErrClosed. Otherwise report must not use the
// writer that waits. If it uses a [Group] or a [Locked] that waits, it waits for ever.
func WithStallReport(after time.Duration, report func(strategy.Stall)) Option {
	mustOption(after >= 0, fmt.Sprintf("WithStallReport after %v", after), "0 or more")
	return func(c *config) { c.options.StallAfter, c.options.Stalled = after, report }
}

// WithMaxWait bounds the time that a publish waits for readers. After that time the writer leaves
// their copy to them and to the garbage collector. It continues with a clone of the readable
// copy. The clone takes time in proportion to the map. While the guards of the old copy are open
// there are three copies in memory.
//
// A handle that is idle keeps no old copy. A goroutine that is inside Get while the copy is
// detached may keep it until the publish after that. The exception is [strategy.Refcount]. There
// each [ReadHandle] keeps the copy that its last Get has read, until it is used for another Get,
// closed, or dropped. So n handles that are idle keep at most n old copies, however many publishes
// follow. impl/DESIGN.md says why.
//
// If the bound is 200 µs or less, the writer keeps its processor while it waits. The default is no
// bound, as is 0. WithMaxWait panics if d is negative.
func WithMaxWait(d time.Duration) Option {
	mustOption(d >= 0, fmt.Sprintf("WithMaxWait(%v)", d), "0 or more")
	return func(c *config) { c.options.MaxWait = d }
}

// WithWatch has the writer call entered after each of its waits for readers, and before it changes
// the copy that they have read. WithMaxWait may have ended the wait. The writer is then about to
// make the second version after the one in that copy. Checkers use this to check the map while it
// runs. The call is on the writer's goroutine. entered must not use the map.
func WithWatch(entered func()) Option { return func(c *config) { c.watch = entered } }

// New returns the writer of a new, empty map.
func New[K comparable, V any](options ...Option) *WriteHandle[K, V] {
	c := config{strategy: strategy.Optimistic, table: table.Best[K, V]()}
	for _, o := range options {
		o(&c)
	}
	s := c.strategy(c.options)
	if c.watch != nil {
		s = strategy.Watch(s, c.watch)
	}
	maker := table.NewMaker[K, V](c.table)
	if strategy.Glances(s) {
		maker.Share()
	}
	raw := buffers.NewWriteHandle(s, maker.New(c.capacity), maker.New(c.capacity))
	return &WriteHandle[K, V]{
		log:       buffers.NewOpWriteHandle[table.Table[K, V], table.Op[K, V]](buffers.NewDelayWriteHandle(raw), cloneTable[K, V]),
		maker:     maker,
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
