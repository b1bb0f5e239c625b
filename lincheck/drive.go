package lincheck

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// A driver records one short history of a map. Everything that it does hangs from a
// seed, but for how the clients interleave, and for how often the readers of a directed
// schedule look again at what they wait for.
type driver struct {
	claim Claim // of its histories
	play  func(*session)
	needs kv.Caps // without which it does not apply
	every int     // it plays in the first of so many rounds; 0 = 1
	shows string  // the property that it is made for, or ""
}

// due reports whether d plays in round i.
func (d driver) due(i int) bool { return i%max(d.every, 1) == 0 }

// record has the driver play one history with e.
func (d driver) record(e kv.Entry, seed uint64) *History {
	s := &session{e: e, rng: rand.New(rand.NewPCG(seed, 0)), m: e.Uint64(0)}
	defer kv.Close(s.m)
	d.play(s)
	if needsHandles(s.m) {
		for _, c := range s.clients {
			kv.Close(c.h)
		}
	}
	h := Header{Claim: d.claim, Map: e.Name, Seed: seed, Slack: DefaultSlack}
	if e.Caps.Has(kv.BoundedLag) {
		h.Lag = 1
	}
	return s.rec.History(h)
}

// needsHandles reports whether what kv.Open returns is to be closed apart from the map.
func needsHandles(m kv.Map[uint64, uint64]) bool {
	_, ok := m.(kv.Opener[uint64, uint64])
	return ok
}

// session is one run of a map by a few clients.
type session struct {
	e       kv.Entry
	m       kv.Map[uint64, uint64]
	rng     *rand.Rand
	rec     *Recorder
	clients []*client
	keys    uint64
}

// open gives the session its clients, yet without handles.
func (s *session) open(clients int, keys uint64, events int) {
	s.keys = keys
	s.rec = NewRecorder(clients, events)
	for i := range clients {
		s.clients = append(s.clients, &client{Tape: s.rec.Tape(i), rng: rand.New(rand.NewPCG(s.rng.Uint64(), 1)), keys: keys})
	}
}

// run plays body for each client in a goroutine of its own, all starting together,
// and returns when all have ended. Half of the sessions open their handles before, the
// others in the clients' goroutines, while others already read and write.
func (s *session) run(body func(i int, c *client)) {
	if s.rng.IntN(2) == 0 {
		for _, c := range s.clients {
			c.h = kv.Open(s.m)
		}
	}
	var waiting atomic.Int64
	waiting.Store(int64(len(s.clients)))
	var all sync.WaitGroup
	for i, c := range s.clients {
		all.Go(func() {
			waiting.Add(-1)
			for waiting.Load() > 0 {
				runtime.Gosched()
			}
			if c.h == nil {
				c.h = kv.Open(s.m)
			}
			body(i, c)
		})
	}
	all.Wait()
}

// batch draws the number of writes between publishes for a short history: 1 where the
// policy says so, else a few, however large the batches are that the map is measured
// with.
func (s *session) batch() int {
	const most = 32
	every := s.e.Policy.Every
	if every == 0 || every > most {
		every = most
	}
	return 1 + s.rng.IntN(every)
}

// driveOperations records single-key operations of several clients, each with the
// publish that the policy prescribes as a part of the write.
func driveOperations(s *session) {
	const steps = 100
	clients := 2 + s.rng.IntN(3)
	if !s.e.Caps.Has(kv.Concurrent) {
		clients = 1
	}
	s.open(clients, 1+s.rng.Uint64N(4), steps+16)
	for _, c := range s.clients {
		c.every = s.e.Policy.Every
	}
	writes := s.e.Caps.Has(kv.Writes)
	if !writes {
		s.prefill()
	}
	s.run(func(_ int, c *client) {
		var seen uint64 // a value to compare with
		for range steps {
			c.pause()
			key := c.key()
			switch {
			case !writes || c.rng.IntN(2) == 0:
				if v, ok := c.get(key); ok {
					seen = v
				}
			case s.e.Caps.Has(kv.Swaps) && c.rng.IntN(2) == 0:
				c.swap(key, seen)
			default:
				c.write(key)
			}
		}
	})
	s.readAll()
}

// prefill has the first client write to a map that must not be written later, before
// there are handles.
func (s *session) prefill() {
	c := s.clients[0]
	c.h = s.m
	for key := range s.keys {
		c.set(key)
	}
	c.h = nil
}

// driveBatches records several writers, their publishes, and readers that see only
// what was published.
func driveBatches(s *session) {
	const steps = 80
	writers := 1
	if s.e.Caps.Has(kv.Writes) {
		writers = 1 + s.rng.IntN(2)
	}
	s.open(writers+1+s.rng.IntN(2), 1+s.rng.Uint64N(3), 2*steps+16)
	batch := s.batch()
	s.run(func(i int, c *client) {
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
	s.converge(s.readAll)
}

// driveGuards records one writer and readers with several guards open at once, side by
// side and chained.
func driveGuards(s *session) {
	const steps = 150
	s.open(2+s.rng.IntN(3), 8, 2*steps+16)
	batch := s.batch()
	s.run(func(i int, c *client) {
		if i == 0 {
			c.content = map[uint64]uint64{}
			c.writeBatches(steps, batch)
		} else {
			c.readGuards(steps)
		}
	})
	s.converge(s.rangeAll)
}

// writeBatches writes as the only client that does, and now and then to all keys at once.
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
		default:
			c.write(c.key())
		}
		if c.unsent++; c.unsent >= batch {
			c.publish()
		}
	}
}

// readGuards opens, reads and closes guards in random order, but holds none for long.
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

// converge publishes what is left and reads everything with each handle; then again
// after an empty publish, when the readers are on the other copy.
func (s *session) converge(read func()) {
	for range 2 {
		s.clients[0].publish()
		read()
	}
}

// rangeAll has each client but the writer see everything under a guard.
func (s *session) rangeAll() {
	for _, c := range s.clients[1:] {
		g := c.open()
		c.rangeOver(g)
		c.close(g)
	}
}

func (s *session) readAll() {
	for _, c := range s.clients {
		for key := range s.keys {
			c.get(key)
		}
	}
}
