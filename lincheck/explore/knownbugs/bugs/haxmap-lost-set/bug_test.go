package knownbug

import (
	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/linear"
	"testing"

	"github.com/alphadose/haxmap"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		m := haxmap.New[int, int](8)
		h := linear.Map(x, m)
		x.Go("A", func() { h.Set(0, 10); h.Set(0, 20); h.Get(0) })
		x.Go("B", func() { h.Del(0) })
	})
}
