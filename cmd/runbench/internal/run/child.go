package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// Children says how to start the processes that measure for a Runner, and what to do if one fails.
type Children struct {
	// Start returns the command that runs [Serve] in a program of that link. It keeps what the
	// process writes to stderr. When ctx ends, the process writes the stacks of its goroutines
	// there and is killed.
	Start func(ctx context.Context, link int) (cmd *exec.Cmd, stderr fmt.Stringer)
	// Cause says in one line how a process ended, from its stderr and its end, which is nil if it
	// exited with code 0. killed is true if a signal from outside ended it.
	Cause func(stderr string, end error) (cause string, killed bool)
	// Where says in one line in which functions the goroutines were, from their stacks.
	Where func(stderr string) string
	// Hang is how long a process may make no progress, beside the time that a step takes. It is
	// 0 for 20 s.
	Hang time.Duration
	// Failed is called when a map has failed. Its remaining cells are not measured.
	Failed func(Failure) error
	// Waits is called if the context of Run ends while these jobs are measured. It may be nil.
	Waits func(jobs []plan.Job)
	// AtOnce, when it is closed, ends a Run with [ErrStopped] and without its running cells.
	AtOnce <-chan struct{}
}

func (c *Children) waits(jobs []plan.Job) {
	if c.Waits != nil {
		c.Waits(jobs)
	}
}

// ErrStopped is the error of a Run that was stopped at once.
var ErrStopped = errors.New("stopped at once")

// Failure is what a map did instead of being measured.
type Failure struct {
	Map    string   // its name, without that of a twin
	Job    plan.Job // the cell
	Reason string   // in one line
	Stderr string   // of the process
}

// child is a process that measures.
type child struct {
	process int
	cmd     *exec.Cmd
	kill    context.CancelFunc // after it has written its stacks
	stdin   io.WriteCloser
	orders  *json.Encoder
	sends   sync.Mutex // held while an order is sent
	answers *json.Decoder
	stderr  fmt.Stringer
	marks   *os.File
	guard   memoryGuard
}

// send sends the child an order.
func (c *child) send(o request) error {
	c.sends.Lock()
	defer c.sends.Unlock()
	return c.orders.Encode(o)
}

// death is how a process ended before it answered.
type death struct {
	at     mark // what it did
	reason string
	stderr string
	killed bool // from outside
}

func (d *death) Error() string { return d.reason }

// measureInChild measures a cohort in the child process of its set, which it starts if need be. If
// a map ends the process or hangs, it measures the others again in another process.
func (r *Runner) measureInChild(cohort []plan.Job) ([]results.Cell, error) {
	for innocent := false; ; {
		if cohort = r.healthy(cohort); len(cohort) == 0 {
			return nil, nil
		}
		if err := r.needChild(cohort[0]); err != nil {
			return nil, err
		}
		a, err := r.ask(request{Jobs: cohort}, cohort)
		var d *death
		switch {
		case err == nil && a.Cut:
			return nil, r.ctx.Err()
		case !errors.As(err, &d):
			return a.Cells, err
		case d.killed:
			return nil, fmt.Errorf("process %d was killed from outside: %w", cohort[0].Process, d)
		case d.at.step == between && innocent:
			return nil, fmt.Errorf("process %d failed, and so did another one in its place: %w", cohort[0].Process, d)
		case d.at.step == between:
			innocent = true
			continue
		}
		if err := r.blame(cohort[min(d.at.job, len(cohort)-1)], d); err != nil {
			return nil, err
		}
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// healthy returns the jobs of maps that have not failed.
func (r *Runner) healthy(cohort []plan.Job) (jobs []plan.Job) {
	for _, j := range cohort {
		if impl, _ := results.Original(j.ID.Impl); !r.failed[impl] {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// blame says that the map of a job has failed.
func (r *Runner) blame(j plan.Job, d *death) error {
	impl, _ := results.Original(j.ID.Impl)
	r.failed[impl] = true
	if r.Children.Failed == nil {
		return fmt.Errorf("%s: %w", j.ID.Name(), d)
	}
	return r.Children.Failed(Failure{Map: impl, Job: j, Reason: d.reason, Stderr: d.stderr})
}

// needChild starts the process that measures j, if it does not run.
func (r *Runner) needChild(j plan.Job) error {
	if r.child != nil && r.child.process != j.Process {
		r.endChild()
	}
	if r.child != nil {
		return nil
	}
	if err := r.startChild(j); err != nil {
		return fmt.Errorf("cannot start process %d, of link %d: %w", j.Process, j.Link, err)
	}
	a, err := r.ask(request{Plan: &r.plan, Steps: r.child.marks.Name()}, nil)
	if err != nil {
		return fmt.Errorf("process %d: %w", j.Process, err)
	}
	own := results.CollectEnvironment(nil)
	if a.Commit != own.Commit || a.Dirty != own.Dirty {
		is := results.Environment{Commit: a.Commit, Dirty: a.Dirty}
		return fmt.Errorf("link %d is of %s, and this program of %s; want the same", j.Link, is.CommitLabel(), own.CommitLabel())
	}
	return nil
}

func (r *Runner) startChild(j plan.Job) (err error) {
	ctx, kill := context.WithCancel(context.Background())
	c := &child{process: j.Process, kill: kill, guard: newMemoryGuard()}
	defer func() {
		if err != nil {
			c.release()
		}
	}()
	if c.marks, err = os.CreateTemp("", "runbench-marks-"); err != nil {
		return err
	}
	// The child prepares itself as this process did.
	if _, err = c.marks.Write(mark{expected: r.took}.bytes()); err != nil {
		return err
	}
	c.cmd, c.stderr = r.Children.Start(ctx, j.Link)
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	c.orders, c.answers = json.NewEncoder(c.stdin), json.NewDecoder(stdout)
	if err = c.cmd.Start(); err == nil {
		r.child = c
	}
	return err
}

// release gives up what belongs to a child that has ended.
func (c *child) release() {
	c.kill()
	if c.marks != nil {
		_ = c.marks.Close() // it is of no use any more
		_ = os.Remove(c.marks.Name())
	}
}

// endChild ends the child, if there is one.
func (r *Runner) endChild() {
	if r.child != nil {
		_ = r.child.stdin.Close()
		_ = r.child.cmd.Wait() // every answer has arrived already
		r.child.release()
		r.child = nil
	}
}
