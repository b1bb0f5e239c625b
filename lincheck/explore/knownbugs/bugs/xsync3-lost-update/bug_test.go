package knownbug

import (
	"doublebuf/lincheck/explore"
	"testing"

	"github.com/puzpuzpuz/xsync/v3"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		m := xsync.NewMap()
		for _, key := range []string{"a", "b", "c"} {
			m.Store(key, 1)
		}
		x.Go("A", func() {
			m.Store("a", 2)
			if v, _ := m.Load("a"); v != 2 {
				x.Failf("a is %v after a Store of 2", v)
			}
		})
		x.Go("B", func() { m.Store("d", 1) })
	})
}
