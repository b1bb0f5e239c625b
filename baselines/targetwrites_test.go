package baselines_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/puzpuzpuz/xsync/v4"

	"doublebuf/analysis/stat"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
	"doublebuf/workloads"
)

// writerTargets compares one reader beside one writer, which publishes every 4096 writes, with the
// same in maps that need no publish.
func writerTargets() (all []experiment) {
	for _, c := range []struct {
		keys                                     int
		syncMap, rwMutex, xsyncReads, xsyncWrite float64
	}{{10_000, 3, 5, 1, 1.5}, {1_000_000, 4, 4, 2, 1.2}} {
		all = append(all, experiment{
			name: fmt.Sprintf("beside-writer/b=4096/keys=%d", c.keys),
			targets: []target{
				{name: "reads/over=sync.Map", figure: over("ours reads", "sync.Map reads"), atLeast: c.syncMap},
				{name: "reads/over=rwmutex", figure: over("ours reads", "rwmutex reads"), atLeast: c.rwMutex},
				{name: "reads/over=xsync", figure: over("ours reads", "xsync reads"), atLeast: c.xsyncReads},
				{name: "writes/over=xsync", figure: over("ours writes", "xsync writes"), atLeast: c.xsyncWrite},
			},
			prepare: func() func() figures {
				set := workloads.Uint64Keys(c.keys, 1)
				rd, wr := drawLookups(set), reversed(drawLookups(set))
				w, x := filled(set, best...), xsync.NewMap[uint64, uint64](xsync.WithPresize(c.keys))
				var s sync.Map
				var mu sync.RWMutex
				m := map[uint64]uint64{}
				for i, k := range set.Keys {
					x.Store(k, uint64(i))
					s.Store(k, uint64(i))
					m[k] = uint64(i)
				}
				r := w.NewReadHandle()
				pending := 0
				beside := func(read, write func(k uint64)) func() figures {
					reads, writes := loop{"reads", steps(rd, read)}, loop{"writes", steps(wr, write)}
					return func() figures { return cell(reads, writes) }
				}
				pairs := map[string]func() figures{
					"ours": beside(func(k uint64) { r.Get(k) }, func(k uint64) {
						w.Insert(k, k)
						if pending++; pending == 4096 {
							mustPublish(w)
							pending = 0
						}
					}),
					"xsync":    beside(func(k uint64) { x.Load(k) }, func(k uint64) { x.Store(k, k) }),
					"sync.Map": beside(func(k uint64) { s.Load(k) }, func(k uint64) { s.Store(k, k) }),
					"rwmutex": beside(func(k uint64) {
						mu.RLock()
						_ = m[k]
						mu.RUnlock()
					}, func(k uint64) {
						mu.Lock()
						m[k] = k
						mu.Unlock()
					}),
				}
				return func() figures { return cells(pairs) }
			},
		})
	}
	return all
}

// publishTargets compares the rate of single writes, each with a publish, beside a busy reader with
// the rate without any reader.
func publishTargets() (all []experiment) {
	for _, s := range []struct {
		name    string
		options []hashmap.Option
		atLeast float64
	}{
		{"epoch", nil, 0.3},
		{"epoch-flat", []hashmap.Option{hashmap.WithTable(table.Flat)}, 0},
		{"asymmetric-flat", best, 0},
	} {
		all = append(all, experiment{
			name: "publish/b=1/" + s.name,
			targets: []target{
				{name: "beside-reader/over=alone", figure: over("beside publishes", "alone publishes"), atLeast: s.atLeast},
				{name: "beside-reader", unit: "publishes/s", figure: figure("beside publishes")},
				{name: "alone", unit: "publishes/s", figure: figure("alone publishes")},
			},
			prepare: func() func() figures {
				set := workloads.Uint64Keys(10_000, 1)
				rd, wr := drawLookups(set), reversed(drawLookups(set))
				w := filled(set, s.options...)
				r := w.NewReadHandle()
				publishes := loop{"publishes", steps(wr, func(k uint64) {
					w.Insert(k, k)
					mustPublish(w)
				})}
				reads := loop{"reads", steps(rd, func(k uint64) { r.Get(k) })}
				pair := map[string]func() figures{
					"alone":  func() figures { return cell(publishes) },
					"beside": func() figures { return cell(publishes, reads) },
				}
				return func() figures { return cells(pair) }
			},
		})
	}
	return all
}

