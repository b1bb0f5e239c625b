package app

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/campaign"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// setup returns what a campaign works with, in the folder dir. When atOnce is closed it ends.
func (o *runFlags) setup(s *shell, dir string, atOnce <-chan struct{}) campaign.Setup {
	c := campaign.Setup{
		Args: s.args, Maps: s.maps, Out: s.stdout, Warn: s.stderr, Progress: s.progress,
		Summary: s.stdout, As: export.Named(o.format.named()),
		Dir: dir, Plots: campaign.PlotsFolder(o.plots, dir), Strict: results.Letter(o.strict), Place: string(o.place),
		Hang: time.Duration(o.hang), AtOnce: atOnce, Advice: o.advice,
	}
	switch {
	case !o.format.text():
		c.Out, c.Progress = io.Discard, io.Discard
	case o.quiet:
		c.Out, c.Progress, c.Summary = io.Discard, io.Discard, io.Discard
	}
	return c
}

// campaign returns the campaign that the flags ask for: a new one, or one to resume.
func (s *shell) campaign(o *runFlags, atOnce <-chan struct{}) (*campaign.Campaign, error) {
	if o.resume {
		if o.dir == "" {
			return nil, exit.Usagef("run: -resume without -results; want the folder of the run to resume")
		}
		return campaign.Resume(o.setup(s, o.dir, atOnce), func(p plan.Plan) error { return o.samePlan(s, p) })
	}
	p, name, check, err := o.plan(s)
	if err != nil {
		return nil, err
	}
	var c *campaign.Campaign
	err = inFolder(o.dir, "results", name, func(dir string) (err error) {
		c, err = campaign.New(o.setup(s, dir, atOnce), p, name, check)
		return err
	})
	return c, err
}

// run is the command without its flags. It returns what it has measured.
func (s *shell) run(o *runFlags) (*analysis.Run, error) {
	ctx, atOnce, stop := twice()
	defer stop()
	c, err := s.campaign(o, atOnce)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Run(ctx)
}

// samePlan refuses flags that ask for another plan than was, which is the plan of the run to
// resume.
func (o *runFlags) samePlan(s *shell, was plan.Plan) error {
	f := o.firstGiven(append(planFlags, "preset", "plan")...)
	if f == "" {
		return nil
	}
	now, _, _, err := o.plan(s)
	if err != nil {
		return err
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	old, err := json.Marshal(was)
	if err == nil && string(text) != string(old) {
		err = exit.Usagef("cannot resume %s: with %s and the other flags the plan would change; want only -resume and -results", o.dir, f)
	}
	return err
}

// twice returns a context that ends with the first interrupt, and a channel that is closed with the
// second one. The third one ends the process.
func twice() (ctx context.Context, atOnce <-chan struct{}, stop func()) {
	ctx, first := context.WithCancel(context.Background())
	now, second := context.WithCancel(context.Background())
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	stopped := make(chan struct{})
	go func() {
		for _, then := range []func(){first, second} {
			select {
			case <-interrupts:
				then()
			case <-stopped:
				return
			}
		}
		signal.Stop(interrupts)
	}()
	return ctx, now.Done(), func() {
		close(stopped)
		signal.Stop(interrupts)
		first()
		second()
	}
}
