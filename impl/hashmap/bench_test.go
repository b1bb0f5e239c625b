package hashmap_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/table"
)

// The look-ups that are compared: of random keys, all present, in loops that differ in
// nothing else.
type lookups struct {
	keys   []uint64 // drawn before the clock
	bare   table.Table[uint64, uint64]
	handle *hashmap.ReadHandle[uint64, uint64]
	word   *paddedWord
	sum    uint64 // of the values, so that they are needed
}

type paddedWord struct {
	_ [128]byte
	atomic.Uint64
	_ [120]byte
}

func newLookups(n int) *lookups {
	l := &lookups{keys: make([]uint64, 1<<16), bare: table.New[uint64, uint64](n), word: new(paddedWord)}
	w := hashmap.New[uint64, uint64](hashmap.WithCapacity(n))
	for k := range uint64(n) {
		l.bare.Set(k, k)
		w.Insert(k, k)
	}
	if err := w.Publish(); err != nil {
		panic(err)
	}
	l.handle = w.NewReadHandle()
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range l.keys {
		l.keys[i] = rng.Uint64N(uint64(n))
	}
	return l
}

func (l *lookups) key(i int) uint64 { return l.keys[i&(1<<16-1)] }

// none looks up in the bare table.
func (l *lookups) none(n int) {
	for i := range n {
		v, _ := l.bare.Get(l.key(i))
		l.sum += v
	}
}

// stores does the same between two atomic stores to a word that nobody else touches:
// the least that a reader can do who tells a writer that he comes and goes.
func (l *lookups) stores(n int) {
	for i := range n {
		l.word.Store(1)
		v, _ := l.bare.Get(l.key(i))
		l.word.Store(0)
		l.sum += v
	}
}

// guarded opens and closes a guard around each look-up.
func (l *lookups) guarded(n int) {
	for i := range n {
		v, _ := l.handle.Get(l.key(i))
		l.sum += v
	}
}

// held looks up in one open guard.
func (l *lookups) held(n int) {
	g := l.handle.Read()
	defer g.Release()
	for i := range n {
		v, _ := g.Get(l.key(i))
		l.sum += v
	}
}

func BenchmarkGet(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 1_000_000} {
		l := newLookups(n)
		for _, s := range []struct {
			name string
			loop func(int)
		}{{"none", l.none}, {"stores", l.stores}, {"epoch", l.guarded}} {
			b.Run(fmt.Sprintf("strategy=%s/table=builtin/keys=%d", s.name, n), func(b *testing.B) {
				b.ReportAllocs()
				s.loop(b.N)
			})
		}
	}
}

func BenchmarkGetHeld(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 1_000_000} {
		l := newLookups(n)
		b.Run(fmt.Sprintf("strategy=epoch/table=builtin/keys=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			l.held(b.N)
		})
	}
}

// BenchmarkGuardCost prints what a guard costs as ratios that are taken within blocks, so
// that a machine whose speed changes from block to block spoils them least: run it as
//
//	go test -run - -bench GuardCost -benchtime 10x ./impl/hashmap
//
// An iteration is one block; 10 blocks or more are wanted. Medians stand beside the order
// statistics around them that enclose the true median with at least 95 % confidence.
func BenchmarkGuardCost(b *testing.B) {
	l := newLookups(10_000)
	var guard, held []float64
	for range b.N {
		ns := block(l.none, l.stores, l.guarded, l.held)
		guard = append(guard, (ns[2]-ns[0])/(ns[1]-ns[0]))
		held = append(held, ns[3]/ns[0])
	}
	report(b, guard, "guard/stores")
	report(b, held, "held/bare")
}

// block times the loops in turn, forwards and backwards, and returns their ns per look-up.
func block(loops ...func(n int)) []float64 {
	const n = 1 << 20
	ns := make([]float64, len(loops))
	once := func(i int) {
		start := time.Now()
		loops[i](n)
		ns[i] += float64(time.Since(start).Nanoseconds()) / (2 * n)
	}
	for i := range loops {
		once(i)
	}
	for i := range loops {
		once(len(loops) - 1 - i)
	}
	return ns
}

func report(b *testing.B, x []float64, unit string) {
	n := len(x)
	slices.Sort(x)
	b.ReportMetric((x[(n-1)/2]+x[n/2])/2, unit)
	if n >= 6 {
		k := n / 6 // of n = 6, 10, 20: outside ranks 1..n with 3 %, 2..n-1 with 2 %, 4..n-3 with 0.3 %
		b.ReportMetric(x[k-min(k, 1)], unit+"-lo")
		b.ReportMetric(x[n-1-(k-min(k, 1))], unit+"-hi")
	}
}