// adaptiveTargets compares the strategy adaptive with the two that it must equal. The batches are
// published one after another, or one a millisecond, beside a busy reader.
func adaptiveTargets() (all []experiment) {
	for _, c := range []struct {
		batch int
		pause time.Duration
	}{{1, 0}, {64, 0}, {1, time.Millisecond}} {
		e := experiment{
			name: fmt.Sprintf("adaptive/b=%d/pause=%v", c.batch, c.pause),
			prepare: func() func() figures {
				set := workloads.Uint64Keys(10_000, 1)
				trios := map[string]func() figures{}
				for name, s := range map[string]func(strategy.Options) strategy.Strategy{
					"epoch": strategy.Epoch, "asymmetric": strategy.Asymmetric, "adaptive": strategy.Adaptive,
				} {
					rd, wr := drawLookups(set), reversed(drawLookups(set))
					w := filled(set, hashmap.WithStrategy(s))
					write := steps(wr, func(k uint64) { w.Insert(k, k) })
					reads := loop{"reads", guarded(w.NewReadHandle(), rd)}
					publishes := loop{"publishes", func(n int) {
						for range n {
							write(c.batch)
							mustPublish(w)
							time.Sleep(c.pause)
						}
					}}
					trios[name] = func() figures { return cell(publishes, reads) }
				}
				return func() figures { return cells(trios) }
			},
			targets: []target{
				{name: "reads/over=epoch", figure: over("adaptive reads", "epoch reads")},
				{name: "reads/over=asymmetric", figure: over("adaptive reads", "asymmetric reads")},
			},
		}
		if c.pause == 0 {
			e.targets = append(e.targets,
				target{name: "publishes/over=epoch", figure: over("adaptive publishes", "epoch publishes"), atLeast: 1 / 1.3},
				target{name: "publishes/over=asymmetric", figure: over("adaptive publishes", "asymmetric publishes")},
				target{name: "adaptive", unit: "publishes/s", figure: figure("adaptive publishes")},
			)
		}
		all = append(all, e)
	}
	return all
}

// latencyTargets compares the time of a write that is published at once with that of a write by
// copy-on-write. Goroutines read beside it all the time; there are more of them than processors. It
// also compares their reads with those of a bare table without a writer. Writes come one after
// another, or one a millisecond.
func latencyTargets() (all []experiment) {
	for _, pause := range []time.Duration{0, time.Millisecond} {
		for _, readers := range []int{2, 8, 64} {
			e := experiment{
				name: fmt.Sprintf("latency/max-wait=20us/pause=%v/readers=%d", pause, readers),
				targets: []target{
					{name: "publish/over=cow", figure: over("ours seconds", "cow seconds"), atMost: 3},
					{name: "publish", unit: "µs", figure: func(f figures) float64 { return 1e6 * f["ours seconds"] }},
					{name: "cow", unit: "µs", figure: func(f figures) float64 { return 1e6 * f["cow seconds"] }},
				},
				prepare: func() func() figures {
					set := workloads.Uint64Keys(10_000, 1)
					drawn := drawLookups(set)
					w := filled(set, slices.Concat(best, []hashmap.Option{hashmap.WithMaxWait(20 * time.Microsecond)})...)
					var cow atomic.Pointer[map[uint64]uint64]
					cow.Store(new(maps.Collect(bareTableOf(table.Builtin, set).All())))
					bare := &bare{bareTableOf(table.Flat, set)}
					ours, theirs, plain := make([]loop, readers), make([]loop, readers), make([]loop, readers)
					for i := range readers {
						r := w.NewReadHandle()
						ours[i] = loop{"reads", guarded(r, drawn)}
						theirs[i] = loop{"reads", func(n int) {
							for j := range n {
								_ = (*cow.Load())[drawn[j]]
							}
						}}
						plain[i] = loop{"reads", bareLoop(bare.Table, drawn)}
					}
					all := map[string]func() figures{
						"ours": func() figures {
							return latency(pause, ours, func(k uint64) {
								w.Insert(drawn[k], k)
								mustPublish(w)
							})
						},
						"cow": func() figures {
							return latency(pause, theirs, func(k uint64) {
								m := maps.Clone(*cow.Load())
								m[drawn[k]] = k
								cow.Store(&m)
							})
						},
						"bare": func() figures { return latency(pause, plain, func(uint64) {}) },
					}
					return func() figures { return cells(all) }
				},
			}
			if pause > 0 {
				e.targets = append(e.targets, target{name: "bare-reads/over=reads", figure: over("bare reads", "ours reads"), atMost: 1.1})
			}
			all = append(all, e)
		}
	}
	return all
}

