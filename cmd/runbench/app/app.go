// Package app is the command runbench as a function, so that a program of a few lines
// can measure and check maps of its own beside those of the registry:
//
//	func main() {
//		os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr, kv.Entry{
//			Name:   "mine",
//			Level:  kv.Linearizable,
//			Caps:   kv.Concurrent | kv.Writes,
//			Uint64: func(capacity int) kv.Map[uint64, uint64] { return newMine(capacity) },
//		}))
//	}
//
// Maps are checked and measured in child processes, so a map that hangs or panics ends neither the
// check nor the run. A child is the same program with other arguments, so Main must get the
// arguments of the program unchanged.
package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/terminal"
	"doublebuf/results"
)

func commands() []command {
	return []command{runCommand(), checkCommand(), soakCommand(), compareCommand(), plotCommand(), reportCommand(), bundleCommand(), studyCommand(), doctorCommand(), listCommand(), traceCommand(), adviseCommand(), exploreCommand(), versionCommand(), exploreTestCommand(), childCommand(), soakChildCommand(), measureCommand()}
}

// Main runs the command that args name, or "run" if they name none, and returns the exit code of
// the process. It adds entries to the registry of maps. Main blocks until the command has ended.
// Only one call may run at a time, because a run sets GOMAXPROCS and handles the interrupt signal.
func Main(args []string, stdout, stderr io.Writer, entries ...kv.Entry) int {
	s := &shell{args: args, stdout: stdout, stderr: stderr, progress: stderr, commands: commands()}
	if terminal.InColor(stdout) {
		p := terminal.NewPainter(stdout)
		defer p.Flush() //nolint:errcheck // the command has ended
		s.stdout = p
	}
	err := s.dispatch(args, entries)
	if err == nil {
		return ExitOK
	}
	fmt.Fprintf(stderr, "runbench: %v\n", err)
	return exit.Code(err)
}

func (s *shell) dispatch(args []string, entries []kv.Entry) error {
	if err := s.register(entries); err != nil {
		return err
	}
	if len(args) > 0 && slices.Contains([]string{"help", "-help", "--help", "-h"}, args[0]) {
		return s.help(args[1:])
	}
	name := "run"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if len(args) > 0 && slices.ContainsFunc(s.commands, func(c command) bool { return c.name == name+" "+args[0] }) {
		name, args = name+" "+args[0], args[1:]
	}
	c, err := s.find(name)
	if err != nil {
		return err
	}
	fs := newFlagSet(c.name)
	run := c.setup(s, fs)
	// Flags may follow arguments.
	var rest []string
	for len(args) > 0 {
		if len(args[0]) < 2 || args[0][0] != '-' { // - is not a flag
			rest, args = append(rest, args[0]), args[1:]
			continue
		}
		if err := parse(fs, args); errors.Is(err, flag.ErrHelp) {
			return s.help([]string{c.name})
		} else if err != nil {
			return err
		}
		args = fs.Args()
	}
	return run(rest)
}

// register fills s.maps with the registry and entries. Each of entries must be valid and have a
// name of its own.
func (s *shell) register(entries []kv.Entry) error {
	s.maps = baselines.All()
	for _, e := range entries {
		if err := e.Validate(); err != nil {
			return err
		}
		if slices.Contains(plan.MapNames(s.maps), e.Name) {
			return fmt.Errorf("two maps are named %q; give yours another name", e.Name)
		}
		if of, twin := results.Original(e.Name); twin {
			return fmt.Errorf("a map is named %q, which is the name of a second measurement of %q; give yours another name", e.Name, of)
		}
		s.maps = append(s.maps, e)
	}
	return nil
}
