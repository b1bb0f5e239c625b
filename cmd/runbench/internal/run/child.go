package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// A child reads the plan, and then one cohort of jobs after another, as JSON from its standard
// input. It answers each on its standard output. While it measures, this process waits and does
// nothing. While this process writes the cells to the disk, the child waits. The child ends at
// the end of its input, so that no child remains if the parent is killed.

// answer is what a child answers to the plan, and to each cohort.
type answer struct {
	Commit string // in the answer to the plan: what the child was built from
	Dirty  bool
	Cells  []results.Cell
	Error  string
}

// child is a process that measures.
type child struct {
	process int
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	orders  *json.Encoder
	answers *json.Decoder
	stderr  bytes.Buffer
}

// measureInChild measures a cohort in the child process of its set, which it starts if need be.
func (r *Runner) measureInChild(cohort []plan.Job) ([]results.Cell, error) {
	j := cohort[0]
	if r.child != nil && r.child.process != j.Process {
		r.endChild()
	}
	if r.child == nil {
		c, err := startChild(r.Children.Start(j.Link), j.Process)
		if err != nil {
			return nil, fmt.Errorf("cannot start process %d, of link %d: %w", j.Process, j.Link, err)
		}
		r.child = c
		a, err := r.ask(r.plan)
		if err != nil {
			return nil, err
		}
		own := results.CollectEnvironment(nil)
		if a.Commit != own.Commit || a.Dirty != own.Dirty {
			is := results.Environment{Commit: a.Commit, Dirty: a.Dirty}
			return nil, fmt.Errorf("link %d is of %s, and this program of %s; want the same", j.Link, is.CommitLabel(), own.CommitLabel())
		}
	}
	a, err := r.ask(cohort)
	return a.Cells, err
}

// endChild ends the child, if there is one.
func (r *Runner) endChild() {
	if r.child != nil {
		_ = r.child.stdin.Close()
		_ = r.child.cmd.Wait() // every answer has arrived already
		r.child = nil
	}
}

func startChild(cmd *exec.Cmd, process int) (*child, error) {
	c := &child{process: process, cmd: cmd}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.stdin, c.orders, c.answers = stdin, json.NewEncoder(stdin), json.NewDecoder(stdout)
	cmd.Stderr = &c.stderr
	return c, cmd.Start()
}

// ask sends the child an order and waits for its answer.
func (r *Runner) ask(order any) (answer, error) {
	var a answer
	c := r.child
	err := c.orders.Encode(order)
	if err == nil {
		err = c.answers.Decode(&a)
	}
	if err != nil {
		_ = c.stdin.Close()
		var exit *exec.ExitError
		if e := c.cmd.Wait(); errors.As(e, &exit) {
			err = errors.New(r.Children.Cause(c.stderr.String(), exit))
		}
		return answer{}, fmt.Errorf("process %d ended: %w", c.process, err)
	}
	if a.Error != "" {
		return answer{}, errors.New(a.Error)
	}
	return a, nil
}

// Serve measures the jobs that a Runner in another process sends on in, and answers on out. It
// blocks until in ends.
func Serve(entries []kv.Entry, in io.Reader, out io.Writer) error {
	orders, answers := json.NewDecoder(in), json.NewEncoder(out)
	var p plan.Plan
	if err := orders.Decode(&p); err != nil {
		return fmt.Errorf("no plan: %w", err)
	}
	env := results.CollectEnvironment(nil)
	hello := answer{Commit: env.Commit, Dirty: env.Dirty}
	r, err := New(p, entries)
	if err != nil {
		hello.Error = err.Error()
	}
	if err := answers.Encode(hello); err != nil || hello.Error != "" {
		return err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(p.Procs))
	for {
		var cohort []plan.Job
		if err := orders.Decode(&cohort); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var a answer
		if a.Cells, err = r.measure(cohort); err != nil {
			a.Error = err.Error()
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}
