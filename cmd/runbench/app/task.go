package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/doctor"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/report"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/lincheck"
	"doublebuf/results"
)

// task is one run under way: what is to be measured, and what has been written of it.
type task struct {
	*session
	plan       plan.Plan
	runner     *run.Runner
	links      *links        // if the plan has several
	check      time.Duration // of recording histories, for each map
	dir, plots string
	lock       *os.File // that keeps others from measuring into dir
	folder     *results.Folder
	manifest   results.Manifest
	done       map[plan.Job]bool // what has been measured
	sets       int               // to be measured
	resumed    bool
	strict     results.Letter // the worst grade that will do; "" is any
	host       doctor.Host
	found      []results.Finding // by examine
	short      string            // why the intervals are not as narrow as they should be, if they are not
	cells      int               // that are in the folder
}

// run is the command without its flags.
func (s *session) run(o *runFlags) error {
	begin := s.begin
	if o.resume {
		begin = s.goOn
	}
	t, err := begin(o)
	if err != nil {
		return err
	}
	defer t.lock.Close()
	defer t.folder.Close()
	t.strict = results.Letter(o.strict)
	ctx, stop := interruptible()
	defer stop()
	t.announce()
	t.examine()
	remove, err := t.link(ctx)
	defer remove()
	if err != nil {
		return t.howToGoOn(err)
	}
	if err := t.gate(ctx); err != nil {
		return t.howToGoOn(err)
	}
	if err := t.watched(ctx, t.measure); err != nil {
		if _, more := t.conclude(); more != nil {
			err = fmt.Errorf("%w; nor is there a report: %w", err, more)
		}
		return t.howToGoOn(err)
	}
	t.manifest.Complete = true
	if err := t.writeManifest(); err != nil {
		return t.howToGoOn(err)
	}
	set, err := t.conclude()
	if err != nil {
		return fmt.Errorf("%w; all cells are safe in %s; report them with: runbench report -plots %s %s", err, t.dir, t.plots, t.dir)
	}
	err = judgementOn(set, t.dir)
	if err == nil && t.short != "" {
		err = exit.With(exit.Unknown, t.howToGoOn(errors.New(t.short)))
	}
	if err == nil && t.strict != "" {
		if is := set.Grade().Letter; is > t.strict {
			err = exit.With(exit.Unknown, fmt.Errorf("the grade of the run is %s; want %s or better; see %s", is, t.strict, filepath.Join(t.dir, reportFile)))
		}
	}
	return err
}

