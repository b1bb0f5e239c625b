// Package selftest checks the harness on the machine on which it runs. A map must rarely look
// different from itself. A map that was made slower by a known amount must be found slower.
//
// # Words
//
//   - The control is 40 A/A cells. Each is a map and its twin in one workload, see
//     [results.Control]. All maps of a workload are measured together, in slices.
//   - The limit is the A/A limit of the control.
//   - A slowed map executes a known number of additional instructions. Cells among those of the
//     control measure how long these and an operation of the map take, so a slowdown of the
//     machine affects both.
package selftest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"doublebuf/analysis"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/compare"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/results"
)

const (
	// Pairs is the number of A/A cells.
	Pairs = 40
	// MaxDifferent is how many of them may look different by themselves, and MaxCorrected how many
	// after Holm's correction. By chance, 1 or 2 look different by themselves, and more than 5 do
	// in one test of 200. After the correction, any looks different in at most one test of 20.
	MaxDifferent = 5
	MaxCorrected = 1

	// MinBlocks is the smallest number of blocks. With fewer, the interval of a pair, and so the
	// limit, would be the whole range of what was seen.
	MinBlocks = 12
	// Blocks is the default number of blocks. They are many and short, so that a disturbance
	// affects a small part of them.
	Blocks = 40

	keys  = 4 << 10
	slice = 5 * time.Millisecond
	// subjectMap is the family of the map that is slowed down.
	subjectMap = "xsync"
	paced      = "-paced"  // suffix of a map that is wrapped like a slowed map, without a delay
	slow       = "-slowed" // suffix of a slowed map
	// spinPerOp is the number of iterations that an operation of the slowed floor takes.
	spinPerOp = 64
)

var (
	mixes       = []string{"read-only", "r95w5", "r75w25", "r50w50"}
	slowedMixes = []string{"read-only", "r95w5", "r50w50"}
)

// Test is a self-test.
type Test struct {
	entries []kv.Entry
	subject kv.Entry
	floor   string    // the name of the floor
	plan    plan.Plan // of the control
}

// New plans a test of the maps of entries, which are the registry or more. cell is how long a cell
// lasts. blocks is at least MinBlocks.
func New(entries []kv.Entry, seed uint64, procs, blocks int, cell time.Duration) (*Test, error) {
	t := &Test{plan: plan.Plan{Seed: seed, Blocks: blocks, Time: plan.Duration(cell), Slice: plan.Duration(min(cell, slice)), Procs: procs}}
	var maps []kv.Entry
	for _, e := range entries {
		fit := e.Caps.Has(kv.Concurrent|kv.Writes) && e.Level != kv.None && !e.Broken && !e.Aside && (e.Policy != kv.Policy{} || !e.Caps.Has(kv.Versions))
		switch {
		case e.Kind().Family == subjectMap:
			t.subject = e
			maps = slices.Insert(maps, 0, e)
		case fit:
			maps = append(maps, e)
		}
		if e.Kind().Role == kv.Floor {
			t.floor = e.Name
			t.entries = append(t.entries, slowed(e, e.Name+paced, 0), slowed(e, e.Name+slow, spinPerOp*between))
		}
	}
	perMix := Pairs / len(mixes)
	if len(maps) < perMix || t.subject.Name == "" || len(t.entries) == 0 {
		return nil, fmt.Errorf("self-test: %d maps; want %d, %s and a floor among them", len(maps), perMix, subjectMap)
	}
	maps = maps[:perMix]
	t.entries = append(t.entries, slowed(t.subject, subjectMap+paced, 0))
	for _, mix := range mixes {
		for _, e := range maps {
			t.plan.Cells = append(t.plan.Cells, t.cell(e.Name, mix), t.cell(results.Twin(e.Name), mix))
		}
		if slices.Contains(slowedMixes, mix) {
			t.plan.Cells = append(t.plan.Cells, t.cell(subjectMap+paced, mix))
		}
	}
	t.plan.Cells = append(t.plan.Cells, t.cell(t.floor+paced, mixes[0]), t.cell(t.floor+slow, mixes[0]))
	t.entries = append(t.entries, maps...)
	return t, t.plan.Validate(t.entries)
}

// cell is a cell with half as many goroutines as there are processors. With as many, it would
// mostly measure whether a shared host has all processors available at that moment. On a host with
// 2 the limit was 36 % with 2 goroutines and 5 % with 1, within the same two minutes.
func (t *Test) cell(impl, mix string) plan.Cell {
	return plan.Cell{Impl: impl, Mix: mix, Dist: "zipf0.99", KeyType: "uint64", Keys: keys, G: max(1, t.plan.Procs/2)}
}

// Plan returns the plan of the control.
func (t *Test) Plan() plan.Plan { return t.plan }

// Maps returns the entries that the test measures, those of slowed maps among them.
func (t *Test) Maps() []kv.Entry { return t.entries }

// slowedTime is how long cells of slowed maps last.
func (t *Test) slowedTime() plan.Duration { return 2 * t.plan.Time }

