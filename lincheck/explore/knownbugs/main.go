// Command knownbugs explores versions of Go modules with reported concurrency bugs, and those that
// repair them. It prints which bugs the explorer finds, and in how many executions.
//
//	go run ./lincheck/explore/knownbugs [name…]
//
// Each folder below bugs is a module. Its go.mod requires the broken version. Comments there name
// the report, the repaired version if there is one, and flags of "runbench explore test".
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/instrument"
)

func main() {
	failed, err := run("lincheck/explore/knownbugs/bugs", os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "knownbugs:", err)
		os.Exit(1)
	}
	if failed {
		os.Exit(3)
	}
}

// bug is a folder of bugs.
type bug struct {
	dir, report, module string
	repaired            string // the version that repairs it, or ""
	incomplete          string // a version that was meant to, but still fails
	options             instrument.TestOptions
}

// run explores the bugs with the given names, or all. It reports whether something is not as it
// should be: a bug was not found, or a repaired version fails or is not exhausted.
func run(root string, names []string) (failed bool, err error) {
	dirs, err := os.ReadDir(root)
	if err != nil {
		return false, err
	}
	fmt.Printf("%-22s %-44s %-34s %s\n", "bug", "found", "repaired version", "report")
	for _, d := range dirs {
		if len(names) > 0 && !slices.Contains(names, d.Name()) {
			continue
		}
		b, err := read(filepath.Join(root, d.Name()))
		if err != nil {
			return false, err
		}
		broken, found := b.explore("")
		repaired, exhausted := "none", true
		if b.repaired != "" {
			repaired, exhausted = b.explore(b.repaired)
		}
		if b.incomplete != "" {
			what, ok := b.explore(b.incomplete)
			repaired, exhausted = what, !ok
		}
		failed = failed || !found || !exhausted
		fmt.Printf("%-22s %-44s %-34s %s\n", d.Name(), broken, repaired, b.report)
	}
	return failed, nil
}

// read reads the go.mod of a bug.
func read(dir string) (*bug, error) {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	b := &bug{dir: dir}
	b.options.Patterns = []string{"."}
	b.options.Settings = explore.Settings{Preempt: -1, Time: time.Minute}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		switch {
		case len(words) == 3 && words[1] == "report:":
			b.report = words[2]
		case len(words) == 3 && words[1] == "repaired:":
			b.repaired = words[2]
		case len(words) == 3 && words[1] == "incomplete:":
			b.incomplete = words[2]
		case len(words) == 3 && words[0] == "require":
			b.module = words[1]
		case len(words) > 1 && words[1] == "flags:":
			if err := b.flags(words[2:]); err != nil {
				return nil, fmt.Errorf("%s: %w", dir, err)
			}
		}
	}
	return b, nil
}

func (b *bug) flags(words []string) error {
	for i := 0; i < len(words); i++ {
		switch {
		case words[i] == "-plain":
			b.options.Plain = true
		case words[i] == "-const" && i+1 < len(words):
			i++
			name, value, _ := strings.Cut(words[i], "=")
			b.options.Consts = map[string]string{name: value}
		default:
			return fmt.Errorf("unknown flag %s; want -plain or -const path.Name=value", words[i])
		}
	}
	return nil
}

// explore explores a version: the broken one, or the repaired one if version is not empty. ok means
// that a failure was found in the broken version, or that the repaired one was exhausted.
func (b *bug) explore(version string) (what string, ok bool) {
	o := b.options
	o.Consts = map[string]string{}
	for name, value := range b.options.Consts {
		o.Consts[name] = value
	}
	dir, err := os.MkdirTemp("", "knownbug")
	if err != nil {
		return err.Error(), false
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err := os.CopyFS(dir, os.DirFS(b.dir)); err != nil {
		return err.Error(), false
	}
	if version != "" {
		c := exec.Command("go", "mod", "edit", "-require="+b.module+"@"+version)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			return string(out), false
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err.Error(), false
	}
	o.Dir, o.Work = dir, filepath.Join(cache, "runbench-explore", filepath.Base(b.dir)+version)
	r, err := instrument.Test(o)
	switch {
	case err != nil:
		return err.Error(), false
	case len(r.Checked) != 1:
		return string(r.Output), false
	}
	c := r.Checked[0]
	what = fmt.Sprintf("%d executions, %.2f s", c.Executions+c.Redundant, c.Elapsed.Seconds())
	if version == "" {
		if c.Failure == nil {
			return "not found: " + what, false
		}
		return fmt.Sprintf("%s: %s", c.Failure.Kind, what), true
	}
	switch {
	case c.Failure != nil:
		return fmt.Sprintf("%s fails: %s", version, c.Failure.Kind), false
	case !c.Complete:
		return fmt.Sprintf("%s not exhausted: %s", version, what), false
	}
	return fmt.Sprintf("%s exhausted: %s", version, what), true
}
