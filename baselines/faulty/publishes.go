package faulty

import (
	"context"
	"sync"
)

// saysYes counts the calls of TryPublish of one handle, as saysNo does.
type saysYes struct {
	handle
	tries int
}

func (h *saysYes) TryPublish() (uint64, bool) {
	if h.tries++; h.tries%4 != 0 {
		return h.handle.TryPublish()
	}
	g := h.Read()
	defer g.Release()
	return g.Version() + 1, true
}

type saysNo struct {
	handle
	tries int
}

func (h *saysNo) TryPublish() (version uint64, published bool) {
	version, published = h.handle.TryPublish()
	h.tries++
	return version, published && h.tries%4 != 0
}

type neverTries struct{ handle }

func (h neverTries) TryPublish() (uint64, bool) { return 0, false }

// lateCause looks at the context when it has published.
type lateCause struct{ handle }

func (h lateCause) PublishContext(ctx context.Context) (uint64, error) {
	version, err := h.handle.PublishContext(ctx)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return version, err
}

type doesNotFlush struct{ handle }

func (doesNotFlush) Flush() error { return nil }

// batch is what was written to one map since its last publish, by key.
type batch struct {
	mu   sync.Mutex
	keys map[uint64]bool
}

// drops is a handle that undoes the batch when its publish is cancelled.
type drops struct {
	handle
	batch *batch
}

func dropsPending(m sound) map64 {
	b := &batch{keys: map[uint64]bool{}}
	return wrapped{m, func(h map64) map64 { return drops{h.(handle), b} }}
}

func (h drops) note(key uint64) {
	h.batch.mu.Lock()
	defer h.batch.mu.Unlock()
	h.batch.keys[key] = true
}

func (h drops) Set(key, value uint64) { h.note(key); h.handle.Set(key, value) }

func (h drops) Delete(key uint64) { h.note(key); h.handle.Delete(key) }

func (h drops) Update(key uint64, f func(uint64, bool) (uint64, bool)) {
	h.note(key)
	h.handle.Update(key, f)
}

func (h drops) Publish() uint64 {
	h.batch.mu.Lock()
	defer h.batch.mu.Unlock()
	clear(h.batch.keys)
	return h.handle.Publish()
}

func (h drops) TryPublish() (uint64, bool) {
	h.batch.mu.Lock()
	defer h.batch.mu.Unlock()
	version, published := h.handle.TryPublish()
	if published {
		clear(h.batch.keys)
	}
	return version, published
}

func (h drops) PublishContext(ctx context.Context) (uint64, error) {
	h.batch.mu.Lock()
	defer h.batch.mu.Unlock()
	version, err := h.handle.PublishContext(ctx)
	for key := range h.batch.keys {
		if v, ok := h.Get(key); err == nil {
			break
		} else if ok {
			h.handle.Set(key, v)
		} else {
			h.handle.Delete(key)
		}
	}
	clear(h.batch.keys)
	return version, err
}
