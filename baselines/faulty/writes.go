package faulty

import (
	"runtime"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// updatesTwice counts the updates of one handle, as losesUpdates does.
type updatesTwice struct {
	handle
	updates int
}

func (h *updatesTwice) Update(key uint64, f func(uint64, bool) (uint64, bool)) {
	h.handle.Update(key, f)
	if h.updates++; h.updates%8 == 0 {
		h.handle.Update(key, f)
	}
}

type losesUpdates struct {
	handle
	updates int
}

func (h *losesUpdates) Update(key uint64, f func(uint64, bool) (uint64, bool)) {
	if h.updates++; h.updates%8 != 0 {
		h.handle.Update(key, f)
	}
}

type twoSteps struct{ handle }

func (h twoSteps) Update(key uint64, f func(uint64, bool) (uint64, bool)) {
	if v, ok := f(h.Get(key)); ok {
		h.Set(key, v)
	} else {
		h.Delete(key)
	}
}

type onlyRemoves struct{ handle }

func (h onlyRemoves) Rewrite(f func(key uint64, value *uint64) bool) {
	h.handle.Rewrite(func(key uint64, value *uint64) bool {
		v := *value
		return f(key, &v)
	})
}

type doesNotClear struct{ groupHandle }

func (doesNotClear) Clear() {}

type leavesOut struct{ groupHandle }

func (h leavesOut) Rewrite(f func(key uint64, value *uint64) bool) {
	n := 0
	h.groupHandle.Rewrite(func(key uint64, value *uint64) bool {
		n++
		return n%10 == 0 || f(key, value)
	})
}

// silent is a handle whose Set ignores a panic.
type silent struct{ handle }

func (h silent) Set(key, value uint64) {
	defer func() { _ = recover() }()
	h.handle.Set(key, value)
}

type publishesLast struct{ wrapped }

func (m publishesLast) Close() {
	defer func() { _ = recover() }() // it may be closed already
	m.Publish()
	m.sound.Close()
}

// beforeClose is a map whose Close begins some time before it ends.
type beforeClose struct {
	wrapped
	closing *atomic.Bool
}

func losesLast(m sound) map64 {
	closing := new(atomic.Bool)
	return beforeClose{wrapped{m, func(h map64) map64 { return lost{h.(groupHandle), closing} }}, closing}
}

func (m beforeClose) Close() {
	m.closing.Store(true)
	for range 100 {
		runtime.Gosched()
	}
	m.sound.Close()
	m.closing.Store(false)
}

// lost is a handle whose writes are lost while the map closes.
type lost struct {
	groupHandle
	closing *atomic.Bool
}

func (h lost) Set(key, value uint64) {
	if !h.closing.Load() {
		h.groupHandle.Set(key, value)
	}
}

// torn keeps the last value of each key that one handle has read.
type torn struct {
	handle
	last map[uint64]uint64
	gets int
}

func (h *torn) Get(key uint64) (uint64, bool) {
	v, ok := h.handle.Get(key)
	before, had := h.last[key]
	if h.last[key] = v; !ok || !had {
		return v, ok
	}
	if h.gets++; h.gets%100 == 0 {
		v = before>>32<<32 | v<<32>>32
	}
	return v, true
}

// twoVersions has guards that look up half of a batch in another guard.
type twoVersions struct{ handle }

type twoGuards struct {
	kv.Guard[uint64, uint64]
	h handle
}

func (h twoVersions) Read() kv.Guard[uint64, uint64] { return twoGuards{h.handle.Read(), h.handle} }

func (g twoGuards) GetMany(keys, values []uint64, found []bool) {
	half := len(keys) / 2
	many := func(g kv.Guard[uint64, uint64], from, to int) {
		g.(kv.BatchReader[uint64, uint64]).GetMany(keys[from:to], values[from:to], found[from:to])
	}
	many(g.Guard, 0, half)
	last := g.h.Read()
	defer last.Release()
	many(last, half, len(keys))
}

// manyGuards is a handle that looks up each key in the version that is the last one by then.
type manyGuards struct{ handle }

func (h manyGuards) GetMany(keys, values []uint64, found []bool) {
	for i, key := range keys {
		values[i], found[i] = h.Get(key)
	}
}

// stays has guards that work only in the goroutine that has opened them.
type stays struct{ handle }

type ownGuard struct {
	kv.Guard[uint64, uint64]
	owner string
}

func (h stays) Read() kv.Guard[uint64, uint64] { return ownGuard{h.handle.Read(), goroutine()} }

func (g ownGuard) Get(key uint64) (uint64, bool) {
	if goroutine() != g.owner {
		return 0, false
	}
	return g.Guard.Get(key)
}

func (g ownGuard) GetMany(keys, values []uint64, found []bool) {
	for i, key := range keys {
		values[i], found[i] = g.Get(key)
	}
}

// goroutine returns a name of the running goroutine.
func goroutine() string {
	var text [32]byte
	n := runtime.Stack(text[:], false) // "goroutine 7 [running]"
	for i, c := range text[:n] {
		if c == '[' {
			return string(text[:i])
		}
	}
	return string(text[:n])
}

// tearsBatches hands over in the middle of a batch.
type tearsBatches struct {
	ownHandle
	sets int
}

func (h *tearsBatches) Set(key, value uint64) {
	h.ownHandle.Set(key, value)
	if h.sets++; h.sets%3 == 0 {
		h.HandOver()
	}
}

// keepsLog hands nothing over until it publishes.
type keepsLog struct{ ownHandle }

func (keepsLog) HandOver() {}
