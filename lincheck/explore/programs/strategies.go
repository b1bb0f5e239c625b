//go:build explore

package programs

import (
	"fmt"
	"strings"

	"doublebuf/impl/buffers"
	"doublebuf/impl/strategy"
	"doublebuf/lincheck/explore"
)

// Strategy is a strategy as the programs need to know it.
type Strategy struct {
	Name string
	New  func(strategy.Options) strategy.Strategy
	// OpenSteps and CloseSteps bound the steps that a reader takes to open and to close a
	// guard (law S3), the word to the explorer about the copy included.
	OpenSteps, CloseSteps int
	// PerHandle is set if the level is per handle: readers may see publishes in different
	// orders in time.
	PerHandle bool
	// Shared is set if readers have no handles of their own: all share one registration.
	Shared bool
	// Large is set if the larger programs can be exhausted too in a minute.
	Large bool
}

// Strategies are the strategies that are explored.
var Strategies = []Strategy{
	// Open: 3 loads of the readable copy and 3 additions to the own counts, the last of which may
	// call for a wake-up. Close: an addition and the wake-up. And the copy in both.
	{Name: "epoch", New: strategy.Epoch, OpenSteps: 3 + 3 + 1 + 1, CloseSteps: 1 + 1 + 1, Large: true},
	// Open: an addition to the own word and a load of the copies. Close: a load and a failed
	// compare-and-swap and another load of the own word, the same of the word for the copy before, of
	// which the second succeeds, an addition to the residual, and the wake-up. And the copy in both.
	// The same as epoch; the program adds that goroutines share counts.
	{Name: "indicator", New: strategy.Indicator, OpenSteps: 3 + 3 + 1 + 1, CloseSteps: 1 + 1 + 1, Shared: true},
	{Name: "refcount", New: strategy.Refcount, OpenSteps: 2 + 1, CloseSteps: 3 + 2 + 1 + 1 + 1, PerHandle: true},
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

// Guards is the program of a writer that publishes the number of each version, and of
// readers that look at it through guards. Checked are S1 (by the accesses to the copies),
// G1, the steps of a reader (S3), that versions never go back on one handle, and that the
// readers, when all is done, see the last one.
func (s Strategy) Guards(shape Shape) explore.Program {
	return func(x *explore.Exec) {
		w := buffers.NewDelayWriteHandle(buffers.NewWriteHandle(s.New(strategy.Options{}), 0, 0))
		x.Name("w", w)
		var shared []*buffers.ReadHandle[int]
		if s.Shared {
			shared = w.Share()
		}
		for r := range shape.Readers {
			var h *buffers.ReadHandle[int]
			if s.Shared {
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
