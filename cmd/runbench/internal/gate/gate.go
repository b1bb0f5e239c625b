// Package gate checks maps, each in a child process, and returns the error that follows from their
// verdicts.
package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/lincheck"
)

const (
	// Command is the command of runbench that a child runs. It checks one map and writes the
	// verdict.
	Command = "check-child"
	// VerdictsFile is the file of verdicts in a results folder.
	VerdictsFile = "verdicts.json"
	// EvidenceDir is the folder of evidence within a results folder.
	EvidenceDir = "evidence"
)

// Options says how maps are checked.
type Options struct {
	lincheck.Options
	Hang time.Duration // a map without an answer for this long beyond three times Time hangs; 0 is a minute
	// Drawn are further maps, which are checked after the others: combinations of options, which
	// were drawn. Brief replaces the fields of the same names for them.
	Drawn []kv.Entry
	Brief Brief
}

// Brief says how long the maps of Options.Drawn are checked.
type Brief struct {
	Histories int           // as in lincheck.Options
	Time      time.Duration // as in lincheck.Options
}

// Check checks maps one after another, each in a child process. It prints their verdicts to out and
// warnings to warn, and keeps the verdicts, with evidence, in the folder dir. It blocks until the
// last map is checked, or until ctx ends.
func Check(ctx context.Context, out, warn io.Writer, maps []kv.Entry, o Options, dir string) ([]lincheck.Verdict, error) {
	for _, e := range maps {
		if err := Instead(e); err != nil {
			fmt.Fprintf(warn, "runbench: warning: %s: %v\n", e.Name, err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot start a child process: %w", err)
	}
	o.Dir = filepath.Join(dir, EvidenceDir)
	if o.Hang == 0 {
		o.Hang = time.Minute
	}
	if err := os.MkdirAll(o.Dir, 0o777); err != nil {
		return nil, err
	}
	c := checks{ctx, out, self, nil}
	if err := c.all(maps, o); err != nil {
		return c.verdicts, c.kept(dir, err)
	}
	if len(o.Drawn) > 0 {
		fmt.Fprintf(out, "  %d combinations of options, drawn by the seed %d:\n", len(o.Drawn), o.Seed)
		o.Histories, o.Time = o.Brief.Histories, o.Brief.Time
		if err := c.all(o.Drawn, o); err != nil {
			return c.verdicts, c.kept(dir, err)
		}
	}
	return c.verdicts, WriteVerdicts(dir, c.verdicts)
}

// checks are checks under way.
type checks struct {
	ctx      context.Context
	out      io.Writer
	self     string // the path of this program
	verdicts []lincheck.Verdict
}

// kept writes the verdicts so far, and returns err with the place where they are.
func (c *checks) kept(dir string, err error) error {
	if len(c.verdicts) == 0 {
		return err
	}
	if failed := WriteVerdicts(dir, c.verdicts); failed != nil {
		return fmt.Errorf("%w; and the verdicts before it are lost: %w", err, failed)
	}
	return fmt.Errorf("%w; the %d verdicts before it are in %s", err, len(c.verdicts), filepath.Join(dir, VerdictsFile))
}

// all checks maps one after another, and prints their verdicts.
func (c *checks) all(maps []kv.Entry, o Options) error {
	names, levels := 0, 0
	for _, e := range maps {
		names, levels = max(names, len(e.Name)), max(levels, len(e.Level.String()))
	}
	for _, e := range maps {
		// A child judges what it has recorded after its time is over, and runs the battery for as
		// long. So it may take longer.
		v := lincheck.Supervise(c.ctx, e, lincheck.Child{Path: c.self, Args: childArgs(e, o.Options), Dir: o.Dir, Time: 3*o.Time + o.Hang})
		if c.ctx.Err() != nil {
			return fmt.Errorf("interrupted while %s was checked; nothing was measured", e.Name)
		}
		v = o.ofAllSeeds(v)
		c.verdicts = append(c.verdicts, v)
		fmt.Fprintf(c.out, "  %-*s  %-*s  %v%s%s\n", names, e.Name, levels, e.Level, v, Basis(v.Counts), Unseen(v))
		for _, line := range Evidence(v) {
			fmt.Fprintf(c.out, "  %-*s  %s\n", names, "", line)
		}
	}
	return nil
}

// Instead returns why another map replaces e, or nil.
func Instead(e kv.Entry) error {
	if e.Instead == nil {
		return nil
	}
	return e.Instead()
}

// ofAllSeeds makes v Unknown if it is Ok with fewer seeds than were asked for.
func (o Options) ofAllSeeds(v lincheck.Verdict) lincheck.Verdict {
	if n := v.Counts.Seeds; v.Outcome == lincheck.Ok && n < o.Histories {
		v.Outcome, v.Reason = lincheck.Unknown, fmt.Sprintf("only %d of %d seeds were recorded within %v; want fewer seeds, or a machine with less other work", n, o.Histories, o.Time)
	}
	return v
}

func childArgs(e kv.Entry, o lincheck.Options) []string {
	if o.Histories == 0 {
		o.Histories = math.MaxInt // as many as the time allows
	}
	args := []string{
		Command, "-impl", e.Name, "-seed", fmt.Sprint(o.Seed), "-time", o.Time.String(), "-dir", o.Dir,
		"-histories", fmt.Sprint(o.Histories),
	}
	if o.Designs {
		args = append(args, "-designs")
	}
	if o.By != "" {
		args = append(args, "-by", string(o.By))
	}
	return args
}

// WriteVerdicts writes verdicts into the folder dir.
func WriteVerdicts(dir string, verdicts []lincheck.Verdict) error {
	text, err := json.MarshalIndent(verdicts, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, VerdictsFile), append(text, '\n'), 0o666)
}

// Counts returns the amounts that a verdict is based on; "" if they are not known.
func Counts(c lincheck.Counts) string {
	var parts []string
	for _, n := range []struct {
		count int
		noun  string
	}{
		{c.Histories, "histories"},
		{c.Calls, "calls"},
		{c.Guards, "guards"},
		{c.Tests, "tests"},
		{c.Ambiguous, "ambiguous"},
		{c.Undecided, "undecided"},
	} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.count, n.noun))
		}
	}
	return strings.Join(parts, ", ")
}

