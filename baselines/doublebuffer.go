package baselines

import (
	"fmt"
	"iter"
	"sync"

	"doublebuf/baselines/kv"
	"doublebuf/impl/hashmap"
)

// doubleBuffers returns the configurations of this project's own map: the strategy epoch,
// the built-in map as table, several writers by one lock, and four publish policies.
func doubleBuffers() []kv.Entry {
	const caps = kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot | kv.Versions | kv.BoundedLag
	base := kv.Entry{
		Level:   kv.Atomic,
		Caps:    caps,
		Uint64:  newDoubleBuffer[uint64, uint64],
		Int:     newDoubleBuffer[int, uint64],
		String:  newDoubleBuffer[string, uint64],
		Float64: newDoubleBuffer[float64, uint64],
		Wide:    newDoubleBuffer[uint64, kv.Wide],
	}
	entries := []kv.Entry{base, base, base, base}
	for i, every := range []int{1, 64, 4096} {
		entries[i].Name = fmt.Sprintf("dbuf-epoch-b%d", every)
		entries[i].Doc = fmt.Sprintf("double buffer, published by each worker every %d writes", every)
		entries[i].Policy = kv.Policy{Every: every}
	}
	// With a publish before each write returns, a write takes effect when the copies are
	// swapped, and a Get, which is one guard, reads what was current when it opened.
	entries[0].Level = kv.Linearizable
	entries[0].Doc = "double buffer, published after each write"
	entries[3].Name = "dbuf-epoch-demand"
	entries[3].Doc = "double buffer, published only on demand"
	return entries
}

// doubleBuffer is a hashmap with its writer under a lock, so that several goroutines may
// write. A publish holds the lock while it waits for readers: whoever has a guard open must
// not write, or he may wait for a publish that waits for his guard.
type doubleBuffer[K, V comparable] struct {
	mu sync.Mutex
	w  *hashmap.WriteHandle[K, V]
}

func newDoubleBuffer[K, V comparable](capacity int) kv.Map[K, V] {
	return &doubleBuffer[K, V]{w: hashmap.New[K, V](hashmap.WithCapacity(capacity))}
}

func (d *doubleBuffer[K, V]) Open() kv.Map[K, V] {
	return &doubleBufferHandle[K, V]{doubleBuffer: d, r: d.w.NewReadHandle()}
}

// Get is for the time before handles are opened: it opens and closes one for the call.
func (d *doubleBuffer[K, V]) Get(key K) (V, bool) {
	r := d.w.NewReadHandle()
	defer r.Close()
	return r.Get(key)
}

func (d *doubleBuffer[K, V]) Set(key K, value V) {
	d.mu.Lock()
	d.w.Insert(key, value)
	d.mu.Unlock()
}

func (d *doubleBuffer[K, V]) Delete(key K) {
	d.mu.Lock()
	d.w.Remove(key)
	d.mu.Unlock()
}

// Publish panics if the writer cannot publish any more, which is a fault of the map or of
// its user that no measurement survives.
func (d *doubleBuffer[K, V]) Publish() (version uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.w.Publish(); err != nil {
		panic(err)
	}
	return d.w.Version()
}

// Close ends writing; what has not been published is lost.
func (d *doubleBuffer[K, V]) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.w.Close()
}

// doubleBufferHandle writes through the shared writer and reads through its own handle.
type doubleBufferHandle[K, V comparable] struct {
	*doubleBuffer[K, V]
	r *hashmap.ReadHandle[K, V]
}

func (h *doubleBufferHandle[K, V]) Get(key K) (V, bool)  { return h.r.Get(key) }
func (h *doubleBufferHandle[K, V]) Read() kv.Guard[K, V] { return h.r.Read() }
func (h *doubleBufferHandle[K, V]) Close()               { h.r.Close() }

// All keeps a guard open during the walk.
func (h *doubleBufferHandle[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		g := h.r.Read()
		defer g.Release()
		g.All()(yield)
	}
}

func (h *doubleBufferHandle[K, V]) Len() int {
	g := h.r.Read()
	defer g.Release()
	return g.Len()
}
