package knownbug

import (
	"doublebuf/lincheck/explore"
	"testing"

	"github.com/scrapli/scrapligo/util"
)

func TestBug(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		q := util.NewQueue()
		q.Enqueue([]byte("a"))
		for _, name := range []string{"A", "B"} {
			x.Go(name, func() { q.Dequeue() })
		}
	})
}
