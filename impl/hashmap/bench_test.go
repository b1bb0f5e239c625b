package hashmap_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// A lookup in the map is a call, and so are the lookups that it is compared with. The lookup in the
// bare table could be inlined into the loop. Then the cost of a call would count as a cost of
// guards.
type bare struct{ table.Table[uint64, uint64] }

//go:noinline
func (b *bare) Get(key uint64) (uint64, bool) { return b.Table.Get(key) }

// stored looks up between two atomic stores to a word that no other goroutine accesses: the
// least that a reader can do to announce its guard to the writer.
type stored struct {
	word *paddedWord
	table.Table[uint64, uint64]
}

type paddedWord struct {
	_ [128]byte
	atomic.Uint64
	_ [120]byte
}

//go:noinline
func (s *stored) Get(key uint64) (uint64, bool) {
	s.word.Store(1)
	v, ok := s.Table.Get(key)
	s.word.Store(0)
	return v, ok
}

// lookups holds the maps that are compared, with the same n keys in each.
type lookups struct {
	keys   [1 << 20]uint64 // drawn before the clock; all present
	bare   *bare
	stored *stored
	handle *hashmap.ReadHandle[uint64, uint64]
	shared *hashmap.Shared[uint64, uint64] // instead of the handle, or nil
	sum    uint64                          // of the values, so that they are needed
}

// read opens a guard.
func (l *lookups) read() hashmap.ReadGuard[uint64, uint64] {
	if l.shared != nil {
		return l.shared.Read()
	}
	return l.handle.Read()
}

// readers sets up what l reads through: a Shared if the strategy has it, or else a handle.
func (l *lookups) readers(w *hashmap.WriteHandle[uint64, uint64]) {
	var err error
	if l.shared, err = w.Share(); err != nil {
		l.handle = w.NewReadHandle()
	}
}

// newLookups returns lookups in a map with the given options.
func newLookups(kind table.Kind, n int, options ...hashmap.Option) *lookups {
	t := table.New[uint64, uint64](kind, n)
	w := hashmap.New[uint64, uint64](append(options, hashmap.WithTable(kind), hashmap.WithCapacity(n))...)
	for k := range uint64(n) {
		t.Set(k, k)
		w.Insert(k, k)
	}
	if err := w.Publish(); err != nil {
		panic(err)
	}
	l := &lookups{bare: &bare{t}, stored: &stored{new(paddedWord), t}}
	l.readers(w)
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range l.keys {
		l.keys[i] = rng.Uint64N(uint64(n))
	}
	return l
}

// The loops that are compared. They differ only in the call.

func (l *lookups) none(n int) {
	sum := uint64(0)
	for i := range n {
		v, _ := l.bare.Get(l.keys[i%len(l.keys)])
		sum += v
	}
	l.sum += sum
}

func (l *lookups) stores(n int) {
	sum := uint64(0)
	for i := range n {
		v, _ := l.stored.Get(l.keys[i%len(l.keys)])
		sum += v
	}
	l.sum += sum
}

func (l *lookups) guarded(n int) {
	if l.shared != nil {
		l.free(n)
		return
	}
	sum := uint64(0)
	for i := range n {
		v, _ := l.handle.Get(l.keys[i%len(l.keys)])
		sum += v
	}
	l.sum += sum
}

func (l *lookups) free(n int) {
	sum := uint64(0)
	for i := range n {
		v, _ := l.shared.Get(l.keys[i%len(l.keys)])
		sum += v
	}
	l.sum += sum
}

// Two more loops that are compared with each other. Both can be inlined.

func (l *lookups) inlined(n int) {
	t, sum := l.bare.Table, uint64(0)
	for i := range n {
		v, _ := t.Get(l.keys[i%len(l.keys)])
		sum += v
	}
	l.sum += sum
}

