package results

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// Set is all that a run left behind.
type Set struct {
	Manifest Manifest
	Cells    []Cell // of both kinds, in the order in which they were measured
}

// Load reads the folder of a run. Cells must be there; a run that was killed may lack
// its manifest, which is warned of.
func Load(dir string) (*Set, []Warning, error) {
	s := &Set{}
	cells, warnings, err := ReadCells(filepath.Join(dir, cellsFile))
	if err != nil {
		return nil, nil, err
	}
	s.Cells = cells
	cells, more, err := ReadCells(filepath.Join(dir, stalenessFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	s.Cells, warnings = append(s.Cells, cells...), append(warnings, more...)
	if len(s.Cells) == 0 {
		return nil, nil, fmt.Errorf("%s holds no cell; want the results of a run", filepath.Join(dir, cellsFile))
	}
	s.Manifest, err = ReadManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		warnings = append(warnings, warnf("%s has no %s: machine, commit and verdicts are not known", dir, manifestFile))
	} else if err != nil {
		return nil, nil, err
	}
	return s, warnings, nil
}

// Impls returns the names of the configurations that have cells, in the order in which
// they first have one.
func (s *Set) Impls() []string {
	var names []string
	for _, c := range s.Cells {
		if !slices.Contains(names, c.Impl) {
			names = append(names, c.Impl)
		}
	}
	return names
}

// Verdict returns the worst that was said of a configuration, by a checker or by the
// sum check of one of its cells. Of one that was never checked it returns Unknown.
func (s *Set) Verdict(impl string) Verdict {
	worst := Verdict{Impl: impl, Outcome: Unknown, Reason: "it was never checked"}
	rank := map[Outcome]int{Ok: 0, Unknown: 1, Illegal: 2}
	found := false
	for _, v := range s.Manifest.Verdicts {
		if v.Impl == impl && (!found || rank[v.Outcome] > rank[worst.Outcome]) {
			worst, found = v, true
		}
	}
	if worst.Outcome == Illegal {
		return worst
	}
	for _, c := range s.Cells {
		if c.Impl == impl && c.Fault != "" {
			worst.Check, worst.Outcome, worst.Reason = "sum", Illegal, c.Fault
			worst.Evidence = []string{c.Name()}
			break
		}
	}
	return worst
}

// Group is all repetitions of one cell, by block.
type Group struct {
	ID    ID
	Cells []Cell
}

// Groups gathers the cells of a kind by identity, in the order in which the identities
// first appear.
func (s *Set) Groups(kind Kind) []Group {
	var groups []Group
	at := map[ID]int{}
	for _, c := range s.Cells {
		if c.Kind != kind {
			continue
		}
		i, ok := at[c.ID]
		if !ok {
			i = len(groups)
			at[c.ID] = i
			groups = append(groups, Group{ID: c.ID})
		}
		groups[i].Cells = append(groups[i].Cells, c)
	}
	return groups
}
