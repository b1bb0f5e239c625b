package baselines_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/puzpuzpuz/xsync/v4"

	"doublebuf/analysis/stat"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
	"doublebuf/workloads"
)

// BenchmarkTargets prints what the double buffer is to reach beside others, a line for each target:
//
//	go test -run - -bench Targets -benchtime 10x -timeout 30m ./baselines
//
// An iteration is a block, in which all that is compared runs in turn, so that a machine
// whose speed changes from block to block spoils the ratios least. A ratio is the median of those
// of the blocks; from 6 blocks on it stands with its 95 % confidence interval, from ratio-low
// to ratio-high. What the target is stands behind it, as at-least or at-most. Beside xsync.Map all
// is one configuration: the flat table under the strategy asymmetric.
func BenchmarkTargets(b *testing.B) {
	for _, e := range slices.Concat(
		guardTargets(), freeTargets(), tableTargets(), readTargets(), writerTargets(), publishTargets(), adaptiveTargets(), latencyTargets(),
		handleTargets(), groupTargets(), memoryTargets(),
	) {
		b.Run(e.name, func(b *testing.B) {
			var block func() figures
			var blocks []figures
			for _, t := range e.targets {
				b.Run(t.name, func(b *testing.B) {
					if block == nil {
						block = e.prepare()
					}
					for len(blocks) < b.N { // the targets of an experiment share its blocks
						runtime.GC()
						blocks = append(blocks, block())
					}
					t.report(b, blocks[:b.N])
				})
			}
		})
	}
}

// An experiment measures what some targets have in common.
type experiment struct {
	name    string
	prepare func() (block func() figures)
	targets []target
}

// figures are what one block has measured, by name: times or rates, and each of them compared
// only with its like.
type figures map[string]float64

// target is a figure of each block that is to be at least or at most so large. If both are zero it
// is shown for what it says about the others.
type target struct {
	name            string
	figure          func(figures) float64
	unit            string // if not "ratio"
	atLeast, atMost float64
}

// over is a figure divided by another.
func over(a, b string) func(figures) float64 {
	return func(f figures) float64 { return f[a] / f[b] }
}

func figure(name string) func(figures) float64 {
	return func(f figures) float64 { return f[name] }
}

func (t target) report(b *testing.B, blocks []figures) {
	unit := t.unit
	if unit == "" {
		unit = "ratio"
	}
	var values []float64
	for _, f := range blocks {
		values = append(values, t.figure(f))
	}
	s := stat.Summarize(values)
	b.ReportMetric(0, "ns/op") // blocks are shared, so that the time of this one says nothing
	b.ReportMetric(s.Median, unit)
	if s.Interval {
		b.ReportMetric(s.Lo, unit+"-low")
		b.ReportMetric(s.Hi, unit+"-high")
	}
	if t.atLeast != 0 {
		b.ReportMetric(t.atLeast, "at-least")
	}
	if t.atMost != 0 {
		b.ReportMetric(t.atMost, "at-most")
	}
}

// best is the configuration that is compared with maps of others.
var best = []hashmap.Option{hashmap.WithTable(table.Flat), hashmap.WithStrategy(strategy.Asymmetric)}

// filled returns the writer of a map of the set's keys, both copies of which are alike.
func filled[K comparable](set *workloads.KeySet[K], options ...hashmap.Option) *hashmap.WriteHandle[K, uint64] {
	w := hashmap.New[K, uint64](append(options[:len(options):len(options)], hashmap.WithCapacity(len(set.Keys)))...)
	for i, k := range set.Keys {
		w.Insert(k, uint64(i))
	}
	mustPublish(w)
	mustPublish(w)
	return w
}

func mustPublish[K comparable](w *hashmap.WriteHandle[K, uint64]) {
	if err := w.Publish(); err != nil {
		panic(err)
	}
}

// sink is where sums go, so that they are needed.
var sink atomic.Uint64

// A loop does n operations.
type loop struct {
	name string
	run  func(n int)
}

// inTurn times loops, forwards and backwards, in many short rounds, and returns the median of
// each in ns per operation. A round is shorter than a time slice, so that what else the
// machine does hits few of them.
func inTurn(loops []loop) figures {
	const rounds, n = 32, 1 << 14
	times := make([][]float64, len(loops))
	for round := range rounds {
		for i := range loops {
			if round%2 == 1 {
				i = len(loops) - 1 - i
			}
			loops[i].run(n) // what the others have driven out of the caches comes back
			start := time.Now()
			loops[i].run(n)
			times[i] = append(times[i], float64(time.Since(start).Nanoseconds())/n)
		}
	}
	f := figures{}
	for i, l := range loops {
		f[l.name] = stat.Summarize(times[i]).Median
	}
	return f
}

