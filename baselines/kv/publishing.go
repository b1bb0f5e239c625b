package kv

import "context"

// Updater is implemented by handles that can change a value by a function.
type Updater[K comparable, V any] interface {
	// Update calls f once, with the value of key and whether there is one. It sets key to what f
	// returns, or removes key if f returns false. No other write comes between. f must not use the
	// map. If the map publishes, a later Publish may call f, from any goroutine.
	Update(key K, f func(value V, ok bool) (V, bool))
}

// Rewriter is implemented by handles that can change all values by a function.
type Rewriter[K comparable, V any] interface {
	// Rewrite calls f once for every entry, in no particular order. It removes the entries for
	// which f returns false, and stores what f has changed through the pointer, which is valid
	// until f returns. f must not use the map. If the map publishes, a later Publish may call f,
	// from any goroutine.
	Rewrite(f func(key K, value *V) bool)
}

// BatchReader is implemented by guards that can look up several keys in one call, and by handles of
// maps with the capability Snapshot. All reads of one call see one state of the map: that of the
// guard, or one of an instant between call and return.
type BatchReader[K comparable, V any] interface {
	// GetMany looks up every keys[i]. It stores the value in values[i], and in found[i] whether
	// there is one. If there is none, values[i] becomes the zero value. The slices must not be
	// shorter than keys.
	GetMany(keys []K, values []V, found []bool)
}

// TryPublisher is implemented by handles that can publish without waiting.
type TryPublisher interface {
	// TryPublish is Publish if that need not wait for a reader. Otherwise it changes nothing and
	// returns false. What was written stays pending.
	TryPublish() (version uint64, published bool)
}

// ContextPublisher is implemented by handles whose publish can be cancelled.
type ContextPublisher interface {
	// PublishContext is Publish, but it gives up the wait for readers when ctx is done, and returns
	// the cause. On any error nothing is published, and what was written stays pending.
	PublishContext(ctx context.Context) (version uint64, err error)
}

// Flusher is implemented by handles that can wait for readers without publishing.
type Flusher interface {
	// Flush waits until every open guard is of the last version. If it gives up it returns an
	// error, and promises nothing.
	Flush() error
}

// HandOverer is implemented by handles that have a log of their own.
type HandOverer interface {
	// HandOver ends a batch and returns, usually without a wait. It need not publish what the
	// handle wrote before. If it does not, the goroutine that publishes now does so, or the next
	// Publish or HandOver of any handle.
	HandOver()
}
