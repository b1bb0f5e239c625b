package app

import (
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"doublebuf/cmd/runbench/internal/campaign"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/report"
)

func adviseCommand() command {
	return command{
		name:  "advise",
		args:  "-trace TRACE [flags]",
		short: "which map to take for a trace, for so many readers, with reads no staler than this",
		long: `
Measures the maps on the keys of a trace, in its order: so many readers look up, and one writer
sets and deletes as fast as it can. It says which map reads most, of those that passed their check,
whose reads are stale by no more than is asked for, 99 in 100 of them, and which write as
much as is asked for. And it says what is to be expected of it: reads and writes a second, the
p99 of a read at 70 % of what the map can do, memory, and how sure it is that the next map
reads less. Of maps that are published after so many writes staleness in seconds hangs on how
often there are writes: here as often as can be.

All that run measures and writes is there, too. The exit code is 4 if the first map cannot be
told from the next.`,
		examples: `  runbench advise -trace defs -readers 4 -staleness 50ms -writes 1e5
  runbench advise -trace cluster001.csv.gz -format twitter -readers 2
`,
		setup: func(s *session, fs *flag.FlagSet) func([]string) error {
			o := runFlags{preset: "quick", seed: 1}
			fs.StringVar(&o.axes.Trace.Name, "trace", "", "the `trace` whose keys are looked up: a file, or source, defs or bgp")
			declareTrace(fs, &o.axes.Trace)
			readers := 1
			fs.Func("readers", "the `number` of goroutines that read (default 1)", func(text string) (err error) {
				readers, err = number(text)
				return err
			})
			var bound, each plan.Duration
			var writes float64
			fs.TextVar(&bound, "staleness", plan.Duration(0), "`time` by which a read may be stale, as in 50ms (default not at all)")
			fs.Float64Var(&writes, "writes", 0, "the `rate` of writes a second that the map must do beside the reads at least")
			fs.TextVar(&each, "time", plan.Duration(0), "`how long` to measure each cell, as in 100ms, and three times that for latencies (default the preset quick's)")
			fs.Var(&list[string]{&o.axes.Impl, word}, "impl", "`maps` to choose from (default those that quick measures)")
			fs.StringVar(&o.dir, "results", "", "`folder` to make for the results (default results/<UTC>-advise)")
			fs.StringVar(&o.plots, "plots", "", "`folder` for the figures (default plots/<name of the results>)")
			return func(args []string) error {
				switch {
				case o.axes.Trace.Name == "":
					return exit.Usagef("advise: no -trace; want the trace to advise on, as in -trace defs")
				case !(writes >= 0):
					return exit.Usagef("advise: -writes %v; want 0 or more", writes)
				case bound < 0:
					return exit.Usagef("advise: -staleness %v; want 0 or more", bound)
				}
				if err := noArgs(fs, args); err != nil {
					return err
				}
				o.axes.Readers, o.axes.Writers, o.axes.Loads = []int{readers}, []int{1}, []int{70}
				o.given = map[string]bool{"trace": true, "readers": true, "writers": true, "time": each > 0, "latency-time": each > 0}
				o.time, o.latency, o.dir = each, 3*each, folder(o.dir, "results", "advise")
				return s.advise(&o, report.Needs{Staleness: time.Duration(bound), Writes: writes})
			}
		},
	}
}

// advise runs what o says and advises on what comes out.
func (s *session) advise(o *runFlags, needs report.Needs) error {
	if err := s.run(o); err != nil {
		return err
	}
	set, err := s.load(o.dir)
	if err != nil {
		return err
	}
	certain, err := report.Advise(s.stdout, set.Run, needs)
	if err == nil && !certain {
		err = exit.With(exit.Unknown, fmt.Errorf("the first map cannot be told from the next: the margin is no claim; want a quieter machine or a longer -time, see %s", filepath.Join(o.dir, campaign.ReportFile)))
	}
	if err != nil && !exit.Has(err) {
		err = fmt.Errorf("cannot advise: %w", err)
	}
	return err
}
