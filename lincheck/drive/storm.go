package drive

import (
	"runtime"
	"sync/atomic"
	"time"
)

// stormEvery is how many of the other histories are recorded for each storm, which takes
// some ten times as long as one of them.
const StormEvery = 16

// nap is how long one client of a storm sleeps between its writes. Where it wakes, another
// is stopped, wherever it is.
const nap = 20 * time.Microsecond

// driveStorm has all clients write the same few keys as fast as they can, for milliseconds
// and off the record, so that the scheduler stops one of them within an operation while the
// others do many. When all have ended one client sets each key alone, every one reads
// it, and the same with a delete: that is recorded. What was not recorded needs not be known,
// since a key's first recorded call is a set that nothing overlaps.
//
// It finds maps that damage their way to a key and do not find back: haxmap puts an entry
// into its index that has been deleted since, and from then on misses every set of that key.
func Storm(s *Session) {
	s.open(2+s.rng.IntN(3), 1+s.rng.Uint64N(2), 64)
	for _, c := range s.clients {
		c.every = s.e.Policy.Every
	}
	long := time.Millisecond << s.rng.IntN(4)
	var arrived atomic.Int64
	s.run(func(i int, c *client) {
		meetings := 0
		meet := func() { // waits until all clients have come here as often as this one
			meetings++
			arrived.Add(1)
			for arrived.Load() < int64(meetings*len(s.clients)) {
				runtime.Gosched()
			}
		}
		// readAfter has the first client write each key, and all read it.
		readAfter := func(write func(key uint64)) {
			for key := range c.keys {
				if i == 0 {
					write(key)
				}
				meet()
				c.get(key)
				meet()
			}
		}
		c.storm(long)
		meet()
		readAfter(c.set)
		readAfter(c.delete)
	})
}

// storm writes for so long, off the record. It publishes as the policy says.
func (c *client) storm(long time.Duration) {
	const unwatched = 4 // writes without a look at the clock
	for start := time.Now(); time.Since(start) < long; {
		for range unwatched {
			if key := c.key(); c.rng.IntN(2) == 0 {
				c.h.Set(key, c.value())
			} else {
				c.h.Delete(key)
			}
			c.policy()
		}
		if c.client == 0 {
			time.Sleep(nap)
		}
	}
}
