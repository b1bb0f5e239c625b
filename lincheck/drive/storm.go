package drive

import (
	"runtime"
	"sync/atomic"
	"time"
)

// StormEvery is the number of seeds for each storm. A storm takes about ten times as long as
// another history.
const StormEvery = 16

// nap is how long one client of a storm sleeps between its writes. When it wakes, the scheduler
// stops another client wherever that is.
const nap = 20 * time.Microsecond

// Storm is a schedule in which all clients write the same few keys as fast as they can, for
// milliseconds and without recording. So the scheduler stops one of them within an operation while
// the others do many. When all have ended, one client sets each key alone and all read it; then it
// deletes each key and all read it. These calls are recorded. The unrecorded writes need not be
// known, because the first recorded call of a key is a set that no call overlaps.
//
// Storm finds maps that lose the path to a key for good. For example, haxmap puts an entry into its
// index that has been deleted in the meantime, and then misses every set of that key.
func Storm(r *Rig) {
	r.open(2+r.rng.IntN(3), 1+r.rng.Uint64N(2), 64)
	for _, c := range r.clients {
		c.every = r.e.Policy.Every
	}
	long := time.Millisecond << r.rng.IntN(4)
	var arrived atomic.Int64
	r.run(func(i int, c *client) {
		meetings := 0
		meet := func() { // waits until all clients have come here equally often
			meetings++
			arrived.Add(1)
			for arrived.Load() < int64(meetings*len(r.clients)) {
				runtime.Gosched()
			}
		}
		// readAfter lets the first client write each key, and all clients read it.
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

// storm writes for the given time without recording. It publishes as the policy says.
func (c *client) storm(long time.Duration) {
	const unwatched = 4 // writes between two looks at the clock
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
