//go:build explore

package programs

import (
	"context"
	"errors"
	"strings"
	"time"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/table"
	"doublebuf/lincheck/explore"
)

// MapProgram is a program over the whole map.
type MapProgram struct {
	Name string
	Make func(Strategy) explore.Program
	// Timeouts is the number of sleeps of each goroutine that may end by their timeouts.
	Timeouts int
	// Large is set if the program can be exhausted in a minute only for strategies that are Large.
	Large bool
	// Bounded is set if the program cannot be exhausted in a minute for any strategy.
	Bounded bool
}

// Maps are the programs over the whole map, with its table, log, buffers and strategy.
var Maps = []MapProgram{
	{Name: "lookups", Make: lookups, Large: true},
	{Name: "lookups under a guard", Make: lookupsUnderGuard, Large: true},
	{Name: realTimeName, Make: realTime},
	{Name: "TryPublish beside readers", Make: tryPublish, Large: true},
	{Name: "nested guards", Make: nestedGuards},
	{Name: "handles opened and closed while the writer publishes", Make: handlesComeAndGo},
	{Name: "a handle closed with a guard open", Make: closedUnderGuard},
	{Name: "the writer closes", Make: writerCloses, Large: true},
	{Name: "a publish is given up", Make: publishCancelled},
	{Name: "operations of all kinds", Make: operations},
	{Name: "two writers in a group", Make: group},
	{Name: "two writers under a lock", Make: underLock},
	{Name: "a copy is detached", Make: detached, Timeouts: 1},
	{Name: "a copy is detached under lookups", Make: detachedUnderLookups, Timeouts: 1},
	{Name: "a copy is detached under two readers", Make: detachedUnderTwo, Timeouts: 1, Bounded: true},
	{Name: "membarriers are refused", Make: refused},
	{Name: "a lookup by the cached copy", Make: cachedLookups(0, 1, 2)},
	{Name: "lookups by the cached copy", Make: cachedLookups(0, 2, 3)},
	{Name: "a lookup under a fenced name", Make: cachedLookups(1, 1, 2)},
	{Name: "a lookup under a plain name again", Make: cachedLookups(2, 1, 2)},
	{Name: "a lookup of an integer in a flat table", Make: cachedLookups(0, 1, 2, flat)},
	{Name: "a lookup of an integer under a fenced name", Make: cachedLookups(1, 1, 2, flat)},
}

// realTimeName names the program in which strategies of the level per-handle fail.
const realTimeName = "versions in real time"

// world is the map of a program. Its writer sets key 1 to the number of the version and key 2 to
// twice that number. So every guard can check that it sees one version.
type world struct {
	x      *explore.Exec
	w      *hashmap.WriteHandle[int, int]
	shared *hashmap.Shared[int, int] // or nil, if readers have handles
	n      int                       // publishes called for
}

// reader is what a goroutine reads through: a handle or a Shared.
type reader interface {
	Get(key int) (int, bool)
	Read() hashmap.ReadGuard[int, int]
}

// reader returns a new reader for one goroutine.
func (w *world) reader() reader {
	if w.shared != nil {
		return w.shared
	}
	return w.w.NewReadHandle()
}

func newWorld(x *explore.Exec, s Strategy, options ...hashmap.Option) *world {
	w := &world{x: x, w: hashmap.New[int, int](append(options, hashmap.WithStrategy(s.New))...)}
	x.Name("map", w.w)
	if s.HandleFree {
		var err error
		w.shared, err = w.w.Share()
		w.must(err)
	}
	return w
}

func (w *world) write() {
	w.n++
	w.w.Insert(1, w.n)
	w.w.Insert(2, 2*w.n)
}

func (w *world) publish() {
	w.write()
	w.must(w.w.Publish())
}

func (w *world) must(err error) {
	if err != nil {
		w.x.Failf("%v", err)
	}
}

// look checks the content that the guard sees, and returns its version. It fails if the version is
// older than last.
func (w *world) look(g hashmap.ReadGuard[int, int], last uint64) uint64 {
	v := g.Version()
	one, _ := g.Get(1)
	two, _ := g.Get(2)
	if uint64(one) != v || uint64(two) != 2*v {
		w.x.Failf("a guard of version %d sees %d and %d", v, one, two)
	}
	if v < last {
		w.x.Failf("a guard of version %d after one of %d", v, last)
	}
	return v
}

// readers starts n readers. Each opens two guards.
func (w *world) readers(n int) {
	for range n {
		r := w.reader()
		w.x.Go("reader", func() {
			last := uint64(0)
			for range 2 {
				g := r.Read()
				last = w.look(g, last)
				g.Release()
			}
		})
	}
}

// get looks up one key without a guard and returns the version that it saw.
func (w *world) get(r reader, key int, last uint64) uint64 {
	v, _ := r.Get(key)
	if v%key != 0 || uint64(v/key) < last {
		w.x.Failf("a lookup of key %d sees %d after version %d", key, v, last)
	}
	return uint64(v / key)
}

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
