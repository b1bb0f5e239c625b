package hashmap_test

import (
	"maps"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"doublebuf/impl/atomicx"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/invariants"
	"doublebuf/impl/table"
)

// TestFlatTable runs random operations on a map of flat tables and on Go's map. It compares them
// after each publish, so that both copies are compared. Readers read all the time: the race
// detector finds a table that is written while it is read.
func TestFlatTable(t *testing.T) {
	for seed := range uint64(2) {
		w := hashmap.New[uint64, uint64](hashmap.WithTable(table.Flat))
		r := w.NewReadHandle()
		var stop atomic.Bool
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				r := r.Clone()
				keys, values, found := make([]uint64, 100), make([]uint64, 100), make([]bool, 100)
				for i := range keys {
					keys[i] = uint64(i)
				}
				for !stop.Load() {
					g := r.Read()
					g.GetMany(keys, values, found)
					for i, k := range keys {
						if v, ok := g.Get(k); v != values[i] || ok != found[i] || ok && v%100 != k {
							t.Errorf("seed %d: key %d is %d, %v alone, and %d, %v among many", seed, k, v, ok, values[i], found[i])
						}
					}
					g.Release()
				}
			})
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		model := map[uint64]uint64{}
		for publish := range 60 {
			for range rng.IntN(50) {
				k := rng.Uint64N(100)
				switch rng.IntN(40) {
				case 0:
					w.Retain(func(k uint64, v *uint64) bool { *v += 100; return k%3 != 0 })
					maps.DeleteFunc(model, func(k, _ uint64) bool { return k%3 == 0 })
					for k := range model {
						model[k] += 100
					}
				case 1:
					w.Clear()
					clear(model)
				default:
					if rng.IntN(2) == 0 {
						w.Remove(k)
						delete(model, k)
					} else {
						v := rng.Uint64N(1000)*100 + k
						w.Insert(k, v)
						model[k] = v
					}
				}
			}
			mustPublish(t, w)
			if got := content(r); !maps.Equal(got, model) {
				t.Fatalf("seed %d, publish %d: %v, want %v", seed, publish, got, model)
			}
		}
		stop.Store(true)
		readers.Wait()
	}
}

// TestWritesDoNotAllocate checks that writes and publishes allocate nothing once the log has its
// memory. The keys are looked up directly, by tags, and by tags without prefetching.
func TestWritesDoNotAllocate(t *testing.T) {
	if atomicx.Hooked {
		t.Skip("reports to the explorer allocate")
	}
	for name, kind := range map[string]table.Kind{"built-in": table.Builtin, "flat": table.Flat} {
		t.Run(name+"/uint64", func(t *testing.T) { writesDoNotAllocate(t, kind, func(i int) uint64 { return uint64(i) }) })
		t.Run(name+"/string", func(t *testing.T) { writesDoNotAllocate(t, kind, strconv.Itoa) })
	}
	t.Run("flat/large", func(t *testing.T) {
		writesDoNotAllocate(t, table.Flat, func(i int) [2100]byte { return [2100]byte{2000: byte(i), 2001: byte(i >> 8)} })
	})
}

func writesDoNotAllocate[K comparable](t *testing.T, kind table.Kind, key func(int) K) {
	const n = 200
	w := hashmap.New[K, int](hashmap.WithTable(kind), hashmap.WithCapacity(10_000)) // large enough for prefetching
	keys := make([]K, n)
	for i := range keys {
		keys[i] = key(i)
	}
	publish := func() {
		for i, k := range keys {
			w.Insert(k, i)
			w.Remove(k)
			w.Insert(k, -i)
		}
		mustPublish(t, w)
	}
	for range 3 { // for the memory of both copies and of the log
		publish()
	}
	if got := testing.AllocsPerRun(10, publish); got != 0 && !invariants.Enabled { // checked builds compare the copies
		t.Errorf("%v allocations in a publish of %d operations", got, 3*n)
	}
}

// TestBatches runs random operations in batches of all lengths. Most of them are applied many at
// once, and others come in between. Now and then it reads the writer's copy, which applies the
// pending operations. Both copies are compared with Go's map.
func TestBatches(t *testing.T) {
	for name, kind := range map[string]table.Kind{"built-in": table.Builtin, "flat": table.Flat} {
		t.Run(name+"/uint64", func(t *testing.T) { batches(t, kind, func(k uint64) uint64 { return k }) })
		t.Run(name+"/string", func(t *testing.T) { batches(t, kind, func(k uint64) string { return strconv.FormatUint(k, 10) }) })
	}
}

