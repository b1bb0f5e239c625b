package app

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"doublebuf/analysis/export"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/lincheck"
	"doublebuf/lincheck/soak"
)

const soakHelp = `
Runs maps that publish versions, each in a child process, under a load that changes five times a
second. There are 1 to 64 readers on 1 to 4 processors, with new and with old handles. They look up
keys. They open guards, nest, chain and hold them, and walk over their content. A writer makes
large and small publishes. The garbage collector is busy, and the runtime often stops all
goroutines at arbitrary places. Maps are soaked one after the other, each for -time.

Every guard is checked while the map runs, in constant memory. Its version is at least the last one
that was published before the guard was opened, and at most the one that the writer had begun. The
versions of a handle never go back. The content of a guard is that of its version. The writer does
not change a copy while a guard in it is open.

The soak ends at the first violation, and prints the violation, the phase and the seed. It also
ends if a goroutine hangs, and prints the stacks of all goroutines. An interrupt ends it early, and
it prints the totals. The exit
code is 3 if a map failed, 4 if a check gave no answer, and otherwise 0.`

func soakCommand() command {
	return command{
		name:  "soak",
		args:  "[flags]",
		short: "check every guard of a double buffer under changing load",
		long:  soakHelp,
		examples: `  runbench soak
  runbench soak -time 10m -impl dbuf-epoch-b64
  runbench soak -time 8h -impl dbuf-epoch-b64 -seed 7 -every 1m
  runbench soak -impl control-stale-guard
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			var impl []string
			fs.Var(&list[string]{&impl, word}, "impl", "soak only these `maps`, which may be controls (default all that have versions)")
			o := soak.Options{}
			fs.Uint64Var(&o.Seed, "seed", 1, "the `seed` for all random choices; another seed draws other phases")
			times := map[string]*plan.Duration{}
			for _, f := range []struct {
				name, usage string
				value       time.Duration
			}{
				{"time", "`time` to soak each map", 10 * time.Second},
				{"every", "`time` between two lines of totals", 5 * time.Second},
				{"hang", "`time` after which a goroutine without progress counts as hanging", 20 * time.Second},
			} {
				d := plan.Duration(f.value)
				fs.TextVar(&d, f.name, d, f.usage)
				times[f.name] = &d
			}
			dir := fs.String("results", "", "new `folder` for verdicts and evidence if a map fails (default results/<UTC>-soak)")
			f := formatFlags(fs)
			return func(args []string) error {
				if err := cmp.Or(noArgs(fs, args), f.check(fs)); err != nil {
					return err
				}
				for name, d := range times {
					if *d <= 0 {
						return exit.Usagef("soak: %s is %v; want one above 0, like \"10s\"", name, d)
					}
				}
				o.Time, o.Every, o.Hang = time.Duration(*times["time"]), time.Duration(*times["every"]), time.Duration(*times["hang"])
				maps, err := s.soakable(impl)
				if err != nil {
					return err
				}
				return s.soak(f, maps, o, folder(*dir, "results", "soak"))
			}
		},
	}
}

// soakable returns the maps of the given names, or all maps that a soak can check.
func (s *shell) soakable(names []string) ([]kv.Entry, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(s.maps), func(e kv.Entry) bool { return soak.Supports(e) != nil }), nil
	}
	maps, err := plan.PickMaps(withControls(s.maps), names)
	if err != nil {
		return nil, err
	}
	for _, e := range maps {
		if err := soak.Supports(e); err != nil {
			return nil, exit.Usagef("soak: %v", err)
		}
	}
	return maps, nil
}

// soak soaks maps one after another, each in a child process. It makes dir if a map fails. As text
// it prints totals and each verdict at once.
func (s *shell) soak(f *format, maps []kv.Entry, o soak.Options, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot start a child process: %w", err)
	}
	ctx, stop := interruptible()
	defer stop()
	out := s.stdout
	if !f.text() {
		out = io.Discard
	}
	total := ""
	if len(maps) > 1 {
		total = fmt.Sprintf(", %v in all", time.Duration(len(maps))*o.Time)
	}
	fmt.Fprintf(out, "soak: %d maps for %v each%s, seed %d\n", len(maps), o.Time, total, o.Seed)
	var verdicts []lincheck.Verdict
	for _, e := range maps {
		if ctx.Err() != nil {
			break
		}
		v, err := s.soakOne(ctx, out, self, e, o, dir)
		if err != nil {
			return err
		}
		verdicts = append(verdicts, v)
	}
	if ctx.Err() != nil {
		fmt.Fprintf(out, "interrupted; %d of %d maps were begun\n", len(verdicts), len(maps))
	}
	if slices.ContainsFunc(verdicts, func(v lincheck.Verdict) bool { return !v.AsExpected() }) {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		if err := gate.WriteVerdicts(dir, verdicts); err != nil {
			return err
		}
		fmt.Fprintf(out, "verdicts are in %s\n", filepath.Join(dir, gate.VerdictsFile))
	}
	if !f.text() {
		if err := s.print(f, &export.Document{Data: verdicts, Blocks: []export.Block{verdictTable(verdicts)}}); err != nil {
			return err
		}
	}
	return gate.Judge(verdicts)
}

func (s *shell) soakOne(ctx context.Context, out io.Writer, self string, e kv.Entry, o soak.Options, dir string) (lincheck.Verdict, error) {
	temp, err := os.MkdirTemp("", "runbench-soak-")
	if err != nil {
		return lincheck.Verdict{}, err
	}
	defer os.RemoveAll(temp)
	v := lincheck.Supervise(ctx, e, lincheck.Child{
		Path: self, Dir: temp,
		Args:   []string{soakChildName, "-impl", e.Name, "-seed", fmt.Sprint(o.Seed), "-time", o.Time.String(), "-every", o.Every.String(), "-hang", o.Hang.String(), "-dir", temp},
		Time:   o.Time + 2*o.Hang + time.Minute,
		Report: func(line string) { fmt.Fprintln(out, line) },
	})
	fmt.Fprintf(out, "%s: %v\n", e.Name, v)
	if law := lincheck.Law(v.Checker); law != "" {
		fmt.Fprintf(out, "  %s says: %s\n", v.Checker, law)
	}
	for _, event := range v.Events {
		fmt.Fprintf(out, "  %s\n", event)
	}
	if v.Evidence.Log != "" {
		kept := filepath.Join(dir, gate.EvidenceDir, filepath.Base(v.Evidence.Log))
		if err := keep(v.Evidence.Log, kept); err != nil {
			return v, err
		}
		fmt.Fprintf(out, "  output: %s\n", kept)
	}
	return v, nil
}

// keep copies a file, and makes the folder of the copy if it is missing.
func keep(from, to string) error {
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o777)
	}
	if err == nil {
		err = os.WriteFile(to, text, 0o666)
	}
	return err
}

// soakChildName is the command of runbench that a child runs. It soaks one map.
const soakChildName = "soak-child"

func soakChildCommand() command {
	return command{
		name: soakChildName, hidden: true,
		long: "Soaks one map in this process and answers with totals and its verdict as JSON. runbench soak starts it.",
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			var o soak.Options
			var impl []string
			fs.Var(&list[string]{&impl, word}, "impl", "the `map`")
			fs.Uint64Var(&o.Seed, "seed", 0, "")
			fs.DurationVar(&o.Time, "time", 0, "")
			fs.DurationVar(&o.Every, "every", 0, "")
			fs.DurationVar(&o.Hang, "hang", 0, "")
			fs.StringVar(&o.Dir, "dir", "", "")
			return func([]string) error {
				maps, err := s.soakable(impl)
				if err != nil {
					return err
				}
				if len(maps) != 1 {
					return errors.New("soak-child: want one map")
				}
				// The parent passes an interrupt on; from a terminal it comes twice.
				ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
				defer stop()
				return soak.ChildMain(ctx, maps[0], o)
			}
		},
	}
}
