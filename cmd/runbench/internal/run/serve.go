package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// A child reads the plan, and then one cohort of jobs after another, as JSON from its standard
// input. It answers each on a pipe. While it measures, its parent only looks at the
// marks from time to time. While the parent writes the cells to the disk, the child waits. The
// child ends at the end of its input, so that no child remains if the parent is killed.

// request is what a child is asked for. The first one has the plan, and the file for marks.
type request struct {
	Plan  *plan.Plan `json:",omitempty"`
	Steps string     `json:",omitempty"`
	Jobs  []plan.Job `json:",omitempty"` // a cohort to measure
	Cut   bool       `json:",omitempty"` // give up the maps that are being filled

	Linger time.Duration `json:",omitempty"` // do nothing for this time

	Number uint64 // drawn for this request; the answer repeats it
}

// answer is what a child answers to the plan, and to each cohort.
type answer struct {
	Number uint64 // of the request, which a map cannot know
	Commit string // in the answer to the plan: what the child was built from
	Dirty  bool
	Cells  []results.Cell
	Cut    bool // as it was asked to
	Error  string
}

// Serve measures the jobs that a Runner in another process sends on in, and answers on out. It
// blocks until in ends. If in ends while a cohort is measured, nobody waits for the answer, and
// Serve ends the process.
func Serve(entries []kv.Entry, in io.Reader, out io.Writer) error {
	orders, answers := json.NewDecoder(in), json.NewEncoder(out)
	var first request
	if err := orders.Decode(&first); err != nil || first.Plan == nil {
		return fmt.Errorf("no plan: %w", err)
	}
	env := results.CollectEnvironment(nil)
	hello := answer{Number: first.Number, Commit: env.Commit, Dirty: env.Dirty}
	r, err := New(*first.Plan, entries)
	if err == nil {
		r.marks, err = openMarks(first.Steps)
	}
	if err != nil {
		hello.Error = err.Error()
	}
	if err := answers.Encode(hello); err != nil || hello.Error != "" {
		return err
	}
	preferKilling()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(r.plan.Procs))
	ctx, cut := context.WithCancel(context.Background())
	defer cut()
	r.ctx = ctx
	var busy atomic.Bool
	failed := error(nil)
	requests := make(chan request)
	go func() {
		defer close(requests)
		for {
			var o request
			switch err := orders.Decode(&o); {
			case err != nil && busy.Load():
				os.Exit(1)
			case err != nil:
				if !errors.Is(err, io.EOF) {
					failed = err
				}
				return
			case o.Cut:
				cut()
			default:
				busy.Store(true)
				requests <- o
			}
		}
	}()
	for o := range requests {
		a := r.answer(o)
		a.Number = o.Number
		busy.Store(false)
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
	return failed
}

func openMarks(path string) (*marker, error) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	return &marker{file: file}, err
}

// answer measures a cohort, or lingers.
func (r *Runner) answer(o request) (a answer) {
	if len(o.Jobs) == 0 {
		r.marks.set(0, between, o.Linger)
		time.Sleep(o.Linger)
		return a
	}
	r.marks.set(0, drawing, drawTime(o.Jobs[0].ID.Keys))
	cells, err := r.measure(o.Jobs)
	switch a.Cells = cells; {
	case err == nil:
		if err = r.marks.failure(); errors.Is(err, syscall.EBADF) {
			panic(fmt.Sprintf("the file for marks is closed, though only a map can have done that: %v", err))
		}
	case err == r.ctx.Err():
		return answer{Cut: true}
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}
