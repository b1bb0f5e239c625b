package explore

import (
	"fmt"
	"slices"
	"time"
)

// Search is how the executions of a program are chosen: see Exhaustive, UpTo and PCT.
type Search struct {
	kind    searchKind
	bound   int
	depth   int
	samples int
	seed    uint64
}

type searchKind uint8

const (
	exhaustive searchKind = iota
	sleepSets
	bounded
	sampled
)

// Exhaustive visits every class of executions that differ only in the order of
// independent steps.
func Exhaustive() Search { return Search{} }

// SleepSets visits the same classes as Exhaustive, trying every goroutine in every state
// and leaving to sleep sets alone what need not be followed. That is many times slower, and
// easier to believe: the two are held against each other.
func SleepSets() Search { return Search{kind: sleepSets} }

// UpTo visits all executions of at most k preemptions: first those of none, then those
// of one, and so on, and ends at the first number that has a failure.
func UpTo(k int) Search { return Search{kind: bounded, bound: k} }

// PCT runs the given number of random executions that are good at finding bugs of
// that depth, which is the number of ordering constraints that the bug needs.
func PCT(depth, samples int, seed uint64) Search {
	return Search{kind: sampled, depth: depth, samples: samples, seed: seed}
}

// Config says how to explore.
type Config struct {
	Search Search
	// TSO gives each goroutine a store buffer for its plain stores, as x86 has.
	TSO bool
	// OneWait makes each wait by hooked.AwaitWhole one blocking step.
	OneWait bool
	// Timeouts is how many of its timeouts may end each goroutine's sleeps. With 0, the
	// default, none ever does, so that a lost wake-up is not hidden by one.
	Timeouts int
	// MaxSteps is the length at which an execution is a livelock; 0 means 10,000.
	MaxSteps int
	// MaxExecutions and MaxTime end the search; 0 means no limit.
	MaxExecutions int
	MaxTime       time.Duration
	// Replay is the schedule of a failure. One execution is run, as it says, with a trace;
	// Search, TSO, OneWait and Timeouts do not count.
	Replay string
}

// Result is what an exploration found.
type Result struct {
	Executions   int    // that ran to their end
	Redundant    int    // that were given up as soon as they were seen to repeat others
	Longest      int    // moves in the longest
	Completeness string // "exhaustive", "exhaustive up to 2 preemptions", "sampled 1000", …
	Complete     bool   // the search visited all that it set out to visit
	Outcomes     map[string]int
	Elapsed      time.Duration
	Failure      *Failure // nil if none was found
	Trace        []Event  // of a replay
}

func (r Result) String() string {
	s := fmt.Sprintf("%s: %d executions of at most %d steps, %d more begun, %v", r.Completeness, r.Executions, r.Longest, r.Redundant, r.Elapsed.Round(time.Millisecond))
	if r.Failure != nil {
		s += ": " + string(r.Failure.Kind)
	}
	return s
}

// shorten is how many executions are spent, once a failure is found, to find a shorter one.
const shorten = 2000

// explorer is one exploration.
type explorer struct {
	Config
	program Program
	start   time.Time
	begun   int // executions, of all bounds
	since   int // of them since the first failure
	exec    *execution
	Result
}

// Run explores program. The error tells of a Config that makes no sense; what is wrong
// with the program is in the Result. It blocks for as long as the search takes.
func Run(cfg Config, program Program) (Result, error) {
	if cfg.MaxSteps == 0 {
		cfg.MaxSteps = 10_000
	}
	x := &explorer{Config: cfg, program: program, start: time.Now()}
	x.exec = &execution{mode: mode{cfg.TSO, cfg.OneWait, cfg.Timeouts}, numbers: map[any]int{}}
	defer x.exec.close()
	x.Outcomes = map[string]int{}
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
			x.Executions, x.Redundant, x.Outcomes = 0, 0, map[string]int{} // the next bound visits them again
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

// visit runs all executions of a depth-first search and reports whether it came to its
// end. After a failure it looks for a shorter one for a while.
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

func (x *explorer) exhausted() bool {
	return x.MaxExecutions > 0 && x.begun >= x.MaxExecutions || x.MaxTime > 0 && time.Since(x.start) >= x.MaxTime
}

// execute runs the program once, as c chooses.
func (x *explorer) execute(c chooser) {
	e := x.exec
	e.reset()
	e.maxSteps, e.chooser = x.MaxSteps, c
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

// note takes over what an execution has found.
func (x *explorer) note(e *execution) {
	x.Longest = max(x.Longest, len(e.path))
	if e.outcome != "" {
		x.Outcomes[e.outcome]++
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
	e.run(x.program)
	e.nameLocations()
	x.Trace = e.trace
	x.note(e)
}

// explain replays the failure, for its trace.
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
