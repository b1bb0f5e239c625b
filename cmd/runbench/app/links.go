package app

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/lincheck"
)

// measureName is the command that a process runs which measures for another.
const measureName = "measure-child"

func measureCommand() command {
	return command{
		name: measureName, hidden: true,
		long: "Measures what another process asks for on standard input. runbench run starts it.",
		setup: func(s *session, fs *flag.FlagSet) func([]string) error {
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				// An interrupt from the terminal reaches all processes. The one that asks ends
				// after the running cell.
				signal.Ignore(os.Interrupt, syscall.SIGTERM)
				answers := s.stdout
				if answers == os.Stdout {
					os.Stdout = os.Stderr // a map that prints must not print among the answers
				}
				return run.Serve(s.maps, os.Stdin, answers)
			}
		},
	}
}

// links builds the program again, with other layouts of its code.
type links struct {
	path  string   // of the main package
	flags []string // for go build, that make the program what it is
	env   []string
}

// newLinks finds out how this program was built. It fails if it cannot be built again.
func newLinks(ctx context.Context) (*links, error) {
	const why = "-links wants to link the program again: "
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Path == "" || info.Path == "command-line-arguments" {
		return nil, errors.New(why + "it does not say which package it is of; want one built from a package, as by go build ./cmd/runbench")
	}
	l := &links{path: info.Path}
	ldflags := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "-ldflags":
			ldflags = s.Value + " "
		case strings.HasPrefix(s.Key, "-"):
			l.flags = append(l.flags, s.Key+"="+s.Value)
		case strings.HasPrefix(s.Key, "GO") || strings.HasPrefix(s.Key, "CGO"):
			l.env = append(l.env, s.Key+"="+s.Value)
		}
	}
	l.flags = append(l.flags, "-ldflags="+ldflags)
	if _, err := exec.LookPath("go"); err != nil {
		return nil, errors.New(why + "there is no go command in the path")
	}
	if _, err := l.command(ctx, "list", "-find", l.path); err != nil {
		return nil, fmt.Errorf("%s%s is not to be found here: %w; want to be started in its source tree", why, l.path, err)
	}
	return l, nil
}

// layout returns the seed of a link's layout: from 1, a function of the run's seed.
func layout(seed uint64, link int) int64 {
	h := fnv.New64a()
	fmt.Fprint(h, seed, link)
	return int64(h.Sum64()%math.MaxInt32) + 1
}

// layouts returns the layout of each link of a plan that has several.
func layouts(p plan.Plan) (all []int64) {
	for link := 1; p.Links > 1 && link <= p.Links; link++ {
		all = append(all, layout(p.Seed, link))
	}
	return all
}

// build links the program into a file in dir.
func (l *links) build(ctx context.Context, dir string, layout int64) (string, error) {
	file := filepath.Join(dir, fmt.Sprintf("link-%d", layout))
	args := append([]string{"build", "-o", file}, l.flags...)
	args[len(args)-1] += fmt.Sprintf("-randlayout=%d", layout)
	if _, err := l.command(ctx, append(args, l.path)...); err != nil {
		return "", fmt.Errorf("cannot link the program with -randlayout=%d: %w", layout, err)
	}
	return file, nil
}

// command runs the go command and returns what it prints, or the first line of why not.
func (l *links) command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), l.env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); err != nil && line != "" {
		err = errors.New(strings.TrimPrefix(line, "go: "))
	}
	return string(out), err
}

// link prepares the programs that measure, and returns what removes them.
func (t *task) link(ctx context.Context) (remove func(), err error) {
	remove = func() {}
	if !t.plan.Forked() {
		return remove, nil
	}
	self, err := os.Executable()
	if err != nil {
		return remove, fmt.Errorf("cannot start a child process: %w", err)
	}
	programs := []string{self}
	if t.plan.Links > 1 {
		dir, err := os.MkdirTemp("", "runbench-links-")
		if err != nil {
			return remove, fmt.Errorf("cannot keep the links: %w", err)
		}
		remove = func() { _ = os.RemoveAll(dir) }
		programs = nil
		for i, seed := range t.manifest.Layouts {
			fmt.Fprintf(t.stdout, "link %d of %d: go build -ldflags=-randlayout=%d %s\n", i+1, t.plan.Links, seed, t.links.path)
			file, err := t.links.build(ctx, dir, seed)
			if err != nil {
				return remove, err
			}
			programs = append(programs, file)
		}
	}
	t.runner.Children = run.Children{
		Start: func(link int) *exec.Cmd { return exec.Command(programs[link-1], measureName) },
		Cause: lincheck.CrashCause,
	}
	return remove, nil
}
