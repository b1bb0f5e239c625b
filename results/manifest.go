package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

// Manifest is everything about a run except its cells. It is kept as manifest.json.
type Manifest struct {
	Preset      string            `json:"preset,omitempty"`
	Seed        uint64            `json:"seed"` // for all random choices of the run
	Environment Environment       `json:"environment"`
	Inputs      map[string]string `json:"inputs,omitempty"`  // digest of each real input, by its name
	Instead     map[string]string `json:"instead,omitempty"` // for each map that another map replaced: which one, and why
	// Maps are the identities of the maps measured, and Mixes the definitions of the mixes used, so
	// that a run can be read after either has changed in the program. See Set.Map and Set.Mix.
	Maps     []Map           `json:"maps,omitempty"`
	Mixes    []workloads.Mix `json:"mixes,omitempty"`
	Verdicts []Verdict       `json:"verdicts"`
	// Layouts holds the seed of the code layout of each link, if there are several links. It was
	// built with go build -ldflags=-randlayout=SEED.
	Layouts []int64 `json:"layouts,omitempty"`
	// Sessions hold what was found about the machine, before and during the measuring.
	Sessions []Session `json:"sittings,omitempty"`
	// Topology is how the processors share cores, caches and memory, and how workers were placed.
	Topology Topology `json:"topology,omitzero"`
	// NotCounted says which counters the machine does not offer.
	NotCounted string `json:"not-counted,omitempty"`
	// Control and Grade are those of package analysis at the end of the last session. They are for
	// other programs. Nothing here reads them.
	Control *Control `json:"control,omitempty"`
	Grade   *Grade   `json:"grade,omitempty"`
	// Complete is false during the run, and stays false if the run was interrupted.
	Complete bool `json:"complete"`
	// Plan is the plan of the run, in the form of a plan file.
	Plan json.RawMessage `json:"plan,omitempty"`
}

// Topology is how the processors of a machine share cores, caches and memory.
type Topology struct {
	Machine    string     `json:"machine,omitempty"`    // in one line
	Place      string     `json:"place,omitempty"`      // how workers were placed; "" if the system placed them
	Boundaries []Boundary `json:"boundaries,omitempty"` // if they were placed
}

// Boundary is a number of processors at which a new kind of sharing begins, such as "SMT siblings".
type Boundary struct {
	Processors int    `json:"processors"`
	What       string `json:"what"`
}

// Map is what a run measured under one name.
type Map struct {
	Impl string `json:"impl"` // the name
	kv.Identity
	kv.Policy
	// Version is that of the map's module: of Go, if the map is in the standard library. It is ""
	// if the map has no module of its own, or if the version is not known.
	Version string `json:"version,omitempty"`
	// Reads says what a read of several keys shows: OneVersion or SeveralVersions. It is "" in runs
	// of the time before manifests had it.
	Reads string `json:"reads,omitempty"`
}

// The values of Map.Reads: the map has the capability Snapshot, or not.
const (
	OneVersion      = "one version"
	SeveralVersions = "several versions"
)

// MapOf returns what a manifest says of the entry e.
func MapOf(e kv.Entry) Map {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	reads := SeveralVersions
	if e.Caps.Has(kv.Snapshot) {
		reads = OneVersion
	}
	return Map{Impl: e.Name, Identity: e.Kind(), Policy: e.Policy, Version: versionOf(e.Identity.Module, info), Reads: reads}
}

// versionOf returns the version of a module in a program. It is "" if the module was replaced by a
// folder, which has no version.
func versionOf(module string, program *debug.BuildInfo) string {
	if module == kv.Standard {
		return runtime.Version()
	}
	for _, m := range program.Deps {
		switch {
		case m.Path != module:
		case m.Replace != nil && m.Replace.Version == "":
			return ""
		case m.Replace != nil:
			return m.Replace.Path + "@" + m.Replace.Version
		default:
			return m.Version
		}
	}
	return ""
}

// Outcome is the outcome of a check. Unknown is never a pass.
type Outcome string

const (
	Ok      Outcome = "Ok"
	Illegal Outcome = "Illegal"
	Unknown Outcome = "Unknown"
)

// Verdict is the check result of one map.
type Verdict struct {
	Impl     string   `json:"impl"`  // name of the map
	Level    string   `json:"level"` // the level that it declares; "none" if it is no map
	Check    string   `json:"check"` // "history", Crash, or "sum": the final-state check, which files call by its old name
	Outcome  Outcome  `json:"outcome"`
	Broken   bool     `json:"broken,omitempty"`   // the map is known to fail: Illegal is as expected
	Reason   string   `json:"reason,omitempty"`   // one line
	Evidence []string `json:"evidence,omitempty"` // files, in the run's folder, and the line that judges again
}

// Crash is the Check of a map that ended the process that checked or measured it, or that hung
// while it was measured. The rest of its cells is missing.
const Crash = "child"

// AsExpected reports whether the outcome is the one that the map's entry declares.
func (v Verdict) AsExpected() bool {
	if v.Broken {
		return v.Outcome == Illegal
	}
	return v.Outcome == Ok
}

const manifestFile = "manifest.json"

// WriteManifest writes the manifest of the run in the folder dir. At any moment the folder holds
// either the old manifest or the new one.
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
		_ = os.Remove(path + ".new") // a part of it is of no use, and the disk may be full
		return fmt.Errorf("cannot write the manifest: %w", err)
	}
	return nil
}

// writeSynced writes a file, which is on the disk when it returns. Otherwise a machine that fails
// after the renaming could leave a name without its text.
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

// ReadManifest reads the manifest of the run in the folder dir. Damage, unknown fields and a
// missing environment are errors.
func ReadManifest(dir string) (Manifest, error) {
	path := filepath.Join(dir, manifestFile)
	if err := regular(path); err != nil {
		return Manifest{}, err
	}
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

// lineOf returns the line of text that a JSON error is about, as in ":12". It is "" if the error
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
