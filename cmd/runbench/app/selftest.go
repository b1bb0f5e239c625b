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

// selfTest is a self-test in progress: it checks whether the harness detects differences on this
// machine, and finds none where there are none.
type selfTest struct {
	*shell
	*selftest.Test
	dir      string
	folder   *results.Folder
	manifest results.Manifest
	host     doctor.Host
}

// selfTest runs a self-test into the folder dir.
func (s *shell) selfTest(cell time.Duration, blocks int, seed uint64, dir string) error {
	t, err := s.newSelfTest(cell, blocks, seed, dir)
	if err != nil {
		return err
	}
	defer t.folder.Close()
	p := t.Plan()
	fmt.Fprintf(s.stdout, "plan: %d A/A cells, each a map and its twin, %d blocks x %v, seed %d; then maps slowed down by twice the A/A limit\ntime: about %v\nresults: %s\n\n",
		selftest.Pairs, p.Blocks, cell, seed, t.Estimate().Round(time.Second), dir)
	control, err := t.measure()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted; the measured cells are in %s", dir)
	}
	if err != nil {
		return err
	}
	return t.conclude(control)
}

// newSelfTest makes the folder of a self-test.
func (s *shell) newSelfTest(cell time.Duration, blocks int, seed uint64, dir string) (*selfTest, error) {
	procs := runtime.GOMAXPROCS(0)
	test, err := selftest.New(s.maps, seed, procs, blocks, cell)
	if err != nil {
		return nil, err
	}
	p := test.Plan()
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	env := results.CollectEnvironment(append([]string{"runbench"}, s.args...))
	folder, err := results.Create(dir, env)
	if err != nil {
		return nil, err
	}
	t := &selfTest{shell: s, Test: test, dir: dir, folder: folder, host: doctor.Here(procs)}
	t.manifest = results.Manifest{Preset: "self-test", Seed: seed, Environment: env, Plan: text, Sessions: []results.Session{{Before: t.host.Examine()}}}
	t.manifest.Maps, t.manifest.Mixes = p.Describe(test.Maps())
	if err := results.WriteManifest(dir, t.manifest); err != nil {
		_ = folder.Close() // nothing was measured
		return nil, err
	}
	return t, nil
}

// measure measures the A/A cells and then the maps that are slowed down. It returns what the A/A
// cells show.
func (t *selfTest) measure() (control results.Control, err error) {
	ctx, stop := interruptible()
	defer stop()
	watch := t.host.Watch()
	show := terminal.NewProgress(t.progress, 2*t.Plan().Blocks)
	defer show.End()
	keep := func(cells []results.Cell, p run.Progress) error {
		show.Cells(cells, p)
		if err := t.folder.Append(cells...); err != nil {
			return err
		}
		for _, c := range cells {
			if c.Fault != "" {
				return fmt.Errorf("self-test: %s: %s", c.Name(), c.Fault)
			}
		}
		return nil
	}
	if err := t.Control(ctx, keep); err != nil {
		return control, err
	}
	set, _, err := results.Load(t.dir)
	if err != nil {
		return control, err
	}
	first := analysis.Of(set)
	control = first.Control
	if control.Limit == 0 {
		return control, fmt.Errorf("self-test: the A/A cells show no limit; want %d pairs of %d blocks in %s", selftest.Pairs, t.Plan().Blocks, t.dir)
	}
	share := 2 * control.Limit
	t.announce(control, share)
	if err := t.Slow(ctx, first, share, keep); err != nil {
		return control, err
	}
	t.manifest.Sessions[0].During = watch.End()
	t.manifest.Complete = true
	return control, results.WriteManifest(t.dir, t.manifest)
}

// announce prints what the A/A cells show, and the slowdown that comes next.
func (t *selfTest) announce(control results.Control, share float64) {
	alone, corrected := analysis.Different(control)
	fmt.Fprintf(t.stdout, "A/A: of %d cells %d look different by themselves (%d may), and %d after Holm's correction (%d may)\n",
		len(control.Pairs), alone, selftest.MaxDifferent, corrected, selftest.MaxCorrected)
	fmt.Fprintf(t.stdout, "A/A limit: %s: %v\n\n", analysis.Percent(control.Limit), analysis.Worst(control))
	fmt.Fprintf(t.stdout, "injected: %s more time for each operation, so %s fewer operations a second\n", analysis.Percent(share), analysis.Percent(share/(1+share)))
}

// conclude compares the maps with those that were slowed down, and reports the result.
func (t *selfTest) conclude(control results.Control) error {
	set, _, err := results.Load(t.dir)
	if err != nil {
		return err
	}
	c, err := t.Compare(set)
	if err != nil {
		return err
	}
	if err := (export.Text{}).Export(t.stdout, compare.Document(compare.Heading{Old: "the map with no delay", New: "the map slowed down"}, c)); err != nil {
		return err
	}
	if err := selftest.Judge(control, c); errors.Is(err, selftest.ErrNoisy) {
		return exit.With(exit.Unknown, err)
	} else if err != nil {
		return exit.With(exit.Failed, err)
	}
	fmt.Fprintln(t.stdout, "\npassed: the number of A/A cells that look different is within its bounds, and the slowed map is worse in every workload, with an interval that excludes 0")
	return nil
}
