//go:build explore

package programs

import (
	"context"
	"errors"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/impl/hashmap"
	"doublebuf/lincheck/explore"
)

// realTime checks that publishes and guards form an atomic register. The version of a guard is not
// older than the last publish that returned before the guard opened, and not older than the version
// of any guard that opened before.
func realTime(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		var known hooked.Uint64 // a version that is certainly published
		learn := func(v uint64) {
			for old := known.Load(); old < v && !known.CompareAndSwap(old, v); old = known.Load() {
			}
		}
		for range 2 {
			r := w.reader()
			x.Go("reader", func() {
				least := known.Load()
				g := r.Read()
				learn(w.look(g, least))
				g.Release()
			})
		}
		x.Go("writer", func() {
			for range 2 {
				w.publish()
				learn(w.w.Version())
			}
		})
	}
}

// acrossClones opens guards through a handle and its clone in turn. No guard may be older than the
// one before it. That fails under strategies of the level per-handle.
func acrossClones(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		handle := w.w.NewReadHandle()
		handles := []*hashmap.ReadHandle[int, int]{handle, handle.Clone()}
		x.Go("reader", func() {
			last := uint64(0)
			for i := range 3 {
				g := handles[i%2].Read()
				last = w.look(g, last)
				g.Release()
			}
		})
		x.Go("writer", func() {
			for range 2 {
				w.publish()
			}
		})
	}
}

func tryPublish(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		w.readers(2)
		x.Go("writer", func() {
			for range 3 {
				w.write()
				before := w.w.Version()
				ok, err := w.w.TryPublish()
				w.must(err)
				if !ok {
					w.n-- // its operations are still pending; the next ones replace them
				}
				if now := w.w.Version(); ok != (now == before+1) {
					x.Failf("TryPublish says %v and takes version %d to %d", ok, before, now)
				}
			}
		})
	}
}

func nestedGuards(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		r := w.reader()
		x.Go("reader", func() {
			a := r.Read()
			va := w.look(a, 0)
			b := r.Read()
			vb := w.look(b, va)
			w.look(a, va) // unchanged by b
			a.Release()
			c := r.Read()
			w.look(b, vb)
			b.Release()
			w.look(c, vb)
			c.Release()
		})
		x.Go("writer", func() {
			for range 3 {
				w.publish()
			}
			w.must(w.w.Flush())
		})
	}
}

func handlesComeAndGo(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		old := w.w.NewReadHandle()
		x.Go("newcomer", func() {
			r := w.w.NewReadHandle()
			g := r.Read()
			w.look(g, 0)
			g.Release()
		})
		x.Go("guest", func() {
			r := old.Clone()
			old.Close()
			g := r.Read()
			v := w.look(g, 0)
			w.look(g, v)
			g.Release()
			r.Close()
		})
		x.Go("writer", func() {
			for range 3 {
				w.publish()
			}
		})
	}
}

func closedUnderGuard(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		w.readers(1)
		r := w.w.NewReadHandle()
		x.Go("leaver", func() {
			g := r.Read()
			v := w.look(g, 0)
			r.Close()
			if w.look(g, v) != v {
				x.Failf("the guard moved on")
			}
			g.Release()
		})
		x.Go("writer", func() {
			for range 3 {
				w.publish()
			}
		})
	}
}

func writerCloses(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		w.readers(2)
		x.Go("writer", func() {
			w.publish()
			w.publish()
			w.write() // is dropped
			w.w.Close()
			if err := w.w.Publish(); !errors.Is(err, hashmap.ErrClosed) {
				x.Failf("Publish after Close: %v", err)
			}
		})
	}
}

// deadline is a context that the program cancels by a step of the explorer.
type deadline struct {
	context.Context
	done chan struct{}
}

func (d deadline) Done() <-chan struct{} { return d.done }

// Err is called only after Done is closed.
func (d deadline) Err() error { return context.Canceled }

func publishCancelled(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		w.readers(1)
		ctx := deadline{context.Background(), make(chan struct{})}
		x.Go("canceller", func() { hooked.Close(ctx.done) })
		x.Go("writer", func() {
			w.publish()
			w.write()
			if err := w.w.PublishContext(ctx); err != nil {
				if !w.w.HasPending() || w.w.Version() != 1 {
					x.Failf("a publish that was given up has made version %d", w.w.Version())
				}
				w.must(w.w.Publish())
			}
			if v, _, err := w.w.Get(1); err != nil || v != 2 {
				x.Failf("in the end key 1 is %d, %v", v, err)
			}
		})
	}
}
