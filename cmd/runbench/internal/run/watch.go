package run

import (
	"fmt"
	"strings"
	"time"

	"doublebuf/cmd/runbench/internal/plan"
)

const (
	// defaultHang is the Hang of Children that do not say it.
	defaultHang = 20 * time.Second
	// often is how often a step may take longer than expected.
	often = 3
	// lookTime is how often a parent looks at its child. A look takes some microseconds of one
	// processor.
	lookTime = 500 * time.Millisecond
)

// drawTime returns about how long that many keys take to be drawn.
func drawTime(keys int) time.Duration { return time.Duration(keys) * 2 * time.Microsecond }

// ask sends the child an order and waits for its answer. If the child dies first, or makes no
// progress for long and is killed, the error is a death. jobs are those that the order asks for.
func (r *Runner) ask(o request, jobs []plan.Job) (answer, error) {
	c := r.child
	var a answer
	got := make(chan error, 1)
	go func() {
		err := c.send(o)
		if err == nil {
			err = c.answers.Decode(&a)
		}
		got <- err
	}()
	cut, atOnce := r.ctx.Done(), r.Children.AtOnce
	w := r.newWatchdog()
	tick := time.NewTicker(min(lookTime, w.hang/4))
	defer tick.Stop()
	for why := ""; ; {
		select {
		case err := <-got:
			switch {
			case err != nil && atOnce == nil && r.Children.AtOnce != nil:
				_ = r.endOf(why)
				return answer{}, ErrStopped
			case err != nil:
				return answer{}, r.endOf(why)
			case a.Error != "":
				return answer{}, fmt.Errorf("process %d: %s", c.number, a.Error)
			}
			return a, nil
		case <-cut:
			if cut = nil; jobs != nil {
				r.Children.waits(jobs)
				_ = c.send(request{Cut: true}) // it may be dead
			}
		case <-atOnce:
			atOnce = nil
			_ = c.Cmd.Process.Kill() // it may be dead
		case now := <-tick.C:
			if why == "" {
				if why = w.look(c, now); why != "" {
					c.kill()
				}
			}
		}
	}
}

// endOf waits until the child has ended and returns how it died. why is why it was killed, or "".
func (r *Runner) endOf(why string) *death {
	c := r.child
	r.child = nil
	defer c.release()
	_ = c.Orders.Close()
	end := c.Cmd.Wait()
	d := &death{at: c.mark(), printed: c.Printed.String(), lived: time.Since(c.started)}
	cause, killed := r.Children.Cause(d.printed, end)
	d.certain = d.at.step > between && (strings.HasPrefix(why, hangs) || why == "" && inStep(d.printed) && !outOfMemory(cause))
	while := " while " + d.at.step.String()
	d.memory = outOfMemory(cause) || strings.HasPrefix(why, noMemory) || killed && c.guard.scarce(c.Cmd.ProcessState)
	switch {
	case why != "":
		d.reason = why + while
		if where := r.Children.Where(d.printed); where != "" {
			d.reason += ", with " + where
		}
	case d.memory && killed:
		d.reason = noMemory + ", " + c.guard.String() + "," + while
	case killed:
		d.reason, d.killed = "its process was killed"+while+": "+cause, true
	case d.memory:
		d.reason = noMemory + while + ": " + cause
	default:
		d.reason = "it ended its process" + while + ": " + cause
	}
	return d
}

// outOfMemory reports whether the Go runtime ended a program because it got no memory.
func outOfMemory(cause string) bool {
	for _, text := range []string{"out of memory", "cannot allocate memory", "cannot reserve arena", "failed to reserve"} {
		if strings.Contains(cause, text) {
			return true
		}
	}
	return false
}

// mark returns what the child has said last.
func (c *child) mark() mark {
	var b [markSize]byte
	if n, _ := c.marks.ReadAt(b[:], 0); n < markSize {
		return mark{}
	}
	return markOf(b[:])
}

// watchdog finds a child that makes no progress. It adds up the times between its looks, each with
// a limit. So a child does not seem to hang after both processes were stopped for long.
type watchdog struct {
	hang, every time.Duration
	last        time.Time
	mark        mark
	stood       time.Duration // since the mark changed
}

func (r *Runner) newWatchdog() *watchdog {
	w := &watchdog{hang: r.Children.hang(), last: time.Now()}
	w.every = min(lookTime, w.hang/4)
	return w
}

// The beginnings of reasons.
const (
	hangs    = "it hangs: "
	noMemory = "it ran out of memory"
)

// look returns why the child must be killed, or "".
func (w *watchdog) look(c *child, now time.Time) (why string) {
	if c.guard.exceeded(c.Cmd.Process.Pid) {
		return noMemory + ", " + c.guard.String() + ","
	}
	return w.lookAt(c.mark(), now)
}

// lookAt returns why a child with that mark must be killed, or "".
func (w *watchdog) lookAt(m mark, now time.Time) (why string) {
	passed := min(now.Sub(w.last), 2*w.every)
	w.last = now
	if m != w.mark {
		w.mark, w.stood = m, 0
		return ""
	}
	if w.stood += passed; w.stood < w.hang+often*m.expected {
		return ""
	}
	return fmt.Sprintf(hangs+"no progress for %v", w.stood.Round(time.Second/10))
}
