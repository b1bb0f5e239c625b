package baselines_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
)

// stdBench is a benchmark of package sync. Keys and values are the same ints.
type stdBench struct {
	needs     kv.Caps
	fill      int  // number of keys, from 0 on
	quadratic bool // a map that each write copies would take quadratic time
	// perG is the work of a goroutine, on keys from i on.
	perG func(b *testing.B, pb *testing.PB, i int, u *user[int, uint64])
}

func (s stdBench) run(b *testing.B) {
	for _, e := range baselines.All() {
		if !e.Caps.Has(kv.Concurrent|s.needs) || e.Int == nil || s.quadratic && e.Name == "cow" {
			continue
		}
		name := e.Name
		if name == "syncmap" {
			name = "*sync.Map" // package sync compares it with maps that differ from those here
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

// loadsMostly looks up keys in turn: hits that are there and misses that are not.
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

// each returns the work of goroutines that do one operation on key after key.
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

// BenchmarkMapAdversarialDelete deletes after the walk. A delete within it would break the rules of
// some maps.
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

// compares calls op with a key that is there, or else with i.
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

// Package internal/sync measures only its HashTrieMap, on which sync.Map is built. So its names
// contain no map. Benchstat compares it with one map by -row .name -filter '/impl:syncmap'.

// binary returns the first n numbers, as text in base 2.
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
