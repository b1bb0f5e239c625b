package baselines_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
)

// The benchmarks of this file do what others' benchmarks of concurrent maps do, under their
// names, on every map of the registry that can do it, so that benchstat lays figures beside
// published ones. They are those of the standard library's packages sync (map_bench_test.go) and
// internal/sync (hashtriemap_bench_test.go), and those of puzpuzpuz/go-concurrent-map-bench.
// For instance, with another pkg line in either file,
//
//	go test sync -run '^$' -bench 'MapLoad' -count 8 >theirs.txt
//	go test ./baselines -run '^$' -bench '^BenchmarkMapLoad' -count 8 >ours.txt
//	go tool benchstat -ignore pkg theirs.txt ours.txt
//
// Maps that publish do so by their policy, which is a part of their price; each goroutine has a
// handle. The standard library's maps hold values of the type any under keys of the type any;
// here keys are ints or strings, which the adapter of sync.Map boxes.

// user is a goroutine that uses a map, and publishes as the map's policy says.
type user[K comparable, V any] struct {
	kv.Map[K, V]
	policy kv.Policy
	writes int
	last   time.Time // it published
}

func newUser[K comparable, V any](e kv.Entry, m kv.Map[K, V]) *user[K, V] {
	return &user[K, V]{Map: kv.Open(m), policy: e.Policy, last: time.Now()}
}

// wrote is called after each write.
func (u *user[K, V]) wrote() {
	u.writes++
	switch {
	case u.policy.Every > 0 && u.writes%u.policy.Every == 0:
		kv.Publish(u.Map)
	case u.policy.Interval > 0 && time.Since(u.last) >= u.policy.Interval:
		kv.Publish(u.Map)
		u.last = time.Now()
	}
}

func (u *user[K, V]) store(k K, v V)            { u.Set(k, v); u.wrote() }
func (u *user[K, V]) remove(k K)                { u.Delete(k); u.wrote() }
func (u *user[K, V]) swapper() kv.Swapper[K, V] { return u.Map.(kv.Swapper[K, V]) }

// walk sees every entry.
func (u *user[K, V]) walk(yield func(K, V) bool) { u.Map.(kv.Ranger[K, V]).All()(yield) }

// prefilled returns a map sized for its content, which is published.
func prefilled[K comparable, V any](m kv.Map[K, V], fill func(set func(K, V))) kv.Map[K, V] {
	fill(m.Set)
	kv.Publish(m)
	kv.Publish(m)
	return m
}

// stdBench is a benchmark of package sync. Keys and values are the same ints.
type stdBench struct {
	needs     kv.Caps
	fill      int  // keys from 0 on
	quadratic bool // for a map that is copied whole
	// perG is the work of a goroutine, which counts on from i.
	perG func(b *testing.B, pb *testing.PB, i int, u *user[int, uint64])
}

func (s stdBench) run(b *testing.B) {
	for _, e := range baselines.All() {
		if !e.Caps.Has(kv.Concurrent|s.needs) || e.Int == nil || s.quadratic && e.Name == "cow" {
			continue
		}
		name := e.Name
		if name == "syncmap" {
			name = "*sync.Map" // the others that package sync compares it with are not quite ours
		}
		b.Run(name, func(b *testing.B) {
			m := prefilled(e.Int(s.fill), func(set func(int, uint64)) {
				for i := range s.fill {
					set(i, uint64(i))
				}
			})
			defer kv.Close(m)
			b.ReportAllocs()
			b.ResetTimer()
			var ids atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				u := newUser(e, m)
				if u.Map != m {
					defer kv.Close(u.Map)
				}
				s.perG(b, pb, int(ids.Add(1)-1)*b.N, u)
			})
		})
	}
}

// loadsMostly looks up keys in turn, so many that are there and so many that are not.
func loadsMostly(hits, misses int) stdBench {
	return stdBench{fill: hits, perG: func(_ *testing.B, pb *testing.PB, i int, u *user[int, uint64]) {
		for ; pb.Next(); i++ {
			u.Get(i % (hits + misses))
		}
	}}
}

func BenchmarkMapLoadMostlyHits(b *testing.B)   { loadsMostly(1023, 1).run(b) }
func BenchmarkMapLoadMostlyMisses(b *testing.B) { loadsMostly(1, 1023).run(b) }

const swaps = kv.Writes | kv.Swaps

