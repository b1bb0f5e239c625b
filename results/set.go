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

// Set is the results of a run.
type Set struct {
	Manifest Manifest
	Cells    []Cell // of all kinds, in the order in which they were measured
	Twins    []Cell // those of twins, which are for the A/A control only
	// Better says for each unit whether "higher" or "lower" is better, as the files declare it or,
	// for the units of package testing, as it is known.
	Better map[string]string
	// Assumed is the units in Better whose direction no file says, and which are rates.
	Assumed []string
	// Lost is a line for each benchmark of another program that has no result, and for each result
	// of one that cannot be read. Mentioned holds the names of benchmarks outside of results.
	Lost      []string
	Mentioned map[string]bool
	// Machine is what the files say about the machine: goos, goarch and cpu.
	Machine map[string]string
}

// Open reads the folder of a run, as Load does, or a file of Go benchmark text of any program, as
// ReadCells does. A file has no manifest.
func Open(path string) (*Set, []Warning, error) {
	if info, err := os.Stat(path); path == "-" {
	} else if err != nil {
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
		if _, twin := Original(c.Impl); twin && !c.Foreign() {
			s.Twins = append(s.Twins, c)
		} else {
			s.Cells = append(s.Cells, c)
		}
	}
	if s.Better == nil {
		s.Better, s.Machine = map[string]string{}, map[string]string{}
	}
	maps.Copy(s.Better, f.better)
	s.Assumed, s.Lost, s.Mentioned = append(s.Assumed, f.assumed...), append(s.Lost, f.lost...), f.mentioned
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

// Load reads the folder of a run. There must be cells of some kind. A run that was killed may lack
// its manifest; Load then warns.
func Load(dir string) (*Set, []Warning, error) {
	s := &Set{}
	var warnings []Warning
	var missing error // of the file that most runs have
	for _, kind := range Kinds() {
		path := filepath.Join(dir, fileOf(kind))
		more, err := []Warning(nil), regular(path)
		if err != nil {
			err = fmt.Errorf("cannot read cells: %w", err)
		} else {
			more, err = s.add(path)
		}
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

// regular returns an error if path is something else than a file on a disk. Reading a pipe or a
// device may never end.
func regular(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file; want the file that a run wrote", path)
	}
	return nil
}

// Ignore removes a key from the configuration of benchmarks of other programs. Those that differ
// in nothing else become one. It reports whether any had the key.
func (s *Set) Ignore(key string) (found bool) {
	for i := range s.Cells {
		c := &s.Cells[i]
		found = found || c.Config.Get(key) != ""
		c.Config = c.Config.With(key, "")
	}
	return found
}

// Substitutes returns the names of the maps that another map replaced, in a line for each reason.
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
