package campaign

import (
	"errors"
	"fmt"
	"path/filepath"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/results"
)

// conclude presents what has been measured and returns all results. There may be no cell, if the
// campaign was interrupted early or if no map survived its check.
func (c *Campaign) conclude() (*analysis.Run, error) {
	m := &c.store.manifest
	if len(c.store.done) == 0 {
		set := &Loaded{Run: analysis.Of(&results.Set{Manifest: *m})}
		return set.Run, Present(c.Summary, c.As, set, c.Dir, c.Plots)
	}
	set, err := Load(c.Warn, c.Dir)
	if err != nil {
		return nil, err
	}
	control, grade := set.Control, set.Grade
	m.Control, m.Grade = &control, &grade
	if err := c.store.save(); err != nil {
		return nil, err
	}
	var more []export.Block
	if c.Advice != nil {
		more = c.Advice(set.Run)
	}
	return set.Run, Present(c.Summary, c.As, set, c.Dir, c.Plots, more...)
}

// outcome returns the error, with its exit code, that follows from a complete campaign.
func (c *Campaign) outcome(set *analysis.Run) error {
	if err := judge(set, c.Dir); err != nil {
		return err
	}
	if c.loop.short != "" {
		return exit.With(exit.Unknown, c.resumable(errors.New(c.loop.short)))
	}
	if is := set.Grade.Letter; c.Strict != "" && is > c.Strict {
		return exit.With(exit.Unknown, fmt.Errorf("the grade of the run is %s; want %s or better; see %s", is, c.Strict, filepath.Join(c.Dir, ReportFile)))
	}
	return nil
}

// judge returns the error that follows from the verdicts of the run in dir.
func judge(set *analysis.Run, dir string) error {
	var failed, unknown []string
	for _, impl := range set.Maps() {
		switch v := set.Verdict(impl); {
		case v.Outcome == results.Unknown:
			unknown = append(unknown, impl)
		case !v.AsExpected():
			failed = append(failed, impl)
		}
	}
	return gate.Fails(failed, unknown, filepath.Join(dir, ReportFile))
}
