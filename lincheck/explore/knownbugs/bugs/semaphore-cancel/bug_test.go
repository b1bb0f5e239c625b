package knownbug

import (
	"context"
	"doublebuf/lincheck/explore"
	"testing"

	"golang.org/x/sync/semaphore"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		background := context.Background()
		ctx, cancel := context.WithCancel(background)
		s := semaphore.NewWeighted(2)
		s.Acquire(background, 1) // it stays held, and one is left
		x.Go("A", func() { s.Acquire(ctx, 2) })
		x.Go("B", func() { s.Acquire(background, 1) })
		x.Go("C", cancel)
	})
}
