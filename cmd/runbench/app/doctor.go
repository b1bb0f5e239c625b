package app

import (
	"errors"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/doctor"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/selftest"
	"doublebuf/cmd/runbench/internal/topology"
	"doublebuf/results"
)

const doctorHelp = `
Checks what may disturb measurements: processors, quotas, frequencies, SMT, NUMA, huge pages, the
clock, virtualisation, load, pressure, steal and throttling. It prints what it found. For what is
not fit, it also prints why it matters and what would be right. Then it watches for a while how
much other programs use. What is not visible on this machine is reported as not visible, and is not
guessed. A run does the same before and during its cells, and keeps the findings in the manifest.
The grade of the run depends on them.

` + analysis.GradeRule + `

The exit code is 0 if nothing makes the machine unfit, and 4 otherwise.

-self-test checks, in half a minute, whether measurements on this machine can be trusted. It
measures 40 A/A cells: at most 5 may look different before the Holm correction, and at most 1 after
it. Then it slows a map down by twice the A/A limit. That map must be worse in every workload, with
an interval that excludes 0. The exit code is 3 if either part fails. It is 4 if the A/A limit is
more than 15 %: a slowdown twice as large is always found, so finding it shows nothing. On a
machine that is never quiet, more blocks may lower the limit, as in -reps 80.`

func doctorCommand() command {
	return command{
		name:  "doctor",
		args:  "[flags]",
		short: "find out whether this machine is fit to measure",
		long:  doctorHelp,
		examples: `  runbench doctor
  runbench doctor -watch 30s
  runbench doctor -self-test
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			watch := plan.Duration(time.Second)
			fs.TextVar(&watch, "watch", watch, "`time` to watch how much other programs use")
			f := formatFlags(fs)
			selfTest := fs.Bool("self-test", false, "check whether measurements on this machine can be trusted")
			cell := plan.Duration(5 * time.Millisecond)
			fs.TextVar(&cell, "time", cell, "with -self-test, the `time` to measure each cell")
			blocks := selftest.Blocks
			fs.Func("reps", fmt.Sprintf("with -self-test, the `number` of blocks: each measures every cell once (default %d)", blocks), func(s string) (err error) {
				if blocks, err = number(s); err == nil && blocks < selftest.MinBlocks {
					err = fmt.Errorf("%q; want %d or more, or there is no interval", s, selftest.MinBlocks)
				}
				return err
			})
			seed := fs.Uint64("seed", 1, "with -self-test, the `seed` for all random choices")
			dir := fs.String("results", "", "with -self-test, a new `folder` for the cells (default results/<UTC>-self-test)")
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				other := []string{"time", "reps", "seed", "results"} // flags of -self-test
				if *selfTest {
					other = []string{"watch", "json", "md"}
				}
				for _, name := range other {
					if given(fs, name) {
						return exit.Usagef("doctor: -%s does not go with -self-test=%v; see runbench doctor -help", name, *selfTest)
					}
				}
				if err := f.check(fs); err != nil {
					return err
				}
				if *selfTest {
					if cell <= 0 {
						return exit.Usagef("doctor: time is %v; want one above 0, like \"20ms\"", cell)
					}
					return s.selfTest(time.Duration(cell), blocks, *seed, folder(*dir, "results", "self-test"))
				}
				if watch <= 0 {
					return exit.Usagef("doctor: watch is %v; want one above 0, like \"1s\"", watch)
				}
				return s.examine(time.Duration(watch), f)
			}
		},
	}
}

// examine is the command. As text it prints what it finds before it waits.
func (s *shell) examine(watch time.Duration, f *format) error {
	host := doctor.Here(runtime.GOMAXPROCS(0))
	found := results.Session{Before: host.Examine()}
	w := host.Watch()
	d := &export.Document{Data: &found}
	d.Add(export.Heading{Level: 3, Text: "the machine:"})
	doctor.Describe(d, found.Before)
	if m, err := topology.Read(host.Root); err == nil {
		d.Add(export.Gap{}, export.Heading{Level: 3, Text: "placements of workers (run -place):"})
		for _, line := range m.Explain() {
			d.Add(export.Line("  " + line))
		}
	}
	d.Add(export.Gap{}, export.Heading{Level: 3, Text: fmt.Sprintf("during the next %v:", watch)})
	if f.text() {
		if err := s.print(f, d); err != nil {
			return err
		}
		d.Blocks = nil
	}
	time.Sleep(watch)
	found.During = w.End()
	doctor.Describe(d, found.During)
	if err := s.print(f, d); err != nil {
		return err
	}
	against := append(doctor.Against(found.Before), doctor.Against(found.During)...)
	if len(against) == 0 {
		return nil
	}
	return exit.With(exit.Unknown, errors.New("unfit to measure: "+strings.Join(against, "; ")))
}
