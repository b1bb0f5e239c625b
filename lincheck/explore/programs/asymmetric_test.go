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
		for _, name := range []string{"a copy is detached", "nested guards"} {
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
	}
}