// together has several goroutines do the same work at the same time, each its own share, which is
// eight times as long as asked for, so that to begin takes little of it.
func together(name string, shares ...func(n int)) loop {
	return loop{name, func(n int) {
		var wg sync.WaitGroup
		start := make(chan struct{})
		for _, share := range shares {
			wg.Go(func() {
				<-start
				share(8 * n)
			})
		}
		close(start)
		wg.Wait()
	}}
}

// bare is a table behind a call, as a look-up in the map is one. Without it the look-up could be
// inlined into a loop, and what a call costs would count as a cost of guards.
type bare struct{ table.Table[uint64, uint64] }

//go:noinline
func (b *bare) Get(key uint64) (uint64, bool) { return b.Table.Get(key) }

// stored looks up between two atomic stores to a word that nobody else touches: the
// least that a reader can do who tells a writer that he comes and goes.
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

func bareTableOf(kind table.Kind, set *workloads.KeySet[uint64]) table.Table[uint64, uint64] {
	t := table.New[uint64, uint64](kind, len(set.Keys))
	for i, k := range set.Keys {
		t.Set(k, uint64(i))
	}
	return t
}

// The loops are written out for each map, since a call through a type parameter or an interface
// would cost more than some of them differ by. Each goes on in the drawn keys where it ended the
// last time, or few entries of a large table would be looked at, again and again.

