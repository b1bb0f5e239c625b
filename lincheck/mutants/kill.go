package mutants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"doublebuf/lincheck"
)

// Checker is a way to find mutants.
type Checker byte

// The checkers, by their letters in the matrix.
const (
	Explorer   Checker = 'E' // the schedule explorer
	History    Checker = 'H' // recorded histories of guards, C0 to C6
	Search     Checker = 'S' // recorded histories of operations
	Oracle     Checker = 'O' // the oracle, in a soak
	Audit      Checker = 'D' // a build with checks: the copy audit, C8, and the other laws
	Race       Checker = 'R' // the race detector
	Liveness   Checker = 'L' // no answer
	FinalState Checker = 'F' // the final-state check of a timed cell
	Tests      Checker = 'B' // the packages' own tests
)

// Checkers are all of them, in the order of the matrix.
var Checkers = []Checker{Explorer, History, Search, Oracle, Audit, Race, Liveness, FinalState, Tests}

// Kill is one checker's try at a mutant.
type Kill struct {
	By     Checker
	Misses bool     // the checker must not find the mutant, which takes more than a short history
	Impl   string   // the map that runs, or "" if tests of a package run
	build  []string // arguments of the go command, before -overlay and the package
	pkg    string
	args   []string // of what was built
}

// tries has, by the words of a patch's header, each checker's try at a map or a package.
var tries = map[string]func(subject string) Kill{
	"history":     func(impl string) Kill { return check(History, impl, "-by", "stamps") },
	"search":      func(impl string) Kill { return check(Search, impl, "-by", "search") },
	"liveness":    func(impl string) Kill { return check(Liveness, impl) },
	"copy-audit":  func(impl string) Kill { return check(Audit, impl).built("-tags", "invariants") },
	"oracle":      soak,
	"final-state": timedCell,
	"tests":       func(pkg string) Kill { return tests(Tests, pkg) },
	// The program is a package's tests, which build in less time than the command with its plots.
	"race": func(pkg string) Kill { return tests(Race, pkg).built("-race") },
}

// parseKill reads a checker's try: the checker, the map or the folder of the package that it runs,
// and more arguments.
func parseKill(text string, misses bool) (Kill, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return Kill{}, fmt.Errorf("want a checker and a map or a package; the checkers are: %s", strings.Join(slices.Sorted(maps.Keys(tries)), ", "))
	}
	try := tries[words[0]]
	if try == nil {
		return Kill{}, fmt.Errorf("unknown checker %q; there are: %s", words[0], strings.Join(slices.Sorted(maps.Keys(tries)), ", "))
	}
	k := try(words[1])
	if k.Misses = misses; misses {
		// No answer would be no miss, and a loaded machine may give none within seconds.
		k.args = append(k.args, "-hang", "1m")
	}
	k.args = append(k.args, words[2:]...)
	return k, nil
}

// check records short histories of a map.
func check(by Checker, impl string, args ...string) Kill {
	return Kill{
		By: by, Impl: impl, build: []string{"build"}, pkg: "./cmd/runbench",
		args: append([]string{"check", "-hang", "2s", "-impl", impl}, args...),
	}
}

// soak has the oracle watch a map.
func soak(impl string) Kill {
	return Kill{
		By: Oracle, Impl: impl, build: []string{"build"}, pkg: "./cmd/runbench",
		args: []string{"soak", "-hang", "5s", "-impl", impl},
	}
}

// timedCell measures one cell of a map.
func timedCell(impl string) Kill {
	return Kill{
		By: FinalState, Impl: impl, build: []string{"test", "-c"}, pkg: "./cmd/runbench/app",
		args: []string{"-test.run=^$", "-test.bench=Cell", "-test.benchtime=1x", "-time=1s", "-impl", impl},
	}
}

// tests runs a package's tests.
func tests(by Checker, pkg string) Kill {
	return Kill{By: by, build: []string{"test", "-c"}, pkg: pkg, args: []string{"-test.short", "-test.failfast"}}
}

func (k Kill) built(flags ...string) Kill {
	k.build = append(k.build, flags...)
	return k
}

// Build builds the mutant for the try and returns the name of the program. root is the folder of
// the module. The program is in dir; Build does not build it again for another try at the same
// mutant. It blocks for the seconds that go build takes.
func (k Kill) Build(ctx context.Context, m *Mutant, root, dir string) (program string, err error) {
	flat := strings.NewReplacer("/", "_", " ", "_")
	program = filepath.Join(dir, flat.Replace(strings.Join(append([]string{k.pkg}, k.build...), " ")))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	overlay, err := m.Overlay(root, dir)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", append(append([]string{}, k.build...), "-ldflags=-s -w", "-overlay", overlay, "-o", program, k.pkg)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("mutant %q does not build: %w\n%s", m.Name, err, out)
	}
	return program, nil
}

