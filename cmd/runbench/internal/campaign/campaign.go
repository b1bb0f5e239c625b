// Package campaign takes a run from its plan to its report. It checks the maps, measures the cells
// of the plan and concludes with figures and a report. All of it goes into a folder at once, so
// that a campaign that was cut short can be resumed.
package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/doctor"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/lincheck"
	"doublebuf/results"
)

// Setup is what a campaign works with, apart from its plan.
type Setup struct {
	Args      []string   // arguments of the command, for the manifest
	Maps      []kv.Entry // all maps that a plan may name
	Out, Warn io.Writer
	Progress  io.Writer // how far the measuring is
	// Summary is where the summary is printed in the end, in the format As.
	Summary io.Writer
	As      export.Exporter
	Dir     string          // folder of the results
	Plots   string          // folder of the figures
	Strict  results.Letter  // the worst grade that is good enough; "" is any
	Place   string          // how the plan's processors were chosen, for the manifest; "" if not by topology
	Hang    time.Duration   // a map that makes no progress for so long, beside the time of its step, hangs
	AtOnce  <-chan struct{} // closed to end the run without its running cells
	// Advice returns what the report ends with; nil is nothing.
	Advice func(*analysis.Run) []export.Block
}

// Campaign is one run, from its plan to its report. One goroutine uses it.
type Campaign struct {
	Setup
	plan    plan.Plan
	check   time.Duration // for which histories of each map are recorded
	store   *store
	runner  *run.Runner
	links   *links // if the plan has several
	loop    *loop
	resumed bool
}

// New prepares a new campaign and makes its folders. So if the results cannot be written, the
// error occurs before anything is measured. name is that of the preset, and check says how long
// histories of each map are recorded.
func New(s Setup, p plan.Plan, name string, check time.Duration) (_ *Campaign, err error) {
	c := &Campaign{Setup: s, plan: p, check: check}
	if err := c.enoughMemory(doctor.Host{Root: os.DirFS("/")}, p); err != nil {
		return nil, err
	}
	if c.runner, err = run.New(p, s.Maps); err != nil {
		return nil, err
	}
	if err := c.findLinks(); err != nil {
		return nil, err
	}
	manifest, err := c.firstManifest(name)
	if err != nil {
		return nil, err
	}
	if c.store, err = createStore(s.Dir, s.Plots, manifest); err != nil {
		return nil, err
	}
	c.loop = c.newLoop(p.Sets())
	return c, nil
}

// findLinks prepares to build the program again if the plan has several links.
func (c *Campaign) findLinks() (err error) {
	if c.plan.Links > 1 {
		c.links, err = newLinks(context.Background())
	}
	return err
}

// Close releases the folder. The results are already on the disk.
func (c *Campaign) Close() error { return c.store.close() }

// Run checks the maps, measures what is not measured yet, concludes, and returns the whole run.
// It blocks until that is done, or until ctx ends, and then until the cells that are being measured
// are finished. An error that cuts the campaign short says how to resume it. The error has an exit
// code if a verdict is not as expected, if intervals are not as narrow as TargetCI says, or if
// the grade is worse than Strict.
func (c *Campaign) Run(ctx context.Context) (*analysis.Run, error) {
	c.announce()
	machine := c.examine()
	remove, err := c.link(ctx)
	defer remove()
	if err != nil {
		return nil, c.resumable(err)
	}
	if err := c.gate(ctx); err != nil {
		return nil, c.resumable(err)
	}
	if err := c.session(ctx, machine); errors.Is(err, run.ErrStopped) {
		return nil, c.resumable(err)
	} else if err != nil {
		set, more := c.conclude()
		if more != nil {
			err = fmt.Errorf("%w; and no report was written: %w", err, more)
		}
		return set, c.resumable(err)
	}
	c.store.manifest.Complete = true
	if err := c.store.save(); err != nil {
		return nil, c.resumable(err)
	}
	set, err := c.conclude()
	if err != nil {
		return nil, fmt.Errorf("%w; all cells are safe in %s; report them with: %s", err, c.Dir, names.Command("runbench report -plots "+c.Plots+" "+c.Dir))
	}
	return set, c.outcome(set)
}

