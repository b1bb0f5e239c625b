package drive

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/history"
)

// A Schedule says what the clients of a session do.
type Schedule func(*Session)

// A Driver records one short history of a map. Everything that it does hangs from a
// seed, but for how the clients interleave, and for how often the readers of a directed
// schedule look again at what they wait for.
type Driver struct {
	Claim history.Claim // of its histories
	Play  Schedule
	Needs kv.Caps // without which it does not apply
	Every int     // it plays in the first of so many rounds; 0 = 1
	Shows string  // the property that it is made for, or ""
}

// due reports whether d plays in round i.
func (d Driver) Due(i int) bool { return i%max(d.Every, 1) == 0 }

// record has the driver play one history with e.
func (d Driver) Record(e kv.Entry, seed uint64) *history.History {
	s := &Session{e: e, rng: rand.New(rand.NewPCG(seed, 0)), m: e.Uint64(0)}
	defer kv.Close(s.m)
	d.Play(s)
	if NeedsHandles(s.m) {
		for _, c := range s.clients {
			kv.Close(c.h)
		}
	}
	h := history.Header{Claim: d.Claim, Map: e.Name, Seed: seed, Slack: history.DefaultSlack}
	if e.Caps.Has(kv.BoundedLag) {
		h.Lag = 1
	}
	return s.rec.History(h)
}

// needsHandles reports whether what kv.Open returns is to be closed apart from the map.
func NeedsHandles(m kv.Map[uint64, uint64]) bool {
	_, ok := m.(kv.Opener[uint64, uint64])
	return ok
}

// Session is one run of a map by a few clients.
type Session struct {
	e       kv.Entry
	m       kv.Map[uint64, uint64]
	rng     *rand.Rand
	rec     *Recorder
	clients []*client
	keys    uint64
}

// open gives the Session its clients, yet without handles.
func (s *Session) open(clients int, keys uint64, events int) {
	s.keys = keys
	s.rec = NewRecorder(clients, events)
	for i := range clients {
		s.clients = append(s.clients, &client{Tape: s.rec.Tape(i), rng: rand.New(rand.NewPCG(s.rng.Uint64(), 1)), keys: keys})
	}
}

// run plays body for each client in a goroutine of its own, all starting together,
// and returns when all have ended. Half of the sessions open their handles before, the
// others in the clients' goroutines, while others already read and write.
func (s *Session) run(body func(i int, c *client)) {
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
func (s *Session) batch() int {
	const most = 32
	every := s.e.Policy.Every
	if every == 0 || every > most {
		every = most
	}
	return 1 + s.rng.IntN(every)
}
