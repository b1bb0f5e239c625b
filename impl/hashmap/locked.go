package hashmap

import "doublebuf/impl/atomicx"

// Locked is a writer for any number of goroutines. They share one WriteHandle under a lock. An
// operation only goes to the log. The next Publish by any goroutine makes all logged operations
// visible. A [Group] instead publishes each operation before it returns, and returns its result.
//
// The methods do what the WriteHandle methods of the same names do. Any goroutine may call them at
// any time. A publish holds the lock while it waits for readers. So a goroutine with an open guard
// must not call a method that takes the lock: it could wait for a publish that waits for its guard.
// NewReadHandle and Share take no lock. A panic releases the lock.
type Locked[K comparable, V any] struct {
	mu atomicx.Mutex
	w  *WriteHandle[K, V]
}

// NewLocked returns the writer of a new, empty map.
func NewLocked[K comparable, V any](options ...Option) *Locked[K, V] {
	return &Locked[K, V]{w: New[K, V](options...)}
}

// NewReadHandle returns a new handle for reading.
func (l *Locked[K, V]) NewReadHandle() *ReadHandle[K, V] { return l.w.NewReadHandle() }

// Share returns a new Shared for the map, or ErrHandles.
func (l *Locked[K, V]) Share() (*Shared[K, V], error) { return l.w.Share() }

// Do calls f with the writer, under the lock. f must not keep the writer and must not use l.
func (l *Locked[K, V]) Do(f func(w *WriteHandle[K, V])) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l.w)
}

// Insert sets key to value.
func (l *Locked[K, V]) Insert(key K, value V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.Insert(key, value)
}

// Remove removes key if it is there.
func (l *Locked[K, V]) Remove(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.Remove(key)
}

// Publish publishes all logged operations and returns the new version. If there is an error it
// publishes nothing and returns the last version.
func (l *Locked[K, V]) Publish() (version uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err = l.w.Publish()
	return l.w.Version(), err
}

// Close ends writing and drops pending operations. Readers keep the last version.
func (l *Locked[K, V]) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.Close()
}