func (l *lookups) held(n int) {
	g := l.read()
	defer g.Release()
	sum := uint64(0)
	for i := range n {
		v, _ := g.Get(l.keys[i%len(l.keys)])
		sum += v
	}
	l.sum += sum
}

// many is the number of keys of a GetMany.
const many = 64

func (l *lookups) noneMany(n int) {
	l.inMany(n, l.bare.Table.GetMany)
}

func (l *lookups) guardedMany(n int) {
	l.inMany(n, func(keys, values []uint64, found []bool) {
		g := l.read()
		g.GetMany(keys, values, found)
		g.Release()
	})
}

// inMany looks up n keys, rounded up to whole batches.
func (l *lookups) inMany(n int, getMany func(keys, values []uint64, found []bool)) {
	values, found, sum := make([]uint64, many), make([]bool, many), uint64(0)
	for i := 0; i < n; i += many {
		start := i % len(l.keys)
		getMany(l.keys[start:start+many], values, found)
		for _, v := range values {
			sum += v
		}
	}
	l.sum += sum
}

// A loop is one of the functions above, with the name of what it looks up through.
type loop struct {
	strategy string
	run      func(l *lookups, n int)
}

// benchmark runs the loops for all kinds of table and three sizes: those without a strategy once,
// those with a guard for each strategy. An operation is one lookup.
func benchmark(b *testing.B, guarded func(l *lookups, n int), loops ...loop) {
	for _, t := range []struct {
		name string
		kind table.Kind
	}{{"builtin", table.Builtin}, {"flat", table.Flat}} {
		for _, n := range []int{1_000, 10_000, 1_000_000} {
			run := func(l *lookups, loop loop) {
				b.Run(fmt.Sprintf("strategy=%s/table=%s/keys=%d", loop.strategy, t.name, n), func(b *testing.B) {
					b.ReportAllocs()
					loop.run(l, b.N)
				})
			}
			for i, s := range strategy.All() {
				l := newLookups(t.kind, n, hashmap.WithStrategy(s.New))
				if i == 0 {
					for _, loop := range loops {
						run(l, loop)
					}
				}
				run(l, loop{s.Name, guarded})
			}
		}
	}
}

func BenchmarkGet(b *testing.B) {
	benchmark(b, (*lookups).guarded, loop{"none", (*lookups).none}, loop{"stores", (*lookups).stores})
}

func BenchmarkGetHeld(b *testing.B) { benchmark(b, (*lookups).held, loop{"none", (*lookups).inlined}) }

func BenchmarkGetMany(b *testing.B) {
	benchmark(b, (*lookups).guardedMany, loop{"none", (*lookups).noneMany})
}

// BenchmarkPublish writes batches to a map of 10,000 keys and publishes each. An operation is one
// publish with its writes. With readers=1 a goroutine looks up keys all the time.
func BenchmarkPublish(b *testing.B) {
	const keys = 10_000
	for _, s := range strategy.All() {
		for _, batch := range []int{1, 64, 4096} {
			for readers := range 2 {
				if readers > 0 && s.OneGoroutine {
					continue
				}
				b.Run(fmt.Sprintf("strategy=%s/batch=%d/readers=%d", s.Name, batch, readers), func(b *testing.B) {
					w := hashmap.New[uint64, uint64](hashmap.WithStrategy(s.New), hashmap.WithCapacity(keys))
					var stop atomic.Bool
					var wg sync.WaitGroup
					for range readers {
						var l lookups
						l.readers(w)
						get := l.handle.Get
						if l.shared != nil {
							get = l.shared.Get
						}
						wg.Go(func() {
							for k := uint64(0); !stop.Load(); k++ {
								get(k % keys)
							}
						})
					}
					k := uint64(0)
					b.ReportAllocs()
					for b.Loop() {
						for range batch {
							w.Insert(k%keys, k)
							k++
						}
						if err := w.Publish(); err != nil {
							b.Fatal(err)
						}
					}
					stop.Store(true)
					wg.Wait()
				})
			}
		}
	}
}
