package mutants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"doublebuf/lincheck"
)

// Case is a mutant with the ways in which it is tried to be caught.
type Case struct {
	Mutant
	Kills []Kill
}

// Checker is a way of catching mutants.
type Checker byte

// The checkers, by their letters in the matrix.
const (
	Explorer  Checker = 'E' // the schedule explorer, see [Explored]
	History   Checker = 'H' // recorded histories of guards, C0 to C6
	Porcupine Checker = 'P' // recorded histories of operations
	Oracle    Checker = 'O' // the online oracle, in a soak
	Digest    Checker = 'D' // the checked build's twin audit, C8, and its other laws
	Race      Checker = 'R' // the race detector
	Liveness  Checker = 'L' // no answer
	Sum       Checker = 'S' // the sum check of a timed cell
	Battery   Checker = 'B' // the battery and the packages' own tests
)

// Checkers are all of them, in the order of the matrix.
var Checkers = []Checker{Explorer, History, Porcupine, Oracle, Digest, Race, Liveness, Sum, Battery}

// Kill is one checker's try at a mutant.
type Kill struct {
	By     Checker
	build  []string // arguments of the go command, before -overlay and the package
	pkg    string
	args   []string // of what was built
	Misses bool     // it must not catch the mutant: that takes more than a short history
}

func history(impl string) Kill   { return check(History, impl, "-by", "stamps") }
func porcupine(impl string) Kill { return check(Porcupine, impl, "-by", "porcupine") }
func invariant(impl string) Kill { return check(Digest, impl).built("-tags", "invariants") }

func liveness(impl string) Kill { return check(Liveness, impl) }

func check(by Checker, impl string, args ...string) Kill {
	return Kill{By: by, build: []string{"build"}, pkg: "./cmd/runbench", args: append([]string{"check", "-hang", "2s", "-impl", impl}, args...)}
}

// soak has the online oracle watch the mutant.
func soak(impl string, args ...string) Kill {
	return Kill{By: Oracle, build: []string{"build"}, pkg: "./cmd/runbench", args: append([]string{"soak", "-hang", "5s", "-impl", impl}, args...)}
}

func (k Kill) built(flags ...string) Kill {
	k.build = append(k.build, flags...)
	return k
}

// cell measures one cell.
func cell(impl string, args ...string) Kill {
	return Kill{
		By: Sum, build: []string{"test", "-c"}, pkg: "./cmd/runbench/app",
		args: append([]string{"-test.run=^$", "-test.bench=Cell", "-test.benchtime=1x", "-time=1s", "-impl", impl}, args...),
	}
}

// onlyCell tries the short histories in vain, and then a cell.
func onlyCell(impl string, args ...string) []Kill {
	// No answer would be no miss, and a loaded machine may give none within seconds.
	h, p := check(History, impl, "-by", "stamps", "-hang", "1m"), check(Porcupine, impl, "-by", "porcupine", "-hang", "1m")
	h.Misses, p.Misses = true, true
	return []Kill{h, p, cell(impl, args...)}
}

// tests runs a package's tests.
func tests(pkg string) Kill {
	return Kill{By: Battery, build: []string{"test", "-c"}, pkg: pkg, args: []string{"-test.short", "-test.failfast"}}
}

// battery runs some of the tests of the registry.
func battery(run string) Kill {
	k := tests("./baselines")
	k.args = append(k.args, "-test.run="+run)
	return k
}

// explored returns the mutant of that name in Explored.
func explored(name string) Mutant {
	for _, m := range Explored {
		if m.Name == name {
			return m.Mutant
		}
	}
	panic("no explored mutant is named " + name)
}

// race runs them under the race detector. It needs no more of the program, whose plots would
// be minutes to build.
func race(run string) Kill {
	k := battery(run).built("-race")
	k.By = Race
	return k
}

// Build builds the mutant for the try. root is the folder of the module; what is built
// stands in dir, and is not built again for another try at the same mutant. It blocks for the
// seconds that go build takes.
func (k Kill) Build(ctx context.Context, m Mutant, root, dir string) (program string, err error) {
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

// Shot is what came of one try with one seed.
type Shot struct {
	Killed bool
	How    string        // the law that was broken, or what else gave the mutant away
	Time   time.Duration // until the checker had ended
}

// Try has the program that Build made checked under a seed. What it leaves is below dir.
func (k Kill) Try(ctx context.Context, program, root, dir string, seed int) (Shot, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	args := k.args
	folder := filepath.Join(dir, fmt.Sprint(k.By, "-", seed))
	defer os.RemoveAll(folder)
	switch {
	case k.verdicts():
		// Seeds of a check are those of its histories, one after the other.
		args = append(args[:len(args):len(args)], "-seed", fmt.Sprint(seed*1_000_000), "-time", k.patience().String(), "-results", folder)
	case k.By == Sum:
		args = append(args[:len(args):len(args)], "-seed", fmt.Sprint(seed))
	}
	cmd := exec.CommandContext(ctx, program, args...)
	// What is interrupted ends its own children.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if cmd.Dir = dir; k.By == Battery || k.By == Race {
		cmd.Dir = filepath.Join(root, k.pkg)
	}
	if k.By == Race {
		cmd.Env = append(os.Environ(), "GORACE=halt_on_error=1") // what races may hang, too
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
	case !shot.Killed:
	case k.By == Race:
		shot.How, shot.Killed = "race", strings.Contains(text, "WARNING: DATA RACE")
	case strings.Contains(text, "sum check: "):
		shot.How = "sum"
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

// verdicts reports whether k is a runbench check or soak, whose verdict is in a file.
func (k Kill) verdicts() bool { return k.pkg == "./cmd/runbench" }

// patience is how long histories are recorded, or a soak goes on, if nothing is found.
func (k Kill) patience() time.Duration {
	switch {
	case k.Misses:
		return 500 * time.Millisecond // what a check of the registry takes
	case k.By == Liveness:
		return time.Second
	}
	return 30 * time.Second
}

// verdict reads what a check left in the folder; or a soak, which leaves nothing if all was well.
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
	how, killed = k.caught(all[0])
	return how, killed, nil
}

// caught tells how a verdict came about, and whether it is a kill by this checker. Whoever uses
// Go's maps wrongly crashes, and who miscounts guards may hang: that is how histories show it.
func (k Kill) caught(v lincheck.Verdict) (how string, killed bool) {
	if how = v.Checker; how == "child" {
		how = "crash"
		// A writer is poisoned by an audit that panics, and whoever publishes next may be the first to tell.
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
	case Digest:
		killed = killed && (how == "C8" || how == "law")
	}
	return how, killed
}

func (c Checker) String() string { return string(c) }
