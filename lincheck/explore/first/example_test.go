package first

import (
	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/linear"
	"testing"

	"github.com/alphadose/haxmap"
)

func TestLostSet(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		m := haxmap.New[int, int]()
		h := linear.Map(x, m) // records calls and returns, and judges them
		x.Go("A", func() { h.Set(0, 10); h.Set(0, 20); h.Get(0) })
		x.Go("B", func() { h.Del(0) })
	})
}

// The command "runbench explore test" finds this:
//
// assertion: the final check: no order of these calls explains their results:
//   Set(0, 10) = done              from  1 to  4
//   Del(0) = done                  from  2 to  3
//   Set(0, 20) = done              from  5 to  6
//   Get(0) = none                  from  7 to  8
