package drive

import (
	"runtime"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/history"
)

// Directed schedules go for one place in which levels differ, instead of waiting for chance
// to come there.

// crowd is how many handles stand between the two that are watched while a publish turns
// handles one by one. It makes that last some microseconds.
const crowd = 1000

// driveTurn has one goroutine open a guard by the first of very many handles, as soon as that
// sees a new version, and then one by the last of them. A publish that takes effect for
// all at one instant shows both the same. One that turns handle by handle is found half-way:
// the last handle still sees the version before, though another guard has seen the new
// one. It is what happens to a goroutine that is handed different handles by a pool.
func Turn(s *Session) {
	const publishes = 40
	writer, first, last, done := s.openCrowd(2*publishes + 16)
	defer done()
	var seen atomic.Uint64 // the last version that was looked for
	beside(func() {
		for v := range uint64(publishes) {
			writer.writeBatches(1, 1)
			spin(func() bool { return seen.Load() > v })
		}
	}, func(more func() bool) {
		for more() {
			if first.version() == seen.Load() {
				continue
			}
			g := first.open()
			first.wait(first.guards[g.index].Opened)
			h, version := last.open(), g.Version()
			first.close(g)
			last.close(h)
			seen.Store(version)
		}
	})
	s.converge(s.rangeAll)
}

// driveUnpublished has a reader look for a write that its writer has finished and not yet
// published, or, if a write is published before it returns, look for it by the first and
// the last of very many handles before that.
func Unpublished(s *Session) {
	const writes = 20
	writer, first, last, done := s.openCrowd(2*writes + 16)
	defer done()
	if s.e.Policy.Every != 1 {
		writer.set(0)
		first.wait(writer.Now())
		first.get(0)
		return
	}
	writer.every = 1
	first.compareWith(last, func() {
		for range writes {
			writer.set(0)
		}
	})
}

// driveTurnedReads is driveTurn without versions: of what was published, the last of the
// handles reads what the first has just read, or what came after.
func TurnedReads(s *Session) {
	const publishes = 20
	writer, first, last, done := s.openCrowd(2*publishes + 16)
	defer done()
	first.compareWith(last, func() {
		for range publishes {
			writer.set(0)
			writer.publish()
		}
	})
	s.converge(s.readAll)
}

// compareWith has c read key 0 as long as write runs, and whenever it has a new value has the
// other client read it too.
func (c *client) compareWith(other *client, write func()) {
	beside(write, func(more func() bool) {
		for seen := uint64(0); more(); {
			if v, ok := c.h.Get(0); !ok || v == seen {
				continue
			}
			seen, _ = c.get(0)
			c.wait(c.Now())
			other.get(0)
		}
	})
}

// pair opens a client that publishes so often, and one that reads beside it.
func (s *Session) pair(publishes int) (writer, reader *client) {
	s.open(2, 8, 2*publishes+16)
	for _, c := range s.clients {
		c.h = kv.Open(s.m)
	}
	return s.clients[0], s.clients[1]
}

// driveChain has a reader open each guard before it closes the one before, without end,
// until the writer has published so often. A writer who waits for a moment at which that
// reader has no guard at all never does.
func Chain(s *Session) {
	const publishes = 50
	writer, reader := s.pair(publishes)
	beside(func() {
		writer.writeBatches(publishes, 1)
	}, func(more func() bool) {
		g := reader.openAfter(^uint64(0))
		for more() {
			next := reader.openAfter(g.Version())
			reader.close(g)
			g = next
		}
		reader.close(g)
	})
	s.converge(s.rangeAll)
}

// driveCollections has a reader hold guards while memory is collected and the writer goes on to publish,
// until the writer has published so often. A writer who goes by what the collector finds in use is misled by a guard
// that does not keep that.
func Collections(s *Session) {
	const publishes = 6
	writer, reader := s.pair(publishes)
	beside(func() {
		writer.writeBatches(publishes, 1)
	}, func(more func() bool) {
		for more() {
			g := reader.openAfter(^uint64(0))
			Collect()
			reader.rangeOver(g)
			reader.close(g)
		}
	})
	s.converge(s.rangeAll)
}

// collect forces as many collections as a writer takes, who needs one for each publish, to publish twice: the
// one that runs may have begun before the swap.
func Collect() {
	for range 4 {
		runtime.GC()
		runtime.Gosched()
	}
}

// openCrowd opens three clients and their handles, a crowd of others between the last two
// of them, and returns the clients and what closes the crowd.
func (s *Session) openCrowd(events int) (writer, first, last *client, done func()) {
	s.open(3, 8, events)
	writer, first, last = s.clients[0], s.clients[1], s.clients[2]
	writer.h, first.h = kv.Open(s.m), kv.Open(s.m)
	others := make([]kv.Map[uint64, uint64], 0, crowd)
	if NeedsHandles(s.m) {
		for range crowd {
			others = append(others, kv.Open(s.m))
		}
	}
	last.h = kv.Open(s.m)
	return writer, first, last, func() {
		for _, h := range others {
			kv.Close(h)
		}
	}
}

// patience is after how many looks in vain a goroutine gives its processor away. One that
// did so each time would soon share it with the one that it is to run beside.
const patience = 200

// spin waits until ok.
func spin(ok func() bool) {
	for looks := 1; !ok(); looks++ {
		if looks%patience == 0 {
			runtime.Gosched()
		}
	}
}

// beside runs write, and watch in a goroutine of its own that is told when write has ended.
func beside(write func(), watch func(more func() bool)) {
	var started, ended atomic.Bool
	var all sync.WaitGroup
	all.Go(func() {
		started.Store(true)
		looks := 0
		watch(func() bool {
			if looks++; looks%patience == 0 {
				runtime.Gosched()
			}
			return !ended.Load()
		})
	})
	spin(started.Load)
	write()
	ended.Store(true)
	all.Wait()
}

// openAfter opens a guard, and records it if it is not of the given version, so that a long
// wait does not take the memory of all its guards.
func (c *client) openAfter(version uint64) openGuard {
	called := c.Now()
	g := openGuard{c.h.(kv.Versioned[uint64, uint64]).Read(), unrecorded}
	if opened := c.Now(); g.Version() != version {
		g.index = c.Open(called, opened, g.Version())
	}
	return g
}

// version is that of a guard that goes unrecorded.
func (c *client) version() uint64 {
	g := c.h.(kv.Versioned[uint64, uint64]).Read()
	defer g.Release()
	return g.Version()
}

// wait spins until what comes next is after t beyond what the clocks may be wrong.
func (c *client) wait(t int64) {
	for c.Now() <= t+2*int64(history.DefaultSlack) {
	}
}
