package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"doublebuf/analysis/export"
	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/lincheck"
	"doublebuf/results"
)

const checkHelp = `
Checks every map against the level of consistency that it declares, each in a child process. A
battery of tests also uses every type of keys and every operation that the map has, on many keys.
The verdict names what it did not look at. The command also checks negative controls, which are
broken on purpose: they show that the checkers can say Illegal. For each property that a level does
not promise, a directed schedule shows that the map does not have it. The history of a map that
fails is kept, with a picture and the command that judges it again. A history whose verdict is
Unknown is kept too. A map also fails if each of its histories leaves a goroutine behind.

Without -impl the command also checks double buffers with drawn combinations of the options:
strategy, table, bound of the wait, writer, reader, and others. Each pair of values of two options
occurs in one of them, and another -seed draws others. Their checks are short.

-seeds checks every map under that many seeds, except maps that are known to be broken, and prints
totals. With enough seeds all combinations of options are checked. No history may be Illegal. A
verdict is Ok, Illegal (exit code 3) or Unknown (exit code 4). Unknown is never a pass.

-history judges a history that any program recorded. go doc doublebuf/lincheck/history says how to
write such files. If the lines are in the order of the calls, the history is judged while it is
read. The memory that this takes grows with the number of keys, not with that of the calls. Histories of batches, of several writers of stamped guards, and with walks
at one instant are read to their end first. Standard input must be in the order of the calls, and
the command stops at the first broken law. For an Illegal history the command prints the few events
that show the violation.

With -from jepsen the history is one of Jepsen: history.edn, history.txt, or a log of jepsen.util. It
may be of registers (read, write, cas), of a set (add, read) or of a lock (acquire, release).
-initial is the value of a register before the first write.`

