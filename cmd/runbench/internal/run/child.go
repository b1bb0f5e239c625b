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
	// Start starts a process that runs [Serve] in a program of that link. When ctx ends, the
	// process prints the stacks of its goroutines and is killed.
	Start func(ctx context.Context, link int) (*Process, error)
	// Cause says in one line why a process ended, and in which way, from what it printed and its
	// end, which is nil if it exited with code 0.
	Cause func(printed string, end error) (cause string, how Ended)
	// Where says in one line in which functions the goroutines were, from their stacks.
	Where func(printed string) string
	// Hang is how long a process may make no progress, beside the time that a step takes. It is
	// 0 for 20 s.
	Hang time.Duration
	// Failed is called when a map has failed. Its remaining cells are not measured. If it is not
	// known which map ended a process, it is called with a Failure without a map, and with the cell
	// that was measured then. The cells of that block are measured again.
	Failed func(Failure) error
	// Waits is called if the context of Run ends while these jobs are measured. It may be nil.
	Waits func(jobs []plan.Job)
	// AtOnce, when it is closed, ends a Run with [ErrStopped] and without its running cells.
	AtOnce <-chan struct{}
}

// Ended is in which way a process ended.
type Ended int

// The ways.
const (
	Otherwise Ended = iota
	Killed          // by a signal
	Starved         // Go got no memory from the system
)

// Process is a process that [Children] have started.
type Process struct {
	Cmd     *exec.Cmd
	Orders  io.WriteCloser // its standard input
	Answers io.ReadCloser
	Printed fmt.Stringer // what it prints to its standard output and error, complete when it has ended
}

func (c *Children) hang() time.Duration {
	if c.Hang == 0 {
		return defaultHang
	}
	return c.Hang
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
	Map     string   // its name, without that of a twin; "" if it is not known
	Job     plan.Job // the cell
	Reason  string   // in one line
	Printed string   // by the process
	// NoProof says that memory was short, but that the map need not be the reason.
	NoProof bool
}

// child is a process that measures.
type child struct {
	*Process
	number  int // of the process, in the plan
	started time.Time
	kill    context.CancelFunc // after it has printed its stacks
	orders  *json.Encoder
	sends   sync.Mutex // held while an order is sent
	answers *json.Decoder
	marks   *os.File
	guard   memoryGuard
}

// send sends the child an order.
func (c *child) send(o request) error {
	c.sends.Lock()
	defer c.sends.Unlock()
	return c.orders.Encode(o)
}

// needChild starts the process that measures j, if it does not run.
func (r *Runner) needChild(j plan.Job) error {
	if r.child != nil && r.child.number != j.Process {
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
	// Both have opened the file. Where an open file cannot be removed, release does it.
	_ = os.Remove(r.child.marks.Name())
	own := results.CollectEnvironment(nil)
	if a.Commit != own.Commit || a.Dirty != own.Dirty {
		is := results.Environment{Commit: a.Commit, Dirty: a.Dirty}
		return fmt.Errorf("link %d is of %s, and this program of %s; want the same", j.Link, is.CommitLabel(), own.CommitLabel())
	}
	return nil
}

func (r *Runner) startChild(j plan.Job) (err error) {
	ctx, kill := context.WithCancel(context.Background())
	c := &child{number: j.Process, kill: kill, guard: newMemoryGuard()}
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
	c.started = time.Now()
	if c.Process, err = r.Children.Start(ctx, j.Link); err != nil {
		return err
	}
	c.orders, c.answers = json.NewEncoder(c.Orders), json.NewDecoder(c.Answers)
	r.child, r.before = c, nil
	return nil
}

// release gives up what belongs to a child that has ended.
func (c *child) release() {
	c.kill()
	if c.Process != nil {
		_ = c.Answers.Close() // every answer has arrived
	}
	if c.marks != nil {
		_ = c.marks.Close() // it is of no use any more
		_ = os.Remove(c.marks.Name())
	}
}

// endChild ends the child, if there is one. Every answer has arrived already.
func (r *Runner) endChild() {
	if c := r.child; c != nil {
		_ = c.Orders.Close()
		late := time.AfterFunc(r.Children.hang(), c.kill) // a map may have left goroutines that spin
		_ = c.Cmd.Wait()
		late.Stop()
		c.release()
		r.child = nil
	}
}
