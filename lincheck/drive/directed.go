package drive

import (
	"runtime"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/history"
)

// A directed schedule aims at one situation in which levels differ, instead of waiting until it
// occurs by chance.

// crowd is the number of handles between the two that a schedule watches. A publish that takes
// effect handle by handle then takes some microseconds from the first to the last.
const crowd = 1000

// Turn is a schedule in which one goroutine watches the first of very many handles. As soon as
// that handle sees a new version, the goroutine opens a guard by it, and then a guard by the last
// handle. If a publish takes effect for all handles at one instant, both guards have the same
// version. If it takes effect handle by handle, the last handle may still see the old version,
// although another guard has seen the new one. A goroutine that gets its handles from a pool sees
// the same.
func Turn(r *Rig) {
	const publishes = 40
	writer, first, last, done := r.openCrowd(2*publishes + 16)
	defer done()
	var seen atomic.Uint64 // the last version that both handles have opened
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
	r.converge(1, r.rangeAll)
}

// Unpublished is a schedule in which a reader looks for a write that has returned and is not yet
// published. If a write is published before it returns, the reader compares the first with the last
// of very many handles instead.
func Unpublished(r *Rig) {
	const writes = 20
	writer, first, last, done := r.openCrowd(2*writes + 16)
	defer done()
	if r.e.Policy.Every != 1 {
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

// TurnedReads is Turn without versions: the last handle must read the value that the first handle
// has just read, or a later one.
func TurnedReads(r *Rig) {
	const publishes = 20
	writer, first, last, done := r.openCrowd(2*publishes + 16)
	defer done()
	first.compareWith(last, func() {
		for range publishes {
			writer.set(0)
			writer.publish()
		}
	})
	r.converge(1, r.readAll)
}

// compareWith lets c read key 0 while write runs. Whenever c finds a new value, the other client
// reads the key too.
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

// pair opens a client that publishes the given number of times, and one that reads beside it.
func (r *Rig) pair(publishes int) (writer, reader *client) {
	r.open(2, 8, 2*publishes+16)
	for _, c := range r.clients {
		c.h = kv.Open(r.m)
	}
	return r.clients[0], r.clients[1]
}

// Chain is a schedule in which a reader opens each guard before it closes the previous one, until
// the writer has published a number of times. A writer that waits until the reader has no guard
// open at all never gets there.
func Chain(r *Rig) {
	const publishes = 50
	writer, reader := r.pair(publishes)
	g := reader.openAfter(^uint64(0)) // before the writer begins, which may end before the reader begins
	beside(func() {
		writer.writeBatches(publishes, 1)
	}, func(more func() bool) {
		for more() {
			next := reader.openAfter(g.Version())
			reader.close(g)
			g = next
		}
		reader.close(g)
	})
	r.converge(1, r.rangeAll)
}

// Collections is a schedule in which a reader holds guards while garbage is collected and the
// writer publishes, until the writer has published a number of times. It finds a guard that does
// not keep its copy alive, in a map whose writer relies on the collector to see which copies are in
// use.
func Collections(r *Rig) {
	const publishes = 6
	writer, reader := r.pair(publishes)
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
	r.converge(1, r.rangeAll)
}

// Collect forces enough garbage collections for two publishes of a writer that needs a collection
// for each publish. A collection that is running may have begun before the swap, so it does not
// count.
func Collect() {
	for range 4 {
		runtime.GC()
		runtime.Gosched()
	}
}

// openCrowd opens three clients with their handles, and a crowd of other handles between the last
// two. It returns the clients, and a function that closes the crowd.
func (r *Rig) openCrowd(events int) (writer, first, last *client, done func()) {
	r.open(3, 8, events)
	writer, first, last = r.clients[0], r.clients[1], r.clients[2]
	writer.h, first.h = kv.Open(r.m), kv.Open(r.m)
	others := make([]kv.Map[uint64, uint64], 0, crowd)
	if NeedsHandles(r.m) {
		for range crowd {
			others = append(others, kv.Open(r.m))
		}
	}
	last.h = kv.Open(r.m)
	return writer, first, last, func() {
		for _, h := range others {
			kv.Close(h)
		}
	}
}

// patience is the number of failed looks after which a goroutine yields its processor. If it
// yielded after each look, it would soon share a processor with the goroutine that it should run
// beside.
const patience = 200

// spin waits until ok.
func spin(ok func() bool) {
	for looks := 1; !ok(); looks++ {
		if looks%patience == 0 {
			runtime.Gosched()
		}
	}
}

// beside runs write, and watch in another goroutine. In watch, more reports whether write still
// runs.
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

// openAfter opens a guard, and records it unless it is of the given version. So a long wait does
// not fill the memory with its guards.
func (c *client) openAfter(version uint64) openGuard {
	called := c.Now()
	g := openGuard{c.h.(kv.Versioned[uint64, uint64]).Read(), unrecorded}
	if opened := c.Now(); g.Version() != version {
		g.index = c.Open(called, opened, g.Version())
	}
	return g
}

// version returns the version of a guard that is not recorded.
func (c *client) version() uint64 {
	g := c.h.(kv.Versioned[uint64, uint64]).Read()
	defer g.Release()
	return g.Version()
}

// wait spins until the next event is after t by more than the slack.
func (c *client) wait(t int64) {
	for c.Now() <= t+2*int64(history.DefaultSlack) {
	}
}
