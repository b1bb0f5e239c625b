//go:build explore

package programs

import (
	"fmt"
	"slices"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/impl/buffers"
	"doublebuf/impl/strategy"
	"doublebuf/lincheck/explore"
)

// heldAll is set in the word of a reader that is about to hold a copy, of whatever version. Bit v
// is set while the reader holds the copy of version v.
const heldAll = 1 << 63

// Collected is [Strategy.Guards] for the strategy collector, beside a modelled garbage collector.
// The model finds a copy unreachable at any time after the copy is no longer readable, if no guard
// refers to it. It finds copies in any order. A goroutine then reports the copy's token.
//
// The program assumes that a guard refers to its copy exactly from the load to the release. The
// compiler and the runtime ensure this. The exploration covers what the writer does with it. In the
// model a reader holds a copy shortly before it loads it; in reality it holds it from the load on.
// This makes no difference: a copy that is found unreachable between these two moments could have
// been found before the reader arrived.
func Collected(shape Shape) explore.Program {
	type token struct {
		copy *strategy.Copy
		tell func()
	}
	return func(x *explore.Exec) {
		var tokens []token // by version
		x.OnToken(func(holder any, tell func()) {
			if c, ok := holder.(*strategy.Copy); ok {
				tokens = append(tokens, token{c, tell})
			}
		})
		w := buffers.NewDelayWriteHandle(buffers.NewWriteHandle(strategy.Collector(strategy.Options{}), new(int), new(int)))
		x.Name("w", w)
		handles := w.Share()
		readable := buffers.Readable(handles)
		held := make([]hooked.Uint64, shape.Readers)
		for r := range held {
			x.Name(fmt.Sprintf("r%d", r), &held[r])
			x.Go(fmt.Sprintf("reader %d", r), func() { readCollected(x, handles[0], &held[r], shape) })
		}
		x.Go("writer", func() {
			for v := 1; v <= shape.Publishes; v++ {
				if err := w.FinishSwap(nil); err != nil {
					x.Failf("publish %d: %v", v, err)
				}
				**w.Writer() = v
				if err := w.StartSwap(nil); err != nil {
					x.Failf("publish %d: %v", v, err)
				}
			}
		})
		for v := range shape.Publishes {
			x.Go(fmt.Sprintf("token %d", v), func() {
				hooked.Await(func() bool {
					now := readable.Load()
					holders := uint64(0)
					for r := range held {
						holders |= held[r].Load()
					}
					version := slices.IndexFunc(tokens, func(t token) bool { return t.copy == now })
					return version > v && holders&(heldAll|1<<v) == 0
				})
				tokens[v].tell()
			})
		}
		x.Finally(func() {
			if g := handles[0].Read(); **g.Value() != shape.Publishes {
				x.Failf("after %d publishes a guard sees version %d", shape.Publishes, **g.Value())
			}
		})
	}
}

// readCollected is Strategy.read, with what the reader holds.
func readCollected(x *explore.Exec, h *buffers.ReadHandle[*int], held *hooked.Uint64, shape Shape) {
	var open []buffers.ReadGuard[*int]
	hold := func(more uint64) {
		for _, g := range open {
			more |= 1 << g.Version()
		}
		held.Store(more)
	}
	release := func() {
		if g := open[0]; uint64(**g.Value()) != g.Version() {
			x.Failf("under a guard of version %d the value became %d", g.Version(), **g.Value())
		}
		x.AtMost(1, open[0].Release) // the word about the copy
		open = open[1:]
		hold(0)
	}
	last := 0
	for range shape.Guards {
		hold(heldAll)
		var g buffers.ReadGuard[*int]
		x.AtMost(2, func() { g = h.Read() }) // the load, and the word about the copy
		v := **g.Value()
		if uint64(v) != g.Version() || v < last {
			x.Failf("a guard of version %d sees %d, after %d", g.Version(), v, last)
		}
		last = v
		open = append(open, g)
		hold(0)
		if !shape.Chained || len(open) > 1 {
			release()
		}
	}
	for len(open) > 0 {
		release()
	}
}
