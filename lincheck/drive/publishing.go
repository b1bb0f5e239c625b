package drive

import (
	"context"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/history"
)

// update changes the value of key, or removes it, by one Update. It records that as a swap or as a
// load-and-delete, which do the same and return what the function was called with. The publish
// policy publishes before the update returns, so the function has been called by then.
func (c *client) update(key uint64) {
	value, keep := c.value(), c.rng.IntN(4) > 0
	r := history.Call{Op: history.LoadAndDelete, Key: history.Word(key)}
	if keep {
		r.Op, r.New = history.Swap, history.Word(value)
	}
	called := c.Now()
	c.h.(kv.Updater[uint64, uint64]).Update(key, func(v uint64, ok bool) (uint64, bool) {
		r.Result = history.ValueOf(v, ok)
		return value, keep
	})
	c.policy()
	c.Call(called, r)
}

// Updates is a schedule of several writers, each of which publishes after each of its writes. So a
// write and its publish are one call, which takes effect at one instant. That holds at every level,
// because no client reads before all have written. The functions of the updates read what was
// written last, whether it is published or not.
func Updates(r *Rig) {
	const steps = 60
	r.open(2+r.rng.IntN(2), 1+r.rng.Uint64N(2), steps+16)
	for _, c := range r.clients {
		c.every = 1
	}
	r.run(func(_ int, c *client) {
		for range steps {
			c.pause()
			if c.rng.IntN(4) == 0 {
				c.write(c.key())
			} else {
				c.update(c.key())
			}
		}
	})
	r.readAll()
}

// more is what an update adds to a value, so that a second application of it shows.
const more = 1 << 32

// add adds to the value of key by one Update, as the only writer. It removes some values instead.
func (c *client) add(key uint64) {
	value, keep := c.value(), c.rng.IntN(4) > 0
	after := func(v uint64, ok bool) (uint64, bool) {
		if !ok {
			return value, true
		}
		return v + more, keep
	}
	called := c.Now()
	c.h.(kv.Updater[uint64, uint64]).Update(key, after)
	v, ok := c.content[key]
	if v, ok = after(v, ok); ok {
		c.Call(called, history.Call{Op: history.Set, Key: history.Word(key), New: history.Word(v)})
		c.content[key] = v
	} else {
		c.Call(called, history.Call{Op: history.Delete, Key: history.Word(key)})
		delete(c.content, key)
	}
}

// rewrite removes a third of the values and adds to another third by one Rewrite, as the only
// writer. It records that as a delete or a set of each.
func (c *client) rewrite() {
	drop := c.rng.Uint64N(3)
	dropped := func(_, value uint64) bool { return value%3 == drop }
	changed := func(value uint64) bool { return value%3 == (drop+1)%3 }
	c.h.(kv.Rewriter[uint64, uint64]).Rewrite(func(key uint64, value *uint64) bool {
		keep := !dropped(key, *value)
		if changed(*value) {
			*value += 3 * more // it stays in its third
		}
		return keep
	})
	c.deleted(dropped)
	now := c.Now()
	for key := range c.keys {
		if value, there := c.content[key]; there && changed(value) {
			c.content[key] = value + 3*more
			c.Call(now, history.Call{Op: history.Set, Key: history.Word(key), New: history.Word(value + 3*more)})
			now = c.calls[len(c.calls)-1].Return
		}
	}
}

// tryPublish publishes in one of the ways that may fail. It records only a publish that did not. If
// one that failed has published, readers open a version without a publish (C1). If it has dropped
// what was written, a later version lacks that (C6).
func (c *client) tryPublish() {
	called := c.Now()
	var version uint64
	published := false
	if p, ok := c.h.(kv.TryPublisher); ok && c.caps.Has(kv.TryPublishes) && c.rng.IntN(2) == 0 {
		version, published = p.TryPublish()
	} else if p, ok := c.h.(kv.ContextPublisher); ok && c.caps.Has(kv.Cancels) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.rng.IntN(2)*20)*time.Microsecond)
		defer cancel()
		var err error
		version, err = p.PublishContext(ctx)
		published = err == nil
	}
	if published {
		c.unsent = 0
		c.Call(called, history.Call{Op: history.Publish, Version: version})
	}
}

// readMany looks up all keys under g in one call.
func (c *client) readMany(g openGuard) {
	keys, values, found := make([]uint64, c.keys), make([]uint64, c.keys), make([]bool, c.keys)
	for i, key := range c.rng.Perm(len(keys)) {
		keys[i] = uint64(key)
	}
	g.Guard.(kv.BatchReader[uint64, uint64]).GetMany(keys, values, found)
	for i, key := range keys {
		c.Read(g.index, history.Word(key), history.ValueOf(values[i], found[i]))
	}
}

// passedGuard is an open guard on its way to another client, which will record it.
type passedGuard struct {
	kv.Guard[uint64, uint64]
	opened history.Guard
}

// PassedGuards is a schedule of one writer, and of readers that pass their guards to each other.
// The reader that gets a guard reads it and closes it.
func PassedGuards(r *Rig) {
	const steps = 60
	r.open(3+r.rng.IntN(2), 8, 2*steps+16)
	batch := r.batch()
	passed := make(chan passedGuard, len(r.clients))
	r.run(func(i int, c *client) {
		if i == 0 {
			c.content = map[uint64]uint64{}
			c.writeBatches(steps, batch)
			return
		}
		for range steps {
			c.pause()
			called := c.Now()
			g := c.h.(kv.Versioned[uint64, uint64]).Read()
			passed <- passedGuard{g, c.Opened(called, c.Now(), g.Version())} // each takes one for each that it sends
			c.pause()
			p := <-passed
			own := openGuard{p.Guard, c.Take(p.opened)}
			c.readOne(own)
			c.rangeOver(own)
			c.close(own)
		}
	})
	r.converge(1, r.rangeAll)
}
