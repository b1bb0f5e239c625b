package app

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/instrument"
	"doublebuf/lincheck/explore/picture"
)

func exploreTestCommand() command {
	return command{
		name:  "explore test",
		args:  "[flags] [packages]",
		short: "run the tests of a Go module in every schedule",
		long: `
Runs tests that call explore.Check in all schedules of their goroutines. The tests and all their
dependencies are rewritten for that, in a folder of copies: no file of yours changes. Each test is
explored exhaustively if that ends in half of the time. Otherwise all schedules with up to 3
preemptions are run, and then random ones. The outcome says which. A failure is printed step by
step, with a string that replays it. Under plain go test the same tests run with real goroutines.`,
		examples: `  runbench explore test ./...
  runbench explore test -run TestLostSet -time 5m .
  runbench explore test -run TestLostSet -replay sc:A5B10A23 .
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			var o instrument.TestOptions
			fs.StringVar(&o.Run, "run", "", "run only the tests whose names match this `regexp`")
			fs.BoolVar(&o.Plain, "plain", false, "plain accesses to memory are steps too, and data races are failures")
			fs.IntVar(&o.Settings.Preempt, "preempt", -1, "run the schedules with at most this `number` of preemptions; -1 is all")
			fs.IntVar(&o.Settings.PCT, "pct", 0, "run this `number` of random schedules instead")
			limit := plan.Duration(time.Minute)
			fs.TextVar(&limit, "time", limit, "longest `time` for each call of explore.Check")
			fs.StringVar(&o.Settings.Replay, "replay", "", "run only this `schedule`, as a failure printed it")
			fs.Func("const", "give a constant another value: `path.Name=value`", func(text string) error {
				name, value, ok := strings.Cut(text, "=")
				if !ok {
					return errors.New("want path.Name=value")
				}
				if o.Consts == nil {
					o.Consts = map[string]string{}
				}
				o.Consts[name] = value
				return nil
			})
			pictures := fs.String("html", "", "write pictures of the failures to this `file`")
			f := formatFlags(fs)
			return func(args []string) error {
				if err := f.check(fs); err != nil {
					return err
				}
				o.Settings.Time = time.Duration(limit)
				if o.Patterns = args; len(args) == 0 {
					o.Patterns = []string{"."}
				}
				return s.exploreTest(f, o, *pictures)
			}
		},
	}
}

// exploreTest builds and runs the tests, and prints what came out.
func (s *shell) exploreTest(f *format, o instrument.TestOptions, pictures string) error {
	if o.Settings.Preempt < -1 || o.Settings.PCT < 0 || o.Settings.Time <= 0 {
		return exit.Usagef("explore test: want no negative numbers but -preempt -1, and a positive -time")
	}
	o.Dir = "."
	run, err := instrument.Test(o)
	if err != nil {
		return fmt.Errorf("explore test: %w", err)
	}
	if err := s.print(f, tested(run)); err != nil {
		return err
	}
	if pictures != "" {
		if err := writePictures(pictures, run.Checked); err != nil {
			return fmt.Errorf("explore test: %w", err)
		}
	}
	failed, unfinished := 0, 0
	for _, c := range run.Checked {
		switch {
		case c.Failure != nil:
			failed++
		case !c.Complete && o.Settings.Replay == "":
			unfinished++
		}
	}
	switch {
	case failed > 0:
		return exit.With(exit.Failed, fmt.Errorf("explore test: %d of %d explorations failed", failed, len(run.Checked)))
	case run.Err != nil:
		return exit.With(exit.Failed, fmt.Errorf("explore test: go test: %w; it printed: %s", run.Err, strings.Join(strings.Fields(string(run.Output)), " ")))
	case len(run.Checked) == 0:
		return exit.Usagef("explore test: no test in %s calls explore.Check; see lincheck/explore/GUIDE.md", strings.Join(o.Patterns, " "))
	case unfinished > 0:
		return exit.With(exit.Unknown, fmt.Errorf("explore test: %d of %d searches were not finished; give them more -time, or fewer steps", unfinished, len(run.Checked)))
	}
	return nil
}

// writePictures writes a page with the failures.
func writePictures(name string, all []explore.Checked) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	err = picture.Write(file, all)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	return err
}

// tested is the document of explored tests.
func tested(run *instrument.Run) *export.Document {
	d := &export.Document{Data: run.Checked}
	for _, c := range run.Checked {
		d.Add(export.Line(fmt.Sprintf("%s: %s", c.Test, c.Result)))
		for _, limit := range c.Limits {
			d.Add(export.Line("not controlled: " + limit))
		}
		for _, site := range c.Loops {
			d.Add(export.Line("longer waits left out: " + run.Place(site)))
		}
		if f := c.Failure; f != nil {
			d.Add(export.Line(fmt.Sprintf("%s: %s", f.Kind, f.Message)), traceTable(f.Trace), export.Line("replay "+f.Schedule))
		}
	}
	return d
}

func traceTable(trace []explore.Event) export.Table {
	t := export.Table{Columns: []string{"step", "goroutine", "operation", "location", "value", "source"}}
	for i, ev := range trace {
		t.Rows = append(t.Rows, []string{fmt.Sprintf("%4d", i+1), ev.Goroutine, ev.Op, ev.Location, ev.Value, ev.Source})
	}
	return t
}
