package knownbug

import (
	"doublebuf/lincheck/explore"
	"testing"

	"github.com/puzpuzpuz/xsync"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		m := xsync.NewMap()
		x.Go("A", func() { m.LoadOrStore("k", 1) })
		x.Go("B", func() { m.Store("k", 2); m.Delete("k") })
	})
}
