//go:build explore

package programs

import (
	"fmt"
	"testing"

	"doublebuf/lincheck/explore"
)

// TestStoreBuffers explores, with store buffers, the strategies that have plain words. The mutants
// show what fails without their membarriers.
func TestStoreBuffers(t *testing.T) {
	for _, s := range Strategies {
		if !s.PlainWords {
			continue
		}
		for _, c := range []struct {
			shape   Shape
			oneWait bool
		}{
			{Shape{2, 1, 2, false}, true},
			{Shape{2, 1, 2, false}, false},
			{Shape{1, 2, 2, true}, true},
			{Shape{1, 2, 2, false}, false},
			{Shape{1, 1, 3, false}, false},
			{Shape{1, 3, 3, false}, true},
		} {
			t.Run(fmt.Sprintf("%s/%v/waiting as one step %v", s.Name, c.shape, c.oneWait), func(t *testing.T) {
				t.Log(run(t, explore.Config{Search: explore.Exhaustive(), TSO: true, OneWait: c.oneWait}, s.Guards(c.shape)))
			})
		}
		for _, name := range []string{"a lookup by the cached copy", "lookups by the cached copy", "a lookup under a fenced name", "a lookup under a plain name again", "a lookup of an integer in a flat table", "a lookup of an integer under a fenced name", "a publish is given up", "membarriers are refused"} {
			t.Run(s.Name+"/"+name, func(t *testing.T) {
				p, _, err := s.Named(name)
				if err != nil {
					t.Fatal(err)
				}
				t.Log(run(t, explore.Config{Search: explore.Exhaustive(), TSO: true}, p))
			})
		}
	}
}

// TestFencedSwapsNeedNoMembarrier: under adaptive a swap away from a fenced name needs no
// membarrier. The first publish swaps out the plain name that a map begins with. After that the
// kernel refuses membarriers, and the reader opens too few guards to replace a fenced name. The
// writer uses TryPublish, because it would need a membarrier to sleep.
func TestFencedSwapsNeedNoMembarrier(t *testing.T) {
	s, err := Find("adaptive")
	if err != nil {
		t.Fatal(err)
	}
	program := func(x *explore.Exec) {
		w := newWorld(x, s)
		r := w.reader()
		w.publish()
		x.RefuseMembarriers()
		x.Go("reader", func() {
			g := r.Read()
			w.look(g, 0)
			g.Release()
		})
		x.Go("writer", func() {
			for range 3 {
				w.write()
				ok, err := w.w.TryPublish()
				w.must(err)
				if !ok {
					w.n--
				}
			}
		})
	}
	t.Log(run(t, explore.Config{Search: explore.Exhaustive(), TSO: true}, program))
}