// Estimate returns about how long the test takes.
func (t *Test) Estimate() time.Duration {
	d := t.plan.Estimate()
	for _, mix := range slowedMixes {
		d += t.slowedPlan(mix).Estimate()
	}
	return d
}

// Keep receives the cells of each finished cohort, with the progress of this part of the test.
type Keep func(cells []results.Cell, p run.Progress) error

// Control measures the control. It blocks until all of it is measured or ctx is cancelled.
func (t *Test) Control(ctx context.Context, keep Keep) error {
	r, err := run.New(t.plan, t.entries)
	if err != nil {
		return err
	}
	return r.Run(ctx, t.plan.Jobs(), keep)
}

// slowedPlan is one workload of a slowed map.
func (t *Test) slowedPlan(mix string) plan.Plan {
	p := t.plan
	p.Time = t.slowedTime()
	p.Cells = []plan.Cell{t.cell(subjectMap+paced, mix), t.cell(subjectMap+slow, mix)}
	return p
}

// Slow measures, in some workloads, a map that needs more time for an operation, by share, beside
// the same map without a delay. set has the cells of the control. The new blocks follow its blocks.
func (t *Test) Slow(ctx context.Context, set *analysis.Run, share float64, keep Keep) error {
	empty, err := t.secondsPerOp(set, t.floor+paced, mixes[0])
	if err != nil {
		return err
	}
	full, err := t.secondsPerOp(set, t.floor+slow, mixes[0])
	if err != nil {
		return err
	}
	iteration := (full - empty) / spinPerOp
	if !(iteration > 0) {
		return fmt.Errorf("self-test: a delay takes no time: %d iterations add %.3g ns to an operation; want more than 0", spinPerOp, 1e9*(full-empty))
	}
	for _, mix := range slowedMixes {
		cost, err := t.secondsPerOp(set, subjectMap+paced, mix)
		if err != nil {
			return err
		}
		plan := t.slowedPlan(mix)
		iterations := int(math.Round(share * cost * between / iteration))
		r, err := run.New(plan, []kv.Entry{slowed(t.subject, subjectMap+paced, 0), slowed(t.subject, subjectMap+slow, iterations)})
		if err != nil {
			return err
		}
		err = r.Run(ctx, plan.Jobs(), func(cells []results.Cell, p run.Progress) error {
			for i := range cells {
				cells[i].Block += t.plan.Blocks // the cells of the control have the same names
			}
			return keep(cells, p)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Compare compares the slowed map with the same map without a delay. set has the cells of both
// parts.
func (t *Test) Compare(set *results.Set) (*compare.Comparison, error) {
	later := &results.Set{Better: set.Better}
	for _, c := range set.Cells {
		if c.Block > t.plan.Blocks {
			later.Cells = append(later.Cells, c)
		}
	}
	return compare.Maps(analysis.Of(later), subjectMap+paced, subjectMap+slow, nil, compare.Limits{})
}

// ErrNoisy is the error of Judge on a machine on which the test says little.
var ErrNoisy = errors.New("self-test inconclusive")

// Judge returns an error if the test failed: too many cells of the control look different, or in
// some workload the slowed map is not worse, with an interval that excludes 0. The error is
// ErrNoisy if the limit is so large that the slowdown could not be missed. Then passing would mean
// nothing.
func Judge(control results.Control, slowed *compare.Comparison) error {
	alone, corrected := analysis.Different(control)
	if alone > MaxDifferent || corrected > MaxCorrected || len(control.Pairs) != Pairs {
		return fmt.Errorf("self-test failed: of %d A/A cells %d look different, and %d after correction; want %d and %d at most of %d",
			len(control.Pairs), alone, corrected, MaxDifferent, MaxCorrected, Pairs)
	}
	if control.Limit > analysis.MaxLimit {
		return fmt.Errorf("%w: the A/A limit is %s; want %s or less, of a quieter machine or more -reps",
			ErrNoisy, analysis.Percent(control.Limit), analysis.Percent(analysis.MaxLimit))
	}
	rows, worse := 0, 0
	for _, t := range slowed.Tables {
		for _, r := range t.Rows {
			rows++
			if r.Conclusion == compare.Worse && r.Effect.Interval && r.Effect.Hi < 1 {
				worse++
			}
		}
	}
	if worse < rows || rows != len(slowedMixes) {
		return fmt.Errorf("self-test failed: a slowdown of twice the A/A limit is found in %d of %d workloads; want all", worse, len(slowedMixes))
	}
	return nil
}

// secondsPerOp returns the processor time of an operation, as measured in the control.
func (t *Test) secondsPerOp(set *analysis.Run, impl, mix string) (float64, error) {
	for _, g := range set.Groups(results.Throughput) {
		if g.ID.Impl == impl && g.ID.Mix == mix {
			return g.SecondsPerOp(), nil
		}
	}
	return 0, fmt.Errorf("self-test: no cell of %s under %s; want those of the control", impl, mix)
}
