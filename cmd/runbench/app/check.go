package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/lincheck"
	"doublebuf/results"
)

func checkCommand() command {
	return command{
		name:  "check",
		args:  "[flags]",
		short: "a verdict for every map at its level; or judge a saved history",
		long: `
Checks every map against the level of consistency that it declares, each in a child
process, and controls that are broken on purpose: they show that the checkers can say
Illegal. What a level does not promise is shown not to hold, by a schedule directed at it.
The histories of maps that fail are kept, with a picture and the line that judges them again; so
is one without an answer, as it is. A map that leaves goroutines behind in each history fails.

With -seeds every map that is not known to be broken is checked under that many seeds, and
the totals are printed: none of them may be Illegal. Verdicts are Ok, Illegal (exit code 3)
and Unknown (4); Unknown is never a pass.

With -history it judges a history that any program recorded: go doc doublebuf/lincheck says
how such files are written. Where its lines are in order it is judged as it is read, in
little memory; long ones without stamps are cut where all calls of a key have returned. What
comes by stdin must be in order, and is judged until it breaks a law. Of an Illegal history the few
events are shown that make it so.`,
		examples: `  runbench check
  runbench check -impl dbuf-epoch-b64,syncmap -time 30s -seed 7
  runbench check -seeds 1000
  runbench check -history results/20260102T150405Z-check/evidence/control-stale-read.jsonl
  mystore -record | runbench check -history -
`,
		setup: func(s *session, fs *flag.FlagSet) func([]string) error {
			var impl []string
			fs.Var(&list[string]{&impl, word}, "impl", "check only these `maps`, which may be controls (default all)")
			seed := fs.Uint64("seed", 1, "of everything random; every `number` draws other histories")
			var record plan.Duration
			fs.TextVar(&record, "time", plan.Duration(500*time.Millisecond), "`how long` to record histories of each map")
			dir := fs.String("results", "", "`folder` to make for verdicts and evidence (default results/<UTC>-check); with -history for the few events that show an Illegal, with a picture (default none)")
			history := fs.String("history", "", "judge the history in this `file` instead, or with - what comes in by stdin")
			seeds := 0
			fs.Func("seeds", "record under so `many` seeds, from -seed on, however long it takes, and print totals", func(v string) (err error) {
				seeds, err = number(v)
				return err
			})
			var by lincheck.Judge
			judgeFlag(fs, &by, "record only what these `checkers` judge: stamps or porcupine (default both)")
			hang := plan.Duration(time.Minute)
			fs.TextVar(&hang, "hang", hang, "after `how long`, beyond -time, a map that does not answer hangs")
			asJSON := fs.Bool("json", false, "print the verdicts as JSON, and nothing else")
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				if *asJSON && *history != "" {
					return exit.Usagef("check: -json beside -history; want one of them")
				}
				if record <= 0 {
					return exit.Usagef("check: time is %v; want one above 0, like \"100ms\"", record)
				}
				if *history != "" {
					return s.judge(*history, *dir)
				}
				maps, err := plan.PickMaps(withControls(s.maps), impl)
				if err != nil {
					return err
				}
				g := gate.Options{Options: lincheck.Options{Seed: *seed, Time: time.Duration(record), By: by, Designs: true}, Hang: time.Duration(hang)}
				if seeds > 0 {
					g.Histories, g.Time = seeds, time.Duration(seeds)*mostPerSeed
					maps = slices.DeleteFunc(slices.Clone(maps), func(e kv.Entry) bool { return e.Broken || e.Level == kv.None })
				}
				told := *s
				if *asJSON {
					told.stdout = io.Discard
				}
				verdicts, err := told.check(maps, g, seeds, folder(*dir, "results", "check"))
				if err == nil && *asJSON {
					err = writeJSON(s.stdout, verdicts)
				}
				if err != nil {
					return err
				}
				return gate.Judge(verdicts)
			}
		},
	}
}

// mostPerSeed is more than the histories of one seed take, also beside other work.
const mostPerSeed = 4 * time.Second