// begin prepares a new run and makes its folders, so that what would keep it from
// being written down is known before anything is measured.
func (s *session) begin(o *runFlags) (*task, error) {
	p, name, check, err := o.plan(s)
	if err != nil {
		return nil, err
	}
	t := &task{session: s, plan: p, check: check, dir: folder(o.dir, "results", name), done: map[plan.Job]bool{}, sets: p.Sets()}
	t.plots = plotsFolder(o.plots, t.dir)
	if t.runner, err = run.New(p, s.maps); err != nil {
		return nil, err
	}
	if err := t.findLinks(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	t.manifest = results.Manifest{
		Preset: name, Seed: p.Seed, Plan: text, Inputs: inputs(t.runner), Instead: t.substitutes(),
		Environment: results.CollectEnvironment(append([]string{"runbench"}, s.args...)),
	}
	t.manifest.Layouts = layouts(p)
	if t.folder, err = results.Create(t.dir, t.manifest.Environment); err != nil {
		return nil, err
	}
	if t.lock, err = results.Lock(t.dir); err != nil {
		return nil, err
	}
	if err = os.MkdirAll(t.plots, 0o777); err != nil {
		err = fmt.Errorf("cannot make the folder for figures: %w", err)
	} else {
		err = t.writeManifest()
	}
	if err != nil {
		_ = t.lock.Close()
		_ = os.RemoveAll(t.dir) // nothing was measured, and it is in the way of the next try
		return nil, err
	}
	return t, nil
}

// goOn prepares to measure what is missing in the folder of a run that was cut short.
func (s *session) goOn(o *runFlags) (_ *task, err error) {
	if o.dir == "" {
		return nil, exit.Usagef("run: -resume without -results; want the folder of the run to go on with")
	}
	t := &task{session: s, dir: o.dir, plots: plotsFolder(o.plots, o.dir), done: map[plan.Job]bool{}, resumed: true}
	if t.lock, err = results.Lock(t.dir); err == nil {
		t.manifest, err = results.ReadManifest(t.dir)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		err = fmt.Errorf("cannot resume %s: no manifest.json there; want the folder of a run", t.dir)
	}
	if err == nil {
		err = t.takeUp(o)
	}
	if err != nil {
		_ = t.lock.Close()
		return nil, err
	}
	return t, nil
}

// takeUp reads what there is of the run, and refuses what cannot be gone on with.
func (t *task) takeUp(o *runFlags) (err error) {
	if t.plan, err = plan.Parse(filepath.Join(t.dir, "manifest.json"), t.manifest.Plan); err != nil {
		return err
	}
	if err := o.samePlan(t.session, t); err != nil {
		return err
	}
	if m := t.manifest; m.Seed != t.plan.Seed || len(m.Layouts) != len(layouts(t.plan)) {
		return fmt.Errorf("cannot resume %s: its manifest has seed %d and %d layouts, and its plan seed %d and %d links; want the manifest as the run left it",
			t.dir, m.Seed, len(m.Layouts), t.plan.Seed, max(1, t.plan.Links))
	}
	was, is := t.manifest.Environment, results.CollectEnvironment(nil)
	if was.Commit != is.Commit || was.Dirty != is.Dirty || was.Checked != is.Checked {
		return fmt.Errorf("cannot resume %s: it was measured by %s, and this is %s; want the same", t.dir, was.CommitLabel(), is.CommitLabel())
	}
	if was.MachineLabel() != is.MachineLabel() {
		return fmt.Errorf("cannot resume %s: it was measured on %s, and this is %s; want the same", t.dir, was.MachineLabel(), is.MachineLabel())
	}
	if p, err := plan.FindPreset(t.manifest.Preset, t.plan.Procs); err == nil {
		t.check = p.Check
	}
	if t.runner, err = run.New(t.plan, t.maps); err != nil {
		return err
	}
	if err := cmp.Or(t.sameInputs(), t.sameMaps()); err != nil {
		return err
	}
	if err := t.findLinks(); err != nil {
		return err
	}
	folder, cells, warnings, err := results.Continue(t.dir, was)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintf(t.stderr, "runbench: warning: %s\n", w)
	}
	t.folder, t.cells = folder, len(cells)
	return t.count(cells)
}

// count notes what has been measured, and refuses cells that the plan does not have.
func (t *task) count(cells []results.Cell) error {
	job := func(c results.Cell) plan.Job {
		return plan.Job{Block: c.Block, Process: c.Process, Link: c.Link, ID: c.ID}
	}
	blocks, last := map[int]bool{}, 0
	for _, c := range cells {
		blocks[c.Block] = true
		last = max(last, c.Block)
	}
	t.sets = t.plan.Sets()
	// With TargetCI there may be more sets, but none is begun before the others have ended.
	for t.plan.TargetCI > 0 && t.sets*t.plan.Blocks < min(last, len(blocks)+t.round()*t.plan.Blocks) {
		t.sets += t.round()
	}
	planned := map[plan.Job]bool{}
	for _, j := range t.plan.JobsOf(0, t.sets) {
		planned[j] = true
	}
	for _, c := range cells {
		j := job(c)
		if !planned[j] {
			return fmt.Errorf("cannot resume %s: it has a cell %s of block %d, process %d, link %d, which its plan has not; want the files as the run left them",
				t.dir, c.Name(), c.Block, c.Process, c.Link)
		}
		t.done[j] = true
	}
	return nil
}

// findLinks prepares to link the program again if the plan has several links.
func (t *task) findLinks() (err error) {
	if t.plan.Links > 1 {
		t.links, err = newLinks(context.Background())
	}
	return err
}

