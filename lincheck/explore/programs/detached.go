//go:build explore

package programs

import (
	"strings"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/lincheck/explore"
)

// bound is the MaxWait of the programs that detach copies. Under the explorer it ends when a sleep
// ends by its timeout, and it must be the first timeout.
var bound = hashmap.WithMaxWait(time.Millisecond)

// detached lets a guard outlive its copy, while other guards are open in the copy's successor.
func detached(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s, bound)
		r := w.reader()
		x.Go("reader", func() {
			a := r.Read()
			va := w.look(a, 0)
			b := r.Read()
			vb := w.look(b, va)
			w.look(a, va)
			a.Release()
			w.look(b, vb)
			b.Release()
		})
		x.Go("writer", func() {
			for range 4 {
				w.publish()
			}
		})
	}
}

// detachedUnderLookups lets lookups outlive their copy. The last lookup, after all goroutines have
// ended, must not confuse the successor with that copy.
func detachedUnderLookups(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s, bound)
		r := w.reader()
		x.Go("reader", func() { w.get(r, 2, w.get(r, 1, 0)) })
		x.Go("writer", func() {
			for range 4 {
				w.publish()
			}
		})
		x.Finally(func() { w.get(r, 1, uint64(w.n)) })
	}
}

// detachedUnderTwo lets two guards outlive their copy. They may share a count.
func detachedUnderTwo(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s, bound)
		for range 2 {
			r := w.reader()
			x.Go("reader", func() {
				g := r.Read()
				v := w.look(g, 0)
				w.look(g, v)
				g.Release()
			})
		}
		x.Go("writer", func() {
			for range 3 {
				w.publish()
			}
		})
	}
}

// uncached has a detach clear the cache of a handle beside its lookups. Until the end, a guard
// holds the copy that the handle has cached. The first lookup may open in that copy, before the
// swap away from it. Or it may meet the writer that clears the cache.
func uncached(options ...hashmap.Option) func(s Strategy) explore.Program {
	return func(s Strategy) explore.Program {
		return func(x *explore.Exec) {
			w := newWorld(x, s, append(options, bound)...)
			r := w.w.NewReadHandle()
			w.publish()
			g := w.w.NewReadHandle().Read()
			last := w.get(r, 1, 1)
			x.Go("reader", func() {
				for range 2 {
					last = w.get(r, 1, last)
				}
			})
			x.Go("writer", func() {
				for range 3 {
					w.publish()
				}
			})
			x.Finally(func() {
				w.get(r, 1, uint64(w.n))
				w.look(g, 1)
				g.Release()
			})
		}
	}
}

// refused lets the kernel refuse a membarrier that it granted before. A writer that needs it can
// no longer know when its readers have left. It must panic. The first publish swaps out a plain
// name, so it needs a membarrier under every strategy with plain words.
func refused(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		x.RefuseMembarriers()
		r := w.reader()
		x.Go("reader", func() {
			g := r.Read()
			w.look(g, 0)
			g.Release()
		})
		x.Go("writer", func() {
			defer func() {
				p := recover()
				if text, _ := p.(string); p != nil && !strings.Contains(text, "membarrier worked before and now fails") {
					panic(p)
				}
			}()
			w.publish()
			if s.PlainWords {
				x.Failf("a publish has returned without its membarrier")
			}
			w.publish()
		})
	}
}
