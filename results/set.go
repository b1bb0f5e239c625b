package results

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Set is all that a run left behind.
type Set struct {
	Manifest Manifest
	Cells    []Cell // of all kinds, in the order in which they were measured
	Twins    []Cell // those of the A/A control, which stand with no others
	// Better tells for each unit whether "higher" or "lower" is better, as the files
	// declare or, of the units of package testing, as is known.
	Better map[string]string
	// Machine is what the files say of it: goos, goarch and cpu, as far as they do.
	Machine map[string]string
}

// Open reads a run's folder as Load does, or a file of Go benchmark text, of whatever
// program, which has no manifest.
func Open(path string) (*Set, []Warning, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("cannot read cells: %w", err)
	} else if info.IsDir() {
		return Load(path)
	}
	s := &Set{}
	warnings, err := s.add(path)
	if err == nil && len(s.Cells) == 0 {
		err = fmt.Errorf("%s holds no cell; want Go benchmark text, as go test -bench prints it, or the folder of a run", path)
	}
	if err != nil {
		return nil, nil, err
	}
	return s, warnings, nil
}

// add adds what is in a file of cells.
func (s *Set) add(path string) ([]Warning, error) {
	f, err := readFile(path)
	if err != nil {
		return nil, err
	}
	for _, c := range f.cells {
		if _, twin := Original(c.Impl); twin {
			s.Twins = append(s.Twins, c)
		} else {
			s.Cells = append(s.Cells, c)
		}
	}
	if s.Better == nil {
		s.Better, s.Machine = map[string]string{}, map[string]string{}
	}
	maps.Copy(s.Better, f.better)
	for _, key := range []string{"goos", "goarch", "cpu"} {
		if v, ok := f.config[key]; ok {
			s.Machine[key] = v
		}
	}
	if len(f.cells) == 0 {
		f.warnings = append(f.warnings, warnf("%s holds no cell", path))
	}
	return f.warnings, nil
}

// Load reads the folder of a run. Cells of some kind must be there; a run that was killed may lack
// its manifest, which is warned of.
func Load(dir string) (*Set, []Warning, error) {
	s := &Set{}
	var warnings []Warning
	var missing error // of the file that most runs have
	for _, kind := range Kinds() {
		more, err := s.add(filepath.Join(dir, fileOf(kind)))
		switch {
		case errors.Is(err, fs.ErrNotExist) && kind == Throughput:
			missing = err
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, nil, err
		}
		warnings = append(warnings, more...)
	}
	if len(s.Cells) == 0 && missing != nil {
		return nil, nil, missing
	} else if len(s.Cells) == 0 {
		return nil, nil, fmt.Errorf("%s holds no cell; want the results of a run", filepath.Join(dir, cellsFile))
	}
	var err error
	s.Manifest, err = ReadManifest(dir)
	if errors.Is(err, fs.ErrNotExist) {
		warnings = append(warnings, warnf("%s has no %s: machine, commit and verdicts are not known", dir, manifestFile))
	} else if err != nil {
		return nil, nil, err
	}
	for _, substitute := range s.Substitutes() {
		warnings = append(warnings, Warning(substitute))
	}
	return s, warnings, nil
}

// Substitutes says of the maps in whose place others stood which they are, and why, in a line
// for each reason.
func (s *Set) Substitutes() (lines []string) {
	named := map[string][]string{}
	for _, impl := range slices.Sorted(maps.Keys(s.Manifest.Instead)) {
		why := s.Manifest.Instead[impl]
		named[why] = append(named[why], impl)
	}
	for why, impls := range named {
		lines = append(lines, strings.Join(impls, ", ")+": "+why)
	}
	slices.Sort(lines)
	return lines
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

// Layers returns how many links and processes the cells are of, 1 at least of each.
func (s *Set) Layers() (links, processes int) {
	l, p := map[int]bool{}, map[int]bool{}
	for _, c := range s.Cells {
		l[c.Link], p[c.Process] = true, true
	}
	return max(1, len(l)), max(1, len(p))
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
	for _, c := range slices.Concat(s.Cells, s.Twins) {
		if of, _ := Original(c.Impl); of == impl && c.Fault != "" {
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

// Overloaded returns how many of the cells are overloaded.
func (g Group) Overloaded() (n int) {
	for _, c := range g.Cells {
		if c.Overloaded() {
			n++
		}
	}
	return n
}

// Latency summarizes a quantile of the latency of what is one of OfReads, OfWrites and
// OfPublishes over the cells that are not overloaded; there is none where one of these had too
// few operations for it, or else quantiles would be of different cells.
func (g Group) Latency(what string, q float64) Summary {
	s := g.Summary(LatencyUnit(what, q))
	if s.N < len(g.Cells)-g.Overloaded() {
		return Summary{}
	}
	return s
}

// Units returns the units that any of the group's cells has, in alphabetical order.
func (g Group) Units() []string {
	all := map[string]bool{}
	for _, c := range g.Cells {
		for unit := range c.Metrics {
			all[unit] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Groups gathers the cells of a kind by identity, in the order in which the identities
// first appear.
func (s *Set) Groups(kind Kind) []Group {
	return slices.DeleteFunc(s.AllGroups(), func(g Group) bool { return g.ID.Kind != kind })
}

// AllGroups does the same with the cells of every kind, those of other programs among them.
func (s *Set) AllGroups() []Group {
	var groups []Group
	at := map[ID]int{}
	for _, c := range s.Cells {
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
