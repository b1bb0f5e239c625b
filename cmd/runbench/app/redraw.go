package app

import (
	"flag"
	"fmt"
	"path/filepath"

	"doublebuf/plots"
	"doublebuf/results"
)

func plotCommand() command {
	return command{
		name:  "plot",
		args:  "[flags] DIR",
		short: "draw the figures of a run again from its results",
		long:  "Draws the figures of the run in the folder DIR again, without measuring anything.",
		examples: `  runbench plot results/reference
`,
		setup: redraw(func(s *session, set *loaded, _, plotsDir string) error {
			figures, err := plots.Draw(set.Set, plotsDir)
			for _, f := range figures {
				fmt.Fprintln(s.stdout, filepath.Join(plotsDir, f.SVG))
			}
			return err
		}),
	}
}

func reportCommand() command {
	return command{
		name:  "report",
		args:  "[flags] DIR",
		short: "write the report of a run again from its results, with its figures",
		long:  "Draws the figures of the run in the folder DIR and writes its report again, without\nmeasuring anything.",
		examples: `  runbench report results/reference
`,
		setup: redraw((*session).present),
	}
}

// redraw returns the setup of a command that makes something from a run's results.
func redraw(do func(s *session, set *loaded, dir, plotsDir string) error) func(*session, *flag.FlagSet) func([]string) error {
	return func(s *session, fs *flag.FlagSet) func([]string) error {
		plotsDir := fs.String("plots", "", "`folder` for the figures (default plots/<name of DIR>)")
		return func(args []string) error {
			if len(args) != 1 {
				return usagef("%s: %d arguments; want one, the folder of a run, as in runbench %s results/reference", fs.Name(), len(args), fs.Name())
			}
			set, err := s.load(args[0])
			if err != nil {
				return err
			}
			return do(s, set, args[0], plotsFolder(*plotsDir, args[0]))
		}
	}
}

// plotsFolder returns plots, or if that is empty the one that goes with a run's folder.
func plotsFolder(plots, dir string) string {
	if plots != "" {
		return plots
	}
	return filepath.Join("plots", filepath.Base(filepath.Clean(dir)))
}

// loaded is the results of a run and what is to be said of them.
type loaded struct {
	*results.Set
	warnings []results.Warning
}

// load reads the results of a run and prints its warnings.
func (s *session) load(dir string) (*loaded, error) {
	set, warnings, err := results.Load(dir)
	for _, w := range warnings {
		fmt.Fprintf(s.stderr, "runbench: warning: %s\n", w)
	}
	return &loaded{set, warnings}, err
}
