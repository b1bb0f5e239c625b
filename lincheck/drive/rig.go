package drive

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/history"
)

// A Schedule says what the clients of a rig do.
type Schedule func(*Rig)

// A Driver records one short history of a map. A seed determines all that it does, except how the
// clients interleave and how often the readers of a directed schedule repeat a read.
type Driver struct {
	Claim history.Claim // the claim of its histories
	Play  Schedule
	Needs kv.Caps // capabilities that a map needs for it
	Every int     // it plays under the first of this many seeds; 0 = 1
	Shows string  // the property that it tests in particular, or ""
}

// Due reports whether d plays under the i-th seed, from 0.
func (d Driver) Due(i int) bool { return i%max(d.Every, 1) == 0 }

// Record makes a map of e, plays one history with it and returns that. It blocks until all clients
// have ended.
func (d Driver) Record(e kv.Entry, seed uint64) *history.History {
	r := &Rig{e: e, rng: rand.New(rand.NewPCG(seed, 0)), m: e.Uint64(0)}
	defer kv.Close(r.m)
	d.Play(r)
	if NeedsHandles(r.m) {
		for _, c := range r.clients {
			kv.Close(c.h)
		}
	}
	h := history.Header{Claim: d.Claim, Map: e.Name, Seed: seed, Slack: history.DefaultSlack}
	if e.Caps.Has(kv.BoundedLag) {
		h.Lag = 1
	}
	h.OwnLogs = e.Caps.Has(kv.OwnLogs) && !d.Claim.Stamped()
	return r.rec.History(h)
}

// NeedsHandles reports whether kv.Open returns a handle that must be closed separately from the
// map.
func NeedsHandles(m kv.Map[uint64, uint64]) bool {
	_, ok := m.(kv.Opener[uint64, uint64])
	return ok
}

// Rig is a map with its clients, while they record one history.
type Rig struct {
	e       kv.Entry
	m       kv.Map[uint64, uint64]
	rng     *rand.Rand
	rec     *Recorder
	clients []*client
	keys    uint64
}

// open gives the rig its clients, without handles. Each client records up to the given number
// of events without more memory.
func (r *Rig) open(clients int, keys uint64, events int) {
	r.keys = keys
	r.rec = NewRecorder(clients, events)
	for i := range clients {
		r.clients = append(r.clients, &client{Recording: r.rec.Recording(i), caps: r.e.Caps, rng: rand.New(rand.NewPCG(r.rng.Uint64(), 1)), keys: keys})
	}
}

// run runs body for each client in a separate goroutine. All start together, and run returns when
// all have ended. Half of the rigs open their handles before that. The others open them in the
// clients' goroutines, while other clients already read and write.
func (r *Rig) run(body func(i int, c *client)) {
	if r.rng.IntN(2) == 0 {
		for _, c := range r.clients {
			c.h = kv.Open(r.m)
		}
	}
	var waiting atomic.Int64
	waiting.Store(int64(len(r.clients)))
	var all sync.WaitGroup
	for i, c := range r.clients {
		all.Go(func() {
			waiting.Add(-1)
			for waiting.Load() > 0 {
				runtime.Gosched()
			}
			if c.h == nil {
				c.h = kv.Open(r.m)
			}
			body(i, c)
		})
	}
	all.Wait()
}

// batch draws the number of writes between publishes: 1 if the publish policy says so, else a few.
// A short history needs small batches, even of a map that is measured with large ones.
func (r *Rig) batch() int {
	const most = 32
	every := r.e.Policy.Every
	if every == 0 || every > most {
		every = most
	}
	return 1 + r.rng.IntN(every)
}
