package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// Which map ended a process is certain if it hangs in a step, or if the goroutine that crashed did
// a step. It is not certain otherwise: a goroutine that an earlier map started may have crashed, or
// maps together may have taken all memory. A signal that killed the process says nothing either: a
// map may have sent it, the kernel, or a person. Then each map that may have done it is measured
// alone. One that ends a second process, with no other map in it, has done it.

// death is how a process ended before it answered.
type death struct {
	at      mark // what it did
	reason  string
	printed string
	killed  bool // by a signal
	memory  bool // it ran out of memory
	noProof bool // and the map need not be the reason
	certain bool // the map of the step did it
	lived   time.Duration
}

func (d *death) Error() string { return d.reason }

// inStep reports whether the goroutine that crashed did a step of a cell. Its stack comes first.
func inStep(printed string) bool {
	_, stacks, _ := strings.Cut(printed, "\ngoroutine ")
	first, _, _ := strings.Cut(stacks, "\n\n")
	return strings.Contains(first, "/internal/run.")
}

// measureInChild measures a cohort in the child process of its set, which it starts if need be. If
// a map ends the process or hangs, it measures the others again in another process.
func (r *Runner) measureInChild(cohort []plan.Job) ([]results.Cell, error) {
	for again := false; ; {
		if cohort = r.healthy(cohort); len(cohort) == 0 {
			return nil, nil
		}
		cells, d, err := r.inChild(cohort)
		if d == nil {
			r.measured(cohort)
			return cells, err
		}
		j, d, err := r.culprit(cohort, d)
		if err != nil {
			return nil, err
		}
		impl, _ := results.Original(j.ID.Impl)
		switch {
		case d.certain:
		case !again: // it may have been an accident
			again, impl = true, ""
		case !d.memory || d.at.step <= between:
			return nil, fmt.Errorf("process %d failed in the turn of %s, and so did another one in its place, but no map fails alone; want fewer maps in a run, by -impl: %w", j.Process, impl, d)
		default:
			d.noProof = true // maps have taken the memory together
			d.reason += "; no map runs out of memory alone"
		}
		if err := r.blame(impl, j, d); err != nil {
			return nil, err
		}
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// measured notes that the child has measured a cohort: before has the last job of each map, the
// latest first.
func (r *Runner) measured(cohort []plan.Job) {
	older := slices.DeleteFunc(r.before, func(j plan.Job) bool {
		return slices.ContainsFunc(cohort, func(k plan.Job) bool { return k.ID.Impl == j.ID.Impl })
	})
	r.before = append(slices.Clone(cohort), older...)
}

// inChild measures jobs. It returns how the process ended, if it did.
func (r *Runner) inChild(jobs []plan.Job) (cells []results.Cell, d *death, err error) {
	if err := r.needChild(jobs[0]); err != nil {
		return nil, nil, err
	}
	a, err := r.ask(request{Jobs: jobs}, jobs)
	switch {
	case err == nil && a.Cut:
		return nil, nil, r.ctx.Err()
	case !errors.As(err, &d):
		return a.Cells, nil, err
	}
	return nil, d, nil
}

// culprit returns the cell whose map ended the process that measured a cohort, and how. If that is
// not certain, it returns the cell that was measured.
func (r *Runner) culprit(cohort []plan.Job, d *death) (plan.Job, *death, error) {
	suspect := cohort[min(d.at.job, len(cohort)-1)]
	if d.certain {
		return suspect, d, nil
	}
	ran := append([]plan.Job{suspect}, cohort...)
	if d.at.step == drawing {
		ran = nil // no map of the cohort had run, but earlier ones had
	}
	for _, jobs := range r.suspects(ran) {
		r.endChild() // or the maps before would be suspects again
		_, alone, err := r.inChild(jobs)
		if alone == nil && err == nil {
			alone, err = r.linger(d.lived)
		}
		if err != nil {
			return suspect, d, err
		}
		if alone != nil && alone.at.step != drawing {
			alone.certain = true
			if d.killed && alone.killed {
				alone.reason += ", twice, the second time when it was measured alone"
			}
			return jobs[min(alone.at.job, len(jobs)-1)], alone, nil
		}
	}
	return suspect, d, nil
}

// suspects returns a cell of each map that may have ended the process: of those that ran in the
// cohort, in their order, and of those that the process measured before, the latest first.
func (r *Runner) suspects(ran []plan.Job) (all [][]plan.Job) {
	seen := map[string]bool{}
	for _, j := range append(ran, r.healthy(r.before)...) {
		impl, _ := results.Original(j.ID.Impl)
		if !seen[impl] {
			seen[impl] = true
			all = append(all, []plan.Job{j})
		}
	}
	return all
}

// Of the time for which a process lives on after a map, which may have left goroutines behind.
const (
	leastLinger = 200 * time.Millisecond
	mostLinger  = 10 * time.Second
)

// linger lets the child do nothing for as long as another process had lived, within limits. What
// ended that one by a timer ends the child too. It returns how the child ended, if it did.
func (r *Runner) linger(lived time.Duration) (d *death, err error) {
	if _, err = r.ask(request{Linger: min(max(lived, leastLinger), mostLinger)}, nil); errors.As(err, &d) {
		return d, nil
	}
	return nil, err
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

// blame says that a map has failed in a job, or with an empty name that it is not known which map
// did it.
func (r *Runner) blame(impl string, j plan.Job, d *death) error {
	if impl != "" {
		r.failed[impl] = true
	}
	if r.Children.Failed == nil {
		return fmt.Errorf("%s: %w", j.ID.Name(), d)
	}
	return r.Children.Failed(Failure{Map: impl, Job: j, Reason: d.reason, Printed: d.printed, NoProof: d.noProof})
}