// announce prints the plan and its estimated time.
func (c *Campaign) announce() {
	p, left := c.plan, len(c.loop.left())
	layers := ""
	if p.Forked() {
		layers = fmt.Sprintf(" x %d processes x %d links", max(1, p.Forks), max(1, p.Links))
	}
	pinned := ""
	if p.Pin != "" {
		pinned = ", pinned to " + p.Pin
	}
	if p.PinWorkers {
		pinned += ", each worker to one of them"
	}
	if p.LatencyBlocks > 0 {
		pinned += fmt.Sprintf(", staleness and latency in %d blocks", p.LatencyBlocks)
	}
	slices := ""
	if p.Extra > 0 {
		pinned += fmt.Sprintf(", %d extra blocks, each of one workload", p.Extra)
	}
	if p.Slice > 0 {
		slices = fmt.Sprintf(" in slices of %v", p.Slice)
		pinned += fmt.Sprintf(", about %d MiB of maps at once", p.MemoryBytes()>>20)
	}
	fmt.Fprintf(c.Out, "plan: %s, seed %d: %d cells x %d blocks%s x %v%s, GOMAXPROCS %d%s\n",
		c.store.manifest.Preset, p.Seed, len(p.All()), p.Blocks, layers, p.Time, slices, p.Procs, pinned)
	if text := workers(p); text != "" {
		fmt.Fprintf(c.Out, "workers: %s\n", text)
	}
	if p.LeftOut != "" {
		fmt.Fprintf(c.Out, "left out, to stay within the time of the preset: %s\n", p.LeftOut)
	}
	if c.resumed {
		fmt.Fprintf(c.Out, "resumed: %d of %d measurements are missing\n", left, len(p.JobsOf(0, c.loop.sets)))
	}
	extra := p.EstimateExtra(p.Extra)
	about := (p.Estimate() - extra) / time.Duration(len(p.Jobs())) * time.Duration(left)
	about += p.EstimateExtra(p.Extra - c.loop.extra(c.loop.blocks()))
	about += time.Duration(len(c.uncheckedMaps())) * checkTime(c.check)
	until := ""
	if p.TargetCI > 0 {
		until = fmt.Sprintf("; then until every interval is narrower than %v, %v at most", p.TargetCI, p.Max)
	}
	if p.Links > 1 {
		until += fmt.Sprintf("; before that, %d builds", p.Links)
	}
	fmt.Fprintf(c.Out, "time: about %v%s\nresults: %s\nfigures: %s\n\n", about.Round(time.Second), until, c.Dir, c.Plots)
}

// checkTime returns about how long the check of a map takes if histories are recorded for that
// time. They are judged, too, and the battery of tests runs for as long as they are recorded, but
// once at least. On 2 processors, beside some other work, checks of 8 maps took 1.2 to 3.7 s with
// 100 ms, 1.5 s in the median, and those of 4 of them 2.6 to 3.1 s with 1 s.
func checkTime(record time.Duration) time.Duration {
	const battery = 1200 * time.Millisecond
	return record + record/2 + max(record, battery)
}

// workers lists the numbers of workers in the cells of p, if there are several: goroutines, and
// readers beside writers. It also lists GOMAXPROCS if it varies.
func workers(p plan.Plan) string {
	var goroutines, procs []int
	var roles []string
	for _, c := range p.All() {
		if n := cmp.Or(c.Procs, p.Procs); !slices.Contains(procs, n) {
			procs = append(procs, n)
		}
		if role := fmt.Sprintf("%d+%d", c.Readers, c.Writers); c.G == 0 && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
		if c.G > 0 && !slices.Contains(goroutines, c.G) {
			goroutines = append(goroutines, c.G)
		}
	}
	if len(goroutines)+len(roles) < 2 && len(procs) < 2 {
		return ""
	}
	slices.Sort(goroutines)
	slices.Sort(procs)
	var parts []string
	if len(goroutines) > 0 {
		parts = append(parts, strings.Trim(fmt.Sprint(goroutines), "[]")+" goroutines")
	}
	if len(roles) > 0 {
		parts = append(parts, strings.Join(roles, " ")+" readers+writers")
	}
	if len(procs) > 1 {
		parts = append(parts, "GOMAXPROCS "+strings.Trim(fmt.Sprint(procs), "[]"))
	}
	return strings.Join(parts, "; ")
}

