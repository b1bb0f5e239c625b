package knownbug

import (
	"doublebuf/lincheck/explore"
	"testing"

	"github.com/enriquebris/goconcurrentqueue"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		q := goconcurrentqueue.NewFixedFIFO(2)
		x.Go("A", func() { q.DequeueOrWaitForNextElement() })
		x.Go("B", func() { q.Enqueue(1) })
	})
}
