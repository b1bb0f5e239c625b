//go:build explore

package programs

import (
	"testing"

	"doublebuf/impl/strategy"
	"doublebuf/lincheck/explore"
)

func TestTry(t *testing.T) {
	for _, c := range []struct {
		r, g, p int
		wait    bool
	}{{2, 1, 2, true}, {2, 2, 2, true}, {2, 2, 3, true}, {2, 1, 2, false}, {2, 1, 3, false}} {
		res, err := explore.Run(explore.Config{Search: explore.Exhaustive(), OneWait: c.wait, MaxTime: 60e9}, Guards(strategy.Epoch, c.r, c.g, c.p, false))
		t.Log(c, res, err)
		if res.Failure != nil {
			t.Fatal(res.Failure.Error())
		}
	}
}
