package app

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"doublebuf/cmd/runbench/internal/doctor"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/results"
)

func doctorCommand() command {
	return command{
		name:  "doctor",
		args:  "[flags]",
		short: "is this machine fit to measure?",
		long: `
Looks at what disturbs measurements, each with what was found, why it matters and what would
be right: processors, quotas, frequencies, SMT, NUMA, huge pages, the clock, virtualisation,
load, pressure, steal and throttling. Then it watches for a while what others take. What
cannot be seen here is said to be not visible, and is not guessed. A run does the same
before and during its cells, keeps it in the manifest, and is graded by it:

` + results.GradeRule + `

The exit code is 0 if nothing makes the machine unfit, and 4 otherwise.`,
		examples: `  runbench doctor
  runbench doctor -watch 30s
`,
		setup: func(s *session, fs *flag.FlagSet) func([]string) error {
			watch := run.Duration(time.Second)
			fs.TextVar(&watch, "watch", watch, "`how long` to watch what others take")
			asJSON := fs.Bool("json", false, "print the findings as JSON")
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				if watch <= 0 {
					return usagef("doctor: watch is %v; want one above 0, like \"1s\"", watch)
				}
				return s.examine(time.Duration(watch), *asJSON)
			}
		},
	}
}

// examine is the command.
func (s *session) examine(watch time.Duration, asJSON bool) error {
	host := doctor.Here(runtime.GOMAXPROCS(0))
	found := results.Sitting{Before: host.Examine()}
	w := host.Watch()
	if !asJSON {
		fmt.Fprintln(s.stdout, "the machine:")
		if err := doctor.Text(s.stdout, found.Before); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "\nduring the next %v:\n", watch)
	}
	time.Sleep(watch)
	found.During = w.End()
	write := func() error { return doctor.Text(s.stdout, found.During) }
	if asJSON {
		write = func() error { return writeJSON(s.stdout, found) }
	}
	if err := write(); err != nil {
		return err
	}
	against := append(doctor.Against(found.Before), doctor.Against(found.During)...)
	if len(against) == 0 {
		return nil
	}
	return exit{ExitUnknown, errors.New("unfit to measure: " + strings.Join(against, "; "))}
}

// writeJSON writes x for another program.
func writeJSON(w io.Writer, x any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(x)
}