// Shot is the result of one try under one seed.
type Shot struct {
	Killed bool
	How    string        // the law that is broken, or another sign of the fault
	Time   time.Duration // from the start of the program to its end
}

// Try runs the checker with the program that Build made, under a seed. It writes its files below
// dir. It blocks until the program ends, two minutes at most, or ctx is done.
func (k Kill) Try(ctx context.Context, program, root, dir string, seed int) (Shot, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	args := k.args
	folder := filepath.Join(dir, fmt.Sprint(k.By, "-", seed))
	defer os.RemoveAll(folder)
	switch {
	case k.verdicts():
		// The histories of a check use the seed, the seed plus 1 and so on.
		args = append(args[:len(args):len(args)], "-seed", fmt.Sprint(seed*1_000_000), "-time", k.patience().String(), "-results", folder)
	case k.By == FinalState:
		args = append(args[:len(args):len(args)], "-seed", fmt.Sprint(seed))
	}
	cmd := exec.CommandContext(ctx, program, args...)
	// A program that is interrupted ends its own children.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if cmd.Dir = dir; k.By == Tests || k.By == Race {
		cmd.Dir = filepath.Join(root, k.pkg)
	}
	if k.By == Race {
		cmd.Env = append(os.Environ(), "GORACE=halt_on_error=1") // a program with a race may also hang
	}
	start := time.Now()
	out, err := cmd.CombinedOutput()
	shot := Shot{Time: time.Since(start)}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return shot, fmt.Errorf("%s: %w\n%s", k.By, errors.Join(err, ctx.Err()), out)
	}
	if k.verdicts() {
		shot.How, shot.Killed, err = k.verdict(folder)
		if err != nil {
			return shot, fmt.Errorf("%w\n%s", err, out)
		}
		return shot, nil
	}
	shot.Killed = exit != nil
	switch text := string(out); {
	case strings.Contains(text, "no tests to run"):
		return shot, fmt.Errorf("%s has no test that matches %s", k.pkg, strings.Join(k.args, " "))
	case !shot.Killed:
	case k.By == Race:
		shot.How, shot.Killed = "race", strings.Contains(text, "WARNING: DATA RACE")
	case strings.Contains(text, "final-state check: "):
		shot.How = "final state"
	case strings.Contains(text, "wrong answers: "), strings.Contains(text, "audit with swaps: "):
		shot.How = "wrong answer"
	case strings.Contains(text, "--- FAIL: "):
		_, after, _ := strings.Cut(text, "--- FAIL: ")
		shot.How, _, _ = strings.Cut(after, " ")
	case strings.Contains(text, "panic: ") || strings.Contains(text, "fatal error: "):
		shot.How = "crash"
	default:
		return shot, fmt.Errorf("%s: %w\n%s", k.By, exit, out)
	}
	return shot, nil
}

// verdicts reports whether k runs runbench check or soak, which write their verdict to a file.
func (k Kill) verdicts() bool { return k.pkg == "./cmd/runbench" }

// patience returns how long a check records histories, or a soak runs, if it finds nothing.
func (k Kill) patience() time.Duration {
	switch {
	case k.Misses:
		return 500 * time.Millisecond // as long as runbench checks a map by default
	case k.By == Liveness:
		return time.Second
	}
	return 30 * time.Second
}

// verdict reads the verdict that a check wrote into the folder. A soak that finds nothing writes
// none.
func (k Kill) verdict(folder string) (how string, killed bool, err error) {
	text, err := os.ReadFile(filepath.Join(folder, "verdicts.json"))
	if k.By == Oracle && errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	var all []lincheck.Verdict
	if err := json.Unmarshal(text, &all); err != nil || len(all) != 1 {
		return "", false, fmt.Errorf("%s: want one verdict (%w)", text, err)
	}
	how, killed = k.classify(all[0])
	return how, killed, nil
}

// classify returns the sign by which a verdict found the fault, and whether it is a kill by this
// checker. For histories a crash or a hang is a kill too: wrong use of a Go map crashes, and a
// wrong count of guards may hang.
func (k Kill) classify(v lincheck.Verdict) (how string, killed bool) {
	if how = v.Checker; how == "child" {
		how = "crash"
		// An audit that panics poisons the writer. The next publish may be the first to report it.
		for _, sign := range []struct{ text, name string }{{"law ", "law"}, {"the copies differ", "C8"}, {"an operation panicked on the second copy", "C8"}} {
			if strings.Contains(v.Reason, sign.text) {
				how = sign.name
			}
		}
	}
	if strings.Contains(v.Reason, "it hangs") {
		how = "hang"
	}
	killed = v.Outcome == lincheck.Illegal
	switch k.By {
	case Liveness:
		killed = killed && how == "hang"
	case Audit:
		killed = killed && (how == "C8" || how == "law")
	}
	return how, killed
}

func (c Checker) String() string { return string(c) }
