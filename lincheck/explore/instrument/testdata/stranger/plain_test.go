package stranger

import (
	"sync"
	"testing"

	"doublebuf/lincheck/explore"
)

// Only with plain accesses is this a data race.
func TestPlain(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		n, m := new(int), new(int)
		var mu sync.Mutex
		for _, name := range []string{"A", "B"} {
			x.Go(name, func() {
				mu.Lock()
				*m++
				mu.Unlock()
				*n++
			})
		}
	})
}