func checkCommand() command {
	return command{
		name:  "check",
		args:  "[flags]",
		short: "check every map at its level, or judge a saved history",
		long:  checkHelp,
		examples: `  runbench check
  runbench check -impl dbuf-epoch-b64,syncmap -time 30s -seed 7
  runbench check -seeds 1000
  runbench check -history results/my-check/evidence/control-stale-read.jsonl
  mystore -record | runbench check -history -
  runbench check -history store/latest/history.edn -from jepsen -initial 0
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			var o checkFlags
			o.declare(fs)
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				if err := o.format.check(fs); err != nil {
					return err
				}
				return s.check(&o)
			}
		},
	}
}

// checkFlags holds the flags of the command check.
type checkFlags struct {
	impl         []string
	seed         uint64
	seeds        int // 0 is one, for as many histories as the time allows
	record, hang plan.Duration
	by           lincheck.Judge
	dir          string
	history      string // a file, - or ""
	from         string // the format of history
	initial      string // of a register, in a history of Jepsen
	format       *format
}

func (o *checkFlags) declare(fs *flag.FlagSet) {
	fs.Var(&list[string]{&o.impl, word}, "impl", "check only these `maps`, which may be controls (default all)")
	fs.Uint64Var(&o.seed, "seed", 1, "the `seed` for all random choices; another seed draws other histories")
	fs.TextVar(&o.record, "time", plan.Duration(500*time.Millisecond), "`time` to record histories of each map")
	fs.StringVar(&o.dir, "results", "", "new `folder` for verdicts and evidence (default results/<UTC>-check); with -history, for the events that show the violation, and a picture (default none)")
	fs.StringVar(&o.history, "history", "", "judge the history in this `file`; - is standard input")
	fs.StringVar(&o.from, "from", "", "`format` of the history: jepsen (default the one of this project)")
	fs.StringVar(&o.initial, "initial", "nil", "with -from jepsen, the `value` of a register before the first write, as in 0")
	fs.Func("seeds", "record under this `number` of seeds, starting at -seed, without a time limit, and print totals", func(v string) (err error) {
		o.seeds, err = number(v)
		return err
	})
	judgeFlag(fs, &o.by, "check only what these `checkers` judge: stamps, for guards that know their version; search, for other histories; battery, for all types of keys and all capabilities (default all)")
	fs.TextVar(&o.hang, "hang", plan.Duration(time.Minute), "`time`, beyond -time, after which a check without an answer counts as hanging")
	o.format = formatFlags(fs)
}

// check is the command without its flags.
func (s *shell) check(o *checkFlags) error {
	switch {
	case o.record <= 0:
		return exit.Usagef("check: time is %v; want one above 0, like \"100ms\"", o.record)
	case o.from != "" && o.from != jepsen:
		return exit.With(exit.Usage, names.Unknown("format", o.from, []string{jepsen}))
	case o.from != "" && o.history == "":
		return exit.Usagef("check: -from %s without -history; want the file to judge", o.from)
	case o.from == "" && o.initial != "nil":
		return exit.Usagef("check: -initial %s without -from jepsen; want it with a history of Jepsen", o.initial)
	case o.history != "":
		return s.judge(o)
	}
	maps, err := plan.PickMaps(s.checkable(o.impl), o.impl)
	if err != nil {
		return err
	}
	g := gate.Options{Options: lincheck.Options{Seed: o.seed, Time: time.Duration(o.record), By: o.by, Designs: true}, Hang: time.Duration(o.hang)}
	if o.seeds > 0 {
		g.Histories, g.Time = o.seeds, time.Duration(o.seeds)*mostPerSeed
		maps = slices.DeleteFunc(slices.Clone(maps), func(e kv.Entry) bool { return e.Broken || e.Level == kv.None })
	}
	if len(o.impl) == 0 {
		g.Drawn, g.Brief = o.draw()
	}
	var verdicts []lincheck.Verdict
	err = inFolder(o.dir, "results", "check", func(dir string) (err error) {
		verdicts, err = s.checkMaps(o.format, maps, g, o.seeds, dir)
		return err
	})
	if err != nil {
		return err
	}
	return gate.Judge(verdicts)
}

// draw returns combinations of the options of a double buffer, and how to check each. They are
// short checks of so many that each pair of values of two options occurs. Under many seeds all
// other combinations follow, and then each is checked under more seeds than one.
func (o *checkFlags) draw() ([]kv.Entry, gate.Brief) {
	const part = 5 // of the time of another map
	all, pairs := baselines.Combinations(o.seed)
	if o.seeds == 0 {
		return all[:pairs], gate.Brief{Time: time.Duration(o.record) / part}
	}
	n := o.seeds * pairs
	each := (n + len(all) - 1) / len(all)
	return all[:min(n, len(all))], gate.Brief{Histories: each, Time: time.Duration(each) * mostPerSeed}
}

// mostPerSeed is more time than the histories of one seed take, even beside other work.
const mostPerSeed = 4 * time.Second

// judgeFlag declares the flag -by.
func judgeFlag(fs *flag.FlagSet, by *lincheck.Judge, usage string) {
	fs.Func("by", usage, func(v string) error {
		known := []string{string(lincheck.ByStamps), string(lincheck.BySearch), string(lincheck.ByBattery)}
		if *by = lincheck.Judge(v); !slices.Contains(known, v) {
			return names.Unknown("checker", v, known)
		}
		return nil
	})
}

// checkable returns the maps that can be checked: all that can be measured, the controls, and those
// combinations of options that are wanted.
func (s *shell) checkable(wanted []string) []kv.Entry {
	maps := withControls(s.maps)
	if slices.ContainsFunc(wanted, func(name string) bool { return strings.Contains(name, "+") }) {
		combinations, _ := baselines.Combinations(0)
		maps = append(maps, slices.DeleteFunc(combinations, func(e kv.Entry) bool { return !slices.Contains(wanted, e.Name) })...)
	}
	return maps
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

// inFolder calls use with the folder dir. If that is "" it is a new one below parent, see folder.
// Another program may have made one of the same name in the same second. Then use, which makes the
// folder, is called again with another name.
func inFolder(dir, parent, what string, use func(dir string) error) error {
	first := folder(dir, parent, what)
	err := use(first)
	for n := 2; dir == "" && errors.Is(err, fs.ErrExist); n++ {
		err = use(fmt.Sprintf("%s-%d", first, n))
	}
	return err
}

// checkMaps checks maps into the new folder dir. As text it prints each verdict at once.
func (s *shell) checkMaps(f *format, maps []kv.Entry, g gate.Options, seeds int, dir string) ([]lincheck.Verdict, error) {
	if err := results.MakeFolder(dir); err != nil {
		return nil, err
	}
	ctx, stop := interruptible()
	defer stop()
	progress := s.stdout // of verdicts, one by one
	if !f.text() {
		progress = io.Discard
	}
	verdicts, err := gate.Check(ctx, progress, s.stderr, maps, g, dir)
	if err != nil {
		return nil, err
	}
	d := &export.Document{Data: verdicts}
	if !f.text() {
		d.Add(verdictTable(verdicts))
	}
	properties(d, verdicts)
	if seeds > 0 {
		totals(d, seeds, len(maps), verdicts)
	}
	d.Add(export.Gap{}, export.Line("verdicts and evidence are in "+dir))
	return verdicts, s.print(f, d)
}

// interruptible returns a context that ends with the first interrupt. The second one ends the
// process.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// jepsen is the format of histories of Jepsen, for the flag -from.
const jepsen = "jepsen"

// verdict judges the history that the flags name. path is its name, and file is the file to read
// again for an explanation.
func (o *checkFlags) verdict() (v lincheck.Verdict, path, file string, err error) {
	path, file = o.history, o.history
	if path == "-" {
		path, file = "stdin", ""
	}
	switch in := os.Stdin; {
	case o.from == jepsen:
		if file != "" {
			if in, err = os.Open(file); err != nil {
				return v, path, "", fmt.Errorf("read history: %w", err)
			}
			defer in.Close()
		}
		v, err = lincheck.JudgeJepsen(in, path, o.initial)
		file = ""
	case file == "":
		v, err = lincheck.JudgeStream(in)
	default:
		v, err = lincheck.JudgeFile(path)
	}
	return v, path, file, err
}

// judge judges a history by the level that it claims. If it is Illegal judge makes the folder of
// the flag -results, if there is one, and keeps there what shows it.
func (s *shell) judge(o *checkFlags) error {
	v, path, file, err := o.verdict()
	if err != nil {
		return err
	}
	f, dir := o.format, o.dir
	if v.Outcome == lincheck.Illegal && dir != "" {
		if err := results.MakeFolder(dir); err != nil {
			return err
		}
	}
	v = lincheck.Explain(v, file, dir)
	d := &export.Document{Data: v}
	d.Add(export.Line(fmt.Sprintf("%s: %v%s", path, v, gate.Basis(v.Counts))))
	evidence := export.Table{Columns: []string{"evidence"}, Bare: true, Indent: true}
	if law := lincheck.Law(v.Checker); law != "" && v.Outcome == lincheck.Illegal {
		evidence.Rows = append(evidence.Rows, []string{fmt.Sprintf("%s says: %s", v.Checker, law)})
	}
	for _, line := range slices.Concat(v.Events, gate.Evidence(v)) {
		evidence.Rows = append(evidence.Rows, []string{line})
	}
	if len(evidence.Rows) > 0 {
		d.Add(evidence)
	}
	if err := s.print(f, d); err != nil {
		return err
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
		long: "Checks one map in this process and answers with its verdict as JSON. runbench check starts it.",
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
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
				maps, err := plan.PickMaps(s.checkable(impl), impl)
				if err != nil {
					return err
				}
				return lincheck.ChildMain(maps[0], o)
			}
		},
	}
}
