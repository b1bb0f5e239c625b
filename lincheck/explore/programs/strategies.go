//go:build explore

package programs

import (
	"fmt"

	"doublebuf/impl/buffers"
	"doublebuf/impl/strategy"
	"doublebuf/lincheck/explore"
)

// Strategies are the strategies that can be explored, by name.
var Strategies = map[string]func(strategy.Options) strategy.Strategy{
	"epoch": strategy.Epoch,
}

// OpenSteps and CloseSteps bound the steps that a reader takes to open and to close a
// guard, including the two by which it tells of the copy (law S3).
const (
	openSteps  = 3 + 5 + 3 + 1 // loads of the version, of and to the own word, the wake-up, BeginRead
	closeSteps = 2 + 3 + 1
)

// Guards is the program of one writer that publishes, and readers that each open and
// close guards, one after the other, or overlapping if chained: the next is opened
// before the one before it is closed. It checks S1 (by the accesses to the copies), G1,
// S3's bound on steps, and that versions never go back on one handle.
func Guards(s func(strategy.Options) strategy.Strategy, readers, guards, publishes int, chained bool) explore.Program {
	return func(x *explore.Exec) {
		w := buffers.NewDelayWriteHandle(buffers.NewWriteHandle(s(strategy.Options{}), 0, 0))
		x.Name("w", w)
		for r := range readers {
			h := w.NewReadHandle("")
			x.Name(fmt.Sprintf("r%d", r), h)
			x.Go(fmt.Sprintf("reader %d", r), func() { read(x, h, guards, chained) })
		}
		x.Go("writer", func() {
			for v := 1; v <= publishes; v++ {
				publish(x, w, v)
			}
		})
	}
}

// publish publishes v, which is version v.
func publish(x *explore.Exec, w *buffers.DelayWriteHandle[int], v int) {
	if err := w.FinishSwap(nil); err != nil {
		x.Failf("publish %d: %v", v, err)
	}
	*w.Writer() = v
	if err := w.StartSwap(nil); err != nil {
		x.Failf("publish %d: %v", v, err)
	}
}

func read(x *explore.Exec, h *buffers.ReadHandle[int], guards int, chained bool) {
	var open []buffers.ReadGuard[int]
	last := 0
	for range guards {
		var g buffers.ReadGuard[int]
		x.AtMost(openSteps, func() { g = h.Read() })
		v := *g.Value()
		if uint64(v) != g.Version() || v < last {
			x.Failf("a guard of version %d sees %d, after %d", g.Version(), v, last)
		}
		last = v
		if open = append(open, g); !chained || len(open) > 1 {
			release(x, open[0])
			open = open[1:]
		}
	}
	for _, g := range open {
		release(x, g)
	}
}

func release(x *explore.Exec, g buffers.ReadGuard[int]) {
	if uint64(*g.Value()) != g.Version() {
		x.Failf("under a guard of version %d the value became %d", g.Version(), *g.Value())
	}
	x.AtMost(closeSteps, g.Release)
}
