//go:build explore

package programs

import (
	"fmt"
	"strings"

	"doublebuf/impl/buffers"
	"doublebuf/impl/strategy"
	"doublebuf/lincheck/explore"
)

// Strategy is a strategy that is explored, with the extent of its exploration.
type Strategy struct {
	strategy.Kind
	// Large is set if the larger programs can be exhausted in a minute too.
	Large bool
	// Bound is the number of preemptions up to which all but the smallest programs are explored, or
	// 0, which means that they are exhausted.
	Bound int
}

// Strategies are the strategies that are explored. Strategy single is not explored, because one
// goroutine has only one schedule. Strategy collector depends on the garbage collector, which is
// part of its program; see Collected.
var Strategies = strategies()

func strategies() (explored []Strategy) {
	for _, k := range strategy.All() {
		if k.OpenSteps == 0 {
			continue
		}
		s := Strategy{Kind: k, Bound: 2}
		switch k.Name { // strategies with few steps in which the order of the readers does not matter
		case "epoch":
			s.Bound, s.Large = 0, true
		case "indicator", "refcount":
			s.Bound = 0
		}
		explored = append(explored, s)
	}
	return explored
}

// search returns the search for m: exhaustive if that takes at most a minute.
func (s Strategy) search(m MapProgram) explore.Search {
	switch {
	case s.Bound > 0 && !m.Few:
		return explore.UpTo(s.Bound)
	case m.Bounded || m.Large && !s.Large:
		return explore.UpTo(3)
	}
	return explore.Exhaustive()
}

// Find returns the strategy of that name.
func Find(name string) (Strategy, error) {
	var names []string
	for _, s := range Strategies {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Strategy{}, fmt.Errorf("unknown strategy %q; there are: %s", name, strings.Join(names, ", "))
}

// Shape is the size of a program of readers and a writer.
type Shape struct {
	Readers   int
	Guards    int  // of each reader
	Publishes int  // of the writer
	Chained   bool // a reader opens its next guard before it closes the one before
}

func (s Shape) String() string {
	chained := ""
	if s.Chained {
		chained = ", chained"
	}
	return fmt.Sprintf("%d readers x %d guards%s, %d publishes", s.Readers, s.Guards, chained, s.Publishes)
}

// Guards is a program in which a writer publishes the number of each version, and readers read it
// through guards. It checks S1 (by the accesses to the copies), G1, and the steps of a reader
// (S3). It checks that the versions of one handle never go back, and that the readers see the last
// version in the end.
func (s Strategy) Guards(shape Shape) explore.Program {
	return func(x *explore.Exec) {
		w := buffers.NewDelayWriteHandle(buffers.NewWriteHandle(s.New(strategy.Options{}), 0, 0))
		x.Name("w", w)
		var shared []*buffers.ReadHandle[int]
		if s.HandleFree {
			shared = w.Share()
		}
		for r := range shape.Readers {
			var h *buffers.ReadHandle[int]
			if s.HandleFree {
				h = shared[0]
			} else {
				h = w.NewReadHandle("")
			}
			x.Name(fmt.Sprintf("r%d", r), h)
			x.Go(fmt.Sprintf("reader %d", r), func() { s.read(x, h, shape) })
		}
		x.Go("writer", func() {
			for v := 1; v <= shape.Publishes; v++ {
				publish(x, w, v)
			}
		})
		x.Finally(func() {
			if g := w.NewReadHandle("").Read(); *g.Value() != shape.Publishes {
				x.Failf("after %d publishes a guard sees version %d", shape.Publishes, *g.Value())
			}
		})
	}
}

func publish(x *explore.Exec, w *buffers.DelayWriteHandle[int], v int) {
	if err := w.FinishSwap(nil); err != nil {
		x.Failf("publish %d: %v", v, err)
	}
	*w.Writer() = v
	if err := w.StartSwap(nil); err != nil {
		x.Failf("publish %d: %v", v, err)
	}
}

func (s Strategy) read(x *explore.Exec, h *buffers.ReadHandle[int], shape Shape) {
	var open []buffers.ReadGuard[int]
	last := 0
	for range shape.Guards {
		var g buffers.ReadGuard[int]
		x.AtMost(s.OpenSteps, func() { g = h.Read() })
		v := *g.Value()
		if uint64(v) != g.Version() || v < last {
			x.Failf("a guard of version %d sees %d, after %d", g.Version(), v, last)
		}
		last = v
		if open = append(open, g); !shape.Chained || len(open) > 1 {
			s.release(x, open[0])
			open = open[1:]
		}
	}
	for _, g := range open {
		s.release(x, g)
	}
}

func (s Strategy) release(x *explore.Exec, g buffers.ReadGuard[int]) {
	if uint64(*g.Value()) != g.Version() {
		x.Failf("under a guard of version %d the value became %d", g.Version(), *g.Value())
	}
	x.AtMost(s.CloseSteps, g.Release)
}
