// Package time stands in for parts of time in code that the explorer runs. A timer may fire at any
// moment, and a sleep may end at any moment. A ticker, or a timer that is set again, fires twice.
// The clock begins in the year 2000. It moves by a microsecond at each look of a goroutine at it.
// Without an explorer the package does what time does.
package time

import (
	"time"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/lincheck/explore/standin/flow"
)

// ticks is the number of ticks of a ticker.
const ticks = 2

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Now is time.Now.
func Now() time.Time {
	if h := hooked.Peek(); h != nil {
		return epoch.Add(time.Duration(h.Count(epoch)) * time.Microsecond)
	}
	return time.Now()
}

// Since is time.Since.
func Since(t time.Time) time.Duration { return Now().Sub(t) }

// Until is time.Until.
func Until(t time.Time) time.Duration { return t.Sub(Now()) }

// Sleep is time.Sleep. Under the explorer it is no step, because the steps of other goroutines may
// come between any two steps.
func Sleep(d time.Duration) {
	if hooked.Peek() == nil {
		time.Sleep(d)
	}
}

// Timer has the fields and methods of time.Timer.
type Timer struct {
	C     <-chan time.Time
	c     chan time.Time
	real  *time.Timer
	f     func()
	armed *bool // the timer that is running may fire
	fired int   // how often it has fired
}

// arm starts a goroutine that fires the timer once. Later timers of t do not depend on it.
func (t *Timer) arm(h hooked.Whole) {
	armed := new(bool)
	*armed = true
	t.armed = armed
	if t.fired == ticks {
		h.Uncontrolled("a timer that was set again and again fired only twice")
		return
	}
	h.Spawn("", func() {
		h.Step(hooked.Op{Kind: hooked.OpSignal, Loc: armed, What: "timer"})
		fires := *armed
		*armed = false
		h.Did(fires, nil)
		if fires {
			t.fired++
		}
		switch {
		case !fires:
		case t.f != nil:
			t.f()
		default:
			flow.Select(true, flow.To(t.c).Of(epoch))
		}
	})
}

// disarm stops the running timer and reports whether it had not fired.
func (t *Timer) disarm(h hooked.Whole) bool {
	h.Step(hooked.Op{Kind: hooked.OpStore, Loc: t.armed, What: "Stop"})
	was := *t.armed
	*t.armed = false
	h.Did(was, was)
	return was
}

// NewTimer is time.NewTimer.
func NewTimer(d time.Duration) *Timer { return newTimer(d, nil) }

// AfterFunc is time.AfterFunc.
func AfterFunc(d time.Duration, f func()) *Timer { return newTimer(d, f) }

func newTimer(d time.Duration, f func()) *Timer {
	h := hooked.Current()
	switch {
	case h != nil:
		t := &Timer{f: f}
		if f == nil {
			t.c = make(chan time.Time, 1)
			t.C = t.c
		}
		t.arm(h)
		return t
	case f != nil:
		return &Timer{real: time.AfterFunc(d, f)}
	}
	real := time.NewTimer(d)
	return &Timer{C: real.C, real: real}
}

// After is time.After.
func After(d time.Duration) <-chan time.Time { return NewTimer(d).C }

// Stop is the method of time.Timer.
func (t *Timer) Stop() bool {
	if t.real != nil {
		return t.real.Stop()
	}
	h := hooked.Current()
	if h == nil {
		return false
	}
	was := t.disarm(h)
	if t.c != nil {
		flow.Select(true, flow.From(t.C)) // a stopped timer has no content
	}
	return was
}

// Reset is the method of time.Timer.
func (t *Timer) Reset(d time.Duration) bool {
	if t.real != nil {
		return t.real.Reset(d)
	}
	was := t.Stop()
	if h := hooked.Current(); h != nil {
		t.arm(h)
	}
	return was
}

// Ticker has the fields and methods of time.Ticker.
type Ticker struct {
	C     <-chan time.Time
	timer *Timer
	real  *time.Ticker
}

// NewTicker is time.NewTicker.
func NewTicker(d time.Duration) *Ticker {
	h := hooked.Current()
	if h == nil {
		real := time.NewTicker(d)
		return &Ticker{C: real.C, real: real}
	}
	if d <= 0 {
		panic("non-positive interval for NewTicker")
	}
	h.Uncontrolled("a ticker ticked only twice")
	t := &Timer{c: make(chan time.Time, 1)}
	t.C = t.c
	left := ticks
	t.f = func() {
		flow.Select(true, flow.To(t.c).Of(epoch))
		if left--; left > 0 {
			t.arm(h)
		}
	}
	t.arm(h)
	return &Ticker{C: t.C, timer: t}
}

// Tick is time.Tick.
func Tick(d time.Duration) <-chan time.Time { return NewTicker(d).C }

// Stop is the method of time.Ticker.
func (t *Ticker) Stop() {
	if t.real != nil {
		t.real.Stop()
	} else if h := hooked.Current(); h != nil {
		t.timer.disarm(h)
	}
}

// Reset is the method of time.Ticker.
func (t *Ticker) Reset(d time.Duration) {
	if t.real != nil {
		t.real.Reset(d)
	} else if h := hooked.Current(); h != nil {
		t.timer.disarm(h)
		t.timer.arm(h)
	}
}
