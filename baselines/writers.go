package baselines

import (
	"context"
	"fmt"

	"doublebuf/baselines/kv"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
)

// ownLogCaps are the capabilities of double buffers whose goroutines write to logs of their own.
const ownLogCaps = buffered | kv.BoundedLag | kv.OwnLogs

// defaultEntry returns the entry of the double buffer that a user gets who sets no options.
func defaultEntry() kv.Entry {
	return withOwnLogs(kv.Entry{
		Name: "dbuf", Level: kv.Atomic, Caps: ownLogCaps, Policy: kv.Policy{Every: 256},
		Doc:      "double buffer with default options: strategy optimistic, the flat table (for entries of more than 128 bytes the built-in one); each worker has a log of its own, handed over every 256 writes",
		Identity: variation("optimistic", "flat", "own"),
	}, nil)
}

// ownLogEntries returns the entries of further ones.
func ownLogEntries() (entries []kv.Entry) {
	for _, t := range tableOptions {
		for _, every := range []int{64, 1024} {
			e := kv.Entry{
				Name: fmt.Sprintf("dbuf-%s-own-b%d", t.name, every), Level: kv.Atomic, Caps: ownLogCaps, Policy: kv.Policy{Every: every},
				Doc:      fmt.Sprintf("double buffer over the %s table, each worker with a log of its own, handed over every %d writes", t.name, every),
				Identity: variation("epoch", t.name, "own"),
			}
			entries = append(entries, withOwnLogs(e, []hashmap.Option{hashmap.WithStrategy(strategy.Epoch), hashmap.WithTable(t.kind)}))
		}
	}
	return entries
}

// ownLogs is a hashmap.Writers. Each of its handles has a log of its own. The map itself has one
// too, for the goroutine that fills it before there are handles.
type ownLogs[K, V comparable] struct {
	all *hashmap.Writers[K, V]
	ownLog[K, V]
}

// ownLog writes through a hashmap.Writer.
type ownLog[K, V comparable] struct{ w *hashmap.Writer[K, V] }

func newOwnLogs[K, V comparable](options []hashmap.Option) func(capacity int) kv.Map[K, V] {
	return func(capacity int) kv.Map[K, V] {
		all := hashmap.NewWriters[K, V](append(options[:len(options):len(options)], hashmap.WithCapacity(capacity))...)
		return &ownLogs[K, V]{all, ownLog[K, V]{all.NewWriter()}}
	}
}

func (m *ownLogs[K, V]) Open() kv.Map[K, V] {
	return &ownLogsHandle[K, V]{ownLog[K, V]{m.all.NewWriter()}, reader[K, V]{m.all.NewReadHandle()}}
}

// Get may be called before a handle is opened. It opens a handle for the call.
func (m *ownLogs[K, V]) Get(key K) (V, bool) {
	r := m.all.NewReadHandle()
	defer r.Close()
	return r.Get(key)
}

func (m *ownLogs[K, V]) Close() { m.all.Close() }

func (l ownLog[K, V]) Set(key K, value V) { l.w.Insert(key, value) }
func (l ownLog[K, V]) Delete(key K)       { l.w.Remove(key) }
func (l ownLog[K, V]) Clear()             { l.w.Clear() }

func (l ownLog[K, V]) Update(key K, f func(value V, ok bool) (V, bool)) { l.w.Update(key, f) }
func (l ownLog[K, V]) Rewrite(f func(key K, value *V) bool)             { l.w.Retain(f) }

func (l ownLog[K, V]) Retain(keep func(K, V) bool) {
	l.w.Retain(func(key K, value *V) bool { return keep(key, *value) })
}

// HandOver panics if the map cannot publish any more. That is a fault of the map or of its user,
// and no measurement can continue.
func (l ownLog[K, V]) HandOver() {
	if err := l.w.Publish(); err != nil {
		panic(err)
	}
}

// Publish panics as HandOver does.
func (l ownLog[K, V]) Publish() (version uint64) {
	l.HandOver()
	version, err := l.w.Wait(context.Background())
	if err != nil {
		panic(err)
	}
	return version
}

// TryPublish panics as HandOver does.
func (l ownLog[K, V]) TryPublish() (version uint64, published bool) {
	version, published, err := l.w.TryPublish()
	if err != nil {
		panic(err)
	}
	return version, published
}

func (l ownLog[K, V]) PublishContext(ctx context.Context) (version uint64, err error) {
	return l.w.PublishContext(ctx)
}

func (l ownLog[K, V]) Flush() error { return l.w.Flush(context.Background()) }

// ownLogsHandle writes through a log of its own and reads through its own handle.
type ownLogsHandle[K, V comparable] struct {
	ownLog[K, V]
	reader[K, V]
}

func (h *ownLogsHandle[K, V]) Get(key K) (V, bool)  { return h.r.Get(key) }
func (h *ownLogsHandle[K, V]) Read() kv.Guard[K, V] { return h.r.Read() }
func (h *ownLogsHandle[K, V]) Close()               { h.r.Close() }

// freeOwnLogs is an ownLogs that is read without handles. A handle of it is for writing only.
type freeOwnLogs[K, V comparable] struct {
	ownLog[K, V]
	all *hashmap.Writers[K, V]
	shared[K, V]
}

func (f freeOwnLogs[K, V]) Open() kv.Map[K, V] {
	return freeOwnLogsHandle[K, V]{ownLog[K, V]{f.all.NewWriter()}, f.shared}
}

func (f freeOwnLogs[K, V]) Close() { f.all.Close() }

type freeOwnLogsHandle[K, V comparable] struct {
	ownLog[K, V]
	shared[K, V]
}

func (h freeOwnLogsHandle[K, V]) Read() kv.Guard[K, V] { return h.s.Read() }
