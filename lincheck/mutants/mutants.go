// Package mutants has the broken code that the checkers must catch. A mutant is the
// project's own code with one change in one place; it is built with the -overlay flag of
// the go command, so that the real code has no seams for it.
//
// The numbers are those of the list of mutants in the design of the lab: the same fault
// is caught by several checkers.
package mutants

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mutant is one change.
type Mutant struct {
	Name string // a number and what is wrong
	File string // that is changed, from the root of the module
	Old  string // text that occurs exactly once in the file
	New  string // what replaces it
}

// Overlay writes what go build -overlay needs to build the mutant into dir, and returns
// the name of the file for the flag. root is the folder of the module.
func (m Mutant) Overlay(root, dir string) (string, error) {
	file := filepath.Join(root, m.File)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.Old); n != 1 {
		return "", fmt.Errorf("mutant %q: its old text occurs %d times in %s, want once", m.Name, n, m.File)
	}
	changed := filepath.Join(dir, filepath.Base(m.File))
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), m.Old, m.New, 1)), 0o600); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, overlay, 0o600)
}
