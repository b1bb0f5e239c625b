package baselines_test

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/analysis/stat"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
	"doublebuf/workloads"
)

// BenchmarkTargets compares the double buffer with other maps and with itself, against targets. It
// prints a line for each target:
//
//	go test -run - -bench Targets -benchtime 10x -timeout 30m ./baselines
//
// An iteration is a block. In a block all loops that are compared run in turn. So changes of the
// machine's speed from block to block affect the ratios least. A ratio is the median of the ratios
// of the blocks. From 6 blocks on it has a 95 % confidence interval, from ratio-low to ratio-high.
// The target follows it, as at-least or at-most. Beside xsync.Map the double buffer is always the
// same map: the flat table under the strategy asymmetric.
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

// An experiment is the measurement that some targets share.
type experiment struct {
	name    string
	prepare func() (block func() figures)
	targets []target
}

// figures are the times or rates that one block has measured, by name.
type figures map[string]float64

// target is a figure of each block, and its smallest or largest value. If both are zero, the figure
// has no target and is shown to explain others.
type target struct {
	name            string
	figure          func(figures) float64
	unit            string // "" means "ratio"
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
	b.ReportMetric(0, "ns/op") // targets share blocks, so the time of this one says nothing
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

// best are the options of the map that is compared with maps of others.
var best = []hashmap.Option{hashmap.WithTable(table.Flat), hashmap.WithStrategy(strategy.Asymmetric)}

// filled returns the writer of a map of the set's keys, whose copies are alike.
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

// sink collects sums, so that the compiler does not remove their computation.
var sink atomic.Uint64

// A loop does n operations.
type loop struct {
	name string
	run  func(n int)
}

// inTurn times loops, in turn forwards and backwards, in many short rounds. It returns the median
// of each in ns per operation. A round is shorter than a time slice, so other work of the machine
// affects few of them.
func inTurn(loops []loop) figures {
	const rounds, n = 32, 1 << 14
	times := make([][]float64, len(loops))
	for round := range rounds {
		for i := range loops {
			if round%2 == 1 {
				i = len(loops) - 1 - i
			}
			loops[i].run(n) // reloads what the other loops have driven out of the caches
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

// together runs several goroutines at the same time, each on a share of the work. A share is eight
// times as long as n, so that the start takes a small part of it.
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

// sizes yields the three numbers of keys that are measured, each with its value.
func sizes(of1000, of10000, of1000000 float64) func(yield func(int, float64) bool) {
	return func(yield func(int, float64) bool) {
		_ = yield(1_000, of1000) && yield(10_000, of10000) && yield(1_000_000, of1000000)
	}
}

func reversed[K comparable](l *lookups[K]) *lookups[K] {
	slices.Reverse(l[:])
	return l
}

// cell runs loops at the same time for a while, each in a goroutine of its own. It returns the
// operations of each per second. Loops with the same name are added up.
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

// cells runs each of several cells some times, in turn forwards and backwards. It returns the
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

// steps returns a loop that calls step for one key after another. It starts where the last call
// ended.
func steps[K comparable](drawn *lookups[K], step func(k K)) func(n int) {
	at := 0
	return func(n int) {
		for _, k := range drawn.stretch(&at, n) {
			step(k)
		}
	}
}
