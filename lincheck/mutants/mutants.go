// Package mutants plants faults in the project's own code and has the checkers find them.
//
// A mutant is one patch file in testdata: a header and one hunk. Its number names the kind of
// fault; README.md lists the kinds and describes the format. A mutant is built with the -overlay
// flag of the go command, so the real code needs no hooks for it. The file matrix.md says which
// checker kills which mutant.
package mutants

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// patches is the folder of the patch files, from the root of the module.
const patches = "lincheck/mutants/testdata"

// Mutant is the project's code with one planted fault.
type Mutant struct {
	Patch string // the patch file's name
	Name  string // a number and what is wrong
	File  string // the file that is changed, from the root of the module

	// Strategy and Program say what the schedule explorer runs to find the mutant. Both are "" if
	// it is not to find it. They are names of package lincheck/explore/programs.
	Strategy, Program string
	// StoreBuffers is set if the explorer must find the mutant with store buffers, and must find
	// nothing without them.
	StoreBuffers bool
	// Schedule is what the explorer finds: the kind of failure and the simplest schedule.
	Schedule string

	Kills []Kill // the tries of the other checkers

	hunk hunk
}

// Load reads all mutants of the module in root, sorted by their numbers and names.
func Load(root string) ([]Mutant, error) {
	files, err := filepath.Glob(filepath.Join(root, patches, "*.patch"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no patch files in %s; want the folder of the module, not %s", patches, root)
	}
	var all []Mutant
	var errs []error
	named := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m, err := Parse(filepath.Base(file), string(text))
		if err == nil && named[m.Name] != "" {
			err = fmt.Errorf("%s: %s has the same name, %q", m.Patch, named[m.Name], m.Name)
		}
		errs = append(errs, err)
		named[m.Name] = m.Patch
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Mutant) int {
		if d := a.Number() - b.Number(); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all, errors.Join(errs...)
}

// header has the keys of a patch's header, each with what reads its value.
var header = map[string]func(*Mutant, string) error{
	"mutant":        func(m *Mutant, v string) error { return set(&m.Name, v) },
	"file":          func(m *Mutant, v string) error { return set(&m.File, v) },
	"strategy":      func(m *Mutant, v string) error { return set(&m.Strategy, v) },
	"program":       func(m *Mutant, v string) error { return set(&m.Program, v) },
	"schedule":      func(m *Mutant, v string) error { return set(&m.Schedule, v) },
	"store buffers": (*Mutant).setStoreBuffers,
	"killed by":     func(m *Mutant, v string) error { return m.addKill(v, false) },
	"missed by":     func(m *Mutant, v string) error { return m.addKill(v, true) },
}

func set(field *string, value string) error {
	if *field != "" {
		return errors.New("is given twice")
	}
	*field = value
	return nil
}

func (m *Mutant) setStoreBuffers(value string) error {
	if value != "needed" {
		return fmt.Errorf("%q is unknown; want needed, or no such line", value)
	}
	m.StoreBuffers = true
	return nil
}

func (m *Mutant) addKill(value string, misses bool) error {
	k, err := parseKill(value, misses)
	m.Kills = append(m.Kills, k)
	return err
}

// Parse reads a patch. Its errors begin with the name of the file and the number of the line.
func Parse(file, text string) (Mutant, error) {
	m := Mutant{Patch: file}
	head, body, ok := strings.Cut(text, "\n\n")
	if !ok {
		return m, fmt.Errorf("%s: want a header, an empty line and a hunk", file)
	}
	n := 0
	for line := range strings.SplitSeq(head, "\n") {
		n++
		key, value, _ := strings.Cut(line, ": ")
		read := header[key]
		if read == nil {
			return m, fmt.Errorf("%s:%d: unknown header %q; there are: %s", file, n, key, strings.Join(slices.Sorted(maps.Keys(header)), ", "))
		}
		if err := read(&m, value); err != nil {
			return m, fmt.Errorf("%s:%d: %s: %w", file, n, key, err)
		}
	}
	var err error
	if m.hunk, err = parseHunk(body); err != nil {
		return m, fmt.Errorf("%s: %w", file, err)
	}
	return m, m.complete()
}

// complete returns an error if something is missing from the header.
func (m *Mutant) complete() error {
	switch {
	case m.Number() == 0 || !strings.HasPrefix(m.Patch, fmt.Sprintf("%02d-", m.Number())):
		return fmt.Errorf("%s: the mutant is named %q; want a number, and a file's name that begins with it, as in 08-", m.Patch, m.Name)
	case m.File == "":
		return fmt.Errorf("%s: no file is named", m.Patch)
	case (m.Strategy == "") != (m.Program == ""):
		return fmt.Errorf("%s: want strategy and program, or neither", m.Patch)
	case m.Program == "" && (m.StoreBuffers || m.Schedule != ""):
		return fmt.Errorf("%s: store buffers and schedule are for the explorer; want strategy and program, too", m.Patch)
	case m.Program == "" && len(m.Kills) == 0:
		return fmt.Errorf("%s: no checker is named", m.Patch)
	}
	return nil
}

// Number returns the number of the mutant's kind of fault, or 0 if its name has none.
func (m *Mutant) Number() (n int) {
	_, _ = fmt.Sscan(m.Name, &n)
	return n
}

// Overlay writes what go build -overlay needs to build the mutant into dir, and returns the name
// of the file for the flag. root is the folder of the module.
func (m *Mutant) Overlay(root, dir string) (string, error) {
	mutated, err := m.applyIn(root)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(m.File))
	if err := os.WriteFile(changed, []byte(mutated), 0o600); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, m.File): changed}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, overlay, 0o600)
}

// applyIn returns the text of the file with the fault planted.
func (m *Mutant) applyIn(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, m.File))
	if err != nil {
		return "", fmt.Errorf("%s: %w", m.Patch, err)
	}
	return m.Apply(string(text))
}

// SetSchedule sets what the explorer finds, in m and in its patch. root is the folder of the
// module.
func (m *Mutant) SetSchedule(root, schedule string) error {
	file := filepath.Join(root, patches, m.Patch)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "schedule: ") })
	program := slices.Index(lines, "program: "+m.Program)
	lines = slices.Insert(lines, program+1, "schedule: "+schedule)
	m.Schedule = schedule
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o666)
}
