package app

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"doublebuf/cmd/runbench/internal/campaign"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/lincheck/drive"
)

// stacksOnQuit ends the process at the signal SIGQUIT, after it has written the stacks of all
// goroutines to w. Go's own answer to the signal lacks those that run at that moment.
func stacksOnQuit(w io.Writer) {
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, syscall.SIGQUIT)
	go func() {
		<-quit
		fmt.Fprint(w, drive.Stacks())
		os.Exit(ExitError)
	}()
}

func measureCommand() command {
	return command{
		name: campaign.MeasureCommand, hidden: true,
		long: "Measures the cells that another process asks for on standard input. runbench run starts it.",
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				// An interrupt from the terminal reaches all processes. The parent ends after the
				// running cell, and this process with it.
				signal.Ignore(os.Interrupt, syscall.SIGTERM)
				stacksOnQuit(s.stderr)
				answers, err := drive.OpenAnswers()
				if err != nil {
					return err
				}
				return run.Serve(s.maps, os.Stdin, answers)
			}
		},
	}
}
