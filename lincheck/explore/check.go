package explore

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/lincheck/explore/standin/flow"
)

// Environment is the name of the environment variable that holds the Settings. The command
// "runbench explore test" sets it for the test binaries that it builds.
const Environment = "EXPLORE_SETTINGS"

// Settings says how Check explores, as JSON in the environment.
type Settings struct {
	Preempt int           // if not negative: explore only schedules with so many preemptions
	PCT     int           // if positive: run only so many random schedules
	Time    time.Duration // longest time for each Check; 0 means one minute
	Plain   bool          // plain accesses are steps
	Replay  string        // run only this schedule
	Results string        // the file to which outcomes are appended, as JSON
	Limits  []string      // what the build could not instrument
}

// Checked is what a Check found out.
type Checked struct {
	Test string `json:"test"`
	Result
}

// TB is the part of testing.TB that Check uses.
type TB interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Failed() bool
}

// X is one execution of a test body. Its methods may be called by the body and by all goroutines
// that it starts.
type X struct {
	exec  *Exec // nil with real goroutines
	mu    sync.Mutex
	wait  sync.WaitGroup
	after []func()
	fail  string
}

// Check runs body in all schedules if the test was built by "runbench explore test". Under plain
// go test it runs body many times with real goroutines, for about a tenth of a second. It reports
// the first failure to t. An execution fails if it panics, if a method of x fails it, or if it
// cannot end. It ends when body and the goroutines of [X.Go] have returned and the other goroutines
// cannot continue.
func Check(t TB, body func(x *X)) {
	t.Helper()
	text, ok := os.LookupEnv(Environment)
	if !ok {
		stress(t, body)
		return
	}
	var s Settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Errorf("the environment variable %s: %v; want the settings that runbench explore test writes", Environment, err)
		return
	}
	res, err := s.explore(t, body)
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	t.Logf("%s", res)
	if res.Failure != nil {
		t.Errorf("%s", res.Failure.Error())
	}
	if err := s.record(Checked{t.Name(), res}); err != nil {
		t.Errorf("the outcome of %s: %v", t.Name(), err)
	}
}

// record appends an outcome to the file of outcomes.
func (s *Settings) record(o Checked) error {
	if s.Results == "" {
		return nil
	}
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.Results, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// explore searches exhaustively for half of the time. If that does not end, it searches by
// preemptions, and then at random.
func (s *Settings) explore(t TB, body func(x *X)) (res Result, err error) {
	if s.Time == 0 {
		s.Time = time.Minute
	}
	program := func(e *Exec) {
		for _, what := range s.Limits {
			e.e.Uncontrolled(what)
		}
		e.Main(func() {
			flow.Reset()
			x := &X{exec: e}
			e.Finally(x.finish)
			body(x)
			if t.Failed() {
				x.Failf("the test has failed")
			}
		})
	}
	cfg := Config{Plain: s.Plain, Replay: s.Replay, MaxTime: s.Time}
	switch {
	case s.Replay != "":
		return Run(cfg, program)
	case s.PCT > 0:
		cfg.Search = PCT(3, s.PCT, 1)
		return Run(cfg, program)
	case s.Preempt >= 0:
		cfg.Search = UpTo(s.Preempt)
		return Run(cfg, program)
	}
	var tried []string
	cfg.MaxTime = s.Time / 2
	for _, cfg.Search = range []Search{Exhaustive(), UpTo(3), PCT(3, 1<<30, 1)} {
		if res, err = Run(cfg, program); err != nil || res.Failure != nil || res.Complete {
			break
		}
		tried = append(tried, res.Completeness)
		cfg.MaxTime = s.Time / 4
	}
	if res.Failure == nil && len(tried) > 0 {
		res.Completeness = strings.Join(tried, "; ")
	}
	return res, err
}

// Go starts a goroutine with a name. The execution ends when f has returned.
func (x *X) Go(name string, f func()) {
	if h := hooked.Current(); h != nil && x.exec != nil {
		h.Spawn(name, f)
		return
	}
	x.wait.Go(func() {
		defer x.recover(name)
		f()
	})
}

// Finally adds a check that runs alone after all goroutines have ended.
func (x *X) Finally(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.after = append(x.after, f)
}

// Failf fails the execution with a message and ends the calling goroutine.
func (x *X) Failf(format string, args ...any) {
	if x.exec != nil {
		e := x.exec.e
		who := "the final check"
		if e.current != nil {
			who = e.current.name
		}
		e.fail(Assertion, "%s: %s", who, fmt.Sprintf(format, args...))
		if e.current == nil {
			panic(abandoned{})
		}
		e.abandon()
	}
	x.mu.Lock()
	if x.fail == "" {
		x.fail = fmt.Sprintf(format, args...)
	}
	x.mu.Unlock()
	runtime.Goexit()
}

// Name names root in traces, and what can be reached from root.
func (x *X) Name(name string, root any) {
	if x.exec != nil {
		x.exec.Name(name, root)
	}
}

func (x *X) finish() {
	for _, f := range x.after {
		f()
	}
}

func (x *X) recover(name string) {
	if p := recover(); p != nil {
		x.mu.Lock()
		defer x.mu.Unlock()
		if x.fail == "" {
			x.fail = fmt.Sprintf("%s: panic: %v", name, p)
		}
	}
}

// stressTime is how long Check runs a body with real goroutines.
const stressTime = 100 * time.Millisecond

func stress(t TB, body func(x *X)) {
	t.Helper()
	start := time.Now()
	for n := 1; n == 1 || time.Since(start) < stressTime; n++ {
		x := &X{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer x.recover("main")
			body(x)
		}()
		<-done
		x.wait.Wait()
		done = make(chan struct{})
		go func() {
			defer close(done)
			defer x.recover("the final check")
			x.finish()
		}()
		<-done
		if x.fail != "" {
			t.Errorf("run %d with real goroutines: %s", n, x.fail)
			return
		}
	}
}
