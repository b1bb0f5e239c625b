//go:build explore

package programs

import (
	"errors"
	"time"

	"doublebuf/impl/buffers"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/lincheck/explore"
)

// held returns a world whose first copy is held by a guard. The next publish waits for the guard,
// or detaches the copy.
func held(x *explore.Exec, s Strategy) (w *world, r *hashmap.ReadHandle[int, int], g hashmap.ReadGuard[int, int]) {
	w = newWorld(x, s, bound)
	r = w.w.NewReadHandle()
	g = r.Read()
	w.publish()
	return w, r, g
}

// madeAroundDetach makes a handle before, while or after a copy is detached. Its guard counts in
// the copy in which it is, and its end is not lost.
func madeAroundDetach(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w, _, g := held(x, s)
		x.Go("holder", func() {
			w.look(g, 0)
			g.Release()
		})
		x.Go("newcomer", func() {
			g := w.w.NewReadHandle().Read()
			w.look(g, w.look(g, 0))
			g.Release()
		})
		x.Go("writer", func() {
			for range 3 {
				w.publish()
			}
		})
	}
}

// closedAroundDetach closes a handle that has a guard in a copy that is being detached, and another
// one in a later copy. Both guards are released late. The later one holds the writer up until then.
func closedAroundDetach(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w, r, g := held(x, s)
		x.Go("leaver", func() {
			later := r.Read()
			v := w.look(later, 1)
			r.Close()
			w.look(g, 0)
			g.Release()
			w.look(later, v)
			later.Release()
		})
		x.Go("writer", func() {
			for range 3 {
				w.publish()
			}
		})
		x.Finally(func() { // no guard is open any more, so none of these waits
			for range 2 {
				w.publish()
			}
		})
	}
}

// writerClosesAroundDetach closes the writer after a publish that may have detached a copy. Guards
// in each of the three copies stay valid.
func writerClosesAroundDetach(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w, _, g := held(x, s)
		r := w.reader()
		x.Go("holder", func() {
			w.look(g, 0)
			g.Release()
		})
		x.Go("reader", func() {
			g := r.Read()
			v := w.look(g, 0)
			w.look(g, v)
			g.Release()
			w.get(r, 1, v)
		})
		x.Go("writer", func() {
			w.publish()
			w.write() // is dropped
			w.w.Close()
			if err := w.w.Publish(); !errors.Is(err, hashmap.ErrClosed) {
				x.Failf("Publish after Close: %v", err)
			}
		})
	}
}

// tally is an operation that must not be applied twice.
type tally struct{}

func (*tally) ApplyFirst(n *int)  { *n++ }
func (*tally) ApplySecond(n *int) { *n++ }

// appliedAroundDetach publishes operations that count. In each version of each copy, a clone too,
// as many are applied as were published.
func appliedAroundDetach(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		raw := buffers.NewWriteHandle(s.New(strategy.Options{MaxWait: time.Millisecond}), 0, 0)
		w := buffers.NewOpWriteHandle[int, tally](buffers.NewDelayWriteHandle(raw), func(n *int) int { return *n })
		x.Name("w", w)
		h := w.NewReadHandle("")
		look := func() {
			g := h.Read()
			for range 2 {
				if n := *g.Value(); uint64(n) != g.Version() {
					x.Failf("in version %d %d operations are applied", g.Version(), n)
				}
			}
			g.Release()
		}
		x.Go("reader", look)
		x.Go("writer", func() {
			for range 4 {
				w.Push(tally{})
				if err := w.Publish(nil); err != nil {
					x.Failf("%v", err)
				}
			}
		})
		x.Finally(look)
	}
}
