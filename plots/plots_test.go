package plots

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"doublebuf/results"
)

var (
	update = flag.Bool("update", false, "rewrite golden files in testdata")
	keep   = flag.String("keep", "", "folder to keep the figures in, to look at them")
)

// testMap is a made-up map of a made-up run.
type testMap struct {
	name   string
	read   float64 // ops/s of one goroutine that only reads
	write  float64 // of one that only writes
	scales float64 // how much a second processor adds
	stale  float64
	level  string
	result results.Outcome
}

var testMaps = []testMap{
	{"dbuf-epoch-b1", 62e6, 2.5e6, 0.95, 0, "linearizable", results.Ok},
	{"dbuf-epoch-b64", 64e6, 14e6, 0.95, 12.7, "atomic", results.Ok},
	{"dbuf-epoch-b4096", 64e6, 18e6, 0.95, 840, "atomic", results.Ok},
	{"syncmap", 41e6, 7e6, 0.93, 0, "linearizable", results.Ok},
	{"rwmutex", 45e6, 21e6, -0.4, 0, "linearizable", results.Ok},
	{"mutex", 46e6, 22e6, -0.5, 0, "linearizable", results.Ok},
	{"sharded", 40e6, 20e6, 0.6, 0, "linearizable", results.Ok},
	{"cow", 70e6, 0.004e6, 0.95, 0, "linearizable", results.Ok},
	{"haxmap", 55e6, 15e6, 0.9, 0.4, "linearizable", results.Illegal},
	{"stranger", 30e6, 10e6, 0.9, 0, "linearizable", results.Unknown},
	{"noop", 640e6, 420e6, 1, 0, "none", results.Ok},
}

// testRun makes up a run of that many blocks on 2 processors, the same each time.
func testRun(maps []testMap, blocks int) *results.Set {
	rng := rand.New(rand.NewPCG(1, 2))
	s := &results.Set{Manifest: results.Manifest{Environment: results.Environment{
		Go: "go1.26", GOOS: "linux", GOARCH: "amd64", CPU: "Example CPU @ 2.00GHz", Processors: 2, GOMAXPROCS: 2,
		Commit: "0123456789abcdef0123456789abcdef01234567", Dirty: true, Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}}}
	for _, m := range maps {
		s.Manifest.Verdicts = append(s.Manifest.Verdicts, results.Verdict{Impl: m.name, Level: m.level, Outcome: m.result})
	}
	add := func(block int, kind results.Kind, m testMap, mix string, g, r, w int, metrics map[string]float64) {
		s.Cells = append(s.Cells, results.Cell{
			ID:    results.ID{Kind: kind, Impl: m.name, Mix: mix, Dist: "zipf0.99", KeyType: "uint64", Keys: 64 << 10, G: g, Readers: r, Writers: w, Procs: 2},
			Block: block, Metrics: metrics,
		})
	}
	for block := 1; block <= blocks; block++ {
		for _, m := range maps {
			noise := func() float64 { return 1 + 0.06*rng.NormFloat64() }
			for mix, writes := range map[string]float64{"read-only": 0} {
				for _, g := range []int{64, 4, 2, 1} {
					add(block, results.Throughput, m, mix, g, 0, 0, map[string]float64{results.OpsPerSec: noise() * m.speed(writes, g)})
				}
			}
			for _, mix := range []struct {
				name   string
				writes float64
			}{{"r95w5", 0.05}, {"r50w50", 0.5}, {"write-only", 1}} {
				add(block, results.Throughput, m, mix.name, 2, 0, 0, map[string]float64{results.OpsPerSec: noise() * m.speed(mix.writes, 2)})
			}
			add(block, results.Throughput, m, "roles", 0, 1, 1, map[string]float64{
				results.OpsPerSec: m.read + m.write, results.ReadsPerSec: noise() * m.read, results.WritesPerSec: noise() * m.write,
			})
			stale := m.stale * noise()
			add(block, results.Staleness, m, "roles", 0, 1, 1, map[string]float64{results.StaleMean: stale, results.StaleMax: 10 * stale})
		}
	}
	return s
}

func (m testMap) speed(writes float64, g int) float64 {
	one := 1 / ((1-writes)/m.read + writes/m.write)
	if g == 1 {
		return one
	}
	return one * (1 + m.scales*(1-writes)) * (1 - 0.01*math.Log2(float64(g)))
}

func drawTo(t *testing.T, name string, s *results.Set) (dir string, figures []Figure) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "plots", "run")
	if *keep != "" {
		dir = filepath.Join(*keep, name)
	}
	figures, err := Draw(s, dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, figures
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestLook(t *testing.T) {
	drawTo(t, "full", testRun(testMaps, 6))
	drawTo(t, "few", testRun(testMaps[:4], 2))
	drawTo(t, "fresh", testRun(testMaps[3:6], 6))
}

var _ = []any{bytes.Equal, sha256.Sum256, fmt.Sprint, runtime.GOARCH, strings.Contains, cmp.Diff, update}
