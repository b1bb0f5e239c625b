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

// flat is the option for lookups on the shortest path, which integers in a flat table take.
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

// missing has lookups of a key that is inserted, removed, and inserted again, each by another
// publish, and a lookup of key zero, which has a place of its own. Between two publishes each copy
// misses what the other one has.
func missing(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s, flat)
		r := w.reader()
		x.Go("reader", func() {
			last := 0
			for _, key := range []int{0, 1, 0} {
				v, ok := r.Get(key)
				switch {
				case ok && v != 1 && v != 3, ok && v < last, !ok && last == 3:
					x.Failf("a lookup of key %d returns %d, %v after one that has seen version %d", key, v, ok, last)
				case ok:
					last = v
				case last == 1:
					last = 2
				}
			}
		})
		x.Go("writer", func() {
			for n := 1; n <= 3; n++ {
				for key := range 2 {
					if n == 2 {
						w.w.Remove(key)
					} else {
						w.w.Insert(key, n)
					}
				}
				w.must(w.w.Publish())
			}
		})
	}
}

// changesHands has a lookup of a key whose slot gets another key. The slot has the other key when
// its copy is readable again, so the lookup must notice that both copies were swapped meanwhile.
func changesHands(s Strategy) explore.Program {
	return func(x *explore.Exec) {
		w := newWorld(x, s, flat)
		r := w.reader()
		w.w.Insert(1, 1)
		w.must(w.w.Publish())
		w.must(w.w.Publish()) // both copies have it
		x.Go("reader", func() {
			if v, ok := r.Get(1); ok && v != 1 {
				x.Failf("key 1 has the value %d of another key", v)
			}
		})
		x.Go("writer", func() {
			w.w.Remove(1)
			w.w.Insert(sameHome(1), 2)
			w.must(w.w.Publish())
			w.must(w.w.Publish())
		})
	}
}

// sameHome returns another key with the home of key in a table of eight homes.
func sameHome(key uint64) int {
	mix, _ := table.NewMaker[int, int](table.Flat).Hash() // the seeds of all tables of an explorer
	for k := key + 1; ; k++ {
		if mix.Hash(k)>>61 == mix.Hash(key)>>61 {
			return int(k)
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