func guarded(r *hashmap.ReadHandle[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := r.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func free(m *hashmap.Shared[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := m.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func held(r *hashmap.ReadHandle[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		g := r.Read()
		defer g.Release()
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := g.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func guardedString(r *hashmap.ReadHandle[string, uint64], drawn *lookups[string]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := r.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func loads(m *xsync.Map[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := m.Load(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func loadsString(m *xsync.Map[string, uint64], drawn *lookups[string]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := m.Load(k)
			sum += v
		}
		sink.Add(sum)
	}
}

// guardedMany looks up 64 keys at a time; n is a multiple of that.
func guardedMany(r *hashmap.ReadHandle[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	const many = 64
	values, found := make([]uint64, many), make([]bool, many)
	at := 0
	return func(n int) {
		sum := uint64(0)
		for keys := range slices.Chunk(drawn.stretch(&at, n), many) {
			g := r.Read()
			g.GetMany(keys, values, found)
			g.Release()
			for _, v := range values {
				sum += v
			}
		}
		sink.Add(sum)
	}
}

func bareLoop(t table.Table[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	m := &bare{t}
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := m.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func storedLoop(s *stored, drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := s.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

// guardTargets holds what a guard costs against two uncontended stores.
func guardTargets() []experiment {
	strategies := []struct {
		name   string
		new    func(strategy.Options) strategy.Strategy
		atMost float64
	}{{"epoch", strategy.Epoch, 1.3}, {"refcount", strategy.Refcount, 1.3}, {"asymmetric", strategy.Asymmetric, 0.35}, {"adaptive", strategy.Adaptive, 0.35}}
	e := experiment{name: "guard", prepare: func() func() figures {
		set := workloads.Uint64Keys(10_000, 1)
		drawn, t := drawLookups(set), bareTableOf(table.Builtin, set)
		loops := []loop{{"bare", bareLoop(t, drawn)}, {"stores", storedLoop(&stored{new(paddedWord), t}, drawn)}}
		for _, s := range strategies {
			r := filled(set, hashmap.WithStrategy(s.new)).NewReadHandle()
			loops = append(loops, loop{s.name, guarded(r, drawn)})
		}
		return func() figures { return inTurn(loops) }
	}}
	for _, s := range strategies {
		e.targets = append(e.targets, target{name: "strategy=" + s.name + "/over=two-stores", atMost: s.atMost, figure: func(f figures) float64 {
			return (f[s.name] - f["bare"]) / (f["stores"] - f["bare"])
		}})
	}
	for _, name := range []string{"bare", "stores"} {
		e.targets = append(e.targets, target{name: name, unit: "ns", figure: figure(name)})
	}
	two := experiment{name: "guard/readers=2", prepare: func() func() figures {
		set := workloads.Uint64Keys(10_000, 1)
		drawn := drawLookups(set)
		a := filled(set).NewReadHandle()
		loops := []loop{together("one", guarded(a, drawn)), together("two", guarded(a, drawn), guarded(a.Clone(), drawn))}
		return func() figures { return inTurn(loops) }
	}, targets: []target{{
		name: "strategy=epoch/over=one", atLeast: 1,
		figure: func(f figures) float64 { return 2 * f["one"] / f["two"] },
	}}}
	return []experiment{e, two}
}

// freeTargets holds look-ups without handles against those in the bare table: all have a table of
// their own, which is in the caches as much as the others' are. Goroutines that come to the same
// stripe of an indicator hinder each other, and two seldom do: so two of them stand beside one.
func freeTargets() (all []experiment) {
	set := workloads.Uint64Keys(10_000, 1)
	for _, s := range []struct {
		name   string
		new    func(strategy.Options) strategy.Strategy
		atMost float64
	}{{"indicator", strategy.Indicator, 2}, {"collector", strategy.Collector, 1.05}} {
		shared := func() *hashmap.Shared[uint64, uint64] {
			m, err := filled(set, hashmap.WithStrategy(s.new)).Share()
			if err != nil {
				panic(err)
			}
			return m
		}
		all = append(all, experiment{
			name: "free/strategy=" + s.name,
			prepare: func() func() figures {
				drawn := drawLookups(set)
				loops := []loop{{"bare", bareLoop(bareTableOf(table.Builtin, set), drawn)}, {"free", free(shared(), drawn)}}
				return func() figures { return inTurn(loops) }
			},
			targets: []target{{name: "over=bare", atMost: s.atMost, figure: over("free", "bare")}},
		}, experiment{
			name: "free2/strategy=" + s.name,
			prepare: func() func() figures {
				m, drawn := shared(), drawLookups(set)
				loops := []loop{together("one", free(m, drawn)), together("two", free(m, drawn), free(m, drawn))}
				return func() figures { return inTurn(loops) }
			},
			targets: []target{{name: "over=one", figure: func(f figures) float64 { return 2 * f["one"] / f["two"] }}},
		})
	}
	return all
}

// tableTargets holds the best guarded look-up against the fastest bare table.
func tableTargets() (all []experiment) {
	for _, keys := range []int{10_000, 1_000_000} {
		fastest := func(f figures) float64 {
			return min(f["builtin"], f["swiss"], f["intmap"], f["flat"])
		}
		all = append(all, experiment{
			name: fmt.Sprintf("table/keys=%d", keys),
			prepare: func() func() figures {
				set := workloads.Uint64Keys(keys, 1)
				drawn := drawLookups(set)
				var loops []loop
				for _, t := range uint64Tables(keys) {
					at := 0
					loops = append(loops, loop{t.name, func(n int) { sink.Add(t.loop(advance(&at, n), n)) }})
				}
				r := filled(set, best...).NewReadHandle()
				loops = append(loops, loop{"get", guarded(r, drawn)}, loop{"held", held(r, drawn)})
				return func() figures { return inTurn(loops) }
			},
			targets: []target{
				{name: "guarded-get/over=fastest", atMost: 1.1, figure: func(f figures) float64 { return f["get"] / fastest(f) }},
				{name: "held-get/over=fastest", atMost: 1.1, figure: func(f figures) float64 { return f["held"] / fastest(f) }},
				{name: "guarded-get", unit: "ns", figure: figure("get")},
				{name: "fastest", unit: "ns", figure: fastest},
			},
		})
	}
	return all
}

// readTargets holds look-ups by two goroutines against those of xsync.Map.
func readTargets() (all []experiment) {
	faster := func(name, a, b string, atLeast float64) target {
		return target{name: name, figure: over(b, a), atLeast: atLeast} // times, so that the quicker one divides
	}
	for keys, atLeast := range sizes(1, 1.15, 3) {
		targets := []target{faster("get/over=xsync", "get", "xsync", atLeast)}
		switch keys {
		case 10_000:
			targets = append(targets, faster("getmany/over=xsync", "many", "xsync", 1.4))
		case 1_000_000:
			targets = append(targets, faster("getmany/over=xsync", "many", "xsync", 4.5), faster("getmany/over=get", "many", "get", 1.5))
		}
		all = append(all, experiment{name: fmt.Sprintf("read-only/g=2/keytype=uint64/keys=%d", keys), targets: targets, prepare: func() func() figures {
			set := workloads.Uint64Keys(keys, 1)
			one, two := drawLookups(set), reversed(drawLookups(set))
			m := xsync.NewMap[uint64, uint64](xsync.WithPresize(keys))
			for i, k := range set.Keys {
				m.Store(k, uint64(i))
			}
			a := filled(set, best...).NewReadHandle()
			b := a.Clone()
			loops := []loop{
				together("get", guarded(a, one), guarded(b, two)),
				together("many", guardedMany(a, one), guardedMany(b, two)),
				together("xsync", loads(m, one), loads(m, two)),
			}
			return func() figures { return inTurn(loops) }
		}})
	}
	for keys, atLeast := range sizes(1, 1, 1) {
		all = append(all, experiment{
			name:    fmt.Sprintf("read-only/g=2/keytype=string/keys=%d", keys),
			targets: []target{faster("get/over=xsync", "get", "xsync", atLeast)},
			prepare: func() func() figures {
				set := workloads.StringKeys(keys, 1)
				one, two := drawLookups(set), reversed(drawLookups(set))
				m := xsync.NewMap[string, uint64](xsync.WithPresize(keys))
				for i, k := range set.Keys {
					m.Store(k, uint64(i))
				}
				a := filled(set, best...).NewReadHandle()
				b := a.Clone()
				loops := []loop{
					together("get", guardedString(a, one), guardedString(b, two)),
					together("xsync", loadsString(m, one), loadsString(m, two)),
				}
				return func() figures { return inTurn(loops) }
			},
		})
	}
	return all
}

// sizes yields the three numbers of keys that are measured, each with a value of its own.
func sizes(of1000, of10000, of1000000 float64) func(yield func(int, float64) bool) {
	return func(yield func(int, float64) bool) {
		_ = yield(1_000, of1000) && yield(10_000, of10000) && yield(1_000_000, of1000000)
	}
}

func reversed[K comparable](l *lookups[K]) *lookups[K] {
	slices.Reverse(l[:])
	return l
}

// cell runs loops side by side for a while, each in a goroutine of its own, and returns what each
// has done per second. Shares of one name are added up.
func cell(loops ...loop) figures {
	const long, chunk = 30 * time.Millisecond, 64
	rates := make([]float64, len(loops))
	var wg sync.WaitGroup
	var stop atomic.Bool
	for i, l := range loops {
		wg.Go(func() {
			done := 0
			start := time.Now()
			for !stop.Load() {
				l.run(chunk)
				done += chunk
			}
			rates[i] = float64(done) / time.Since(start).Seconds()
		})
	}
	time.Sleep(long)
	stop.Store(true)
	wg.Wait()
	f := figures{}
	for i, l := range loops {
		f[l.name] += rates[i]
	}
	return f
}

// cells runs each of several cells some times, in turn forwards and backwards, and returns the
// medians of their figures, under the name of the cell and that of the loop.
func cells(all map[string]func() figures) figures {
	const rounds = 4
	names := slices.Sorted(maps.Keys(all))
	values := map[string][]float64{}
	for range rounds {
		for _, name := range names {
			for k, v := range all[name]() {
				values[name+" "+k] = append(values[name+" "+k], v)
			}
		}
		slices.Reverse(names)
	}
	f := figures{}
	for k, v := range values {
		f[k] = stat.Summarize(v).Median
	}
	return f
}

// steps does something for one key after another, from where the last call ended.
func steps[K comparable](drawn *lookups[K], step func(k K)) func(n int) {
	at := 0
	return func(n int) {
		for _, k := range drawn.stretch(&at, n) {
			step(k)
		}
	}
}

// writerTargets holds one reader beside one writer, which publishes every 4096 writes, against the
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

// publishTargets holds the rate of single writes, each with a publish, beside a busy reader against
// that of the same without any reader.
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

// adaptiveTargets holds the strategy adaptive against the two that it is to be as good as: batches
// that are published one after another, or one a millisecond, beside a busy reader.
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

// latencyTargets holds the time of a write that is published at once beside always-reading
// goroutines, more than there are processors, against a write by copy-on-write; and their reads
// against those of a bare table that nobody writes. Writes come one after another, or one a
// millisecond.
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

// latency has goroutines read in loops, and returns the median time of a write beside them, and
// the reads per second.
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

// handleTargets holds what handles that nobody uses add to a publish.
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

// groupTargets holds 8 writers of a group against 8 writers who publish under a lock.
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

// memoryTargets holds the live memory of a map of 1,000,000 entries, written in batches of 4096
// and published once more, against that of one table of the same kind.
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

// live returns the bytes that what is made takes on the heap.
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
