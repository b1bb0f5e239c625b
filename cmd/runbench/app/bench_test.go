package app

import (
	"context"
	"flag"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"

	"doublebuf/baselines"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/results"
)

var benchFlags struct {
	axes plan.Axes
	time plan.Duration
	seed uint64
}

func init() {
	f := &benchFlags
	declareAxes(flag.CommandLine, &f.axes)
	flag.TextVar(&f.time, "time", plan.Duration(100*time.Millisecond), "how long a cell of BenchmarkCell is measured")
	flag.Uint64Var(&f.seed, "seed", 1, "the seed for all random choices of BenchmarkCell")
}

// BenchmarkCell measures the throughput cells that the flags for axes name, as runbench run does;
// without any it is one cell. One iteration is one cell with its preparation and its checks. So
// the metrics are those of the cell, and not ns/op.
func BenchmarkCell(b *testing.B) { benchmark(b, results.Throughput) }

// BenchmarkStaleness measures staleness cells in the same way, of the mix roles.
func BenchmarkStaleness(b *testing.B) { benchmark(b, results.Staleness) }

// BenchmarkLatency measures latency cells in the same way, at the loads of -latency.
func BenchmarkLatency(b *testing.B) { benchmark(b, results.Latency) }

func benchmark(b *testing.B, kind results.Kind) {
	p, err := benchPlan(benchFlags.axes, runtime.GOMAXPROCS(0))
	if err != nil {
		b.Fatal(err)
	}
	p.Time, p.Seed = benchFlags.time, benchFlags.seed
	for _, j := range p.Jobs() {
		if j.ID.Kind == kind {
			b.Run(benchName(j.ID), func(b *testing.B) { benchmarkJob(b, p, j) })
		}
	}
}

// benchPlan is a plan of one block of the cells of the axes. What is not given is
// dbuf-epoch-b64, r95w5, and as many goroutines as processors.
func benchPlan(a plan.Axes, procs int) (plan.Plan, error) {
	quick, err := plan.FindPreset("quick", procs)
	if err != nil {
		return plan.Plan{}, err
	}
	if a.Impl == nil {
		a.Impl = []string{"dbuf-epoch-b64"}
	}
	if a.Mix == nil && a.Readers == nil && a.Writers == nil {
		a.Mix = []string{"r95w5"}
	}
	if a.G == nil {
		a.G = []int{procs}
	}
	p, err := quick.Plan(a, baselines.All(), procs)
	p.Blocks, p.Slice, p.Extra, p.LatencyBlocks = 1, 0, 0, 0
	return p, err
}

// benchName is the name of a cell without its kind and the processors, which go test adds.
func benchName(id results.ID) string {
	name := strings.TrimPrefix(id.Name(), string(id.Kind)+"/")
	return name[:strings.LastIndexByte(name, '-')]
}

// benchmarkJob measures a cell with the GOMAXPROCS that go test -cpu has set for this benchmark.
// The plan was made before, with another one.
func benchmarkJob(b *testing.B, p plan.Plan, j plan.Job) {
	p.Procs = runtime.GOMAXPROCS(0)
	j.ID.Procs = p.Procs
	r, err := run.New(p, baselines.All())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs() // or it prints neither B/op nor allocs/op
	sums, n := map[string]float64{}, 0
	for b.Loop() {
		err := r.Run(context.Background(), []plan.Job{j}, func(cells []results.Cell, _ run.Progress) error {
			c := cells[0]
			if c.Fault != "" {
				b.Error(c.Fault)
			}
			for unit, v := range c.Metrics {
				sums[unit] += v
			}
			n++
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op") // the time of an iteration is not a result
	for unit, sum := range sums {
		b.ReportMetric(printable(sum/float64(n), unit))
	}
}

// printable returns a metric in a form that package testing prints precisely. Testing prints at
// most seven decimals, so times are in nanoseconds, which benchstat reads as seconds. It does not
// convert a 0.
func printable(v float64, unit string) (float64, string) {
	if v == 0 {
		return 0, unit
	}
	if ns := strings.Replace(unit, "sec", "ns", 1); ns != unit {
		return 1e9 * v, ns
	}
	return v, unit
}

// TestPrintable: the printed text has at least three digits of the measured value, and reads back
// in the same unit.
func TestPrintable(t *testing.T) {
	for _, kind := range results.Kinds() {
		for _, u := range results.Units(kind) {
			for _, was := range []float64{0, 1.234e-9, 56.78e-9, 9.87e-3} {
				switch {
				case u.Name == results.BytesPerOp, u.Name == results.AllocsPerOp:
					continue // package testing prints these as whole numbers
				case was > 0 && was < 1e-3 && !strings.Contains(u.Name, "sec"):
					continue // counts and shares are not this small
				}
				v, unit := printable(was, u.Name)
				line := testing.BenchmarkResult{N: 1, Extra: map[string]float64{unit: v}}.String()
				read := benchfmt.NewReader(strings.NewReader("BenchmarkX "+line+"\n"), "")
				for read.Scan() {
					r, ok := read.Result().(*benchfmt.Result)
					if !ok {
						t.Fatalf("%q: %v", line, read.Result())
					}
					if is, ok := r.Value(u.Name); !ok || math.Abs(is-was) > 1e-3*was {
						t.Errorf("%v %s is printed as %q and read as %v %v", was, u.Name, line, is, ok)
					}
				}
			}
		}
	}
}

// TestBenchmarkCell runs the benchmark of one cell, and refuses an unknown map.
func TestBenchmarkCell(t *testing.T) {
	p, err := benchPlan(parsed(t, "-impl rwmutex,noop -mix r50w50 -keys 64 -g 3"), 2)
	if err != nil {
		t.Fatal(err)
	}
	p.Time, p.Seed = plan.Duration(time.Millisecond), 1
	jobs := p.Jobs()
	if len(jobs) != 2 || benchName(jobs[0].ID) != "impl=rwmutex/mix=r50w50/dist=zipf0.99/keytype=uint64/keys=64/g=3" {
		t.Fatalf("%+v", jobs)
	}
	before := flag.Lookup("test.benchtime").Value.String()
	if err := flag.Set("test.benchtime", "3x"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("test.benchtime", before) })
	res := testing.Benchmark(func(b *testing.B) { benchmarkJob(b, p, jobs[0]) })
	if res.N != 3 || res.Extra[results.OpsPerSec] <= 0 || res.Extra[results.Fairness] <= 0 {
		t.Errorf("%+v", res)
	}
	if p, err = benchPlan(plan.Axes{}, 2); err != nil || len(p.Jobs()) != 1 || p.Jobs()[0].ID.Impl != "dbuf-epoch-b64" {
		t.Errorf("without axes: %v, %+v", err, p.Jobs())
	}
	if _, err := benchPlan(parsed(t, "-impl nothing"), 2); err == nil || !strings.Contains(err.Error(), `unknown map "nothing"`) {
		t.Errorf("of a map that is none: %v", err)
	}
}
