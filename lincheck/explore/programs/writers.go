//go:build explore

package programs

import (
	"context"
	"errors"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/impl/hashmap"
	"doublebuf/lincheck/explore"
)

func operations(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		w.readers(1)
		x.Go("writer", func() {
			w.publish()
			w.w.Update(1, func(v int, _ bool) (int, bool) { return v + 1, true })
			w.w.Update(2, func(v int, _ bool) (int, bool) { return v + 2, true })
			w.must(w.w.Publish())
			w.w.Insert(3, 9)
			w.w.Retain(func(k int, v *int) bool { *v += k; return k != 3 })
			w.must(w.w.Publish())
			w.must(w.w.Flush())
			for k, want := range []int{1: 3, 2: 6, 3: 0} {
				if v, _, err := w.w.Get(k); err != nil || v != want {
					x.Failf("in the end key %d is %d, %v; want %d", k, v, err, want)
				}
			}
		})
		x.Finally(func() {
			if n := w.w.NewReadHandle().Read().Len(); n != 2 {
				x.Failf("%d keys are left, want 2", n)
			}
		})
	}
}

// group lets two writers swap values into one key. After its swap has returned, a writer must see
// its own value or the one that replaced it. At most one swap returns each value.
func group(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		g := hashmap.NewGroup[int, int](hashmap.WithStrategy(s.New))
		x.Name("group", g)
		var found [3]int
		for i := 1; i <= 2; i++ {
			r := g.NewReadHandle()
			x.Go("writer", func() {
				found[i], _ = g.Swap(1, i)
				if v, ok := r.Get(1); !ok || v != i && v != 3-i {
					x.Failf("after a swap of %d a lookup finds %d, %v", i, v, ok)
				}
			})
		}
		x.Finally(func() {
			last, _ := g.NewReadHandle().Get(1)
			if found[last] != 3-last || found[3-last] != 0 {
				x.Failf("%d is the last value, and the swaps of 1 and 2 have found %d and %d", last, found[1], found[2])
			}
		})
	}
}

// underLock lets two writers publish one key each. A writer must see its key after its publish has
// returned. No two publishes return the same version.
func underLock(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		l := hashmap.NewLocked[int, int](hashmap.WithStrategy(s.New))
		x.Name("locked", l)
		var versions [3]uint64
		for i := 1; i <= 2; i++ {
			r := l.NewReadHandle()
			x.Go("writer", func() {
				l.Insert(i, i)
				versions[i], _ = l.Publish()
				if v, ok := r.Get(i); !ok || v != i {
					x.Failf("after a publish of %d a lookup finds %d, %v", i, v, ok)
				}
			})
		}
		x.Finally(func() {
			if versions[1]+versions[2] != 1+2 {
				x.Failf("two publishes have made the versions %d and %d", versions[1], versions[2])
			}
		})
	}
}

// ownLogs lets n writers publish batches through logs of their own. Each of its batches sets the
// key of the writer and a key that all share. The reader must see what one writer has handed over
// at once or not at all, and never an older batch after a newer one.
func ownLogs(n, batches int, wait bool) func(Strategy) explore.Program {
	return func(s Strategy) explore.Program {
		return func(x *explore.Exec) {
			ws := hashmap.NewWriters[int, int](hashmap.WithStrategy(s.New))
			x.Name("writers", ws)
			for i := 1; i <= n; i++ {
				w, r := ws.NewWriter(), ws.NewReadHandle()
				x.Go("writer", func() {
					for b := 1; b <= batches; b++ {
						w.Insert(i, b)
						w.Insert(-i, b)
						if err := w.Publish(); err != nil {
							x.Failf("%v", err)
						}
						g := r.Read()
						one, _ := g.Get(i)
						two, _ := g.Get(-i)
						g.Release()
						if one != two || one > b {
							x.Failf("after batch %d a guard finds %d and %d", b, one, two)
						}
					}
					if !wait {
						return
					}
					v, err := w.Wait(context.Background())
					if err != nil {
						x.Failf("%v", err)
					}
					g := r.Read()
					defer g.Release()
					if got, _ := g.Get(i); got != batches || g.Version() < v {
						x.Failf("after the wait for version %d a guard of version %d finds batch %d of %d", v, g.Version(), got, batches)
					}
				})
			}
			x.Finally(func() {
				ws.Close()
				g := ws.NewReadHandle().Read()
				for i := 1; i <= n; i++ {
					if got, _ := g.Get(i); got != batches {
						x.Failf("in the end batch %d of writer %d is there, want %d", got, i, batches)
					}
				}
			})
		}
	}
}

// leftBehind lets n writers publish with no reader in their way. When all publishes have returned,
// everything must be visible: no batch may be left to a later publish.
func leftBehind(n, batches int) func(Strategy) explore.Program {
	return func(s Strategy) explore.Program {
		return func(x *explore.Exec) {
			ws := hashmap.NewWriters[int, int](hashmap.WithStrategy(s.New))
			x.Name("writers", ws)
			all := make([]*hashmap.Writer[int, int], n)
			for i := range all {
				all[i] = ws.NewWriter()
				x.Go("writer", func() {
					for b := 1; b <= batches; b++ {
						all[i].Insert(i, b)
						if err := all[i].Publish(); err != nil {
							x.Failf("%v", err)
						}
					}
				})
			}
			x.Finally(func() {
				g := ws.NewReadHandle().Read()
				for i, w := range all {
					got, _ := g.Get(i)
					if v, ok := w.Published(); !ok || v > g.Version() || got != batches {
						x.Failf("batch %d of writer %d is visible in version %d, and published is %v in version %d; want batch %d", got, i, g.Version(), ok, v, batches)
					}
				}
			})
		}
	}
}

