package baselines_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
)

// go-concurrent-map-bench has a benchmark for each map and workload, with sub-benchmarks for sizes
// and shares of reads. The maps that it compares have its names here. All others are sub-benchmarks
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

// on runs a workload on the map named impl. If impl is "", it runs the workload on all maps that
// go-concurrent-map-bench does not name.
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

// made returns a map. If warm, the map has all keys and is sized for them.
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

// walked measures walks by all goroutines while one more goroutine stores.
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
