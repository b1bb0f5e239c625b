// Package run measures. It takes a plan, runs its cells in interleaved blocks, and passes each cell
// on when it is finished. It prints nothing and writes no files.
//
// When the workers of a throughput or latency cell have ended, the final-state check asks whether
// what they wrote explains what the map holds.
package run

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/counters"
	"doublebuf/cmd/runbench/internal/pin"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
	"doublebuf/workloads"
)

// Runner runs the jobs of one plan. One goroutine uses it.
type Runner struct {
	plan    plan.Plan
	entries []kv.Entry
	source  *workloads.Source
	trace   *workloads.Trace
	cpus    []int // to which workers are bound, if they are
	drawn   drawn
	ctx     context.Context      // of the current Run
	alone   map[results.ID]alone // what cells showed when they were measured alone

	// Children measure, if they can be started. Otherwise this process measures itself. Then a map
	// that hangs or panics ends it, so this is for tests and for maps that are known to be good.
	Children Children
	child    *child
	failed   map[string]bool // maps that are not measured any more
	before   []plan.Job      // the last one of each map that the child has measured
	took     time.Duration   // to prepare this Runner
	marks    *marker         // of this process, if it is a child
}

// Progress says how far a run is.
type Progress struct {
	Done, Total int           // jobs
	Elapsed     time.Duration // since Run was called
	Left        time.Duration // until it ends, if the remaining jobs take as long as those done
}

// New returns a runner of p on the maps of entries. It validates the plan and reads the real input
// that the plan needs, so that a run does not fail half-way. If the plan pins the process, New
// binds it; that fails where the system cannot do it.
func New(p plan.Plan, entries []kv.Entry) (*Runner, error) {
	if err := p.Validate(entries); err != nil {
		return nil, err
	}
	r := &Runner{plan: p, entries: entries, ctx: context.Background(), alone: map[results.ID]alone{}, failed: map[string]bool{}}
	defer func(begin time.Time) { r.took = time.Since(begin) }(time.Now())
	if err := r.loadTrace(); err != nil {
		return nil, err
	}
	if p.Pin != "" {
		cpus, _ := pin.CPUs(p.Pin) // it is valid
		if err := pin.Process(cpus); err != nil {
			return nil, err
		}
		if p.PinWorkers {
			r.cpus = cpus
		}
	}
	most := 0
	for _, c := range p.All() {
		if c.KeyType == "ident" {
			most = max(most, c.Keys)
		}
	}
	if most > 0 {
		var err error
		if r.source, err = workloads.LoadSource(most); err != nil {
			return nil, err
		}
		if have := len(r.source.Names); have < most {
			return nil, fmt.Errorf("plan: %d identifiers as keys; the standard library of %s has %d", most, r.source.GoVersion, have)
		}
	}
	return r, nil
}

// loadTrace reads the plan's trace and refuses cells that cannot have its keys.
func (r *Runner) loadTrace() (err error) {
	if r.plan.Trace == nil {
		return nil
	}
	if r.trace, err = r.plan.Trace.Load(); err != nil {
		return err
	}
	for _, c := range r.plan.All() {
		switch have := len(r.trace.Names); {
		case plan.OfTrace(c.KeyType) && c.Keys != have:
			return fmt.Errorf("plan: %d keys of the trace %s; it has %d, which all of its cells want", c.Keys, r.plan.Trace.Name, have)
		case c.KeyType == "prefix" && !r.trace.Prefixes:
			return fmt.Errorf("plan: keys of type prefix; those of the trace %s are not IP prefixes", r.plan.Trace.Name)
		}
	}
	return nil
}

// Trace returns the trace of the plan, or nil if it has none.
func (r *Runner) Trace() *workloads.Trace { return r.trace }

// NotCounted says in one line which counters of the processor and of the kernel this machine does
// not offer, and why. It is "" if there are all.
func (r *Runner) NotCounted() string {
	p, missing := counters.Open()
	p.Close() // it would count in the processes that measure, too
	return missing
}

// Source returns the real input of the plan, or nil if it has none.
func (r *Runner) Source() *workloads.Source { return r.source }

// Run measures jobs, which are those of the plan or what is left of them. Those that the plan
// measures together come one cohort after another. It calls done with the cells of each cohort.
// It returns the first error of done, or that of ctx, between two cohorts or while a map is
// filled. It never cuts a running measurement short.
//
// If Children can be started, they measure, one process at a time. The last one waits for the next
// call of Run, or for End. A map that ends its process, or
// makes no progress, has failed: Run calls Children.Failed, leaves out the map's other cells, and
// measures the rest of the cohort again in a new process. Without Children this process measures,
// and GOMAXPROCS is that of the cells meanwhile.
func (r *Runner) Run(ctx context.Context, jobs []plan.Job, done func([]results.Cell, Progress) error) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(r.plan.Procs))
	r.ctx = ctx
	begin := time.Now()
	measured := 0
	for _, cohort := range r.plan.Cohorts(jobs) {
		if err := ctx.Err(); err != nil {
			return err
		}
		measure := r.measure
		if r.Children.Start != nil {
			measure = r.measureInChild
		}
		cells, err := measure(cohort)
		if err != nil && (err == ctx.Err() || errors.Is(err, ErrStopped)) {
			return err
		}
		if err != nil {
			return fmt.Errorf("block %d, %s: %w", cohort[0].Block, cohort[0].ID.Name(), err)
		}
		if measured += len(cohort); len(cells) == 0 {
			continue // no map has a part in this block
		}
		elapsed := time.Since(begin)
		left := elapsed / time.Duration(measured) * time.Duration(len(jobs)-measured)
		if err := done(cells, Progress{measured, len(jobs), elapsed, left}); err != nil {
			return err
		}
	}
	return nil
}

// End ends the process that measures, if there is one. Run may be called again.
func (r *Runner) End() { r.endChild() }
