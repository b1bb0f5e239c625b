package run

import (
	"fmt"
	"math/rand/v2"
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
	o.Number = rand.Uint64()
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
				_ = r.endOf(jobs, why)
				return answer{}, ErrStopped
			case err != nil:
				return answer{}, r.endOf(jobs, why)
			case a.Number != o.Number && o.Plan == nil: // before the plan there are no maps
				c.kill()
				return answer{}, r.endOf(jobs, "it wrote to the pipe for answers, which it has not opened,")
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

// endOf waits until the child has ended and returns how it died. jobs are those that it was asked
// for. why is why it was killed, or "".
func (r *Runner) endOf(jobs []plan.Job, why string) *death {
	c := r.child
	r.child = nil
	defer c.release()
	_ = c.Orders.Close()
	end := c.Cmd.Wait()
	d := &death{at: c.mark(), printed: c.Printed.String(), lived: time.Since(c.started)}
	cause, how := r.Children.Cause(d.printed, end)
	scarce := c.guard.scarce(c.Cmd.ProcessState)
	killed := how == Killed && why == ""
	kernel := killed && c.guard.killed()
	d.memory = how == Starved || why == noMemory || killed && scarce || kernel
	d.noProof = d.memory && (d.at.step <= between || d.at.checks(jobs, c.guard.held) || kernel && !scarce)
	d.killed = killed && !d.memory
	d.certain = d.at.step > between && !d.memory && (why != "" || inStep(d.printed))
	if d.reason = c.reason(d, why, cause); why != "" {
		if where := r.Children.Where(d.printed); where != "" {
			d.reason += ", with " + where
		}
	}
	if d.memory && d.at.step == checking {
		d.reason += fmt.Sprintf("; about %s were in use before the maps of its cohort were built, and %s more before the check", size(float64(d.at.harness)), size(float64(d.at.maps)))
	}
	return d
}

// checks reports whether the process checked a final state, and took no more memory for that than
// the check itself may need. held is the most that the process held.
func (m mark) checks(jobs []plan.Job, held float64) bool {
	const (
		perKey = 32       // bytes of arrays, see explain and compareWalk
		slack  = 64 << 20 // what the runtime takes beside them
	)
	return m.step == checking && len(jobs) > 0 && held-float64(m.harness+m.maps) < 2*perKey*float64(jobs[0].ID.Keys)+slack
}

// reason returns in one line why the child died. why is why it was killed, or "". cause is what Go
// or the system said of its end.
func (c *child) reason(d *death, why, cause string) string {
	while := " while " + d.at.step.String()
	memory := noMemory
	if d.noProof {
		memory = noRoom
	}
	switch memory += ", " + c.guard.String() + "," + while; {
	case d.memory && why != "":
		return memory
	case d.memory:
		return memory + ": " + cause
	case why != "":
		return why + while
	case d.killed:
		return "its process was killed" + while + ": " + cause
	}
	return "it ended its process" + while + ": " + cause
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
	noRoom   = "it did not fit into the memory"
)

// look returns why the child must be killed, or "".
func (w *watchdog) look(c *child, now time.Time) (why string) {
	if c.guard.exceeded(c.Cmd.Process.Pid) {
		return noMemory
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
