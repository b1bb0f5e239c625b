package app

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

const intro = `runbench checks concurrent maps, measures them side by side, and draws and reports
what it found. No figure is shown without the verdict of the map's check.

usage: runbench [command] [flags]

commands:
`

const outro = `
Without a command it is runbench run -preset quick. Flags may be written with one dash
or two. Outcomes are in colour on a terminal, unless NO_COLOR is set. runbench help COMMAND
tells more.

examples:
  runbench                             check, measure and draw every map: about two minutes
  runbench run -preset smoke           the same in less than twenty seconds, too short to conclude from
  runbench run -impl dbuf-epoch-b64,syncmap -mix r95w5 -g 1,2,4
  runbench check                       a verdict for every map, nothing measured
  runbench compare old new -gate       has anything become slower? the exit code tells
  runbench doctor                      is this machine fit to measure, and what would be right
  runbench list                        the names that flags take

exit codes:
  0 fine   1 error   2 usage   3 worse, or a map failed its check unexpectedly   4 inconclusive
`

// help prints the overview, or what there is to know about the command in args.
func (s *session) help(args []string) error {
	if len(args) > 0 {
		c, err := find(args[0])
		if err != nil {
			return err
		}
		s.helpCommand(c)
		return nil
	}
	fmt.Fprint(s.stdout, intro)
	w := columns(s.stdout)
	for _, c := range commands() {
		if !c.hidden {
			fmt.Fprintf(w, "  %s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.short)
		}
	}
	w.Flush()
	fmt.Fprint(s.stdout, outro)
	return nil
}

func (s *session) helpCommand(c command) {
	fs := newFlagSet(c.name)
	c.setup(s, fs)
	fmt.Fprintf(s.stdout, "usage: runbench %s\n\n%s\n", strings.TrimSpace(c.name+" "+c.args), strings.TrimSpace(c.long))
	flags := 0
	w := columns(s.stdout)
	fs.VisitAll(func(f *flag.Flag) {
		if flags++; flags == 1 {
			fmt.Fprint(w, "\nflags:\n")
		}
		value, usage := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "0%" && f.DefValue != "false" {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(w, "  -%s %s\t%s\n", f.Name, value, usage)
	})
	w.Flush()
	if c.examples != "" {
		fmt.Fprintf(s.stdout, "\nexamples:\n%s", c.examples)
	}
}

// columns aligns cells that are separated by tabs.
func columns(w io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
}