func batches[K comparable](t *testing.T, kind table.Kind, key func(uint64) K) {
	const keys = 20_000
	w := hashmap.New[K, uint64](hashmap.WithTable(kind))
	r := w.NewReadHandle()
	rng := rand.New(rand.NewPCG(1, 0))
	model := map[K]uint64{}
	for publish := range 100 {
		for range rng.IntN(2000) {
			k := key(rng.Uint64N(keys))
			switch n := rng.IntN(100); {
			case n < 70:
				w.Insert(k, uint64(publish))
				model[k] = uint64(publish)
			case n < 98:
				w.Remove(k)
				delete(model, k)
			case n < 99:
				w.Update(k, func(v uint64, ok bool) (uint64, bool) { return v + 1, true })
				model[k]++
			default:
				v, ok, err := w.Get(k)
				if want, is := model[k]; v != want || ok != is || err != nil {
					t.Fatalf("publish %d: the writer finds %d, %v, %v under key %v; want %d, %v", publish, v, ok, err, k, want, is)
				}
			}
		}
		mustPublish(t, w)
		for range 100 {
			k := key(rng.Uint64N(keys))
			v, ok := r.Get(k)
			if want, is := model[k]; v != want || ok != is {
				t.Fatalf("publish %d: key %v has %d, %v; want %d, %v", publish, k, v, ok, want, is)
			}
		}
	}
	for range 2 {
		if !maps.Equal(content(r), model) {
			t.Errorf("version %d has other entries than the model", w.Version())
		}
		mustPublish(t, w)
	}
}

// TestGrowthStallsNoReader applies a batch that makes the table grow many times. It stops the
// writer before and after each step until readers have looked up all keys: in a guard that was
// opened before, in a new guard, and without a guard. If a reader waited for the writer, both would
// wait for ever. The readers must see the version before.
func TestGrowthStallsNoReader(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		synctest.Test(t, func(t *testing.T) {
			growthStallsNoReader(t, func(i int) int { return i }, s, hashmap.WithTable(table.Flat))
			growthStallsNoReader(t, strconv.Itoa, s, hashmap.WithTable(table.Flat))
			growthStallsNoReader(t, strconv.Itoa, s)
		})
	})
}

func growthStallsNoReader[K comparable](t *testing.T, key func(i int) K, options ...hashmap.Option) {
	const before, after = 5, 300
	w := hashmap.New[K, int](options...)
	for i := range before {
		w.Insert(key(i), i)
	}
	mustPublish(t, w)
	r := w.NewReadHandle()
	old := r.Read()
	defer old.Release()
	look := func() {
		now := r.Read()
		defer now.Release()
		for i := range before + 1 {
			want := i < before
			for how, get := range map[string]func(K) (int, bool){"without a guard": r.Get, "in an old guard": old.Get, "in a new guard": now.Get} {
				if v, ok := get(key(i)); ok != want || ok && v != i {
					t.Errorf("key %d, %s: %d, %v, while the writer inserts", i, how, v, ok)
				}
			}
		}
		if old.Len() != before || now.Len() != before {
			t.Errorf("%d and %d entries, want %d", old.Len(), now.Len(), before)
		}
	}
	asked, done := make(chan struct{}), make(chan struct{})
	go func() {
		for range asked {
			look()
			done <- struct{}{}
		}
	}()
	pause := func(int, bool) (int, bool) {
		asked <- struct{}{}
		<-done
		return 0, false
	}
	for i := before; i < after; i++ {
		w.Update(key(-1), pause)
		w.Insert(key(i), i)
	}
	w.Update(key(-1), pause)
	mustPublish(t, w)
	close(asked)
	g := r.Read()
	defer g.Release()
	if g.Len() != after {
		t.Errorf("%d entries after the publish, want %d", g.Len(), after)
	}
}

// TestDetachedTables holds a guard while the writer publishes, so that each publish detaches the
// copy and continues with a clone. The guard must keep its version, and new guards must see what
// Go's map has, for each table and for keys that are found directly and by tags.
func TestDetachedTables(t *testing.T) {
	for _, kind := range []table.Kind{table.Builtin, table.Flat} {
		testDetachedTables(t, kind, func(i int) string { return strconv.Itoa(i) })
		testDetachedTables(t, kind, func(i int) int { return i })
	}
}

func testDetachedTables[K comparable](t *testing.T, kind table.Kind, key func(i int) K) {
	w := hashmap.New[K, int](hashmap.WithTable(kind), hashmap.WithMaxWait(1))
	r := w.NewReadHandle()
	rng := rand.New(rand.NewPCG(1, 0))
	model := map[K]int{}
	for round := range 30 {
		g, before := r.Read(), maps.Clone(model)
		for range 2 { // the second publish waits for g
			for range 40 {
				k := key(rng.IntN(100))
				if rng.IntN(3) == 0 {
					w.Remove(k)
					delete(model, k)
				} else {
					v := rng.Int()
					w.Insert(k, v)
					model[k] = v
				}
			}
			if err := w.Publish(); err != nil {
				t.Fatal(err)
			}
		}
		if got := maps.Collect(g.All()); !maps.Equal(got, before) {
			t.Fatalf("%v, %T, round %d: the guard sees %v; want %v", kind, key(0), round, got, before)
		}
		g.Release()
		for i := range 100 {
			v, ok := r.Get(key(i))
			if want, there := model[key(i)]; v != want || ok != there {
				t.Fatalf("%v, %T, round %d: key %d has %d, %v; want %d, %v", kind, key(0), round, i, v, ok, want, there)
			}
		}
	}
}
