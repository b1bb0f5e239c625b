package app

import (
	"flag"
	"fmt"
	"os"

	"golang.org/x/perf/benchunit"

	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/study"
)

func studyCommand() command {
	return command{
		name:  "study",
		args:  "[-restate] [TEXT [DIR]]",
		short: "compare the figures of a text with the cells of a run",
		long: fmt.Sprintf(`
Compares every figure of the Markdown file TEXT (default STUDY.md) with the cells of the run in the
folder DIR (default results/reference). Each figure of the text has a claim behind it, a comment that
names its cells:

  <!-- claim: 2.1 times: ops/s of dbuf-epoch-b64 over rwmutex in mix=r95w5 -->

A claim is supported if the whole 95 %% interval lies on its side ("at least", "at most"), or within
%v times the figure either way. It is contradicted if the whole interval lies elsewhere, or if a map
failed its check. It is unsure if part of the interval lies on either side.

The claims of a paragraph stand behind it, in the order of its figures. "Would be" is the figure that
these cells have.

The exit code is 3 if any claim is contradicted, and 4 if any is unsure or was not measured.`, study.Tolerance),
		examples: `  runbench study
  runbench study STUDY.md results/my-rerun
  runbench study -restate STUDY.md results/my-rerun > restated.md
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			restate := fs.Bool("restate", false, "write the text with the figures of these cells; then read whether its words still fit")
			return func(args []string) error {
				all := []string{"STUDY.md", "results/reference"}
				if len(args) > len(all) {
					return exit.Usagef("study: %d arguments; want at most two, a text and the folder of a run", len(args))
				}
				copy(all, args)
				return s.study(all[0], all[1], *restate)
			}
		},
	}
}

func (s *shell) study(path, dir string, restate bool) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the study: %w", err)
	}
	claims, err := study.Parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(claims) == 0 {
		return fmt.Errorf("%s claims nothing; want comments of the form <!-- claim: … -->, see runbench help study", path)
	}
	set, err := s.load(dir)
	if err != nil {
		return err
	}
	findings := make([]study.Finding, len(claims))
	for i, c := range claims {
		if findings[i], err = study.Judge(set.Run, c); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	restated, err := study.Restate(string(text), findings)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if restate {
		_, err = fmt.Fprint(s.stdout, restated)
		return err
	}
	counts := map[study.Outcome]int{}
	w := columns(s.stdout)
	fmt.Fprintln(w, "line\tfigure\twould be\tof\tseen\t95 % interval\tn\toutcome")
	for i, c := range claims {
		f := findings[i]
		counts[f.Outcome]++
		of := c.Unit + " of " + c.Map
		if c.Over != "" {
			of += " over " + c.Over
		}
		seen, restated, interval, why := "", "", "", ""
		if f.Seen.N > 0 {
			seen = benchunit.Scale(f.Seen.Median, benchunit.Decimal)
			restated = c.Restated(f.Seen.Median)
		}
		if f.Seen.Interval {
			interval = fmt.Sprintf("[%s, %s]", benchunit.Scale(f.Seen.Lo, benchunit.Decimal), benchunit.Scale(f.Seen.Hi, benchunit.Decimal))
		}
		if f.Why != "" {
			why = ": " + f.Why
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s in %s\t%s\t%s\t%d\t%s%s\n", c.Line, c.Said(), restated, of, c.Cell, seen, interval, f.Seen.N, f.Outcome, why)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "\n%d claims: %d supported, %d contradicted, %d unsure, %d not measured\n",
		len(claims), counts[study.Supported], counts[study.Contradicted], counts[study.Unsure], counts[study.Missing])
	if n := counts[study.Contradicted]; n > 0 {
		return exit.With(exit.Failed, fmt.Errorf("%s contradicts %d of %d claims of %s", dir, n, len(claims), path))
	}
	if n := counts[study.Unsure] + counts[study.Missing]; n > 0 {
		return exit.With(exit.Unknown, fmt.Errorf("%s neither supports nor contradicts %d of %d claims of %s", dir, n, len(claims), path))
	}
	return nil
}
