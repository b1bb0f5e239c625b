//go:build explore

package programs

import (
	"fmt"
	"testing"

	"doublebuf/impl/strategy"
	"doublebuf/lincheck/explore"
)

// Open: 3 loads of the readable copy; 2 counts raised and 1 lowered, each by a load and a
// store, and a load of the flag and the wake-up. Close: the same of one count. And the copy in both.
var asymmetric = Strategy{Name: "asymmetric", New: strategy.Asymmetric, OpenSteps: 3 + 3*2 + 2 + 1, CloseSteps: 2 + 2 + 1}

// TestAsymmetric explores the strategy with and without store buffers. It is not one of
// Strategies, whose programs would take a minute more with it. Without its first
// membarrier it breaks S1, without its second it loses a wake-up, both with store buffers only.
func TestAsymmetric(t *testing.T) {
	for _, tso := range []bool{false, true} {
		for _, c := range []struct {
			shape   Shape
			oneWait bool
			large   bool // not with store buffers, which multiply the executions
		}{
			{Shape{1, 1, 2, false}, true, false},
			{Shape{1, 1, 2, false}, false, false},
			{Shape{2, 2, 2, false}, true, true},
			{Shape{1, 3, 3, true}, true, true},
			{Shape{2, 1, 2, false}, false, true},
			{Shape{1, 2, 3, true}, false, true},
		} {
			if tso && c.large {
				continue
			}
			t.Run(fmt.Sprintf("TSO %v/%v/waiting as one step %v", tso, c.shape, c.oneWait), func(t *testing.T) {
				t.Log(run(t, explore.Config{Search: explore.UpTo(2), TSO: tso, OneWait: c.oneWait}, asymmetric.Guards(c.shape)))
			})
		}
		for _, name := range []string{"look-ups", "a copy is detached", "a copy is detached under look-ups", "nested guards"} {
			if tso {
				break
			}
			t.Run(fmt.Sprintf("TSO %v/%s", tso, name), func(t *testing.T) {
				p, timeouts, err := asymmetric.Named(name)
				if err != nil {
					t.Fatal(err)
				}
				t.Log(run(t, explore.Config{Search: explore.UpTo(2), TSO: tso, Timeouts: timeouts}, p))
			})
		}
		t.Run(fmt.Sprintf("TSO %v/a look-up by the leaf", tso), func(t *testing.T) {
			t.Log(run(t, explore.Config{Search: explore.UpTo(2), TSO: tso, OneWait: true}, leafLookUp))
		})
	}
}

// leafLookUp has a look-up that is not the first on its handle: it opens the leaf by a plain
// store, in the copy that was readable last time.
func leafLookUp(x *explore.Exec) {
	w := newWorld(x, asymmetric)
	r := w.w.NewReadHandle()
	last := w.get(r, 1, 0)
	x.Go("reader", func() { w.get(r, 1, last) })
	x.Go("writer", func() {
		for range 2 {
			w.publish()
		}
	})
}
