package hashmap

import (
	"context"
	"errors"
	"iter"

	"doublebuf/impl/buffers"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// WriteHandle is the writer of a map.
type WriteHandle[K comparable, V any] struct {
	log       *buffers.OpWriteHandle[table.Table[K, V], table.Op[K, V], *table.Op[K, V]]
	maker     *table.Maker[K, V] // of both copies
	checkKeys bool
}

// check panics if key cannot be hashed. So the caller gets the panic, rather than some later
// publish.
func (w *WriteHandle[K, V]) check(key K) {
	if w.checkKeys {
		mustHash(key)
	}
}

// Insert sets key to value. Like all operations it only goes to the log, so it is quick and never
// waits. Like all operations it panics if the writer is closed or if key cannot be hashed.
func (w *WriteHandle[K, V]) Insert(key K, value V) {
	w.check(key)
	w.log.Push(w.maker.Set(key, value))
}

// InsertAll sets all the entries of seq.
func (w *WriteHandle[K, V]) InsertAll(seq iter.Seq2[K, V]) {
	for k, v := range seq {
		w.Insert(k, v)
	}
}

// Remove removes key if it is there.
func (w *WriteHandle[K, V]) Remove(key K) {
	w.check(key)
	w.log.Push(w.maker.Delete(key))
}

// Clear removes all entries. Only Clear removes entries with NaN in their key.
func (w *WriteHandle[K, V]) Clear() {
	w.log.Push(w.maker.Clear())
}

// Update calls f with the value of key and whether there is one. It sets key to what f returns, or
// removes key if f returns false. f is called once, when the operation is applied, in the order of
// the operations. f must not use the writer. If f panics, the operation is dropped, the others
// stand, and the caller of Publish gets the panic. A key that is unequal to itself (NaN) is never
// found, and f is not called for it.
func (w *WriteHandle[K, V]) Update(key K, f func(value V, ok bool) (V, bool)) {
	mustFunc(f == nil, "Update")
	w.check(key)
	w.log.Push(w.maker.Update(key, f))
}

// Retain calls f for every entry and removes those for which f returns false. f may change the
// value through the pointer, which is valid until f returns. As with Update, f is called when the
// operation is applied: once for each entry, in no particular order. Entries with NaN in their key
// are kept, and f is not called for them.
func (w *WriteHandle[K, V]) Retain(f func(key K, value *V) bool) {
	mustFunc(f == nil, "Retain")
	w.log.Push(w.maker.Retain(f))
}

// mustFunc panics in the caller if there is no function. Otherwise the publish that would call the
// function would panic.
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

// Close ends writing. It publishes nothing, drops pending operations, and does not wait. Readers
// keep the last version. The memory of the other copy is freed. If a guard is open in it, the
// garbage collector frees it when the guards have ended and each [ReadHandle] whose last Get was
// there has been used again, closed, or dropped.
func (w *WriteHandle[K, V]) Close() { w.log.Close() }

// NewReadHandle returns a new handle for reading. Any goroutine may call it at any time, also while
// Publish waits.
func (w *WriteHandle[K, V]) NewReadHandle() *ReadHandle[K, V] { return w.NewNamedReadHandle("") }

// NewNamedReadHandle is NewReadHandle with a name, which the report of a stall shows.
func (w *WriteHandle[K, V]) NewNamedReadHandle(name string) *ReadHandle[K, V] {
	r := &ReadHandle[K, V]{checkKeys: w.checkKeys}
	w.log.Register(&r.raw, name)
	return r.prepare(w.maker)
}
