package campaign

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"doublebuf/analysis"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/cmd/runbench/internal/terminal"
	"doublebuf/results"
)

// loop measures what is left of a plan, and more as long as the plan wants narrower intervals.
type loop struct {
	plan          plan.Plan
	maps          []kv.Entry
	runner        *run.Runner
	store         *store
	sets          int // to be measured
	out, progress io.Writer
	newLine       func() // leaves the line of progress
	short         string // why the intervals are not as narrow as they should be; "" if they are
}

func (c *Campaign) newLoop(sets int) *loop {
	return &loop{plan: c.plan, maps: c.Maps, runner: c.runner, store: c.store, sets: sets, out: c.Out, progress: c.Progress}
}

// round is how many sets are added at once: one for each link.
func (l *loop) round() int { return max(1, l.plan.Links) }

// left returns the jobs that are not done.
func (l *loop) left() []plan.Job {
	return slices.DeleteFunc(l.plan.JobsOf(0, l.sets), func(j plan.Job) bool { return l.store.done[j] || l.crashed(j) })
}

// measure runs the jobs that are left and keeps the cells of each cohort when it is finished. It
// adds further sets, or extra blocks, as long as the plan wants them. What is added depends on the
// widths of intervals and not on their positions, so it favours no map.
func (l *loop) measure(ctx context.Context) error {
	if l.plan.Extra > 0 {
		return l.measureExtra(ctx)
	}
	begin, before := time.Now(), len(l.store.done)
	for {
		if err := l.measureLeft(ctx); err != nil || l.plan.TargetCI == 0 {
			return err
		}
		round := l.plan.JobsOf(l.sets, l.sets+l.round())
		next := l.plan.Estimate() / time.Duration(len(l.plan.Jobs())) * time.Duration(len(round))
		if n := len(l.store.done) - before; n > 0 {
			next = time.Since(begin) / time.Duration(n) * time.Duration(len(round))
		}
		more, err := l.wantsMore(time.Since(begin) + next)
		if err != nil || !more {
			return err
		}
		l.sets += l.round()
	}
}

// wantsMore reports whether to add sets. end is the estimated time of the measuring, with these
// sets.
func (l *loop) wantsMore(end time.Duration) (bool, error) {
	if len(l.store.done) == 0 {
		return false, nil // no map survived its check
	}
	set, _, err := results.Load(l.store.dir)
	if err != nil {
		return false, err
	}
	width, lead := analysis.Of(set).Widest()
	if lead == "" {
		fmt.Fprintln(l.out, "no lead has an interval")
		return false, nil
	}
	is := fmt.Sprintf("the widest interval is %.3g%% wide", 100*width)
	if math.IsInf(width, 0) {
		is = "some leads have no interval"
	}
	target := l.plan.TargetCI
	switch {
	case width < float64(target)/100:
		is += fmt.Sprintf(", narrower than %v", target)
	case end > time.Duration(l.plan.Max):
		l.short = fmt.Sprintf("the time -max is over: %s, for %s; want narrower than %v", is, lead, target)
		return false, nil
	}
	fmt.Fprintf(l.out, "%d blocks: %s: %s\n", l.sets*l.plan.Blocks, is, lead)
	return width >= float64(target)/100, nil
}

// measureExtra runs the jobs that are left, and then the plan's extra blocks.
func (l *loop) measureExtra(ctx context.Context) error {
	if err := l.measureLeft(ctx); err != nil {
		return err
	}
	useless := map[results.ID]bool{} // workloads whose control has no part in extra blocks
	for {
		blocks := l.blocks()
		if err := l.run(ctx, l.lost(blocks), l.plan.Blocks); err != nil {
			return err
		}
		todo := min(plan.ExtraAtOnce, l.plan.Extra-l.extra(blocks))
		if todo <= 0 || len(useless) == len(blocks) {
			return nil
		}
		set, _, err := results.Load(l.store.dir)
		if err != nil {
			return err
		}
		for w := range useless {
			blocks[w] = math.MaxInt // so that another one is needier
		}
		w := neediest(analysis.Of(set), l.plan, blocks)
		if useless[w] {
			return nil
		}
		fmt.Fprintf(l.out, "%d extra blocks for %s\n", todo, analysis.Describe(w))
		var jobs []plan.Job
		for block := blocks[w] + 1; block <= blocks[w]+todo; block++ {
			jobs = append(jobs, l.plan.ExtraJobs(w, block)...)
		}
		if err := l.run(ctx, jobs, blocks[w]+todo); err != nil {
			return err
		}
		helps := func(j plan.Job) bool {
			return l.store.done[j] && (isTwin(j) || !slices.ContainsFunc(jobs, isTwin))
		}
		if !slices.ContainsFunc(jobs, helps) {
			useless[w] = true
		}
	}
}

