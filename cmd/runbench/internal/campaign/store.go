package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/lincheck"
	"doublebuf/results"
)

// store is the folder of a campaign, and what it holds so far.
type store struct {
	dir      string
	lock     *os.File // keeps other processes from measuring into dir
	folder   *results.Folder
	manifest results.Manifest
	done     map[plan.Job]bool // the jobs whose cells are in the folder
}

// createStore makes the folder dir, with the manifest m, and the folder for figures.
func createStore(dir, plots string, m results.Manifest) (*store, error) {
	s := &store{dir: dir, manifest: m, done: map[plan.Job]bool{}}
	var err error
	if s.folder, err = results.Create(dir, m.Environment); err != nil {
		return nil, err
	}
	if s.lock, err = results.Lock(dir); err != nil {
		return nil, err
	}
	if err = os.MkdirAll(plots, 0o777); err != nil {
		err = fmt.Errorf("cannot make the folder for figures: %w", err)
	} else {
		err = s.save()
	}
	if err != nil {
		_ = s.lock.Close()
		_ = os.RemoveAll(dir) // nothing was measured, and the next try needs the name
		return nil, err
	}
	return s, nil
}

// openStore takes the folder dir of a campaign that was cut short, and reads its manifest.
func openStore(dir string) (*store, error) {
	s := &store{dir: dir, done: map[plan.Job]bool{}}
	var err error
	if s.lock, err = results.Lock(dir); err == nil {
		s.manifest, err = results.ReadManifest(dir)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		err = fmt.Errorf("cannot resume %s: no manifest.json there; want the folder of a run", dir)
	}
	if err != nil {
		_ = s.lock.Close()
		return nil, err
	}
	return s, nil
}

// save writes the manifest.
func (s *store) save() error { return results.WriteManifest(s.dir, s.manifest) }

// append writes finished cells of one kind.
func (s *store) append(cells []results.Cell) error {
	if err := s.folder.Append(cells...); err != nil {
		return err
	}
	for _, c := range cells {
		s.done[jobOf(c)] = true
	}
	return nil
}

// jobOf returns the job that c is the result of.
func jobOf(c results.Cell) plan.Job {
	return plan.Job{Block: c.Block, Process: c.Process, Link: c.Link, ID: c.ID}
}

// finalState is the name that manifests have for the final-state check.
const finalState = "sum"

// crashed is the checker, in package lincheck, of a map that crashed its process.
const crashed = results.Crash

// has reports whether the manifest has a verdict of that check on the map.
func (s *store) has(impl, check string) bool {
	return slices.ContainsFunc(s.manifest.Verdicts, func(v results.Verdict) bool { return v.Impl == impl && v.Check == check })
}

// recorded returns v in the form of the manifest of the run in dir.
func recorded(v lincheck.Verdict, dir string) results.Verdict {
	r := results.Verdict{
		Impl: v.Map, Level: v.Level, Check: "history", Broken: v.Broken,
		Outcome: results.Outcome(v.Outcome.String()), Reason: v.Reason,
	}
	switch {
	case v.Checker == crashed:
		r.Check = crashed
	case v.Outcome == lincheck.Ok && v.Reason == "":
		r.Reason = gate.Counts(v.Counts)
	case v.Checker != "":
		r.Reason = v.Checker + ": " + v.Reason
	}
	for _, path := range []string{v.Evidence.History, v.Evidence.Picture, v.Evidence.Log} {
		if rel, err := filepath.Rel(dir, path); path != "" && err == nil {
			r.Evidence = append(r.Evidence, filepath.ToSlash(rel))
		}
	}
	if v.Evidence.Judge != "" {
		r.Evidence = append(r.Evidence, v.Evidence.Judge)
	}
	return r
}

// close closes the files and releases the folder.
func (s *store) close() error { return errors.Join(s.folder.Close(), s.lock.Close()) }
