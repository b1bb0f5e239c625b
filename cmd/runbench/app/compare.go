package app

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/perf/benchunit"

	"doublebuf/analysis"
	"doublebuf/cmd/runbench/internal/compare"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/report"
	"doublebuf/results"
)

// compareFlags holds the flags of the command compare.
type compareFlags struct {
	old, now  string // maps of one run
	gate      bool
	minEffect float64
	format    *format
	units     []string
	better    map[string]string // "higher" or "lower", by unit
	ignore    []string
}

func compareCommand() command {
	return command{
		name:  "compare",
		args:  "[flags] OLD NEW",
		short: "compare two runs, or two maps of one run",
		long: `
Compares two runs cell by cell. OLD and NEW are folders of runs, or files with the benchmarks of
any Go program as go test -bench prints them (use -count 8 or so; fewer than 4 give no interval).
With -a and -b it compares two maps of one run, paired by block. In a file of another program these
are parts of names, as in impl=swiss and impl=runtime.

A file of another program may be what go test -json prints. It may be compressed by gzip, or in
UTF-16 as PowerShell writes it. The path - is standard input. Two benchmarks are paired if they have
the same name and the same configuration of their file, such as pkg and cpu. A key of the
configuration does not count if a file lacks it, or if each file has exactly one value of it. Without
a line "Unit", a rate (…/s) is better if it is higher. If a file has lines of benchmarks whose result
cannot be read, the exit code is 4.

A cell is better or worse if it differs conclusively by more than the minimum effect. The chance
that any row of a comparison is called so by mistake is at most 5 % (Holm). A cell is the same if
the whole 95 % interval lies within the minimum effect. Otherwise it is inconclusive. The geometric
mean of each unit is one more row. Effects below the A/A limit of their workload are inconclusive.
If a run has a single build, effects below 5 % between two runs are inconclusive too; between two
maps of one run the row says "in this build". With -min-effect below 5 % no row of a single build is
the same.

The machine also changes between two runs. Unchanged maps, whose code is the same in both runs, show
by how much. They are the floor, the ceiling, and maps of the standard library and of other modules
in an unchanged version. If both runs are of one commit, they are all maps. Rates are also given
relative to the unchanged maps of the same workload, and conclusions are drawn from these relative
effects. A conclusion still rests on a single run of each side.

With -gate the exit code is 3 if any row is worse, or if a map of NEW failed its check unexpectedly.
It is 4 if any row is inconclusive, if the check of a map of NEW has no answer, or if a cell of OLD
is missing in NEW. Otherwise it is 0.`,
		examples: `  runbench compare old new -gate
  runbench compare -a syncmap -b dbuf-epoch-b64 results/reference
  runbench compare -format markdown -min-effect 2% before.txt after.txt
  go test -bench . -count 8 -json | runbench compare before.txt -
  runbench compare -a impl=swiss -b impl=runtime bench.txt
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			o := compareFlags{minEffect: 0.05, format: formatFlags(fs)}
			o.declare(fs)
			return func(paths []string) error {
				if err := o.format.check(fs); err != nil {
					return err
				}
				return s.compare(&o, paths)
			}
		},
	}
}

// declare declares the flags.
func (o *compareFlags) declare(fs *flag.FlagSet) {
	fs.StringVar(&o.old, "a", "", "old `map`, of two maps of one run")
	fs.StringVar(&o.now, "b", "", "new `map`")
	fs.BoolVar(&o.gate, "gate", false, "set the exit code by the conclusions")
	fs.Func("min-effect", "smallest `difference` that counts, as in 5% (default 5%)", func(s string) (err error) {
		o.minEffect, err = share(s)
		return err
	})
	fs.StringVar(&o.format.name, "format", o.format.name, "`format` of the output: text, markdown, json, csv or html")
	fs.Var(&list[string]{&o.units, tidyUnit}, "unit", "compare in these `units` (default the rates of a cell; every unit for benchmarks of other programs)")
	fs.Func("better", "which direction is better, as in `p99=lower`; a comma list", o.setBetter)
	fs.Var(&list[string]{&o.ignore, word}, "ignore", "pair benchmarks that differ in these `keys` of their file's configuration; gomaxprocs is one, too")
}

// share parses a difference in percent.
func share(s string) (float64, error) {
	var p plan.Percent
	err := p.UnmarshalText([]byte(s))
	return float64(p) / 100, err
}

func (s *shell) compare(o *compareFlags, paths []string) error {
	maps := o.old != "" || o.now != ""
	switch {
	case maps && (o.old == "" || o.now == "" || o.old == o.now):
		return exit.Usagef("compare: -a %q and -b %q; want two maps of one run", o.old, o.now)
	case maps && len(paths) != 1:
		return exit.Usagef("compare: %d arguments beside -a and -b; want one, the folder of a run", len(paths))
	case !maps && len(paths) != 2:
		return exit.Usagef("compare: %d arguments; want two, OLD and NEW, or -a and -b and one run", len(paths))
	}
	sets, lost, err := s.openAll(o, paths)
	if err != nil {
		return err
	}
	old, now := sets[0], sets[len(sets)-1]
	notes, limits := o.doubts(old, now)
	var c *compare.Comparison
	var h compare.Heading
	if maps {
		for _, name := range []string{o.old, o.now} {
			if !compare.HasPart(old, name) {
				return exit.With(exit.Usage, names.Unknown("map", name, compare.Parts(old)))
			}
		}
		h = compare.Heading{Old: o.old + " in " + source(paths[0], old), New: o.now + " in the same run"}
		c, err = compare.Maps(old, o.old, o.now, o.units, limits)
	} else {
		h = compare.Heading{Old: source(paths[0], old), New: source(paths[1], now)}
		c, err = compare.Runs(old, now, o.units, limits)
	}
	if err != nil {
		return err
	}
	verdicts, failed, unknown := verdictsOn(old, now, o)
	h.Notes = append(notes, verdicts...)
	if err := s.print(o.format, compare.Document(h, c)); err != nil {
		return err
	}
	if o.gate {
		if err := failsGate(c, failed, unknown); err != nil {
			return err
		}
	}
	if lost = append(lost, c.Lost...); len(lost) > 0 {
		return exit.With(exit.Unknown, fmt.Errorf("benchmarks are lost: %s", strings.Join(lost, "; ")))
	}
	return nil
}

// gomaxprocs is the key of GOMAXPROCS for the flag -ignore.
const gomaxprocs = "gomaxprocs"

// says reports whether the flag -better names a unit.
func (o *compareFlags) says(unit string) bool { return o.better[unit] != "" }

// setBetter parses the flag -better.
func (o *compareFlags) setBetter(text string) error {
	o.better = map[string]string{}
	for _, part := range strings.Split(text, ",") {
		unit, direction, _ := strings.Cut(part, "=")
		if unit == "" || direction != "higher" && direction != "lower" {
			return fmt.Errorf("%q: want a unit and a direction, as in p99=lower or hits=higher", part)
		}
		unit, _ = tidyUnit(unit)
		o.better[unit] = direction
	}
	return nil
}

// tidyUnit returns the name under which a unit is compared: sec/op for ns/op.
func tidyUnit(unit string) (string, error) {
	_, unit = benchunit.Tidy(1, unit)
	return word(unit)
}

// openAll opens the runs at paths, as the flags want them. It returns a line for each benchmark
// that a file lost.
func (s *shell) openAll(o *compareFlags, paths []string) (sets []*analysis.Run, lost []string, err error) {
	found := map[string]bool{gomaxprocs: true}
	keys := map[string]bool{gomaxprocs: true}
	for _, path := range paths {
		set, warnings, err := results.Open(path)
		for _, w := range warnings {
			fmt.Fprintf(s.stderr, "runbench: warning: %s\n", w)
		}
		if err != nil {
			return nil, nil, err
		}
		if n := len(set.Lost); n > 0 {
			line := set.Lost[0]
			if n > 1 {
				line += fmt.Sprintf(" and %d more", n-1)
			}
			lost = append(lost, line)
		}
		for _, c := range set.Cells {
			for key := range c.Config.All() {
				keys[key] = true
			}
		}
		for _, key := range o.ignore {
			found[key] = set.Ignore(key) || found[key]
		}
		maps.Copy(set.Better, o.better)
		sets = append(sets, analysis.Of(set))
	}
	for _, key := range o.ignore {
		if !found[key] {
			return nil, nil, exit.With(exit.Usage, names.Unknown("key", key, slices.Sorted(maps.Keys(keys))))
		}
	}
	return sets, lost, nil
}

// source names a run, with its machine and commit as far as they are known.
func source(path string, s *analysis.Run) string {
	if e := s.Manifest.Environment; e.Go != "" {
		return fmt.Sprintf("%s (%s; %s)", path, e.MachineLabel(), e.CommitLabel())
	}
	if cpu := s.Machine["cpu"]; cpu != "" {
		return fmt.Sprintf("%s (%s)", path, cpu)
	}
	return path
}

// doubts returns notes on a comparison of two runs, which may be the same one, and what it can
// conclude.
func (o *compareFlags) doubts(old, now *analysis.Run) ([]string, compare.Limits) {
	limits := compare.Limits{MinEffect: o.minEffect, AnyProcs: slices.Contains(o.ignore, gomaxprocs)}
	var notes []string
	otherMachine := false
	for key, was := range old.Machine {
		if is, known := now.Machine[key]; known && is != was {
			otherMachine = true
		}
	}
	if otherMachine {
		notes = append(notes, "The two runs were made on different machines, so the effects include the difference between the machines.")
	}
	if a, b := old.Manifest.Environment, now.Manifest.Environment; a.Go != "" && b.Go != "" && a.SettingsLabel() != b.SettingsLabel() {
		notes = append(notes, fmt.Sprintf("The two runs have different settings of Go: old %s, new %s.", cmp.Or(a.SettingsLabel(), "the defaults"), cmp.Or(b.SettingsLabel(), "the defaults")))
	}
	if a, b := old.Manifest.Inputs, now.Manifest.Inputs; len(a) > 0 && len(b) > 0 && !maps.Equal(a, b) {
		notes = append(notes, "The two runs replayed different real input, see their manifests. Cells that replay it did different work.")
	}
	if a, b := cellTime(old), cellTime(now); a != b && a > 0 && b > 0 {
		notes = append(notes, fmt.Sprintf("A cell of the old run lasted %v, and one of the new run %v. The start of a cell weighs more in the shorter one.", a, b))
	}
	if a, b := sliced(old), sliced(now); a != b && cellTime(old) > 0 && cellTime(now) > 0 {
		limits.OtherMethod = true
		way := map[bool]string{true: "in slices", false: "at once"}
		notes = append(notes, fmt.Sprintf("The old run measured its cells %s, and the new run %s. Slices charge each map for its own garbage, and leave out how it starts.", way[a], way[b]))
	}
	if assumed := slices.DeleteFunc(slices.Concat(old.Assumed, now.Assumed), o.says); len(assumed) > 0 {
		slices.Sort(assumed)
		notes = append(notes, fmt.Sprintf("No file says which direction of %s is better. It is a rate, so higher counts as better.", strings.Join(slices.Compact(assumed), ", ")))
	}
	if !tellsLayers(old) || !tellsLayers(now) {
		return append(notes, "The numbers of builds and processes are not known. With a single build, differences under 5 % are not conclusive."), limits
	}
	limits.Layout = max(old.Layout, now.Layout)
	builds := report.Builds(old)
	if b := report.Builds(now); b != builds {
		builds = "Old: " + builds + " New: " + b
	}
	switch {
	case old == now:
		builds += report.OfBuild(limits.Layout)
	case limits.Layout > 0:
		builds += fmt.Sprintf(" With a single build, differences under %s are not conclusive: another layout of the same code may cause them.", analysis.Percent(limits.Layout))
	}
	return append(notes, builds), limits
}

// tellsLayers reports whether it is known how many links and processes the cells are of.
func tellsLayers(s *analysis.Run) bool {
	return s.Manifest.Environment.Go != "" || slices.ContainsFunc(s.Cells, func(c results.Cell) bool { return c.Link > 0 })
}

// sliced reports whether the maps of a workload took turns.
func sliced(s *analysis.Run) bool {
	p, err := plan.Parse("", s.Manifest.Plan)
	return err == nil && p.Slice > 0
}

// cellTime returns how long a throughput cell of the run lasted; 0 if its plan does not say it.
func cellTime(s *analysis.Run) plan.Duration {
	p, err := plan.Parse("", s.Manifest.Plan)
	if err != nil {
		return 0
	}
	return p.Time
}

// verdictsOn returns notes on the verdicts of the compared maps. It also returns the names of the
// maps of the new run that failed their check unexpectedly, and of those without an answer.
func verdictsOn(old, now *analysis.Run, o *compareFlags) (notes, failed, unknown []string) {
	runs := map[string]*analysis.Run{"the old run": old, "the new run": now}
	if old == now {
		runs = map[string]*analysis.Run{"the run": now}
	}
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		set, passed := runs[name], 0
		if set.Manifest.Environment.Go == "" {
			if slices.ContainsFunc(set.Cells, func(c results.Cell) bool { return !c.Foreign() }) {
				notes = append(notes, fmt.Sprintf("It is not known whether the maps of %s are correct: it has no verdicts.", name))
			}
			continue
		}
		for _, impl := range set.Impls() {
			v := set.Verdict(impl)
			if o.old != "" && impl != o.old && impl != o.now {
				continue
			}
			switch {
			case v.Outcome == results.Ok && o.old != "":
				notes = append(notes, fmt.Sprintf("%s passed its check; its level is %s.", impl, v.Level))
				continue
			case v.Outcome == results.Ok:
				passed++
				continue
			case v.Outcome == results.Illegal:
				notes = append(notes, fmt.Sprintf("%s failed its check in %s, so its figures mean nothing.", impl, name))
			default:
				notes = append(notes, fmt.Sprintf("It is not known whether %s is correct in %s, so its figures may mean nothing: %s.", impl, name, v.Reason))
			}
			switch {
			case set != now || v.AsExpected():
			case v.Outcome == results.Illegal:
				failed = append(failed, impl)
			default:
				unknown = append(unknown, impl)
			}
		}
		if passed > 0 {
			notes = append(notes, fmt.Sprintf("Of the %d maps of %s %d passed their check, each at its level.", len(set.Impls()), name, passed))
		}
	}
	return notes, failed, unknown
}

// failsGate returns the error, with its exit code, that follows from a comparison.
func failsGate(c *compare.Comparison, failed, unknown []string) error {
	worse, unsure := c.Named(compare.Worse), c.Named(compare.Inconclusive)
	switch {
	case len(worse) > 0:
		return exit.With(exit.Failed, fmt.Errorf("%d worse by more than %s: %s", len(worse), analysis.Percent(c.MinConclusive()), abridged(worse)))
	case len(failed) > 0:
		return exit.With(exit.Failed, errors.New("failed the check: "+abridged(failed)))
	case len(unsure) > 0:
		return exit.With(exit.Unknown, fmt.Errorf("%d inconclusive: %s", len(unsure), abridged(unsure)))
	case len(unknown) > 0:
		return exit.With(exit.Unknown, errors.New("without a verdict: "+abridged(unknown)))
	case len(c.OnlyOld) > 0:
		return exit.With(exit.Unknown, fmt.Errorf("%d missing in the new run: %s", len(c.OnlyOld), abridged(c.OnlyOld)))
	}
	return nil
}

// abridged lists names, the first few of many.
func abridged(all []string) string {
	const few = 3
	if len(all) <= few {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:few], ", "), len(all)-few)
}
