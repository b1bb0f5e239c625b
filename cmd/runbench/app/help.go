package app

import (
	"flag"
	"fmt"
	"strings"

	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/cmd/runbench/internal/terminal"
)

const intro = `
runbench checks concurrent maps, measures them side by side, and writes a report with
figures. It shows no figure without the verdict of the map's check.

usage: runbench [command] [flags]

commands:
`

const outro = `
runbench without a command is the same as runbench run -preset quick. Flags may begin with one dash
or two. On a terminal outcomes are coloured, unless NO_COLOR is set. runbench help COMMAND prints
the help of a command.
`

var overviewExamples = [][2]string{
	{"runbench", "check, measure and draw the main maps: two and a half minutes"},
	{"runbench run -preset smoke", "the same in less than 20 seconds; too short for conclusions"},
	{"runbench run -impl dbuf-epoch-b64,syncmap -mix r95w5 -g 1,2,4", "measure two maps with 1, 2 and 4 goroutines"},
	{"runbench check", "check every map, without measuring"},
	{"runbench compare old new -gate", "fail if anything has become slower"},
	{"runbench doctor", "find out whether this machine is fit to measure"},
	{"runbench list", "list the names that flags accept"},
}

var exitCodes = [][2]string{
	{fmt.Sprint(ExitOK), "success"},
	{fmt.Sprint(ExitError), "error: a file, a child process, or an interrupt"},
	{fmt.Sprint(ExitUsage), "the arguments are invalid; nothing was started"},
	{fmt.Sprint(ExitFailed), "something is worse, or a verdict is not as expected"},
	{fmt.Sprint(ExitUnknown), "inconclusive: too noisy, too few samples, or a check without an answer"},
}

// help prints the overview, or the help of the command that args name.
func (s *shell) help(args []string) error {
	if len(args) > 0 {
		c, err := s.find(args[0])
		if err != nil {
			return err
		}
		s.helpCommand(c)
		return nil
	}
	fmt.Fprintf(s.stdout, "%s\n", terminal.Wrap(intro))
	var rows [][2]string
	for _, c := range s.commands {
		if !c.hidden {
			rows = append(rows, [2]string{strings.TrimSpace(c.name + " " + c.args), c.short})
		}
	}
	terminal.Rows(s.stdout, rows)
	fmt.Fprintf(s.stdout, "\n%s\n\nexamples:\n", terminal.Wrap(outro))
	terminal.Rows(s.stdout, overviewExamples)
	fmt.Fprint(s.stdout, "\nexit codes:\n")
	terminal.Rows(s.stdout, exitCodes)
	return nil
}

// helpCommand prints the help of c.
func (s *shell) helpCommand(c command) {
	fs := newFlagSet(c.name)
	c.setup(s, fs)
	fmt.Fprintf(s.stdout, "usage: runbench %s\n\n%s\n", strings.TrimSpace(c.name+" "+c.args), terminal.Wrap(c.long))
	var rows [][2]string
	fs.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "0%" && f.DefValue != "false" {
			usage += " (default " + f.DefValue + ")"
		}
		rows = append(rows, [2]string{strings.TrimSpace("-" + f.Name + " " + value), usage})
	})
	if len(rows) > 0 {
		fmt.Fprint(s.stdout, "\nflags:\n")
		terminal.Rows(s.stdout, rows)
	}
	if c.examples != "" {
		fmt.Fprintf(s.stdout, "\nexamples:\n%s", c.examples)
	}
}

// find returns the command of that name.
func (s *shell) find(name string) (command, error) {
	var known []string
	for _, c := range s.commands {
		if c.name == name {
			return c, nil
		}
		if !c.hidden {
			known = append(known, c.name)
		}
	}
	return command{}, exit.With(exit.Usage, names.Unknown("command", name, known))
}
