package drive

import (
	"runtime"
	"sync/atomic"
	"time"
)

// RushEvery is the number of seeds for each rush. A rush takes about five times as long as
// another history.
const RushEvery = 8

// Rush is a schedule in which one client deletes and sets a key, over and over. Whenever it sets
// the key, another client sets it too, after a pause of random length, and then reads it. If the
// first client has not finished its set by then, no delete has overlapped the two calls. If the
// read nevertheless found nothing, the rush is over.
//
// Rush records the last delete and set of the first client. Of the other it records only the set
// and the read that were in vain. The earlier calls need not be known, because nothing that
// happened before that set explains that the read found nothing.
//
// Rush finds maps in which some calls see a key and others do not while it is inserted. For
// example, in a skip list a set can change the value of an entry that is not yet linked, and return
// before gets find the entry.
func Rush(r *Rig) {
	r.open(2, 1, 4)
	for _, c := range r.clients {
		c.every = r.e.Policy.Every
	}
	var sets atomic.Int64 // of the first client, each counted when it begins and when it ends
	var over atomic.Bool
	long := 2 * time.Millisecond << r.rng.IntN(3)
	r.run(func(i int, c *client) {
		if i == 0 {
			for !over.Load() {
				c.calls = c.calls[:0]
				c.delete(0)
				sets.Add(1)
				c.set(0)
				sets.Add(1)
			}
			return
		}
		for start := time.Now(); time.Since(start) < long && !c.setInVain(&sets); {
			c.calls = c.calls[:0]
		}
		over.Store(true)
	})
}

// setInVain sets key 0 and reads it, if another client is setting it. It reports whether it read
// nothing, and the other has not finished that set. sets is odd while the other sets the key.
func (c *client) setInVain(sets *atomic.Int64) bool {
	set := sets.Load()
	if set%2 == 0 {
		runtime.Gosched()
		return false
	}
	for range c.rng.IntN(200) { // up to a tenth of a microsecond, or the time of a set
		_ = sets.Load()
	}
	c.set(0)
	_, found := c.get(0)
	return !found && sets.Load() == set
}