func BenchmarkMapLoadOrStoreBalanced(b *testing.B) {
	const hits, misses = 128, 128
	stdBench{needs: swaps, fill: hits, quadratic: true, perG: func(b *testing.B, pb *testing.PB, i int, u *user[int, uint64]) {
		s := u.swapper()
		for ; pb.Next(); i++ {
			j := i % (hits + misses)
			if j < hits {
				if _, ok := s.LoadOrStore(j, uint64(i)); !ok {
					b.Errorf("no key %d", j)
				}
			} else if v, loaded := s.LoadOrStore(i, uint64(i)); loaded {
				b.Errorf("key %d is there, with %d", i, v)
			}
			u.wrote()
		}
	}}.run(b)
}

// each is the work of goroutines that do one operation on key after key.
func each(op func(u *user[int, uint64], s kv.Swapper[int, uint64], i int)) func(*testing.B, *testing.PB, int, *user[int, uint64]) {
	return func(_ *testing.B, pb *testing.PB, i int, u *user[int, uint64]) {
		s := u.swapper()
		for ; pb.Next(); i++ {
			op(u, s, i)
		}
	}
}

func BenchmarkMapLoadOrStoreUnique(b *testing.B) {
	stdBench{needs: swaps, quadratic: true, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], i int) {
		s.LoadOrStore(i, uint64(i))
		u.wrote()
	})}.run(b)
}

func BenchmarkMapLoadOrStoreCollision(b *testing.B) {
	stdBench{needs: swaps, fill: 1, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], i int) {
		s.LoadOrStore(0, 0)
		u.wrote()
	})}.run(b)
}

func BenchmarkMapLoadAndDeleteBalanced(b *testing.B) {
	const hits, misses = 128, 128
	stdBench{needs: swaps, fill: hits, quadratic: true, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], i int) {
		if j := i % (hits + misses); j < hits {
			s.LoadAndDelete(j)
		} else {
			s.LoadAndDelete(i)
		}
		u.wrote()
	})}.run(b)
}

func BenchmarkMapLoadAndDeleteUnique(b *testing.B) {
	stdBench{needs: swaps, quadratic: true, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], i int) {
		s.LoadAndDelete(i)
		u.wrote()
	})}.run(b)
}

func BenchmarkMapLoadAndDeleteCollision(b *testing.B) {
	stdBench{needs: swaps, fill: 1, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], i int) {
		_, loaded := s.LoadAndDelete(0)
		u.wrote()
		if loaded {
			u.store(0, 0)
		}
	})}.run(b)
}

func BenchmarkMapRange(b *testing.B) {
	stdBench{needs: kv.Range, fill: 1 << 10, perG: func(_ *testing.B, pb *testing.PB, _ int, u *user[int, uint64]) {
		for pb.Next() {
			u.walk(func(int, uint64) bool { return true })
		}
	}}.run(b)
}

func BenchmarkMapAdversarialAlloc(b *testing.B) {
	stdBench{needs: swaps, perG: func(_ *testing.B, pb *testing.PB, i int, u *user[int, uint64]) {
		s := u.swapper()
		var stores, loads uint64
		for ; pb.Next(); i++ {
			u.Get(i)
			if loads++; loads > stores {
				s.LoadOrStore(i, stores)
				u.wrote()
				loads = 0
				stores++
			}
		}
	}}.run(b)
}

// BenchmarkMapAdversarialDelete deletes after the walk and not in it, which would be
// against the rules of some of the maps.
func BenchmarkMapAdversarialDelete(b *testing.B) {
	const size = 1 << 10
	stdBench{needs: kv.Writes | kv.Range, fill: size, perG: func(_ *testing.B, pb *testing.PB, i int, u *user[int, uint64]) {
		for ; pb.Next(); i++ {
			u.Get(i)
			if i%size == 0 {
				first := -1
				u.walk(func(k int, _ uint64) bool {
					first = k
					return false
				})
				u.remove(first)
				u.store(i, uint64(i))
			}
		}
	}}.run(b)
}

func BenchmarkMapDeleteCollision(b *testing.B) {
	stdBench{needs: kv.Writes, fill: 1, perG: func(_ *testing.B, pb *testing.PB, _ int, u *user[int, uint64]) {
		for pb.Next() {
			u.remove(0)
		}
	}}.run(b)
}

func BenchmarkMapSwapCollision(b *testing.B) {
	stdBench{needs: swaps, fill: 1, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], _ int) {
		s.Swap(0, 0)
		u.wrote()
	})}.run(b)
}