// samePlan refuses flags that ask for another plan than that of the task to resume.
func (o *runFlags) samePlan(s *session, t *task) error {
	f := o.firstGiven(append(planFlags, "preset", "plan")...)
	if f == "" {
		return nil
	}
	p, _, _, err := o.plan(s)
	if err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	was, err := json.Marshal(t.plan)
	if err == nil && string(text) != string(was) {
		err = exit.Usagef("cannot resume %s: with %s and the other flags the plan is another one; want -resume and -results alone", t.dir, f)
	}
	return err
}

// inputs returns the digests of the real input that a run replays, of a trace with what it is
// like.
func inputs(r *run.Runner) map[string]string {
	all := map[string]string{}
	if src := r.Source(); src != nil {
		all["identifiers of the standard library of "+src.GoVersion] = "sha256:" + src.Digest
	}
	if t := r.Trace(); t != nil {
		text := "sha256:" + t.Digest
		for _, row := range plan.TraceRows(t) {
			if row[0] != "trace" && row[0] != "sha256" {
				text += "; " + row[0] + ": " + row[1]
			}
		}
		all["trace "+t.Name] = text
	}
	return all
}

// sameInputs refuses to go on with other input than the run began with.
func (t *task) sameInputs() error {
	now := inputs(t.runner)
	for name, was := range t.manifest.Inputs {
		if is, ok := now[name]; is != was {
			if !ok {
				is = "not there"
			}
			return fmt.Errorf("cannot resume %s: its input %q was %s, and is %s; want the same", t.dir, name, was, is)
		}
	}
	return nil
}

// substitutes returns why others stand in the place of maps of the plan here, and which.
func (t *task) substitutes() map[string]string {
	all := map[string]string{}
	for _, e := range t.maps {
		if err := instead(e); err != nil && t.measures(e) {
			all[e.Name] = err.Error()
		}
	}
	return all
}

// sameMaps refuses to go on where other maps stand in the place of those of the plan than when
// the run began.
func (t *task) sameMaps() error {
	now := t.substitutes()
	for _, e := range t.maps {
		was, is := t.manifest.Instead[e.Name], now[e.Name]
		switch {
		case was == "" && is != "":
			return fmt.Errorf("cannot resume %s: it measured %s itself, and here %s; want the same", t.dir, e.Name, is)
		case was != "" && is == "":
			return fmt.Errorf("cannot resume %s: in the place of %s stood another map (%s), and here it stands itself; want the same", t.dir, e.Name, was)
		}
	}
	return nil
}

func (t *task) writeManifest() error { return results.WriteManifest(t.dir, t.manifest) }

// round is how many sets are added at once: one for each link.
func (t *task) round() int { return max(1, t.plan.Links) }

// left returns the jobs that are not done.
func (t *task) left() []plan.Job {
	return slices.DeleteFunc(t.plan.JobsOf(0, t.sets), func(j plan.Job) bool { return t.done[j] })
}

// announce prints what is going to happen.
func (t *task) announce() {
	p := t.plan
	cells, all, left := len(p.All()), len(p.Jobs()), len(t.left())
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
	fmt.Fprintf(t.stdout, "plan: %s, seed %d: %d cells x %d blocks%s x %v, GOMAXPROCS %d%s\n",
		t.manifest.Preset, p.Seed, cells, p.Blocks, layers, p.Time, p.Procs, pinned)
	if t.resumed {
		fmt.Fprintf(t.stdout, "resumed: %d of %d measurements are missing\n", left, len(p.JobsOf(0, t.sets)))
	}
	about := p.Estimate() / time.Duration(all) * time.Duration(left)
	about += time.Duration(len(t.uncheckedMaps())) * (t.check + t.check/2)
	until := ""
	if p.TargetCI > 0 {
		until = fmt.Sprintf("; then until every interval is narrower than %v, %v at most", p.TargetCI, p.Max)
	}
	if p.Links > 1 {
		until += fmt.Sprintf("; before that, %d builds", p.Links)
	}
	fmt.Fprintf(t.stdout, "time: about %v%s\nresults: %s\nfigures: %s\n\n", about.Round(time.Second), until, t.dir, t.plots)
}

