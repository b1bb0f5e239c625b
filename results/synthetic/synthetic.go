// Package synthetic makes the results of runs on machines that do not exist. Tests use them where
// the machine at hand is too small: for figures, reports and fits of 64 processors and more.
package synthetic

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// Law is how the rate of a map depends on the processors: the Universal Scalability Law, see
// package doublebuf/analysis/stat.
type Law struct {
	Rate                  float64 // operations a second of one processor
	Contention, Coherence float64
}

// At returns the rate of n processors.
func (l Law) At(n int) float64 {
	x := float64(n)
	return l.Rate * x / (1 + l.Contention*(x-1) + l.Coherence*x*(x-1))
}

// Machine is a machine with the maps that a run measured on it.
type Machine struct {
	CPU        string
	Procs      int
	Maps       []Map
	Blocks     int
	Noise      float64 // standard deviation of the logarithm of each rate
	Seed       uint64
	Boundaries []results.Boundary // where something begins if workers are placed; none if they are not
}

// Map is a map and its law.
type Map struct {
	Impl string
	kv.Identity
	Law
}

// Counts returns 1, 2, 4 … up to the processors, and twice as many.
func (m Machine) Counts() (counts []int) {
	for n := 1; n < m.Procs; n *= 2 {
		counts = append(counts, n)
	}
	return append(counts, m.Procs, 2*m.Procs)
}

// Set returns the results of a run: read-only and r95w5 at all Counts. With more goroutines than
// processors, a map has the rate of all processors. The first map also has a twin.
func (m Machine) Set() *results.Set {
	r := rand.New(rand.NewPCG(m.Seed, 1))
	s := &results.Set{Better: map[string]string{results.OpsPerSec: "higher"}}
	s.Manifest = results.Manifest{
		Preset: "quick", Seed: m.Seed, Complete: true,
		Environment: results.Environment{
			Go: "go1.26.8", GOOS: "linux", GOARCH: "amd64", CPU: m.CPU, Processors: m.Procs, GOMAXPROCS: m.Procs,
			Kernel: "Linux 6.12", Commit: "v1.0.0", Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Command: []string{"runbench"},
		},
		Topology: results.Topology{Machine: fmt.Sprintf("%d processors", m.Procs), Boundaries: m.Boundaries},
		Sessions: []results.Session{{During: []results.Finding{{What: "steal", Found: "none", State: results.Fit}}}},
		Plan:     json.RawMessage(`{}`),
	}
	if len(m.Boundaries) > 0 {
		s.Manifest.Topology.Place = "compact"
	}
	for _, p := range m.Maps {
		s.Manifest.Maps = append(s.Manifest.Maps, results.Map{Impl: p.Impl, Identity: p.Identity})
		s.Manifest.Verdicts = append(s.Manifest.Verdicts, results.Verdict{Impl: p.Impl, Level: kv.Linearizable.String(), Check: "history", Outcome: results.Ok})
	}
	for block := range m.Blocks {
		for _, mix := range []string{"read-only", "r95w5"} {
			for _, g := range m.Counts() {
				weather := math.Exp(0.05 * r.NormFloat64())
				cell := func(impl string, law Law) results.Cell {
					rate := law.At(min(g, m.Procs)) * weather * math.Exp(m.Noise*r.NormFloat64())
					return results.Cell{
						ID:    results.ID{Kind: results.Throughput, Impl: impl, Mix: mix, Dist: "zipf0.99", KeyType: "uint64", Keys: 16 << 10, G: g, Procs: m.Procs},
						Block: block + 1, Process: 1, Link: 1, Ops: int64(rate / 50), Metrics: map[string]float64{results.OpsPerSec: rate},
					}
				}
				for _, p := range m.Maps {
					s.Cells = append(s.Cells, cell(p.Impl, p.Law))
				}
				s.Twins = append(s.Twins, cell(results.Twin(m.Maps[0].Impl), m.Maps[0].Law))
			}
		}
	}
	return s
}

// Write writes the results into the folder dir, which must not exist.
func (m Machine) Write(dir string) error {
	s := m.Set()
	f, err := results.Create(dir, s.Manifest.Environment)
	if err != nil {
		return err
	}
	if err := f.Append(append(s.Cells, s.Twins...)...); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return results.WriteManifest(dir, s.Manifest)
}

// Peers are maps that scale in different ways: without limit, up to a share of the work that only
// one processor can do at a time, up to a peak, and not at all.
func Peers() []Map {
	return []Map{
		{"xsync", kv.Identity{Family: "xsync"}, Law{2.0e7, 0.002, 0}},
		{"dbuf-epoch-b64", kv.Identity{Family: kv.DoubleBuffer}, Law{2.6e7, 0, 0.00002}},
		{"syncmap", kv.Identity{Family: "syncmap"}, Law{1.4e7, 0.02, 0.0008}},
		{"rwmutex", kv.Identity{Family: "rwmutex"}, Law{1.1e7, 0.95, 0.02}},
	}
}