func swapsMostly(hits, misses int) stdBench {
	return stdBench{needs: swaps, fill: hits, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], i int) {
		if v := i % (hits + misses); v < hits {
			s.Swap(v, uint64(v))
			u.wrote()
		} else {
			s.Swap(i, uint64(i))
			u.wrote()
			u.remove(i)
		}
	})}
}

func BenchmarkMapSwapMostlyHits(b *testing.B)   { swapsMostly(1023, 1).run(b) }
func BenchmarkMapSwapMostlyMisses(b *testing.B) { swapsMostly(1, 1023).run(b) }

func BenchmarkMapCompareAndSwapCollision(b *testing.B) {
	stdBench{needs: swaps, fill: 1, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], _ int) {
		swapped := s.CompareAndSwap(0, 0, 42)
		u.wrote()
		if swapped {
			s.CompareAndSwap(0, 42, 0)
			u.wrote()
		}
	})}.run(b)
}

func BenchmarkMapCompareAndSwapNoExistingKey(b *testing.B) {
	stdBench{needs: swaps, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], i int) {
		swapped := s.CompareAndSwap(i, 0, 0)
		u.wrote()
		if swapped {
			u.remove(i)
		}
	})}.run(b)
}

func BenchmarkMapCompareAndSwapValueNotEqual(b *testing.B) {
	stdBench{needs: swaps, fill: 1, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], _ int) {
		s.CompareAndSwap(0, 1, 2)
		u.wrote()
	})}.run(b)
}

// compares does op on a key that is there, or else on i.
func compares(hits, misses int, quadratic bool, op func(u *user[int, uint64], s kv.Swapper[int, uint64], v int)) stdBench {
	return stdBench{needs: swaps, fill: hits, quadratic: quadratic, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], i int) {
		v := i
		if i%(hits+misses) < hits {
			v = i % (hits + misses)
		}
		op(u, s, v)
	})}
}

func compareAndSwap(u *user[int, uint64], s kv.Swapper[int, uint64], v int) {
	s.CompareAndSwap(v, uint64(v), uint64(v))
	u.wrote()
}

func compareAndDelete(u *user[int, uint64], s kv.Swapper[int, uint64], v int) {
	deleted := s.CompareAndDelete(v, uint64(v))
	u.wrote()
	if deleted {
		u.store(v, uint64(v))
	}
}

func BenchmarkMapCompareAndSwapMostlyHits(b *testing.B) {
	compares(1023, 1, true, compareAndSwap).run(b)
}

func BenchmarkMapCompareAndSwapMostlyMisses(b *testing.B) {
	compares(1, 1023, false, compareAndSwap).run(b)
}

func BenchmarkMapCompareAndDeleteCollision(b *testing.B) {
	stdBench{needs: swaps, fill: 1, perG: each(func(u *user[int, uint64], s kv.Swapper[int, uint64], _ int) { compareAndDelete(u, s, 0) })}.run(b)
}

func BenchmarkMapCompareAndDeleteMostlyHits(b *testing.B) {
	compares(1023, 1, true, compareAndDelete).run(b)
}

func BenchmarkMapCompareAndDeleteMostlyMisses(b *testing.B) {
	compares(1, 1023, false, compareAndDelete).run(b)
}

func BenchmarkMapClear(b *testing.B) {
	stdBench{needs: kv.Writes | kv.Clears, perG: func(_ *testing.B, pb *testing.PB, i int, u *user[int, uint64]) {
		c := u.Map.(kv.Clearer)
		for ; pb.Next(); i++ {
			c.Clear()
			u.wrote()
			u.store(i%256, uint64(i%256))
		}
	}}.run(b)
}

// Package internal/sync measures its HashTrieMap, which sync.Map is, alone: its names have no map
// in them. Benchstat compares it with one map by -row .name -filter '/impl:syncmap'.

// binary is the first n numbers, as text, in base 2.
func binary(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = strconv.FormatInt(int64(i), 2)
	}
	return all
}

func hashTrie(b *testing.B, needs kv.Caps, keys []string, full bool, op func(u *user[string, uint64], s kv.Swapper[string, uint64], key string, i int)) {
	for _, e := range baselines.All() {
		if !e.Caps.Has(kv.Concurrent | needs) {
			continue
		}
		b.Run("impl="+e.Name, func(b *testing.B) {
			m := prefilled(e.String(0), func(set func(string, uint64)) {
				for i, k := range keys {
					if full {
						set(k, uint64(i))
					}
				}
			})
			defer kv.Close(m)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				u := newUser(e, m)
				if u.Map != m {
					defer kv.Close(u.Map)
				}
				s, _ := u.Map.(kv.Swapper[string, uint64])
				for i := 0; pb.Next(); {
					op(u, s, keys[i], i)
					if i++; i == len(keys) {
						i = 0
					}
				}
			})
		})
	}
}

