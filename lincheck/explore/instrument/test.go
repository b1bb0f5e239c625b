package instrument

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"

	"doublebuf/lincheck/explore"
)

// TestOptions say which tests to run and how.
type TestOptions struct {
	Options
	Run      string // a regular expression of the names of tests, or ""
	Settings explore.Settings
}

// Run is what came out of tests.
type Run struct {
	Checked []explore.Checked
	Output  []byte // of go test
	Err     error  // of go test, as when a test failed
	build   *Build
}

// Place returns the place of a loop, as file:line.
func (r *Run) Place(site int) string {
	if site < len(r.build.Loops) {
		return r.build.Loops[site]
	}
	return fmt.Sprintf("loop %d", site)
}

// Test builds the tests for the explorer and runs them. The error is about the build. It blocks
// until the tests have ended.
func Test(o TestOptions) (*Run, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if o.Work == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		h := fnv.New64()
		fmt.Fprint(h, dir, o.Patterns, o.Plain, o.Consts)
		o.Work = filepath.Join(cache, "runbench-explore", fmt.Sprintf("%x", h.Sum64()))
	}
	b, err := Prepare(o.Options)
	if err != nil {
		return nil, err
	}
	outcomes := filepath.Join(o.Work, "results.json")
	if err := os.RemoveAll(outcomes); err != nil {
		return nil, err
	}
	s := o.Settings
	s.Plain, s.Results, s.Limits = o.Plain, outcomes, b.Limits
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	args := append([]string{"test", "-count=1", "-timeout=0"}, b.Flags...)
	if o.Run != "" {
		args = append(args, "-run="+o.Run)
	}
	c := exec.Command("go", append(args, o.Patterns...)...)
	c.Dir = o.Dir
	c.Env = append(append(os.Environ(), b.Env...), explore.Environment+"="+string(text))
	run := &Run{build: b}
	run.Output, run.Err = c.CombinedOutput()
	run.Checked, err = readResults(outcomes)
	return run, err
}

func readResults(name string) (list []explore.Checked, err error) {
	text, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for dec := json.NewDecoder(bytes.NewReader(text)); dec.More(); {
		var o explore.Checked
		if err := dec.Decode(&o); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, o)
	}
	return list, nil
}
