package drive

import "doublebuf/baselines/kv"

// Operations is a schedule of single-key operations by several clients. Publishes are part of the
// writes, as the publish policy says.
func Operations(r *Rig) {
	const steps = 100
	clients := 2 + r.rng.IntN(3)
	if !r.e.Caps.Has(kv.Concurrent) {
		clients = 1
	}
	r.open(clients, 1+r.rng.Uint64N(4), steps+16)
	for _, c := range r.clients {
		c.every = r.e.Policy.Every
	}
	writes := r.e.Caps.Has(kv.Writes)
	if !writes {
		r.prefill()
	}
	r.run(func(_ int, c *client) {
		var seen uint64 // a value to compare with
		for range steps {
			c.pause()
			key := c.key()
			switch {
			case !writes || c.rng.IntN(2) == 0:
				if v, ok := c.get(key); ok {
					seen = v
				}
			case r.e.Caps.Has(kv.Swaps) && c.rng.IntN(2) == 0:
				c.swap(key, seen)
			case r.e.Caps.Has(kv.Updates) && c.rng.IntN(4) == 0:
				c.update(key)
			default:
				c.write(key)
			}
		}
	})
	r.readAll()
}

// prefill lets the first client write to a map that must not be written later. There are no handles
// yet.
func (r *Rig) prefill() {
	c := r.clients[0]
	c.h = r.m
	for key := range r.keys {
		c.set(key)
	}
	c.h = nil
}

// Batches is a schedule of several writers with publishes, and of readers that see only published
// values.
func Batches(r *Rig) {
	const steps = 80
	writers := 1
	if r.e.Caps.Has(kv.Writes) {
		writers = 1 + r.rng.IntN(2)
	}
	clients := writers + 1 + r.rng.IntN(2)
	if !r.e.Caps.Has(kv.Concurrent) {
		writers, clients = 1, 1
	}
	r.open(clients, 1+r.rng.Uint64N(3), 2*steps+16)
	batch := r.batch()
	r.run(func(i int, c *client) {
		for range steps {
			c.pause()
			if i >= writers || c.rng.IntN(4) == 0 {
				c.get(c.key())
				continue
			}
			c.write(c.key())
			if c.unsent++; c.unsent >= batch {
				c.publish()
			}
		}
	})
	r.converge(writers, r.readAll)
}

// Guards is a schedule of one writer, and of readers that have several guards open at once, nested
// or chained.
func Guards(r *Rig) {
	const steps = 150
	r.open(2+r.rng.IntN(3), 8, 2*steps+16)
	batch := r.batch()
	r.run(func(i int, c *client) {
		if i == 0 {
			c.content = map[uint64]uint64{}
			c.writeBatches(steps, batch)
		} else {
			c.readGuards(steps)
		}
	})
	r.converge(1, r.rangeAll)
}

// writeBatches writes and publishes, as the only writer. Sometimes one operation writes to all
// keys, and sometimes a publish may fail. Neither happens to a client without content: a directed
// schedule waits for each of its versions.
func (c *client) writeBatches(steps, batch int) {
	for range steps {
		c.pause()
		clearer, clears := c.h.(kv.Clearer)
		retainer, retains := c.h.(kv.Retainer[uint64, uint64])
		switch what := c.rng.IntN(16); {
		case c.content == nil:
			c.write(c.key())
		case what == 0 && clears:
			clearer.Clear()
			c.deleted(func(uint64, uint64) bool { return true })
		case what <= 2 && retains:
			drop := c.rng.Uint64N(3)
			dropped := func(_, value uint64) bool { return value%3 == drop }
			retainer.Retain(func(k, v uint64) bool { return !dropped(k, v) })
			c.deleted(dropped)
		case what == 3 && c.caps.Has(kv.Rewrites):
			c.rewrite()
		case what <= 6 && c.caps.Has(kv.Updates):
			c.add(c.key())
		default:
			c.write(c.key())
		}
		if c.unsent++; c.unsent < batch {
			continue
		}
		if c.content != nil && c.rng.IntN(4) == 0 && c.caps&(kv.TryPublishes|kv.Cancels) != 0 {
			c.tryPublish()
		} else {
			c.publish()
		}
	}
}

// readGuards opens, reads and closes guards in random order. It holds no guard for long.
func (c *client) readGuards(steps int) {
	const most = 3
	var open []openGuard
	for range steps {
		c.pause()
		switch what := c.rng.IntN(8); {
		case len(open) == 0 || what == 0 && len(open) < most:
			open = append(open, c.open())
		case what == 1:
			c.rangeOver(open[c.rng.IntN(len(open))])
		case what < 5:
			c.readOne(open[c.rng.IntN(len(open))])
		default:
			i := c.rng.IntN(len(open))
			c.close(open[i])
			open = append(open[:i], open[i+1:]...)
		}
	}
	for _, g := range open {
		c.close(g)
	}
}

// converge publishes the rest and lets each handle read everything. Then it does the same after an
// empty publish, when readers see the other copy. If handles have logs of their own, each writer
// publishes.
func (r *Rig) converge(writers int, read func()) {
	if !r.e.Caps.Has(kv.OwnLogs) {
		writers = 1
	}
	for range 2 {
		for _, c := range r.clients[:writers] {
			c.publish()
		}
		read()
	}
}

// rangeAll lets each client except the writer walk over everything under a guard.
func (r *Rig) rangeAll() {
	for _, c := range r.clients[1:] {
		g := c.open()
		c.rangeOver(g)
		c.close(g)
	}
}

// readAll lets each client read every key.
func (r *Rig) readAll() {
	for _, c := range r.clients {
		for key := range r.keys {
			c.get(key)
		}
	}
}
