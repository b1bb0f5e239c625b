package explore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Config sets up an exploration.
type Config struct {
	Search Search
	// TSO gives each goroutine a store buffer for its plain stores, as on x86.
	TSO bool
	// OneWait makes each wait by hooked.AwaitWhole one blocking step.
	OneWait bool
	// Plain says that the program was built so that its plain accesses are steps.
	Plain bool
	// Timeouts is the number of sleeps of each goroutine that may end by their timeout. With 0,
	// the default, no sleep does, so that a timeout cannot hide a lost wake-up.
	Timeouts int
	// MaxSteps is the number of steps at which an execution counts as a livelock; 0 means 10,000.
	MaxSteps int
	// MaxExecutions and MaxTime end the search; 0 means no limit.
	MaxExecutions int
	MaxTime       time.Duration
	// Replay is the schedule of a failure. Run then runs this one execution, with a trace. It
	// ignores Search, TSO, OneWait and Timeouts.
	Replay string
}

// Result is what an exploration found.
type Result struct {
	Executions   int            `json:"executions"`             // executions that ran to their end
	Redundant    int            `json:"redundant"`              // executions abandoned because they would repeat others
	Longest      int            `json:"longest"`                // moves in the longest execution
	Completeness string         `json:"completeness"`           // "exhaustive", "exhaustive up to 2 preemptions", "sampled 1000", …
	Complete     bool           `json:"complete"`               // the search visited everything that it had to visit
	FinalStates  map[string]int `json:"final_states,omitempty"` // how often each final state occurred, see Exec.FinalState
	Elapsed      time.Duration  `json:"elapsed_ns"`
	Failure      *Failure       `json:"failure,omitempty"` // nil if there was none
	Trace        []Event        `json:"trace,omitempty"`   // of a replay
	// Limits names what the exploration did not control, or did not run in every way. If there is
	// any, Completeness does not say "exhaustive" alone.
	Limits []string `json:"limits,omitempty"`
	// Loops are the sites of the loops of which the exploration left out longer waits.
	Loops []int `json:"loops,omitempty"`
}

func (r Result) String() string {
	s := fmt.Sprintf("%s: %d executions of at most %d steps, %d more begun, %v", r.Completeness, r.Executions, r.Longest, r.Redundant, r.Elapsed.Round(time.Millisecond))
	if r.Failure != nil {
		s += ": " + string(r.Failure.Kind)
	}
	return s
}

// shorten is the number of executions in which the search looks for a shorter failure after the
// first one.
const shorten = 2000

// explorer is one exploration.
type explorer struct {
	Config
	program Program
	start   time.Time
	begun   int // executions so far, of all bounds
	since   int // executions since the first failure
	exec    *execution
	Result
}

// Run explores program and blocks until the search ends. The error is about cfg. A failure of the
// program is in the Result.
func Run(cfg Config, program Program) (Result, error) {
	if cfg.MaxSteps == 0 {
		cfg.MaxSteps = 10_000
	}
	x := &explorer{Config: cfg, program: program, start: time.Now()}
	x.exec = &execution{
		mode:     mode{cfg.TSO, cfg.OneWait, cfg.Plain, cfg.Timeouts},
		numbers:  map[any]int{},
		shadows:  map[any]any{},
		warnings: map[string]bool{},
		bounded:  map[int]bool{},
	}
	foreign.Store(false)
	defer x.exec.close()
	x.FinalStates = map[string]int{}
	if cfg.Replay != "" {
		m, path, err := parseSchedule(cfg.Replay)
		if err != nil {
			return Result{}, err
		}
		x.exec.mode = m
		x.Completeness = "one schedule"
		x.replay(path)
		x.Executions = 1
	} else {
		x.search()
	}
	x.limits()
	x.Elapsed = time.Since(x.start)
	return x.Result, nil
}

