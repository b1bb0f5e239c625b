//go:build explore

package app

import (
	"errors"
	"fmt"

	"doublebuf/analysis/export"
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
	if err := s.print(x.format, explored(strategy.Name, what, res, x.replay != "")); err != nil {
		return err
	}
	switch {
	case res.Failure != nil:
		return exit.With(exit.Failed, fmt.Errorf("explore: %s", res.Failure.Kind))
	case x.replay == "" && !res.Complete:
		return exit.With(exit.Unknown, errors.New("explore: the search was not finished; give it more -time, or fewer steps"))
	}
	return nil
}

// explored is the document of an exploration, with the trace of its failure, or of its replay if
// replayed is set.
func explored(strategy, program string, res explore.Result, replayed bool) *export.Document {
	d := &export.Document{Data: struct {
		Strategy string `json:"strategy"`
		Program  string `json:"program"`
		explore.Result
	}{strategy, program, res}}
	d.Add(export.Line(strategy+": "+program), export.Line(res.String()))
	switch {
	case res.Failure != nil:
		d.Add(export.Line(fmt.Sprintf("%s: %s", res.Failure.Kind, res.Failure.Message)), traceTable(res.Failure.Trace), export.Line("replay "+res.Failure.Schedule))
	case replayed:
		d.Add(traceTable(res.Trace))
	}
	return d
}
