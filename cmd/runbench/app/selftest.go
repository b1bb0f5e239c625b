package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/compare"
	"doublebuf/cmd/runbench/internal/doctor"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/cmd/runbench/internal/selftest"
	"doublebuf/cmd/runbench/internal/terminal"
	"doublebuf/results"
)

// selfTest measures whether this machine and the harness tell differences from none.
func (s *shell) selfTest(cell time.Duration, blocks int, seed uint64, dir string) error {
	procs := runtime.GOMAXPROCS(0)
	test, err := selftest.New(s.maps, seed, procs, blocks, cell)
	if err != nil {
		return err
	}
	p := test.Plan()
	env := results.CollectEnvironment(append([]string{"runbench"}, s.args...))
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f, err := results.Create(dir, env)
	if err != nil {
		return err
	}
	defer f.Close()
	host := doctor.Here(procs)
	manifest := results.Manifest{Preset: "self-test", Seed: seed, Environment: env, Plan: text, Sessions: []results.Session{{Before: host.Examine()}}}
	manifest.Maps, manifest.Mixes = p.Describe(test.Maps())
	if err := results.WriteManifest(dir, manifest); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "plan: %d A/A cells, each of a map and of its twin, %d blocks x %v, seed %d; then maps slowed down by twice what these show\ntime: about %v\nresults: %s\n\n",
		selftest.Pairs, p.Blocks, cell, seed, test.Estimate().Round(time.Second), dir)

	ctx, stop := interruptible()
	defer stop()
	watch := host.Watch()
	show := terminal.NewProgress(s.progress, 2*p.Blocks)
	defer show.End()
	keep := func(c results.Cell, p run.Progress) error {
		show.Cell(c, p)
		if err := f.Append(c); err != nil {
			return err
		}
		if c.Fault != "" {
			return fmt.Errorf("self-test: %s: %s", c.Name(), c.Fault)
		}
		return nil
	}
	interrupted := func(err error) error {
		if errors.Is(err, context.Canceled) {
			return fmt.Errorf("interrupted; what was measured is in %s", dir)
		}
		return err
	}
	if err := test.Control(ctx, keep); err != nil {
		return interrupted(err)
	}
	set, _, err := results.Load(dir)
	if err != nil {
		return err
	}
	first := analysis.Of(set)
	control := first.Control
	if control.Limit == 0 {
		return fmt.Errorf("self-test: the A/A cells show no limit; want %d pairs of %d blocks in %s", selftest.Pairs, p.Blocks, dir)
	}
	alone, corrected := analysis.Different(control)
	fmt.Fprintf(s.stdout, "A/A: of %d cells %d look different by themselves (%d may), and %d after Holm's correction (%d may)\n",
		len(control.Pairs), alone, selftest.MaxDifferent, corrected, selftest.MaxCorrected)
	fmt.Fprintf(s.stdout, "A/A limit: %s: %v\n\n", analysis.Percent(control.Limit), analysis.Worst(control))

	share := 2 * control.Limit
	fmt.Fprintf(s.stdout, "injected: %s more time for each operation, so %s fewer operations a second\n", analysis.Percent(share), analysis.Percent(share/(1+share)))
	if err := test.Slow(ctx, first, share, keep); err != nil {
		return interrupted(err)
	}
	manifest.Sessions[0].During = watch.End()
	manifest.Complete = true
	if err := results.WriteManifest(dir, manifest); err != nil {
		return err
	}
	if set, _, err = results.Load(dir); err != nil {
		return err
	}
	c, err := test.Compare(set)
	if err != nil {
		return err
	}
	if err := (export.Text{}).Export(s.stdout, compare.Document(compare.Heading{Old: "the map with no delay", New: "the map slowed down"}, c)); err != nil {
		return err
	}
	if err := selftest.Judge(control, c); errors.Is(err, selftest.ErrNoisy) {
		return exit.With(exit.Unknown, err)
	} else if err != nil {
		return exit.With(exit.Failed, err)
	}
	fmt.Fprintln(s.stdout, "\npassed: no more A/A cells look different than may, and the slowdown is worse in every workload, with an interval that excludes 0")
	return nil
}