// uncheckedMaps returns the maps of the plan that have no verdict yet.
func (t *task) uncheckedMaps() []kv.Entry {
	return slices.DeleteFunc(slices.Clone(t.maps), func(e kv.Entry) bool {
		judged := func(v results.Verdict) bool { return v.Impl == e.Name }
		return !t.measures(e) || slices.ContainsFunc(t.manifest.Verdicts, judged)
	})
}

// measures reports whether the plan has cells of e.
func (t *task) measures(e kv.Entry) bool {
	return slices.ContainsFunc(t.plan.All(), func(c plan.Cell) bool { of, _ := results.Original(c.Impl); return of == e.Name })
}

// gate checks the maps of the plan and keeps their verdicts in the manifest. A map that
// takes its process down with it is not measured.
func (t *task) gate(ctx context.Context) error {
	maps := t.uncheckedMaps()
	if len(maps) == 0 {
		return nil
	}
	fmt.Fprintf(t.stdout, "checking %d maps, each at the level that it declares\n", len(maps))
	verdicts, err := t.session.gate(ctx, maps, checking{Options: lincheck.Options{Seed: t.plan.Seed, Time: t.check}}, t.dir)
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		t.manifest.Verdicts = append(t.manifest.Verdicts, recorded(v, t.dir))
	}
	return t.writeManifest()
}

// crashed is the checker, in package lincheck, of a map that took its process down.
const crashed = "child"

// recorded returns v as it stands in the manifest of the run in dir.
func recorded(v lincheck.Verdict, dir string) results.Verdict {
	r := results.Verdict{
		Impl: v.Map, Level: v.Level, Check: "history", Broken: v.Broken,
		Outcome: results.Outcome(v.Outcome.String()), Reason: v.Reason,
	}
	switch {
	case v.Checker == crashed:
		r.Check = crashed
	case v.Outcome == lincheck.Ok && v.Reason == "":
		r.Reason = basis(v.Counts)
	case v.Checker != "":
		r.Reason = v.Checker + ": " + v.Reason
	}
	for _, path := range []string{v.Evidence.History, v.Evidence.Picture, v.Evidence.Log} {
		if rel, err := filepath.Rel(dir, path); path != "" && err == nil {
			r.Evidence = append(r.Evidence, filepath.ToSlash(rel))
		}
	}
	if v.Evidence.Judge != "" {
		r.Evidence = append(r.Evidence, v.Evidence.Judge)
	}
	return r
}

// examine looks at the machine before the run itself makes it busy.
func (t *task) examine() {
	t.host = doctor.Here(t.plan.Procs)
	t.found = t.host.Examine()
	if against := doctor.Against(t.found); len(against) > 0 {
		fmt.Fprintf(t.stdout, "this machine is unfit to measure, see runbench doctor: %s\n\n", strings.Join(against, "; "))
	}
}

// watched watches the machine during measure, and keeps what was found before and meanwhile.
func (t *task) watched(ctx context.Context, measure func(context.Context) error) error {
	sitting, watch := results.Sitting{Before: t.found}, t.host.Watch()
	earlier := t.manifest.Sittings
	t.manifest.Sittings = append(earlier, sitting)
	if err := t.writeManifest(); err != nil {
		return err
	}
	err := measure(ctx)
	sitting.During = watch.End()
	t.manifest.Sittings = append(earlier, sitting)
	return cmp.Or(err, t.writeManifest())
}

// measure runs the jobs that are left and keeps each cell as it is finished. It adds
// further sets as long as the plan wants them. When to stop hangs on how wide intervals
// are and not on where they lie, and so favours nobody.
func (t *task) measure(ctx context.Context) error {
	begin, before := time.Now(), t.cells
	for {
		if err := t.measureLeft(ctx); err != nil || t.plan.TargetCI == 0 {
			return err
		}
		round := t.plan.JobsOf(t.sets, t.sets+t.round())
		next := t.plan.Estimate() / time.Duration(len(t.plan.Jobs())) * time.Duration(len(round))
		if n := t.cells - before; n > 0 {
			next = time.Since(begin) / time.Duration(n) * time.Duration(len(round))
		}
		more, err := t.wantsMore(time.Since(begin) + next)
		if err != nil || !more {
			return err
		}
		t.sets += t.round()
	}
}

