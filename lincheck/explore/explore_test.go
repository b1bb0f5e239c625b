package explore

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"doublebuf/impl/atomicx/hooked"
)

func run(t *testing.T, cfg Config, p Program) Result {
	t.Helper()
	res, err := Run(cfg, p)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// independent starts n goroutines of k steps each that share no location.
func independent(n, k int) Program {
	return func(x *Exec) {
		words := make([]hooked.Int64, n)
		for g := range n {
			x.Go(fmt.Sprint(g), func() {
				for range k {
					words[g].Add(1)
				}
			})
		}
	}
}

// contended starts n goroutines that write the same word once.
func contended(n int) Program {
	return func(x *Exec) {
		var word hooked.Int64
		for g := range n {
			x.Go(fmt.Sprint(g), func() { word.Swap(int64(g)) })
		}
	}
}

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		name    string
		search  Search
		program Program
		want    int
	}{
		{"independent goroutines have one execution", Exhaustive(), independent(4, 5), 1},
		{"each order of n writes is one", Exhaustive(), contended(5), 120},
		{"without preemption only the orders of the goroutines", UpTo(0), independent(3, 4), 6},
		{"one preemption of two goroutines of k steps: 2 + 2(k-1)", UpTo(1), independent(2, 4), 8},
		{"all interleavings within the bound", UpTo(8), independent(2, 4), 70},
	} {
		t.Run(c.name, func(t *testing.T) {
			if res := run(t, Config{Search: c.search}, c.program); res.Executions != c.want || !res.Complete {
				t.Errorf("%v, want %d executions", res, c.want)
			}
		})
	}
}

func TestCompleteness(t *testing.T) {
	for _, c := range []struct {
		cfg      Config
		want     string
		complete bool
	}{
		{Config{Search: Exhaustive()}, "exhaustive", true},
		{Config{Search: UpTo(2)}, "exhaustive up to 2 preemptions", true},
		{Config{Search: PCT(2, 7, 1)}, "sampled 7", false},
		{Config{Search: Exhaustive(), MaxExecutions: 10}, "incomplete, stopped after 10 executions", false},
		{Config{Search: Exhaustive(), MaxExecutions: 24}, "exhaustive", true},
		{Config{Search: Exhaustive(), MaxTime: time.Nanosecond}, "incomplete, stopped after 1 executions", false},
		{Config{Search: UpTo(2), MaxExecutions: 30}, "incomplete, stopped after", false},
	} {
		if res := run(t, c.cfg, contended(4)); !strings.HasPrefix(res.Completeness, c.want) || res.Complete != c.complete {
			t.Errorf("%+v: %v, complete %v; want %q", c.cfg, res, res.Complete, c.want)
		}
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    FailureKind
		message string
		program Program
	}{
		{"panic", Panic, "P: oh", func(x *Exec) { x.Go("P", func() { panic("oh") }) }},
		{"assertion", Assertion, "P: 1 is not 2", func(x *Exec) { x.Go("P", func() { x.Failf("%d is not %d", 1, 2) }) }},
		{"final check", Panic, "the final check: oh", func(x *Exec) { x.Finally(func() { panic("oh") }) }},
		{"unlock", Panic, "not locked", func(x *Exec) {
			var m hooked.Mutex
			x.Go("P", func() { m.Unlock() })
		}},
		{"copy read while written", Exclusion, "is read while it is being written", func(x *Exec) {
			c := new(int)
			hooked.BeginWrite(c)
			x.Go("P", func() { Reading(c, func() {}) })
		}},
		{"copy written while read", Exclusion, "is written while it is being read", func(x *Exec) {
			c := new(int)
			x.Go("R", func() { Reading(c, func() {}) })
			x.Go("W", func() { hooked.BeginWrite(c); hooked.EndWrite(c) })
		}},
		{"endless loop", Livelock, "no end after", func(x *Exec) {
			var n hooked.Int64
			x.Go("P", func() {
				for {
					n.Load()
				}
			})
		}},
		{"clock in the program", Nondeterministic, "", func() Program {
			n := 0
			return func(x *Exec) {
				var w hooked.Int64
				n++
				odd := n%2 == 1
				x.Go("P", func() {
					w.Load()
					if odd {
						w.Load()
					}
				})
				x.Go("Q", func() { w.Add(1) })
			}
		}()},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := run(t, Config{Search: Exhaustive(), MaxSteps: 500}, c.program)
			if f := res.Failure; f == nil || f.Kind != c.kind || !strings.Contains(f.Message, c.message) {
				t.Errorf("%v, want %s: %s", f, c.kind, c.message)
			}
		})
	}
}

