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
	// Bound is the number of preemptions up to which all but the smallest programs are explored, or
	// 0. It is for strategies whose readers' orders among themselves matter, or who take many
	//    steps.
	Bound int
	// PlainWords is set if readers store plain words, so that store buffers matter.
	PlainWords bool
	// Remote is how many lines that another reader has written a reader touches, at most, for a
	// guard in the steady state, when there are several of them.
	Remote int
}

// Strategies are the strategies that are explored. The strategy single is not: all that it does
// is one goroutine's, who has one schedule. That of collector hangs on the garbage collector,
// which is part of its program, see Collected.
var Strategies = []Strategy{
	// Open: 3 loads of the readable copy and 3 additions to the own counts, the last of which may
	// call for a wake-up. Close: an addition and the wake-up. And the copy in both.
	{Name: "epoch", New: strategy.Epoch, OpenSteps: 3 + 3 + 1 + 1, CloseSteps: 1 + 1 + 1, Large: true},
	// The same as epoch; the program adds that goroutines share counts.
	{Name: "indicator", New: strategy.Indicator, OpenSteps: 3 + 3 + 1 + 1, CloseSteps: 1 + 1 + 1, Shared: true, Remote: 1},
	// Open: an addition to the own word and a load of the copies. Close: a load and a failed
	// compare-and-swap and another load of the own word, the same of the word for the copy
	// before, of which the second succeeds, an addition to the residual, and the wake-up. And the
	// copy in both.
	{Name: "refcount", New: strategy.Refcount, OpenSteps: 2 + 1, CloseSteps: 3 + 2 + 1 + 1 + 1, PerHandle: true},
	// Open: two loads of the readable copy with an addition to its count between, and, once for
	// each swap that comes between, which in these programs are three at most, another addition
	// and the wake-up; then two loads, two stores and an addition among the reader's own words.
	// Close: two loads and an addition there, an addition to the count and the wake-up. And the
	// copy in both.
	{Name: "counted", New: strategy.Counted, OpenSteps: 3*5 + 3 + 4 + 1, CloseSteps: 3 + 2 + 1, Remote: 1, Bound: 2},
	// Open: 3 loads of the readable copy; 2 counts raised and 1 lowered, each by a load and a
	// store, and a load of the flag and the wake-up. Close: the same of one count. And the copy
	// in both.
	{Name: "asymmetric", New: strategy.Asymmetric, OpenSteps: 3 + 3*2 + 2 + 1, CloseSteps: 2 + 2 + 1, PlainWords: true, Bound: 2},
	// Open: the same, of another look at the readable name, 3 fences and a compare-and-swap.
	// Close: as above.
	{Name: "adaptive", New: strategy.Adaptive, OpenSteps: 4 + 2*2 + 4 + 4 + 1, CloseSteps: 2 + 2 + 1, PlainWords: true, Bound: 2},
}

// search returns the search for m, which is exhaustive where that can be done in a
// minute.
func (s Strategy) search(m MapProgram) explore.Search {
	switch {
	case s.Bound > 0:
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