// judgeFlag declares the flag -by.
func judgeFlag(fs *flag.FlagSet, by *lincheck.Judge, usage string) {
	fs.Func("by", usage, func(v string) error {
		known := []string{string(lincheck.ByStamps), string(lincheck.ByPorcupine)}
		if *by = lincheck.Judge(v); !slices.Contains(known, v) {
			return names.Unknown("checker", v, known)
		}
		return nil
	})
}

// withControls returns maps and the controls that must fail.
func withControls(maps []kv.Entry) []kv.Entry {
	return append(slices.Clone(maps), lincheck.Controls()...)
}

// folder returns dir, or if that is empty a name for a new folder below parent.
func folder(dir, parent, what string) string {
	if dir != "" {
		return dir
	}
	return filepath.Join(parent, time.Now().UTC().Format("20060102T150405Z")+"-"+what)
}

// check is the command without -history.
func (s *session) check(maps []kv.Entry, g gate.Options, seeds int, dir string) ([]lincheck.Verdict, error) {
	if err := results.MakeFolder(dir); err != nil {
		return nil, err
	}
	ctx, stop := interruptible()
	defer stop()
	verdicts, err := gate.Check(ctx, s.stdout, s.stderr, maps, g, dir)
	if err != nil {
		return nil, err
	}
	propertyTable(s.stdout, verdicts)
	if seeds > 0 {
		totals(s.stdout, seeds, verdicts)
	}
	fmt.Fprintf(s.stdout, "\nverdicts and evidence are in %s\n", dir)
	return verdicts, nil
}

// interruptible returns a context that ends with the first interrupt. The second one
// ends the process.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// judge judges a saved history by what it claims itself, or one that comes in as it is
// recorded. What shows that it is Illegal is kept in the folder dir, which it makes then, if it has a name.
func (s *session) judge(path, dir string) error {
	var v lincheck.Verdict
	var err error
	file := path
	if path == "-" {
		path, file = "stdin", ""
		v, err = lincheck.JudgeStream(os.Stdin)
	} else {
		v, err = lincheck.JudgeFile(path)
	}
	if err != nil {
		return err
	}
	if v.Outcome == lincheck.Illegal && dir != "" {
		if err := results.MakeFolder(dir); err != nil {
			return err
		}
	}
	v = lincheck.Explain(v, file, dir)
	fmt.Fprintf(s.stdout, "%s: %v%s\n", path, v, gate.Basis(v.Counts))
	if law := lincheck.Law(v.Checker); law != "" && v.Outcome == lincheck.Illegal {
		fmt.Fprintf(s.stdout, "  %s says: %s\n", v.Checker, law)
	}
	for _, line := range slices.Concat(v.Events, gate.Evidence(v)) {
		fmt.Fprintf(s.stdout, "  %s\n", line)
	}
	switch v.Outcome {
	case lincheck.Illegal:
		return exit.With(exit.Failed, fmt.Errorf("%s is not what it claims", path))
	case lincheck.Unknown:
		return exit.With(exit.Unknown, fmt.Errorf("%s cannot be judged", path))
	}
	return nil
}

func childCommand() command {
	return command{
		name: gate.Command, hidden: true,
		long: "Checks one map in this process and writes its verdict as JSON. runbench check starts it.",
		setup: func(s *session, fs *flag.FlagSet) func([]string) error {
			var o lincheck.Options
			var impl []string
			fs.Var(&list[string]{&impl, word}, "impl", "the `map`")
			fs.Uint64Var(&o.Seed, "seed", 0, "")
			fs.IntVar(&o.Histories, "histories", 0, "")
			fs.DurationVar(&o.Time, "time", 0, "")
			judgeFlag(fs, &o.By, "")
			fs.BoolVar(&o.Designs, "designs", false, "")
			fs.StringVar(&o.Dir, "dir", "", "")
			return func([]string) error {
				maps, err := plan.PickMaps(withControls(s.maps), impl)
				if err != nil {
					return err
				}
				return lincheck.ChildMain(maps[0], o, s.stdout)
			}
		},
	}
}
