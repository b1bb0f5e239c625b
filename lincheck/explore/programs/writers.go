//go:build explore

package programs

import (
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
