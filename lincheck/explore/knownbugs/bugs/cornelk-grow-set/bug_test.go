package knownbug

import (
	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/linear"
	"testing"

	"github.com/cornelk/hashmap"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		m := hashmap.NewSized[int, int](2)
		h := linear.Map(x, m)
		x.Go("A", func() { m.Grow(4) })
		x.Go("B", func() { h.Set(1, 10); h.Get(1) })
	})
}
