package knownbug

import (
	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/linear"
	"testing"

	"github.com/bytedance/gg/collection/skipmap"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		m := skipmap.New[int, int]()
		h := linear.LoadMap(x, m)
		h.Set(1, 10)
		x.Go("A", func() { h.Set(1, 20) })
		x.Go("B", func() { h.LoadAndDelete(1); h.LoadAndDelete(1) })
	})
}
