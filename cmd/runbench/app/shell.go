package app

import (
	"flag"
	"io"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
)

// Exit codes of [Main]. With every code except ExitOK, one line on stderr says why.
const (
	ExitOK      = exit.OK
	ExitError   = exit.Error   // something could not be done: a file, a child process, an interrupt
	ExitUsage   = exit.Usage   // the arguments are invalid: nothing was started
	ExitFailed  = exit.Failed  // worse; or a map failed its check, or a negative control passed
	ExitUnknown = exit.Unknown // inconclusive: too noisy, too few samples, or a check without an answer
)

// shell is what every command works with: arguments, streams and maps.
type shell struct {
	args           []string // as Main got them
	stdout, stderr io.Writer
	progress       io.Writer  // how far a run is
	maps           []kv.Entry // the registry, then those of the caller
	commands       []command
}

// command is one of runbench's commands.
type command struct {
	name     string
	args     string // synopsis of what follows the name
	short    string // one line, in the list of commands
	long     string // what -help says before the flags
	examples string
	hidden   bool // only another process runs it
	// setup declares the flags. It returns the function that runs the command with the arguments
	// that remain after the flags.
	setup func(s *shell, fs *flag.FlagSet) func(args []string) error
}