// closesBeside closes the map while a writer publishes and waits. The writer must get an answer. If
// it is that its batch is published, the batch must be there. publish ends with the answer.
func closesBeside(publish func(*hashmap.Writer[int, int]) error) func(Strategy) explore.Program {
	return func(s Strategy) explore.Program {
		return func(x *explore.Exec) {
			ws := hashmap.NewWriters[int, int](hashmap.WithStrategy(s.New))
			x.Name("writers", ws)
			w := ws.NewWriter()
			published := false
			x.Go("writer", func() {
				w.Insert(1, 1)
				err := publish(w)
				if published = err == nil; err != nil && !errors.Is(err, hashmap.ErrClosed) {
					x.Failf("%v", err)
				}
			})
			x.Go("closer", ws.Close)
			x.Finally(func() {
				if _, there := ws.NewReadHandle().Get(1); there != published {
					x.Failf("the writer heard that its batch is published: %v; a lookup finds it: %v", published, there)
				}
			})
		}
	}
}

func handOverAndWait(w *hashmap.Writer[int, int]) error {
	err := w.Publish()
	if err == nil {
		_, err = w.Wait(context.Background())
	}
	return err
}

func publishAlone(w *hashmap.Writer[int, int]) error {
	_, err := w.PublishContext(context.Background())
	return err
}

// cancelledAlone cancels the publish of a writer, beside a reader and another writer. If it returns
// an error, no version may have its operations, and nothing may be lost.
func cancelledAlone(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		ws := hashmap.NewWriters[int, int](hashmap.WithStrategy(s.New))
		x.Name("writers", ws)
		a, b, r := ws.NewWriter(), ws.NewWriter(), ws.NewReadHandle()
		ctx := deadline{context.Background(), make(chan struct{})}
		published := false
		x.Go("canceller", func() { hooked.Close(ctx.done) })
		x.Go("writer", func() {
			a.Insert(1, 1)
			g := r.Read()
			v, err := a.PublishContext(ctx)
			g.Release()
			if published = err == nil; published && v == 0 {
				x.Failf("it is published in version 0")
			}
		})
		x.Go("other", func() {
			for n := 1; n <= 2; n++ {
				b.Insert(2, n)
				if err := b.Publish(); err != nil {
					x.Failf("%v", err)
				}
			}
		})
		x.Finally(func() {
			if _, err := b.Wait(context.Background()); err != nil {
				x.Failf("%v", err)
			}
			if _, there := r.Get(1); there != published || a.HasPending() == published {
				x.Failf("the publish has succeeded: %v; a lookup finds its operation: %v", published, there)
			}
			if _, ok, err := a.TryPublish(); !ok || err != nil {
				x.Failf("a TryPublish with no reader in the way returns %v, %v", ok, err)
			}
			one, _ := r.Get(1)
			if two, _ := r.Get(2); one != 1 || two != 2 {
				x.Failf("in the end the keys are %d and %d, want 1 and 2", one, two)
			}
		})
	}
}

// flushesBeside flushes beside a reader and another writer, which waits for its batch. When the
// flush has returned, no guard of the version before that of its writer may be open.
func flushesBeside(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		ws := hashmap.NewWriters[int, int](hashmap.WithStrategy(s.New))
		x.Name("writers", ws)
		a, b, r := ws.NewWriter(), ws.NewWriter(), ws.NewReadHandle()
		var old hooked.Uint64 // a guard of version 0 is open
		x.Go("reader", func() {
			g := r.Read()
			if g.Version() == 0 {
				old.Store(1)
			}
			old.Store(0)
			g.Release()
		})
		x.Go("flusher", func() {
			a.Insert(1, 1)
			if err := a.Publish(); err != nil {
				x.Failf("%v", err)
			}
			if _, ok := a.Published(); !ok {
				return // the other writer is about to publish it
			}
			if err := a.Flush(context.Background()); err != nil || old.Load() != 0 {
				x.Failf("after a flush a guard of version 0 is open, or %v", err)
			}
		})
		x.Go("other", func() {
			b.Insert(2, 1)
			if err := handOverAndWait(b); err != nil {
				x.Failf("%v", err)
			}
		})
	}
}

// readsOwn lets a goroutine write a key twice, hand that over, and look the key up after each step,
// beside another writer. paired says that it does so through a session, which must always find its
// last write. A writer and a reader that are not paired must not: the program fails then.
func readsOwn(paired bool) func(Strategy) explore.Program {
	return func(s Strategy) explore.Program {
		return func(x *explore.Exec) {
			ws := hashmap.NewWriters[int, int](hashmap.WithStrategy(s.New))
			x.Name("writers", ws)
			own, other, r := ws.NewSession(), ws.NewWriter(), ws.NewReadHandle()
			get := own.Get
			if !paired {
				get = r.Get
			}
			x.Go("reader of its own writes", func() {
				for n := 1; n <= 2; n++ {
					own.Insert(1, n)
					if err := own.Publish(); err != nil {
						x.Failf("%v", err)
					}
					if v, _ := get(1); v != n {
						x.Failf("after it has handed over %d it finds %d", n, v)
					}
				}
			})
			x.Go("other", func() {
				other.Insert(2, 1)
				if err := other.Publish(); err != nil {
					x.Failf("%v", err)
				}
			})
		}
	}
}
