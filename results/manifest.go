package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"doublebuf/workloads"
)

// Manifest is all about a run that is not a cell. It is kept as manifest.json.
type Manifest struct {
	Preset      string            `json:"preset,omitempty"`
	Seed        uint64            `json:"seed"` // from which everything random in the run hangs
	Environment Environment       `json:"environment"`
	Inputs      map[string]string `json:"inputs,omitempty"`  // digest of each real input, by its name
	Instead     map[string]string `json:"instead,omitempty"` // why another map stood in the place of one, and which, by its name
	// Maps are the identities of the maps measured, and Mixes the definitions of the mixes used, so
	// that a run can be read after either has changed in the program. See Set.Map and Set.Mix.
	Maps     []Map           `json:"maps,omitempty"`
	Mixes    []workloads.Mix `json:"mixes,omitempty"`
	Verdicts []Verdict       `json:"verdicts"`
	// Layouts holds for each link, if there are several, the seed of the layout of its code:
	// what it was built with, as go build -ldflags=-randlayout=SEED.
	Layouts []int64 `json:"layouts,omitempty"`
	// Sessions are what was found out about the machine, before and during the measuring.
	Sessions []Session `json:"sittings,omitempty"`
	// Control and Grade are what Set.Control and Set.Grade returned at the end of the last
	// sitting, for other programs; nothing here reads them.
	Control *Control `json:"control,omitempty"`
	Grade   *Grade   `json:"grade,omitempty"`
	// Complete is false while the run goes on, and stays so if it was interrupted.
	Complete bool `json:"complete"`
	// Plan is what the run set out to do, in the form of a plan file.
	Plan json.RawMessage `json:"plan,omitempty"`
}

// Outcome is what a checker says of a map. Doubt is an outcome of its own.
type Outcome string

const (
	Ok      Outcome = "Ok"
	Illegal Outcome = "Illegal"
	Unknown Outcome = "Unknown"
)

// Verdict is a checker's word on one map.
type Verdict struct {
	Impl     string   `json:"impl"`  // name of the configuration
	Level    string   `json:"level"` // the level that it declares; "none" if it is no map
	Check    string   `json:"check"` // what was checked, as "history" or "sum"
	Outcome  Outcome  `json:"outcome"`
	Broken   bool     `json:"broken,omitempty"`   // the map is known to fail: Illegal is as expected
	Reason   string   `json:"reason,omitempty"`   // one line
	Evidence []string `json:"evidence,omitempty"` // files, in the run's folder, and the line that judges again
}

// AsExpected reports whether the outcome is the one that the map's entry foretells.
func (v Verdict) AsExpected() bool {
	if v.Broken {
		return v.Outcome == Illegal
	}
	return v.Outcome == Ok
}

const manifestFile = "manifest.json"

// WriteManifest writes the manifest of the run in folder dir, in one step: at any
// moment the folder holds the old one or the new one.
func WriteManifest(dir string, m Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest of %s: %w", dir, err)
	}
	path := filepath.Join(dir, manifestFile)
	if err = writeSynced(path+".new", append(text, '\n')); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		_ = os.Remove(path + ".new") // part of one helps nobody, and the disk may be full
		return fmt.Errorf("cannot write the manifest: %w", err)
	}
	return nil
}

// writeSynced writes a file that is on the disk when it returns: a name must not come to stand
// for text that a failing machine never wrote.
func writeSynced(path string, text []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// ReadManifest reads the manifest of the run in folder dir. Damage, fields that it does not
// know, and no environment are errors.
func ReadManifest(dir string) (Manifest, error) {
	path := filepath.Join(dir, manifestFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	if err = json.Unmarshal(text, &m); err == nil {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		err = dec.Decode(&m)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("%s%s: %w; want the manifest that runbench wrote", path, lineOf(err, text), err)
	}
	for _, v := range m.Verdicts {
		if !slices.Contains([]Outcome{Ok, Illegal, Unknown}, v.Outcome) {
			return Manifest{}, fmt.Errorf("%s: the outcome of %q is %q; want %s, %s or %s", path, v.Impl, v.Outcome, Ok, Illegal, Unknown)
		}
	}
	if m.Environment.Go == "" { // as in {}, or in null, which JSON takes for any value
		return Manifest{}, fmt.Errorf("%s: no environment with a Go version; want the manifest that runbench wrote", path)
	}
	return m, nil
}

// lineOf returns the line of text that a JSON error is about, as ":12"; "" if the error
// names a field instead.
func lineOf(err error, text []byte) string {
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	offset := int64(-1)
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	} else if errors.As(err, &wrongType) {
		offset = wrongType.Offset
	}
	if offset < 0 {
		return ""
	}
	return fmt.Sprintf(":%d", 1+bytes.Count(text[:min(int(offset), len(text))], []byte("\n")))
}