// Basis returns Counts in brackets, to print after a verdict.
func Basis(c lincheck.Counts) string {
	if s := Counts(c); s != "" {
		return " [" + s + "]"
	}
	return ""
}

// Unseen returns what the check did not look at, to print after Basis.
func Unseen(v lincheck.Verdict) string {
	if len(v.NotLookedAt) == 0 {
		return ""
	}
	return "; not looked at: " + strings.Join(v.NotLookedAt, ", ")
}

// Evidence returns the lines to print below a verdict.
func Evidence(v lincheck.Verdict) (lines []string) {
	for _, e := range []struct{ what, value string }{
		{"judge again: ", names.Command(v.Evidence.Judge)},
		{"picture: ", v.Evidence.Picture},
		{"output: ", v.Evidence.Log},
	} {
		if e.value != "" {
			lines = append(lines, e.what+e.value)
		}
	}
	return lines
}

// Judge returns the error, with its exit code, that follows from verdicts; nil if all are as
// expected.
func Judge(verdicts []lincheck.Verdict) error {
	var failed, unknown []string
	for _, v := range verdicts {
		switch {
		case v.Outcome == lincheck.Unknown:
			unknown = append(unknown, v.Map)
		case !v.AsExpected():
			failed = append(failed, v.Map)
		}
	}
	return Fails(failed, unknown, "the reasons above")
}

// Fails returns the error for maps with an unexpected verdict and for maps without an answer; nil
// if there are none. A negative control that passed has an unexpected verdict. reasons names the
// place of the reasons.
func Fails(failed, unknown []string, reasons string) error {
	switch {
	case len(failed) > 0:
		return exit.With(exit.Failed, fmt.Errorf("not what was declared: %s; see %s", strings.Join(failed, ", "), reasons))
	case len(unknown) > 0:
		return exit.With(exit.Unknown, fmt.Errorf("no answer for %s; see %s", strings.Join(unknown, ", "), reasons))
	}
	return nil
}