// latency runs readers in loops. It returns the median time of a write beside them, and the reads
// per second.
func latency(pause time.Duration, readers []loop, write func(k uint64)) figures {
	const long = 100 * time.Millisecond
	var stop atomic.Bool
	var reads atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for _, l := range readers {
		wg.Go(func() {
			n := 0
			for ; !stop.Load(); n += 64 {
				l.run(64)
			}
			reads.Add(int64(n))
		})
	}
	var times []float64
	for k := uint64(0); time.Since(start) < long; k++ {
		before := time.Now()
		write(k % (1 << 20))
		times = append(times, time.Since(before).Seconds())
		if pause > 0 {
			time.Sleep(pause)
		}
	}
	stop.Store(true)
	wg.Wait()
	return figures{
		"seconds": stat.Summarize(times).Median,
		"reads":   float64(reads.Load()) / time.Since(start).Seconds(),
	}
}

// handleTargets measures how much idle handles add to a publish.
func handleTargets() []experiment {
	return []experiment{{
		name: "idle-handles=10000",
		targets: []target{{name: "added-to-publish", unit: "µs", atMost: 15, figure: func(f figures) float64 {
			return (f["many"] - f["none"]) / 1e3
		}}},
		prepare: func() func() figures {
			set := workloads.Uint64Keys(10_000, 1)
			drawn := drawLookups(set)
			publishes := func(name string, handles int) loop {
				w := filled(set)
				idle := make([]*hashmap.ReadHandle[uint64, uint64], handles)
				for i := range idle {
					idle[i] = w.NewReadHandle()
				}
				step := steps(drawn, func(k uint64) {
					w.Insert(k, k)
					mustPublish(w)
				})
				return loop{name, func(n int) {
					step(n / 256)
					runtime.KeepAlive(idle)
				}}
			}
			loops := []loop{publishes("none", 0), publishes("many", 10_000)}
			return func() figures {
				f := inTurn(loops)
				return figures{"none": 256 * f["none"], "many": 256 * f["many"]}
			}
		},
	}}
}

// groupTargets compares 8 writers of a group with 8 writers that publish under a lock.
func groupTargets() (all []experiment) {
	for _, readers := range []int{0, 1} {
		all = append(all, experiment{
			name: fmt.Sprintf("group/writers=8/readers=%d", readers),
			targets: []target{
				{name: "over=locked", figure: over("group writes", "locked writes"), atLeast: 1.5},
				{name: "group", unit: "writes/s", figure: figure("group writes")},
				{name: "locked", unit: "writes/s", figure: figure("locked writes")},
			},
			prepare: func() func() figures {
				set := workloads.Uint64Keys(10_000, 1)
				g, w := hashmap.NewGroup[uint64, uint64](), filled(set)
				var mu sync.Mutex
				beside := func(r *hashmap.ReadHandle[uint64, uint64], write func(k uint64)) func() figures {
					var loops []loop
					for range 8 {
						loops = append(loops, loop{"writes", steps(drawLookups(set), write)})
					}
					if readers > 0 {
						loops = append(loops, loop{"reads", guarded(r, drawLookups(set))})
					}
					return func() figures { return cell(loops...) }
				}
				pair := map[string]func() figures{
					"group": beside(g.NewReadHandle(), func(k uint64) { g.Insert(k, k) }),
					"locked": beside(w.NewReadHandle(), func(k uint64) {
						mu.Lock()
						defer mu.Unlock()
						w.Insert(k, k)
						mustPublish(w)
					}),
				}
				return func() figures { return cells(pair) }
			},
		})
	}
	return all
}

// memoryTargets compares the live memory of a map of 1,000,000 entries with that of one table of
// the same kind. The map is written in batches of 4096 and published once more.
func memoryTargets() (all []experiment) {
	for name, kind := range map[string]table.Kind{"builtin": table.Builtin, "flat": table.Flat} {
		all = append(all, experiment{
			name:    "memory/keys=1000000/table=" + name,
			targets: []target{{name: "over=one-table", figure: over("map", "table"), atMost: 2.2}},
			prepare: func() func() figures {
				set := workloads.Uint64Keys(1_000_000, 1)
				return func() figures {
					return figures{
						"table": live(func() any { return bareTableOf(kind, set) }),
						"map": live(func() any {
							w := hashmap.New[uint64, uint64](hashmap.WithTable(kind), hashmap.WithCapacity(len(set.Keys)))
							for i, k := range set.Keys {
								w.Insert(k, uint64(i))
								if i%4096 == 4095 {
									mustPublish(w)
								}
							}
							mustPublish(w)
							mustPublish(w)
							return w
						}),
					}
				}
			},
		})
	}
	return all
}

// live returns the bytes on the heap that the result of made takes.
func live(made func() any) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := made()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(x)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}
