package app

import (
	"cmp"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/campaign"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/plots"
)

func plotCommand() command {
	one := redraw(func(s *shell, f *format, set *campaign.Loaded, _, plotsDir string) error {
		figures, err := plots.Draw(set.Run, plotsDir)
		return s.listFigures(f, figures, plotsDir, err)
	})
	return command{
		name:  "plot",
		args:  "[flags] DIR...",
		short: "draw the figures of a run again, or of several runs",
		long: `
Draws the figures of the run in the folder DIR again. It measures nothing. Given several runs, such
as those of several machines, it draws each workload that two of them have in common, with a series
for each run.`,
		examples: `  runbench plot results/reference
  runbench plot -plots plots/machines results/laptop results/server
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			f := formatFlags(fs)
			plotOne := one(s, fs, f)
			return func(args []string) error {
				if len(args) < 2 {
					return plotOne(args)
				}
				if err := f.check(fs); err != nil {
					return err
				}
				return s.plotMachines(f, args, fs.Lookup("plots").Value.String())
			}
		},
	}
}

// plotMachines draws the runs in dirs side by side.
func (s *shell) plotMachines(f *format, dirs []string, plotsDir string) error {
	runs, plotsDir, err := s.machines("plot", dirs, plotsDir)
	if err != nil {
		return err
	}
	figures, err := plots.DrawMachines(runs, plotsDir)
	return s.listFigures(f, figures, plotsDir, err)
}

// reportMachines draws the runs in dirs side by side and writes one report on them, in the folder
// of the figures.
func (s *shell) reportMachines(f *format, dirs []string, plotsDir string) error {
	runs, plotsDir, err := s.machines("report", dirs, plotsDir)
	if err != nil {
		return err
	}
	return campaign.PresentMachines(s.stdout, export.Named(f.named()), runs, plotsDir)
}

// machines loads several runs for a command. It also returns the folder for the figures: plotsDir,
// or one whose name has the names of all runs in it.
func (s *shell) machines(command string, dirs []string, plotsDir string) ([]analysis.Machine, string, error) {
	if len(dirs) > plots.MaxMachines {
		return nil, "", exit.Usagef("%s: %d runs; want %d at most, because more series look alike", command, len(dirs), plots.MaxMachines)
	}
	var runs []analysis.Machine
	var names []string
	for _, dir := range dirs {
		set, err := s.load(dir)
		if err != nil {
			return nil, "", err
		}
		name := filepath.Base(filepath.Clean(dir))
		if slices.Contains(names, name) {
			name = filepath.Clean(dir)
		}
		if slices.Contains(names, name) {
			return nil, "", exit.Usagef("%s: %s is named twice; want different runs", command, dir)
		}
		names = append(names, name)
		runs = append(runs, analysis.Machine{Name: name, Run: set.Run})
	}
	if one := analysis.OneMachine(runs); one != "" {
		fmt.Fprintf(s.stderr, "runbench: note: %s\n", one)
	}
	if plotsDir == "" {
		plotsDir = filepath.Join("plots", strings.ReplaceAll(strings.Join(names, "-"), string(filepath.Separator), "-"))
	}
	return runs, plotsDir, nil
}

// listFigures prints the paths of figures, also of those that were drawn before err, which it
// returns.
func (s *shell) listFigures(f *format, figures []plots.Figure, plotsDir string, err error) error {
	paths := export.List{}
	for _, f := range figures {
		paths = append(paths, filepath.Join(plotsDir, f.SVG))
	}
	d := &export.Document{Data: paths}
	if len(paths) > 0 {
		d.Add(paths)
	}
	if f.text() || err == nil {
		err = cmp.Or(err, s.print(f, d))
	}
	return err
}

func reportCommand() command {
	one := redraw(func(s *shell, f *format, set *campaign.Loaded, dir, plotsDir string) error {
		return campaign.Present(s.stdout, export.Named(f.named()), set, dir, plotsDir)
	})
	return command{
		name:  "report",
		args:  "[flags] DIR...",
		short: "write the report and the figures of a run again, or a report on several runs",
		long: `
Draws the figures of the run in the folder DIR and writes its report again. It measures nothing.
Given several runs, such as those of several machines, it writes one report on all of them into the
folder of the figures: how far maps scale on each machine, in what order they are, and where the
orders differ.`,
		examples: `  runbench report results/reference
  runbench report -plots plots/machines results/laptop results/server
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			f := formatFlags(fs)
			reportOne := one(s, fs, f)
			return func(args []string) error {
				if len(args) < 2 {
					return reportOne(args)
				}
				if err := f.check(fs); err != nil {
					return err
				}
				return s.reportMachines(f, args, fs.Lookup("plots").Value.String())
			}
		},
	}
}

// redraw returns the setup of a command that makes something from a run's results.
func redraw(do func(s *shell, f *format, set *campaign.Loaded, dir, plotsDir string) error) func(*shell, *flag.FlagSet, *format) func([]string) error {
	return func(s *shell, fs *flag.FlagSet, f *format) func([]string) error {
		plotsDir := fs.String("plots", "", "`folder` for the figures (default plots/<name of DIR>)")
		return func(args []string) error {
			if len(args) != 1 {
				return exit.Usagef("%s: %d arguments; want one, the folder of a run, as in runbench %s results/reference", fs.Name(), len(args), fs.Name())
			}
			if err := f.check(fs); err != nil {
				return err
			}
			set, err := s.load(args[0])
			if err != nil {
				return err
			}
			return do(s, f, set, args[0], campaign.PlotsFolder(*plotsDir, args[0]))
		}
	}
}

// load reads the results of a run and prints warnings.
func (s *shell) load(dir string) (*campaign.Loaded, error) { return campaign.Load(s.stderr, dir) }
