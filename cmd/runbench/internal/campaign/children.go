package campaign

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"doublebuf/analysis"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/lincheck/drive"
	"doublebuf/lincheck/history"
	"doublebuf/results"
)

// MeasureCommand is the command of runbench that a child runs. It measures for its parent.
const MeasureCommand = "measure-child"

// children says how cells are measured: in a child process, so that a map that hangs or crashes
// does not end the run. programs holds the program of each link.
func (c *Campaign) children(programs []string) run.Children {
	return run.Children{
		Start: func(ctx context.Context, link int) (*run.Process, error) {
			cmd := drive.Command(ctx, programs[link-1], MeasureCommand)
			orders, err := cmd.StdinPipe()
			if err != nil {
				return nil, err
			}
			p, err := drive.Start(cmd)
			if err != nil {
				return nil, err
			}
			return &run.Process{Cmd: cmd, Orders: orders, Answers: p.Answers, Printed: &p.Printed}, nil
		},
		Cause: func(printed string, end error) (string, run.Ended) {
			cause, how := drive.Cause(printed, end)
			return cause, map[drive.Ended]run.Ended{drive.Killed: run.Killed, drive.Starved: run.Starved}[how]
		},
		Where: drive.Summarize, Hang: c.Hang, Failed: c.failed, Waits: c.waits, AtOnce: c.AtOnce,
	}
}

// failed records that a map failed while it was measured, with what it printed as evidence, and
// says what will be missing. If it is not known which map ended a process, it only says so.
func (c *Campaign) failed(f run.Failure) error {
	c.loop.newLine()
	if f.Map == "" {
		fmt.Fprintf(c.Warn, "runbench: warning: a process ended in the turn of %s, but no map ended it when it was measured alone; the cells of block %d are measured again: %s\n", f.Job.ID.Impl, f.Job.Block, f.Reason)
		return nil
	}
	e, ok := plan.FindMap(c.Maps, f.Map)
	if !ok {
		return fmt.Errorf("%s: %s", f.Map, f.Reason)
	}
	dir := filepath.Join(c.Dir, gate.EvidenceDir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	v := drive.NewVerdict(e)
	v.Outcome, v.Checker, v.Reason = history.Illegal, crashed, f.Reason
	did := "failed"
	if f.NoProof {
		v.Outcome, did = history.Unknown, "ended"
	}
	drive.KeepOutput(&v, f.Printed, dir)
	r := recorded(v, c.Dir)
	r.Evidence = append(r.Evidence, fmt.Sprintf("%s of block %d", f.Job.ID.Name(), f.Job.Block))
	c.store.manifest.Verdicts = append(c.store.manifest.Verdicts, r)
	missing := "its remaining cells are skipped"
	switch {
	case e.Kind().Role == kv.Floor:
		missing += ", and with them the floor: the cost of the harness itself"
	case c.controls(f.Map):
		missing += ", and with them the A/A control, which measures it twice"
	}
	fmt.Fprintf(c.Warn, "runbench: warning: %s %s in %s of block %d: %s; %s\n", f.Map, did, f.Job.ID.Name(), f.Job.Block, f.Reason, missing)
	return c.store.save()
}

// controls reports whether the plan has an A/A control of the map.
func (c *Campaign) controls(impl string) bool {
	for _, cell := range c.plan.All() {
		if of, twin := results.Original(cell.Impl); twin && of == impl {
			return true
		}
	}
	return false
}

// waits says what an interrupted campaign waits for.
func (c *Campaign) waits(jobs []plan.Job) {
	var maps []string
	for _, j := range jobs {
		maps = append(maps, j.ID.Impl)
	}
	c.loop.newLine()
	fmt.Fprintf(c.Warn, "runbench: interrupted; waiting for block %d of %s (%s); interrupt again to stop at once, without it\n",
		jobs[0].Block, analysis.Describe(jobs[0].ID.Workload()), strings.Join(maps, ", "))
}
