package knownbug

import (
	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/linear"
	"testing"

	"github.com/anthdm/hollywood/ringbuffer"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		q := ringbuffer.New[int](2)
		q.Push(1)
		h := linear.NewQueue[int](x, 0)
		h.Put(1, func(int) bool { return true })
		for _, name := range []string{"A", "B"} {
			x.Go(name, func() { h.Take(q.Pop) })
		}
	})
}
