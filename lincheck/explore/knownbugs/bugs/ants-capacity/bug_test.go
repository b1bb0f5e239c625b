package knownbug

import (
	"doublebuf/lincheck/explore"
	"sync/atomic"
	"testing"

	"github.com/panjf2000/ants/v2"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		pool, err := ants.NewPool(1)
		if err != nil {
			x.Failf("%v", err)
		}
		var running atomic.Int32
		task := func() {
			if n := running.Add(1); n > 1 {
				x.Failf("%d tasks run in a pool of 1", n)
			}
			running.Add(-1)
		}
		for _, name := range []string{"A", "B"} {
			x.Go(name, func() { pool.Submit(task) })
		}
	})
}
