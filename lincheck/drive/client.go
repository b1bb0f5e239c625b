package drive

import (
	"math/rand/v2"
	"runtime"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/history"
)

// client is one goroutine with its handle, recording and random choices.
type client struct {
	*Recording
	h       kv.Map[uint64, uint64]
	caps    kv.Caps
	rng     *rand.Rand
	keys    uint64
	every   int // writes between publishes that are part of a write; 0 = never
	unsent  int // writes since the last publish
	written uint64
	content map[uint64]uint64 // what it has written, if it is the only writer
}

// pause lets other goroutines run now and then, between operations.
func (c *client) pause() {
	if c.rng.IntN(8) == 0 {
		runtime.Gosched()
	}
}

func (c *client) key() uint64 { return c.rng.Uint64N(c.keys) }

// value returns a value that no other write of the history has.
func (c *client) value() uint64 {
	c.written++
	return uint64(c.client+1)*1_000_000 + c.written
}

func (c *client) get(key uint64) (uint64, bool) {
	called := c.Now()
	v, ok := c.h.Get(key)
	c.Call(called, history.Call{Op: history.Get, Key: history.Word(key), Result: history.ValueOf(v, ok)})
	return v, ok
}

func (c *client) write(key uint64) {
	if c.rng.IntN(4) == 0 {
		c.delete(key)
		return
	}
	c.set(key)
}

func (c *client) delete(key uint64) {
	called := c.Now()
	c.h.Delete(key)
	c.policy()
	c.Call(called, history.Call{Op: history.Delete, Key: history.Word(key)})
	delete(c.content, key)
}

// deleted records deletes of all entries for which gone holds. The client, the only writer, has
// just removed them with one operation.
func (c *client) deleted(gone func(key, value uint64) bool) {
	now := c.Now()
	for key := range c.keys {
		if value, there := c.content[key]; there && gone(key, value) {
			c.Call(now, history.Call{Op: history.Delete, Key: history.Word(key)})
			now = c.calls[len(c.calls)-1].Return
			delete(c.content, key)
		}
	}
}

func (c *client) set(key uint64) {
	value := c.value()
	called := c.Now()
	c.h.Set(key, value)
	c.policy()
	c.Call(called, history.Call{Op: history.Set, Key: history.Word(key), New: history.Word(value)})
	if c.content != nil {
		c.content[key] = value
	}
}

// policy publishes, as part of a write, if the publish policy says so.
func (c *client) policy() {
	if c.every == 0 {
		return
	}
	if c.unsent++; c.unsent >= c.every {
		kv.Publish(c.h)
		c.unsent = 0
	}
}

// publish publishes and records that as a call.
func (c *client) publish() {
	c.unsent = 0
	called := c.Now()
	version := kv.Publish(c.h)
	c.Call(called, history.Call{Op: history.Publish, Version: version})
}

// swap does one of the operations of kv.Swapper. The comparing ones compare with old.
func (c *client) swap(key, old uint64) {
	h := c.h.(kv.Swapper[uint64, uint64])
	value := c.value()
	r := history.Call{Key: history.Word(key), New: history.Word(value), Old: history.Word(old)}
	var v uint64
	var ok bool
	called := c.Now()
	switch c.rng.IntN(5) {
	case 0:
		r.Op = history.Swap
		v, ok = h.Swap(key, value)
		r.Result = history.ValueOf(v, ok)
	case 1:
		r.Op = history.LoadOrStore
		v, r.Did = h.LoadOrStore(key, value)
		r.Result = history.ValueOf(v, true)
	case 2:
		r.Op = history.LoadAndDelete
		v, ok = h.LoadAndDelete(key)
		r.Result = history.ValueOf(v, ok)
	case 3:
		r.Op = history.CompareAndSwap
		r.Did = h.CompareAndSwap(key, old, value)
	case 4:
		r.Op = history.CompareAndDelete
		r.Did = h.CompareAndDelete(key, old)
	}
	c.policy()
	c.Call(called, r)
}

// openGuard is an open guard with its index in the recording.
type openGuard struct {
	kv.Guard[uint64, uint64]
	index int // or unrecorded
}

const unrecorded = -1

func (c *client) open() openGuard {
	h := c.h.(kv.Versioned[uint64, uint64])
	called := c.Now()
	g := h.Read()
	opened := c.Now()
	return openGuard{g, c.Open(called, opened, g.Version())}
}

func (c *client) readOne(g openGuard) {
	if c.caps.Has(kv.BatchReads) && c.rng.IntN(4) == 0 {
		c.readMany(g)
		return
	}
	key := c.key()
	v, ok := g.Get(key)
	c.Read(g.index, history.Word(key), history.ValueOf(v, ok))
}

func (c *client) rangeOver(g openGuard) {
	if c.guards[g.index].Ranged {
		return
	}
	c.Ranged(g.index)
	for k, v := range g.All() {
		c.Entry(g.index, history.Word(k), history.Word(v))
	}
}

func (c *client) close(g openGuard) {
	if g.index != unrecorded {
		c.Closed(g.index, c.Now())
	}
	g.Release()
}
