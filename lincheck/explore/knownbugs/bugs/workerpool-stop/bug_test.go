package knownbug

import (
	"doublebuf/lincheck/explore"
	"testing"

	"github.com/gammazero/workerpool"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		p := workerpool.New(1)
		x.Go("A", func() { p.Submit(func() {}) })
		x.Go("B", p.Stop)
	})
}
