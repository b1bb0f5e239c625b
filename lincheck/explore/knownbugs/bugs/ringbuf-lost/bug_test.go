package knownbug

import (
	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/linear"
	"testing"

	"github.com/hedzr/go-ringbuf/v2/mpmc"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		q := mpmc.New[int](2)
		h := linear.NewQueue[int](x, 0)
		put := func(v int) bool { return q.Enqueue(v) == nil }
		take := func() (int, bool) {
			v, err := q.Dequeue()
			return v, err == nil
		}
		for i, name := range []string{"A", "B"} {
			i := i
			x.Go(name, func() { h.Put(i+1, put); h.Take(take) })
		}
	})
}