// machine is the machine that measures, with the findings about it.
type machine struct {
	host  doctor.Host
	found []results.Finding
}

// examine looks at the machine before the campaign makes it busy.
func (c *Campaign) examine() machine {
	m := machine{host: doctor.Here(c.plan.Procs)}
	m.found = m.host.Examine()
	if against := doctor.Against(m.found); len(against) > 0 {
		fmt.Fprintf(c.Out, "this machine is unfit to measure, see runbench doctor: %s\n\n", strings.Join(against, "; "))
	}
	return m
}

// gate checks the maps of the plan and keeps their verdicts in the manifest. A map that crashes its
// process is not measured.
func (c *Campaign) gate(ctx context.Context) error {
	maps := c.uncheckedMaps()
	if len(maps) == 0 {
		return nil
	}
	fmt.Fprintf(c.Out, "checking %d maps, each at the level that it declares%s\n", len(maps), withFloors(maps))
	verdicts, err := gate.Check(ctx, c.Out, c.Warn, maps, gate.Options{Options: lincheck.Options{Seed: c.plan.Seed, Time: c.check}}, c.Dir)
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		c.store.manifest.Verdicts = append(c.store.manifest.Verdicts, recorded(v, c.Dir))
	}
	return c.store.save()
}

// withFloors names the harness floors among maps, which a run measures although no flag names them.
func withFloors(maps []kv.Entry) string {
	text := ""
	for _, e := range maps {
		if e.Kind().Role == kv.Floor {
			text += " (" + e.Name + " is the harness floor)"
		}
	}
	return text
}

// uncheckedMaps returns the maps of the plan that have no verdict yet.
func (c *Campaign) uncheckedMaps() []kv.Entry {
	return slices.DeleteFunc(slices.Clone(c.Maps), func(e kv.Entry) bool {
		judged := func(v results.Verdict) bool { return v.Impl == e.Name }
		return !measures(c.plan, e) || slices.ContainsFunc(c.store.manifest.Verdicts, judged)
	})
}

// measures reports whether p has cells of e.
func measures(p plan.Plan, e kv.Entry) bool {
	return slices.ContainsFunc(p.All(), func(c plan.Cell) bool { of, _ := results.Original(c.Impl); return of == e.Name })
}

// session measures what is left. It keeps in the manifest the findings about the machine before
// and during the measuring.
func (c *Campaign) session(ctx context.Context, m machine) error {
	session, watch := results.Session{Before: m.found}, m.host.Watch()
	earlier := c.store.manifest.Sessions
	c.store.manifest.Sessions = append(earlier, session)
	if err := c.store.save(); err != nil {
		return err
	}
	err := c.loop.measure(ctx)
	c.runner.End()
	session.During = watch.End()
	c.store.manifest.Sessions = append(earlier, session)
	return cmp.Or(err, c.store.save()) // it is saved in either case
}

// resumable adds to an error the command that measures the rest of the campaign.
func (c *Campaign) resumable(err error) error {
	why := err.Error()
	if errors.Is(err, context.Canceled) {
		why = strings.Replace(why, context.Canceled.Error(), "interrupted", 1)
	}
	line := names.Command("runbench run -resume -results " + c.Dir)
	if c.Plots != PlotsFolder("", c.Dir) {
		line += " -plots " + c.Plots
	}
	if c.Strict != "" {
		line += " -strict " + string(c.Strict)
	}
	return fmt.Errorf("%s; go on with: %s", why, line)
}
