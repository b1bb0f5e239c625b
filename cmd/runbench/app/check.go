package app

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/lincheck"
	"doublebuf/results"
)

const (
	verdictsFile = "verdicts.json"
	evidenceDir  = "evidence" // within a results folder
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
				g := checking{Options: lincheck.Options{Seed: *seed, Time: time.Duration(record), By: by, Designs: true}, hang: time.Duration(hang)}
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
				return judgement(verdicts)
			}
		},
	}
}

// mostPerSeed is more than the histories of one seed take, also beside other work.
const mostPerSeed = 4 * time.Second

// ofAll makes v Unknown if it is Ok by fewer seeds than were asked for.
func (g checking) ofAll(v lincheck.Verdict) lincheck.Verdict {
	if n := v.Counts.Seeds; v.Outcome == lincheck.Ok && n < g.Histories {
		v.Outcome, v.Reason = lincheck.Unknown, fmt.Sprintf("only %d of %d seeds were recorded within %v; want fewer seeds, or a machine with less other work", n, g.Histories, g.Time)
	}
	return v
}

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
func (s *session) check(maps []kv.Entry, g checking, seeds int, dir string) ([]lincheck.Verdict, error) {
	if err := results.MakeFolder(dir); err != nil {
		return nil, err
	}
	ctx, stop := interruptible()
	defer stop()
	verdicts, err := s.gate(ctx, maps, g, dir)
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

// checking says how maps are checked.
type checking struct {
	lincheck.Options
	hang time.Duration // beyond the time of the Options; 0 = a minute
}

// gate checks maps one after another, each in a child process, prints their verdicts
// and keeps them, with evidence, in dir.
func (s *session) gate(ctx context.Context, maps []kv.Entry, g checking, dir string) ([]lincheck.Verdict, error) {
	for _, e := range maps {
		if err := instead(e); err != nil {
			fmt.Fprintf(s.stderr, "runbench: warning: %s: %v\n", e.Name, err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot start a child process: %w", err)
	}
	g.Dir = filepath.Join(dir, evidenceDir)
	if g.hang == 0 {
		g.hang = time.Minute
	}
	if err := os.MkdirAll(g.Dir, 0o777); err != nil {
		return nil, err
	}
	names, levels := 0, 0
	for _, e := range maps {
		names, levels = max(names, len(e.Name)), max(levels, len(e.Level.String()))
	}
	var verdicts []lincheck.Verdict
	for _, e := range maps {
		// In time a child may exceed what it was told by its judging of what it recorded.
		v := lincheck.Supervise(ctx, e, lincheck.Child{Path: self, Args: childArgs(e, g.Options), Dir: g.Dir, Time: g.Time + g.hang})
		if ctx.Err() != nil {
			return verdicts, fmt.Errorf("interrupted while %s was checked; nothing was measured", e.Name)
		}
		v = g.ofAll(v)
		verdicts = append(verdicts, v)
		fmt.Fprintf(s.stdout, "  %-*s  %-*s  %v%s\n", names, e.Name, levels, e.Level, v, inBrackets(basis(v.Counts)))
		for _, line := range evidence(v) {
			fmt.Fprintf(s.stdout, "  %-*s  %s\n", names, "", line)
		}
	}
	return verdicts, writeVerdicts(dir, verdicts)
}

// writeVerdicts keeps verdicts in the folder dir.
func writeVerdicts(dir string, verdicts []lincheck.Verdict) error {
	text, err := json.MarshalIndent(verdicts, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, verdictsFile), append(text, '\n'), 0o666)
}

// basis says how much a verdict rests on.
func basis(c lincheck.Counts) string {
	var parts []string
	for _, n := range []struct {
		count int
		noun  string
	}{
		{c.Histories, "histories"},
		{c.Calls, "calls"},
		{c.Guards, "guards"},
		{c.Ambiguous, "ambiguous"},
		{c.Undecided, "undecided"},
	} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.count, n.noun))
		}
	}
	return strings.Join(parts, ", ")
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " [" + s + "]"
}

// evidence returns the lines to print below a verdict.
func evidence(v lincheck.Verdict) (lines []string) {
	for _, e := range []struct{ what, value string }{
		{"judge again: ", v.Evidence.Judge},
		{"picture: ", v.Evidence.Picture},
		{"output: ", v.Evidence.Log},
	} {
		if e.value != "" {
			lines = append(lines, e.what+e.value)
		}
	}
	return lines
}

// judgement returns the error that verdicts amount to, with its exit code.
func judgement(verdicts []lincheck.Verdict) error {
	var failed, unknown []string
	for _, v := range verdicts {
		switch {
		case v.Outcome == lincheck.Unknown:
			unknown = append(unknown, v.Map)
		case !v.AsExpected():
			failed = append(failed, v.Map)
		}
	}
	return amounts(failed, unknown, "the reasons above")
}

// amounts returns the error for maps that failed their check unexpectedly, controls
// that passed it among them, and for maps without an answer. reasons says where those
// are to be found.
func amounts(failed, unknown []string, reasons string) error {
	switch {
	case len(failed) > 0:
		return exit.With(exit.Failed, fmt.Errorf("not what was declared: %s; see %s", strings.Join(failed, ", "), reasons))
	case len(unknown) > 0:
		return exit.With(exit.Unknown, fmt.Errorf("no answer for %s; see %s", strings.Join(unknown, ", "), reasons))
	}
	return nil
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
	fmt.Fprintf(s.stdout, "%s: %v%s\n", path, v, inBrackets(basis(v.Counts)))
	if law := lincheck.Law(v.Checker); law != "" && v.Outcome == lincheck.Illegal {
		fmt.Fprintf(s.stdout, "  %s says: %s\n", v.Checker, law)
	}
	for _, line := range slices.Concat(v.Events, evidence(v)) {
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

// childName is the command that a checking process runs.
const childName = "check-child"

func childCommand() command {
	return command{
		name: childName, hidden: true,
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

func childArgs(e kv.Entry, o lincheck.Options) []string {
	if o.Histories == 0 {
		o.Histories = math.MaxInt // as many as the time allows
	}
	args := []string{
		childName, "-impl", e.Name, "-seed", fmt.Sprint(o.Seed), "-time", o.Time.String(), "-dir", o.Dir,
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
