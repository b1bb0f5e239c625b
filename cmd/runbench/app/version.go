package app

import (
	"flag"
	"fmt"

	"doublebuf/analysis/export"
	"doublebuf/results"
)

func versionCommand() command {
	return command{
		name:  "version",
		short: "say which program this is: commit, compiler, machine",
		long:  "Says from which commit this program was built, by which compiler with which settings, and on which machine it runs. A program that was built without the data of a repository, as by go run, does not know its commit.",
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			f := formatFlags(fs)
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				if err := f.check(fs); err != nil {
					return err
				}
				e := results.CollectEnvironment(s.args)
				d := &export.Document{Data: e}
				d.Add(export.Line(fmt.Sprintf("runbench, %s, %s", e.CommitLabel(), e.MachineLabel())))
				if settings := e.SettingsLabel(); settings != "" {
					d.Add(export.Line("settings: " + settings))
				}
				return s.print(f, d)
			}
		},
	}
}