func hashTrieLoad(b *testing.B, n int) {
	hashTrie(b, 0, binary(n), true, func(u *user[string, uint64], _ kv.Swapper[string, uint64], key string, _ int) { u.Get(key) })
}

func hashTrieLoadOrStore(b *testing.B, n int) {
	hashTrie(b, swaps, binary(n), false, func(u *user[string, uint64], s kv.Swapper[string, uint64], key string, i int) {
		s.LoadOrStore(key, uint64(i))
		u.wrote()
	})
}

func BenchmarkHashTrieMapLoadSmall(b *testing.B)        { hashTrieLoad(b, 8) }
func BenchmarkHashTrieMapLoad(b *testing.B)             { hashTrieLoad(b, 128) }
func BenchmarkHashTrieMapLoadLarge(b *testing.B)        { hashTrieLoad(b, 128<<10) }
func BenchmarkHashTrieMapLoadOrStore(b *testing.B)      { hashTrieLoadOrStore(b, 128) }
func BenchmarkHashTrieMapLoadOrStoreLarge(b *testing.B) { hashTrieLoadOrStore(b, 128<<10) }

// go-concurrent-map-bench has a benchmark for each map and workload, with sizes and shares of
// reads below. The maps that it compares have its names here, and all others that of
// BenchmarkMap_…/impl=….

var (
	benchSizes  = []int{100, 1_000, 100_000, 1_000_000}
	benchShares = []int{100, 99, 90, 75} // of reads, in %

	// benchNamed are the maps of the registry that it compares.
	benchNamed = []string{"syncmap", "xsync", "haxmap", "concurrent-map"}

	benchInts = sync.OnceValue(func() []int {
		keys := make([]int, slices.Max(benchSizes))
		for i := range keys {
			keys[i] = i
		}
		return keys
	})
	benchStrings = sync.OnceValue(func() []string {
		keys := make([]string, slices.Max(benchSizes))
		for i := range keys {
			keys[i] = "what_a_looooooooooooooooooooooong_key_prefix_" + strconv.Itoa(i)
		}
		return keys
	})
)

func intMap(e kv.Entry) func(int) kv.Map[int, uint64]       { return e.Int }
func stringMap(e kv.Entry) func(int) kv.Map[string, uint64] { return e.String }

// cases are the workloads of go-concurrent-map-bench for one map.
type cases[K comparable] struct {
	build func(kv.Entry) func(capacity int) kv.Map[K, uint64]
	keys  func() []K
}

var (
	ofInts    = cases[int]{intMap, benchInts}
	ofStrings = cases[string]{stringMap, benchStrings}
)

// on runs a workload on the map of that name, or if that is "" on all that have none.
func (c cases[K]) on(b *testing.B, impl string, workload func(b *testing.B, e kv.Entry)) {
	for _, e := range baselines.All() {
		switch {
		case !e.Caps.Has(kv.Concurrent) || c.build(e) == nil:
		case e.Name == impl:
			workload(b, e)
		case impl == "" && !slices.Contains(benchNamed, e.Name):
			b.Run("impl="+e.Name, func(b *testing.B) { workload(b, e) })
		}
	}
}

// made returns a map, with all keys if warm, and told how many there will be only then.
func (c cases[K]) made(e kv.Entry, keys []K, warm bool) kv.Map[K, uint64] {
	if !warm {
		return c.build(e)(0)
	}
	return prefilled(c.build(e)(len(keys)), func(set func(K, uint64)) {
		for i, k := range keys {
			set(k, uint64(i))
		}
	})
}

func (c cases[K]) mixed(b *testing.B, impl string, warm bool) {
	c.on(b, impl, func(b *testing.B, e kv.Entry) {
		for _, size := range benchSizes {
			b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
				for _, reads := range benchShares {
					if reads == 100 && !warm || reads < 100 && !e.Caps.Has(kv.Writes) {
						continue
					}
					b.Run(fmt.Sprintf("reads=%d%%", reads), func(b *testing.B) {
						keys := c.keys()[:size]
						m := c.made(e, keys, warm)
						defer kv.Close(m)
						set, remove := uint32(10*reads), uint32(10*reads+(1000-10*reads)/2)
						b.ReportAllocs()
						b.ResetTimer()
						begin := time.Now()
						b.RunParallel(func(pb *testing.PB) {
							u := newUser(e, m)
							if u.Map != m {
								defer kv.Close(u.Map)
							}
							var sink uint64
							for pb.Next() {
								op, i := rand.Uint32()%1000, rand.Uint32()%uint32(len(keys))
								switch {
								case op >= remove:
									u.remove(keys[i])
								case op >= set:
									u.store(keys[i], uint64(i))
								default:
									v, _ := u.Get(keys[i])
									sink += v
								}
							}
							_ = sink
						})
						b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "ops/s")
					})
				}
			})
		}
	})
}

