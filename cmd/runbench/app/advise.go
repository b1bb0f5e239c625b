package app

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/campaign"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/report"
)

func adviseCommand() command {
	return command{
		name:  "advise",
		args:  "-trace TRACE [flags]",
		short: "choose a map for a trace, with bounded staleness",
		long: `
Chooses a map for a trace. It measures maps on the keys of the trace, in the trace's order. Some
readers look up keys, and one writer sets and deletes as fast as it can. A map qualifies if it passed
its check, if 99 in 100 of its reads are stale by at most -staleness, and if it does at least -writes
writes a second. The advice is the qualifying map with the most reads a second. If several read
alike, it is the one of them with the freshest reads, and then the smallest. The command prints
what to expect of it: reads and writes a second, the p99 of a read at 70 % of the closed-loop rate, memory,
and whether its lead is conclusive. Some maps publish after a number of writes. Their staleness in
seconds depends on the rate of writes; here the writer never pauses.

The command also prints and writes everything that run does. The exit code is 4 if the lead is not
conclusive.`,
		examples: `  runbench advise -trace defs -readers 4 -staleness 50ms -writes 1e5
  runbench advise -trace cluster001.csv.zst -format twitter -readers 2
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			o := runFlags{preset: "quick", seed: 1}
			fs.StringVar(&o.axes.Trace.Name, "trace", "", "`trace` with the keys: a file, or source, defs or bgp")
			declareTrace(fs, &o.axes.Trace)
			readers := 1
			fs.Func("readers", "`number` of readers (default 1)", func(text string) (err error) {
				readers, err = number(text)
				return err
			})
			var bound, each plan.Duration
			var writes float64
			fs.TextVar(&bound, "staleness", plan.Duration(0), "longest `time` by which a read may be stale, as in 50ms (default 0)")
			fs.Float64Var(&writes, "writes", 0, "lowest acceptable `rate` of writes a second beside the reads")
			fs.TextVar(&each, "time", plan.Duration(0), "`time` to measure each cell, as in 100ms; latencies take three times that (default the preset quick's)")
			fs.Var(&list[string]{&o.axes.Impl, word}, "impl", "`maps` to choose from (default those of the preset quick)")
			fs.StringVar(&o.dir, "results", "", "new `folder` for the results (default results/<UTC>-advise)")
			fs.StringVar(&o.plots, "plots", "", "`folder` for the figures (default plots/<name of the results>)")
			o.format = formatFlags(fs)
			return func(args []string) error {
				if err := cmp.Or(noArgs(fs, args), o.format.check(fs)); err != nil {
					return err
				}
				switch {
				case o.axes.Trace.Name == "":
					return exit.Usagef("advise: no -trace; want the trace to advise on, as in -trace defs")
				case !(writes >= 0):
					return exit.Usagef("advise: -writes %v; want 0 or more", writes)
				case bound < 0:
					return exit.Usagef("advise: -staleness %v; want 0 or more", bound)
				}
				o.axes.Readers, o.axes.Writers, o.axes.Loads = []int{readers}, []int{1}, []int{70}
				o.given = map[string]bool{"trace": true, "readers": true, "writers": true, "time": each > 0, "latency-time": each > 0}
				o.time, o.latency, o.dir = each, 3*each, folder(o.dir, "results", "advise")
				return s.advise(&o, report.Needs{Staleness: time.Duration(bound), Writes: writes})
			}
		},
	}
}

// advise measures what o says and prints the advice that follows. The report ends with it, also if
// the run was interrupted.
func (s *shell) advise(o *runFlags, needs report.Needs) error {
	quiet := *s
	if !o.format.text() {
		quiet.stdout = io.Discard
	}
	o.advice = func(run *analysis.Run) []export.Block {
		d, _, err := report.Advise(run, needs)
		if err != nil {
			return []export.Block{export.Heading{Level: 2, Text: "Advice"}, export.Line("There is none: " + err.Error() + ".")}
		}
		return append([]export.Block{export.Heading{Level: 2, Text: "Advice"}}, d.Blocks...)
	}
	set, stopped := quiet.run(o)
	if set == nil {
		return stopped
	}
	d, certain, err := report.Advise(set, needs)
	if err == nil {
		err = s.print(o.format, d)
	}
	switch {
	case stopped != nil:
		return stopped
	case err == nil && !certain:
		return exit.With(exit.Unknown, fmt.Errorf("the lead of the advised map is not conclusive; want a quieter machine or a longer -time, see %s", filepath.Join(o.dir, campaign.ReportFile)))
	case err != nil && !exit.Has(err):
		return fmt.Errorf("cannot advise: %w", err)
	}
	return err
}