// wantsMore reports whether sets are to be added that will probably have been measured
// when the measuring has lasted so long.
func (t *task) wantsMore(end time.Duration) (bool, error) {
	if t.cells == 0 {
		return false, nil // no map survived its check
	}
	set, _, err := results.Load(t.dir)
	if err != nil {
		return false, err
	}
	width, margin := report.Widest(set)
	if margin == "" {
		fmt.Fprintln(t.stdout, "there is no margin whose interval could be narrow")
		return false, nil
	}
	is := fmt.Sprintf("the widest interval is %.3g%% wide", 100*width)
	if math.IsInf(width, 0) {
		is = "not every margin has an interval"
	}
	target := t.plan.TargetCI
	switch {
	case width < float64(target)/100:
		is += fmt.Sprintf(", narrower than %v", target)
	case end > time.Duration(t.plan.Max):
		t.short = fmt.Sprintf("the time is over and %s, of %s; want narrower than %v", is, margin, target)
		return false, nil
	}
	fmt.Fprintf(t.stdout, "%d blocks: %s: %s\n", t.sets*t.plan.Blocks, is, margin)
	return width >= float64(target)/100, nil
}

// measureLeft runs the jobs that are left.
func (t *task) measureLeft(ctx context.Context) error {
	jobs := slices.DeleteFunc(t.left(), func(j plan.Job) bool {
		return slices.ContainsFunc(t.manifest.Verdicts, func(v results.Verdict) bool {
			of, _ := results.Original(j.ID.Impl)
			return v.Impl == of && v.Check == crashed
		})
	})
	show := newProgress(t.progress, t.sets*t.plan.Blocks)
	defer show.end()
	return t.runner.Run(ctx, jobs, func(c results.Cell, p run.Progress) error {
		if err := t.folder.Append(c); err != nil {
			return err
		}
		t.done[plan.Job{Block: c.Block, Process: c.Process, Link: c.Link, ID: c.ID}] = true
		t.cells++
		show.cell(c, p)
		return t.blame(c)
	})
}

// blame records the first failed sum check of a map as a verdict on it.
func (t *task) blame(c results.Cell) error {
	impl, _ := results.Original(c.Impl)
	known := func(v results.Verdict) bool { return v.Impl == impl && v.Check == "sum" }
	if c.Fault == "" || slices.ContainsFunc(t.manifest.Verdicts, known) {
		return nil
	}
	v := results.Verdict{Impl: impl, Check: "sum", Outcome: results.Illegal, Reason: c.Fault, Evidence: []string{c.Name()}}
	for _, e := range t.maps {
		if e.Name == impl {
			v.Level, v.Broken = e.Level.String(), e.Broken
		}
	}
	t.manifest.Verdicts = append(t.manifest.Verdicts, v)
	return t.writeManifest()
}

// conclude presents what has been measured and returns all results. There may be no
// cell, if the run was interrupted early or no map survived its check.
func (t *task) conclude() (*results.Set, error) {
	set := &loaded{Set: &results.Set{Manifest: t.manifest}}
	if t.cells > 0 {
		var err error
		if set, err = t.load(t.dir); err != nil {
			return nil, err
		}
		control, grade := set.Control(), set.Grade()
		t.manifest.Control, t.manifest.Grade = &control, &grade
		if err := t.writeManifest(); err != nil {
			return nil, err
		}
	}
	return set.Set, t.present(set, t.dir, t.plots)
}

// howToGoOn adds to an error that cut the run short how to measure the rest.
func (t *task) howToGoOn(err error) error {
	why := err.Error()
	if errors.Is(err, context.Canceled) {
		why = strings.Replace(why, context.Canceled.Error(), "interrupted", 1)
	}
	line := "runbench run -resume -results " + t.dir
	if t.plots != plotsFolder("", t.dir) {
		line += " -plots " + t.plots
	}
	if t.strict != "" {
		line += " -strict " + string(t.strict)
	}
	return fmt.Errorf("%s; go on with: %s", why, line)
}