// A failure that is found late is reported with a short schedule.
func TestShortestIsKept(t *testing.T) {
	program := func(x *Exec) {
		var n, noise hooked.Int64
		x.Go("loud", func() {
			if n.Load() == 0 {
				for range 20 {
					noise.Add(1)
				}
			}
			n.Add(1)
		})
		x.Go("quiet", func() { n.Add(1) })
		x.Finally(func() { x.Failf("always") })
	}
	if res := run(t, Config{Search: Exhaustive()}, program); res.Failure.Steps != 3 {
		t.Errorf("%d steps, want 3:\n%v", res.Failure.Steps, res.Failure)
	}
}

// A timeout or a cancellation ends a sleep like a wake-up does. A timeout only happens if the
// Config asks for it.
func TestSleepsEnd(t *testing.T) {
	program := func(x *Exec) {
		parker, cancel := hooked.NewParker(), make(chan struct{})
		var got hooked.Wake
		x.Go("sleeper", func() { got = parker.Park(cancel, time.Second) })
		x.Go("waker", func() { parker.Unpark() })
		x.Go("canceller", func() { hooked.Close(cancel) })
		x.Finally(func() { x.FinalState("%v", got) })
	}
	for timeouts, want := range []string{"Cancelled Woken", "Cancelled TimedOut Woken"} {
		for _, s := range []Search{Exhaustive(), UpTo(2)} {
			res := run(t, Config{Search: s, Timeouts: timeouts}, program)
			if got := keys(res.FinalStates); got != want {
				t.Errorf("%d timeouts: %q, want %q", timeouts, got, want)
			}
		}
	}
	lonely := func(x *Exec) {
		parker := hooked.NewParker()
		x.Go("sleeper", func() { parker.Park(context.Background().Done(), time.Second) })
	}
	if res := run(t, Config{Search: Exhaustive()}, lonely); res.Failure == nil || res.Failure.Kind != LostWakeUp {
		t.Errorf("a timeout hides a lost wake-up: %v", res)
	}
	if res := run(t, Config{Search: Exhaustive(), Timeouts: 1}, lonely); res.Failure != nil {
		t.Error(res.Failure)
	}
}

// Goroutines of abandoned executions are unwound: their deferred calls run.
func TestUnwinding(t *testing.T) {
	begun, ended := 0, 0
	run(t, Config{Search: Exhaustive()}, func(x *Exec) {
		var m hooked.Mutex
		var n hooked.Int64
		for range 3 {
			x.Go("P", func() {
				begun++
				defer func() { ended++ }()
				m.Lock()
				defer m.Unlock()
				n.Add(1)
			})
		}
	})
	run(t, Config{Search: Exhaustive()}, func(x *Exec) {
		var m hooked.Mutex
		x.Go("P", func() {
			begun++
			defer func() { ended++ }()
			m.Lock()
			defer m.Unlock()
			m.Lock() // waits for itself
		})
	})
	run(t, Config{Search: Exhaustive()}, func(x *Exec) {
		x.Go("P", func() { panic("before its first step") })
		x.Go("Q", func() { t.Error("a goroutine is begun after the end") })
	})
	if begun != ended || begun < 10 {
		t.Errorf("%d goroutines began and %d ended", begun, ended)
	}
}

func TestSchedules(t *testing.T) {
	for _, s := range []string{"sc:A3B1A12", "tso:Af2B1", "sc+wait:", "tso+wait+t3:At1B2"} {
		m, path, err := parseSchedule(s)
		if err != nil || formatSchedule(m, path) != s {
			t.Errorf("%q comes back as %q, %v", s, formatSchedule(m, path), err)
		}
	}
	for _, s := range []string{"A1", "arm:A1", "sc+nap:A1", "sc+t:A1", "sc:a1", "sc:A", "sc:A0", "sc:Ax1", "sc:A1 B2", "sc:A99999999999999999999"} {
		if _, err := Run(Config{Replay: s}, contended(2)); err == nil {
			t.Errorf("schedule %q is accepted", s)
		}
	}
	res := run(t, Config{Replay: "sc:C1"}, contended(2))
	if res.Failure == nil || res.Failure.Kind != Nondeterministic {
		t.Errorf("a schedule of another program: %v", res)
	}
}

// In every search a loop with Yield can wait for other goroutines to end it. A lap that changes
// something may call Yield too.
func TestYield(t *testing.T) {
	program := func(x *Exec) {
		var laps, end hooked.Int64
		x.Go("spinner", func() {
			for end.Load() == 0 {
				hooked.Yield()
			}
			for range 3 {
				laps.Add(1)
				hooked.Yield()
			}
		})
		x.Go("other", func() { laps.Load(); end.Store(1) })
	}
	for _, s := range []Search{Exhaustive(), UpTo(3), PCT(3, 100, 1)} {
		if res := run(t, Config{Search: s, MaxSteps: 200}, program); res.Failure != nil {
			t.Error(res.Failure)
		}
	}
}