func isTwin(j plan.Job) bool {
	_, twin := results.Original(j.ID.Impl)
	return twin
}

// blocks returns how many blocks each throughput workload has that was measured.
func (l *loop) blocks() map[results.ID]int {
	n := map[results.ID]int{}
	for j := range l.store.done {
		if w := j.ID.Workload(); w.Kind == results.Throughput {
			n[w] = max(n[w], j.Block)
		}
	}
	return n
}

// extra returns how many of these blocks are extra ones.
func (l *loop) extra(blocks map[results.ID]int) (n int) {
	for _, all := range blocks {
		n += max(0, all-l.plan.Blocks)
	}
	return min(n, l.plan.Extra)
}

// lost returns the jobs of extra blocks that were begun and not finished. Maps that are left out of
// extra blocks are not lost.
func (l *loop) lost(blocks map[results.ID]int) (jobs []plan.Job) {
	takesPart := map[results.ID]bool{}
	for j := range l.store.done {
		takesPart[j.ID] = takesPart[j.ID] || j.Block > l.plan.Blocks
	}
	for _, w := range l.plan.Workloads() {
		for block := l.plan.Blocks + 1; block <= blocks[w]; block++ {
			for _, j := range l.plan.ExtraJobs(w, block) {
				if takesPart[j.ID] && !l.store.done[j] {
					jobs = append(jobs, j)
				}
			}
		}
	}
	return jobs
}

// neediest returns the workload whose A/A control another block narrows most for its time. The
// square of a width is inversely proportional to the number of blocks, so a block reduces it by
// about the square divided by that number. The time of a block is proportional to its number of
// maps. This is how Neyman allocates samples to strata, with the costs of Cochran (Sampling
// Techniques, 5.5).
func neediest(run *analysis.Run, p plan.Plan, blocks map[results.ID]int) (w results.ID) {
	most := -1.0
	for _, s := range run.Standings { // in a fixed order
		half := min(run.Doubt(s.Workload), maxHalf)
		cost := max(1, len(p.ExtraJobs(s.Workload, 1)))
		if need := half * half / float64(blocks[s.Workload]) / float64(cost); need > most {
			w, most = s.Workload, need
		}
	}
	return w
}

// maxHalf limits half-widths. Without it a workload with little hope would take all blocks.
const maxHalf = 0.2

// measureLeft runs the jobs that are left.
func (l *loop) measureLeft(ctx context.Context) error {
	return l.run(ctx, l.left(), l.sets*l.plan.Blocks)
}

// crashed reports whether the map of a job crashed in its check, or failed while it was measured.
func (l *loop) crashed(j plan.Job) bool {
	of, _ := results.Original(j.ID.Impl)
	return l.store.has(of, crashed)
}

// run runs jobs, without those of maps that crashed, and keeps their cells. blocks is the number of
// blocks, for the progress.
func (l *loop) run(ctx context.Context, jobs []plan.Job, blocks int) error {
	jobs = slices.DeleteFunc(jobs, l.crashed)
	if len(jobs) == 0 {
		return nil
	}
	show := terminal.NewProgress(l.progress, blocks)
	defer show.End()
	l.newLine = show.End
	return l.runner.Run(ctx, jobs, func(cells []results.Cell, p run.Progress) error {
		if err := l.store.append(cells); err != nil {
			return err
		}
		show.Cells(cells, p)
		for _, c := range cells {
			if err := l.blame(c); err != nil {
				return err
			}
		}
		return nil
	})
}

// blame records the first failed final-state check of a map, or its first wrong answers, as a
// verdict on it.
func (l *loop) blame(c results.Cell) error {
	impl, _ := results.Original(c.Impl)
	if c.Fault == "" || l.store.has(impl, finalState) {
		return nil
	}
	v := results.Verdict{Impl: impl, Check: finalState, Outcome: results.Illegal, Reason: c.Fault, Evidence: []string{c.Name()}}
	if e, ok := plan.FindMap(l.maps, impl); ok {
		v.Level, v.Broken = e.Level.String(), e.Broken
	}
	l.store.manifest.Verdicts = append(l.store.manifest.Verdicts, v)
	return l.store.save()
}