func (x *explorer) search() {
	s := x.Search
	switch s.kind {
	case exhaustive, sleepSets:
		x.Complete = x.visit(&dfs{bound: -1, everyTurn: s.kind == sleepSets})
		x.Completeness = "exhaustive"
	case bounded:
		for k := 0; k <= s.bound && x.Failure == nil; k++ {
			x.Executions, x.Redundant, x.FinalStates = 0, 0, map[string]int{} // each bound visits those of the last one again
			x.Complete = x.visit(&dfs{bound: k, everyTurn: true})
			x.Completeness = fmt.Sprintf("exhaustive up to %d preemptions", k)
			if !x.Complete {
				break
			}
		}
	case sampled:
		for i := 0; i < s.samples && !x.exhausted() && x.Failure == nil; i++ {
			p := newPCT(s, i)
			p.start(x.Longest)
			x.execute(p)
		}
		x.Completeness = fmt.Sprintf("sampled %d", x.Executions)
	}
	switch {
	case x.Failure != nil:
		x.Complete = false
		x.Completeness = "stopped at a failure"
		x.explain()
	case s.kind != sampled && !x.Complete:
		x.Completeness = fmt.Sprintf("incomplete, stopped after %d executions", x.Executions)
	}
}

// visit runs all executions of a depth-first search and reports whether it finished. After a
// failure it looks for a shorter one in the next executions.
func (x *explorer) visit(d *dfs) bool {
	for {
		x.execute(d)
		switch {
		case x.Failure != nil && x.Failure.Kind == Nondeterministic:
			return false
		case x.Failure != nil:
			if x.since++; x.since > shorten {
				return false
			}
		case x.exhausted():
			return !d.advance()
		}
		if !d.advance() {
			return true
		}
	}
}

// limits adds to the result what was not controlled.
func (x *explorer) limits() {
	if foreign.Load() {
		x.exec.warnings["goroutines that the explorer did not start use what it controls"] = true
	}
	x.Limits = slices.Sorted(maps.Keys(x.exec.warnings))
	x.Loops = slices.Sorted(maps.Keys(x.exec.bounded))
	if len(x.Loops) > 0 {
		x.Completeness += fmt.Sprintf(" but for more than %d useless rounds of a loop", freeRounds)
	}
	if len(x.Limits) > 0 {
		x.Completeness = strings.Replace(x.Completeness, "exhaustive", "all schedules of what is controlled", 1)
	}
}

func (x *explorer) exhausted() bool {
	return x.MaxExecutions > 0 && x.begun >= x.MaxExecutions || x.MaxTime > 0 && time.Since(x.start) >= x.MaxTime
}

// execute runs the program once. c chooses the steps.
func (x *explorer) execute(c chooser) {
	e := x.exec
	e.reset()
	e.maxSteps, e.chooser = x.MaxSteps, c
	if d, ok := c.(*dfs); e.mode.plain && !(ok && !d.everyTurn) {
		e.follower = &dfs{}
	}
	x.begun++
	if x.Failure != nil {
		e.maxSteps, e.cut = x.Failure.Steps-1, true
	}
	e.run(x.program)
	if e.pruned {
		x.Redundant++
	} else {
		x.Executions++
	}
	x.note(e)
}

// note adds the results of an execution to x.
func (x *explorer) note(e *execution) {
	x.Longest = max(x.Longest, len(e.path))
	if e.final != "" {
		x.FinalStates[e.final]++
	}
	if f := e.failure; f != nil {
		f.path, f.Steps, f.Trace = slices.Clone(e.path), len(e.path), e.trace
		f.Schedule = formatSchedule(e.mode, e.path)
		x.Failure = f
	}
}

// replay runs one schedule with a trace.
func (x *explorer) replay(path []transition) {
	e := x.exec
	e.reset()
	e.maxSteps, e.tracing, e.chooser = x.MaxSteps, true, &replayer{path: path}
	if e.mode.plain {
		e.follower = &dfs{}
	}
	e.run(x.program)
	e.nameLocations()
	x.Trace = e.trace
	x.note(e)
}

// explain replays the failure to record its trace.
func (x *explorer) explain() {
	found, result := x.Failure, x.Result
	if found.Kind == Nondeterministic {
		return
	}
	x.Failure = nil
	x.replay(found.path)
	again := x.Failure
	x.Result = result
	if again == nil || again.Kind != found.Kind {
		found.Message = fmt.Sprintf("%s: %s; but its schedule, run again, does not fail so", found.Kind, found.Message)
		found.Kind = Nondeterministic
		return
	}
	x.Failure = again
}