// walked has all goroutines walk while one more stores.
func (c cases[K]) walked(b *testing.B, impl string) {
	c.on(b, impl, func(b *testing.B, e kv.Entry) {
		if !e.Caps.Has(kv.Writes | kv.Range) {
			return
		}
		for _, size := range benchSizes {
			b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
				keys := c.keys()[:size]
				m := c.made(e, keys, true)
				defer kv.Close(m)
				var stop atomic.Bool
				var writer sync.WaitGroup
				writer.Go(func() {
					u := newUser(e, m)
					if u.Map != m {
						defer kv.Close(u.Map)
					}
					for !stop.Load() {
						i := rand.Uint32() % uint32(len(keys))
						u.store(keys[i], uint64(i))
					}
				})
				b.ReportAllocs()
				b.ResetTimer()
				begin := time.Now()
				b.RunParallel(func(pb *testing.PB) {
					u := newUser(e, m)
					if u.Map != m {
						defer kv.Close(u.Map)
					}
					var sink uint64
					for pb.Next() {
						u.walk(func(_ K, v uint64) bool {
							sink += v
							return true
						})
					}
					_ = sink
				})
				b.StopTimer()
				b.ReportMetric(float64(b.N)/time.Since(begin).Seconds(), "ops/s")
				stop.Store(true)
				writer.Wait()
			})
		}
	})
}

func BenchmarkSyncMap_WarmUp_StringKeys(b *testing.B)   { ofStrings.mixed(b, "syncmap", true) }
func BenchmarkSyncMap_NoWarmUp_StringKeys(b *testing.B) { ofStrings.mixed(b, "syncmap", false) }
func BenchmarkSyncMap_Range_StringKeys(b *testing.B)    { ofStrings.walked(b, "syncmap") }
func BenchmarkSyncMap_WarmUp_IntKeys(b *testing.B)      { ofInts.mixed(b, "syncmap", true) }
func BenchmarkSyncMap_NoWarmUp_IntKeys(b *testing.B)    { ofInts.mixed(b, "syncmap", false) }
func BenchmarkSyncMap_Range_IntKeys(b *testing.B)       { ofInts.walked(b, "syncmap") }

func BenchmarkXsyncMapOf_WarmUp_StringKeys(b *testing.B)   { ofStrings.mixed(b, "xsync", true) }
func BenchmarkXsyncMapOf_NoWarmUp_StringKeys(b *testing.B) { ofStrings.mixed(b, "xsync", false) }
func BenchmarkXsyncMapOf_Range_StringKeys(b *testing.B)    { ofStrings.walked(b, "xsync") }
func BenchmarkXsyncMapOf_WarmUp_IntKeys(b *testing.B)      { ofInts.mixed(b, "xsync", true) }
func BenchmarkXsyncMapOf_NoWarmUp_IntKeys(b *testing.B)    { ofInts.mixed(b, "xsync", false) }
func BenchmarkXsyncMapOf_Range_IntKeys(b *testing.B)       { ofInts.walked(b, "xsync") }

func BenchmarkHaxmap_WarmUp_StringKeys(b *testing.B)   { ofStrings.mixed(b, "haxmap", true) }
func BenchmarkHaxmap_NoWarmUp_StringKeys(b *testing.B) { ofStrings.mixed(b, "haxmap", false) }
func BenchmarkHaxmap_Range_StringKeys(b *testing.B)    { ofStrings.walked(b, "haxmap") }
func BenchmarkHaxmap_WarmUp_IntKeys(b *testing.B)      { ofInts.mixed(b, "haxmap", true) }
func BenchmarkHaxmap_NoWarmUp_IntKeys(b *testing.B)    { ofInts.mixed(b, "haxmap", false) }
func BenchmarkHaxmap_Range_IntKeys(b *testing.B)       { ofInts.walked(b, "haxmap") }

func BenchmarkOrcamanCmap_WarmUp_StringKeys(b *testing.B) { ofStrings.mixed(b, "concurrent-map", true) }

