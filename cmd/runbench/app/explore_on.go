//go:build explore

package app

import (
	"errors"
	"fmt"

	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/programs"
)

func (s *shell) explore(x exploration) error {
	strategy, err := programs.Find(x.strategy)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	shape := programs.Shape{Readers: x.readers, Guards: x.guards, Publishes: x.publishes, Chained: x.chained}
	program, what, timeouts := strategy.Guards(shape), shape.String(), 0
	if x.program != "" {
		if program, timeouts, err = strategy.Named(x.program); err != nil {
			return exit.With(exit.Usage, err)
		}
		what = x.program
	}
	if x.readers < 0 || x.readers > explore.MaxGoroutines-1 || x.guards < 0 || x.publishes < 0 || x.preemptions < -1 {
		return exit.Usagef("explore: want 0 to %d readers, and no negative numbers but -preemptions -1", explore.MaxGoroutines-1)
	}
	cfg := explore.Config{Search: explore.Exhaustive(), TSO: x.tso, OneWait: x.oneWait, Timeouts: timeouts, MaxTime: x.limit, Replay: x.replay}
	if x.preemptions >= 0 {
		cfg.Search = explore.UpTo(x.preemptions)
	}
	res, err := explore.Run(cfg, program)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	fmt.Fprintf(s.stdout, "%s: %s\n%v\n", strategy.Name, what, res)
	switch {
	case res.Failure != nil:
		fmt.Fprintln(s.stdout, res.Failure)
		return exit.With(exit.Failed, fmt.Errorf("explore: %s", res.Failure.Kind))
	case x.replay != "":
		fmt.Fprint(s.stdout, explore.FormatTrace(res.Trace))
	case !res.Complete:
		return exit.With(exit.Unknown, errors.New("explore: the search was not finished; give it more -time, or fewer steps"))
	}
	return nil
}
