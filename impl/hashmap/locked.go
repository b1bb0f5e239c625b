package hashmap

import "doublebuf/impl/atomicx"

// Locked is a writer for any number of goroutines at once, who take turns at a WriteHandle. An
// operation only goes to the log; what whoever has logged becomes visible with the next Publish, whoever calls that.
// A [Group] instead publishes each operation before it returns, and tells what it found.
//
// All methods do what those of a WriteHandle of these names do, and may be called by any goroutine. But a publish
// holds the lock while it waits for readers: whoever has a guard open must call nothing that needs the lock, or he may wait
// for a publish that waits for his guard. NewReadHandle and Share need none. A panic leaves the lock free.
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

// Do calls f with the writer, which nobody else uses meanwhile. f must not keep it, nor use l.
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

// Publish publishes what all have logged, and returns the version that it has made. On an error
// nothing is published, and the version is the last one.
func (l *Locked[K, V]) Publish() (version uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err = l.w.Publish()
	return l.w.Version(), err
}

// Close ends writing, and drops what has not been published. Readers keep the last version.
func (l *Locked[K, V]) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.Close()
}