func BenchmarkOrcamanCmap_NoWarmUp_StringKeys(b *testing.B) {
	ofStrings.mixed(b, "concurrent-map", false)
}
func BenchmarkOrcamanCmap_Range_StringKeys(b *testing.B) { ofStrings.walked(b, "concurrent-map") }
func BenchmarkOrcamanCmap_WarmUp_IntKeys(b *testing.B)   { ofInts.mixed(b, "concurrent-map", true) }
func BenchmarkOrcamanCmap_NoWarmUp_IntKeys(b *testing.B) { ofInts.mixed(b, "concurrent-map", false) }
func BenchmarkOrcamanCmap_Range_IntKeys(b *testing.B)    { ofInts.walked(b, "concurrent-map") }

func BenchmarkMap_WarmUp_StringKeys(b *testing.B)   { ofStrings.mixed(b, "", true) }
func BenchmarkMap_NoWarmUp_StringKeys(b *testing.B) { ofStrings.mixed(b, "", false) }
func BenchmarkMap_Range_StringKeys(b *testing.B)    { ofStrings.walked(b, "") }
func BenchmarkMap_WarmUp_IntKeys(b *testing.B)      { ofInts.mixed(b, "", true) }
func BenchmarkMap_NoWarmUp_IntKeys(b *testing.B)    { ofInts.mixed(b, "", false) }
func BenchmarkMap_Range_IntKeys(b *testing.B)       { ofInts.walked(b, "") }

// The benchmarks of the standard library are all here, under their names.
func TestPublishedNames(t *testing.T) {
	own := benchmarksOf(t, "published_test.go")
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"sync/map_bench_test.go", "internal/sync/hashtriemap_bench_test.go"} {
		path := filepath.Join(strings.TrimSpace(string(root)), "src", file)
		if _, err := os.Stat(path); err != nil {
			t.Skipf("the names are not compared: this Go tree has no %s", file)
		}
		theirs := benchmarksOf(t, path)
		for _, name := range theirs {
			if !slices.Contains(own, name) {
				t.Errorf("%s has %s, which is not here", file, name)
			}
		}
		if len(theirs) < 5 {
			t.Errorf("%s has %d benchmarks", file, len(theirs))
		}
	}
}

// benchmarksOf returns the names of a file's benchmarks.
func benchmarksOf(t *testing.T, path string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Benchmark") {
			names = append(names, fn.Name.Name)
		}
	}
	return names
}

// Each of the benchmarks runs, for a moment, on small maps.
func TestPublishedRun(t *testing.T) {
	sizes, benchtime := benchSizes, flag.Lookup("test.benchtime").Value.String()
	t.Cleanup(func() { benchSizes = sizes; _ = flag.Set("test.benchtime", benchtime) })
	if err := flag.Set("test.benchtime", "20x"); err != nil {
		t.Fatal(err)
	}
	benchSizes = []int{100}
	for name, run := range map[string]func(*testing.B){
		"LoadMostlyHits": BenchmarkMapLoadMostlyHits, "LoadOrStoreBalanced": BenchmarkMapLoadOrStoreBalanced, "Range": BenchmarkMapRange,
		"AdversarialAlloc": BenchmarkMapAdversarialAlloc, "AdversarialDelete": BenchmarkMapAdversarialDelete, "SwapMostlyMisses": BenchmarkMapSwapMostlyMisses,
		"CompareAndDeleteMostlyHits": BenchmarkMapCompareAndDeleteMostlyHits, "CompareAndSwapCollision": BenchmarkMapCompareAndSwapCollision,
		"LoadAndDeleteCollision": BenchmarkMapLoadAndDeleteCollision, "DeleteCollision": BenchmarkMapDeleteCollision, "Clear": BenchmarkMapClear,
		"HashTrieMapLoad": BenchmarkHashTrieMapLoad, "HashTrieMapLoadOrStore": BenchmarkHashTrieMapLoadOrStore,
		"Map_WarmUp_IntKeys": BenchmarkMap_WarmUp_IntKeys, "XsyncMapOf_NoWarmUp_StringKeys": BenchmarkXsyncMapOf_NoWarmUp_StringKeys,
		"Haxmap_Range_IntKeys": BenchmarkHaxmap_Range_IntKeys,
	} {
		ran := false
		testing.Benchmark(func(b *testing.B) {
			run(b)
			ran = !b.Failed()
		})
		if !ran {
			t.Errorf("%s failed", name)
		}
	}
}
