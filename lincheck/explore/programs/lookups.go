//go:build explore

package programs

import (
	"doublebuf/impl/hashmap"
	"doublebuf/impl/table"
	"doublebuf/lincheck/explore"
)

func lookups(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		for range 2 {
			r := w.reader()
			x.Go("reader", func() { w.get(r, 2, w.get(r, 1, 0)) })
		}
		x.Go("writer", func() {
			w.publish()
			w.publish()
		})
	}
}

// flat is the option for lookups on the shortest path, which integers in a flat table take. The
// seeds of its hash differ between executions, but no step depends on the place of a key.
var flat = hashmap.WithTable(table.Flat)

// cachedLookups has lookups that are not the first on their handle. With lookup guards, they open
// one in the cached copy. Earlier lookups come after a publish. Under adaptive, the copy still has
// its fenced name after one earlier lookup, and its plain name again after two.
func cachedLookups(before, lookups, publishes int, options ...hashmap.Option) func(s Strategy) explore.Program {
	return func(s Strategy) explore.Program {
		return func(x *explore.Exec) {
			w := newWorld(x, s, options...)
			r := w.reader()
			last := w.get(r, 1, 0)
			if before > 0 {
				w.publish()
			}
			for range before {
				last = w.get(r, 1, last)
			}
			x.Go("reader", func() {
				for range lookups {
					last = w.get(r, 1, last)
				}
			})
			x.Go("writer", func() {
				for range publishes {
					w.publish()
				}
			})
		}
	}
}

func lookupsUnderGuard(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s)
		r := w.reader()
		x.Go("reader", func() {
			v := w.get(r, 1, 0)
			g := r.Read()
			v = w.look(g, v)
			last := w.get(r, 2, v)
			w.look(g, v)
			g.Release()
			w.get(r, 1, last)
		})
		x.Go("writer", func() {
			for range 3 {
				w.publish()
			}
		})
	}
}
