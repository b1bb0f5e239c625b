package knownbug

import (
	"doublebuf/lincheck/explore"
	"testing"

	"github.com/alitto/pond"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		p := pond.New(1, 1)
		x.Go("A", func() { p.TrySubmit(func() {}); p.TrySubmit(func() {}) })
		x.Go("B", func() { p.Stop() })
	})
}
