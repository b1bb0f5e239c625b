package app

import (
	"flag"
	"fmt"
	"os"

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
folder DIR (default results/reference). Each figure of the text is followed by a claim. A claim is
a comment that names the figure's cells:

  <!-- claim: 2.1 times: ops/s of dbuf-epoch-b64 over rwmutex in mix=r95w5 -->

A claim with "at least" or "at most" holds if the whole 95 %% interval lies on that side. Any other
claim holds if the whole interval lies within a factor of %v of the figure. A claim fails if the
whole interval lies elsewhere, or if a map failed its check. Otherwise it is undecided. It is also
undecided if the value is within the A/A limit of the bound, or if it is not conclusive after the
correction for all claims with an interval (Holm, 5 %%).

The claims of a paragraph follow it, in the order of its figures. The column "would be" shows the
figure that these cells give.

The exit code is 3 if any claim fails, and 4 if any is undecided or was not measured.`, study.Tolerance),
		examples: `  runbench study
  runbench study STUDY.md results/my-rerun
  runbench study -restate STUDY.md results/my-rerun > restated.md
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			f := formatFlags(fs)
			restate := fs.Bool("restate", false, "print the text with the figures of these cells; then check that its words still fit")
			return func(args []string) error {
				all := []string{"STUDY.md", "results/reference"}
				if len(args) > len(all) {
					return exit.Usagef("study: %d arguments; want at most two, a text and the folder of a run", len(args))
				}
				copy(all, args)
				if err := f.check(fs); err != nil {
					return err
				}
				return s.study(all[0], all[1], *restate, f)
			}
		},
	}
}

func (s *shell) study(path, dir string, restate bool, f *format) error {
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
	judged, err := study.Judge(set.Run, claims)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	restated, err := study.Restate(string(text), judged)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if restate {
		_, err = fmt.Fprint(s.stdout, restated)
		return err
	}
	if err := s.print(f, study.Document(judged)); err != nil {
		return err
	}
	if n := study.Count(judged, study.Fails); n > 0 {
		return exit.With(exit.Failed, fmt.Errorf("%d of %d claims of %s fail in the run %s", n, len(claims), path, dir))
	}
	if n := study.Count(judged, study.Undecided) + study.Count(judged, study.Missing); n > 0 {
		return exit.With(exit.Unknown, fmt.Errorf("%d of %d claims of %s are undecided in the run %s, or were not measured there", n, len(claims), path, dir))
	}
	return nil
}
