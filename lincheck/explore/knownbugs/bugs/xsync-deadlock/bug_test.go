package knownbug

import (
	"doublebuf/lincheck/explore"
	"testing"

	"github.com/puzpuzpuz/xsync"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		m := xsync.NewMap()
		for _, name := range []string{"A", "B"} {
			x.Go(name, func() { m.LoadOrStore("k", 1); m.Store("k", 2) })
		}
	})
}
