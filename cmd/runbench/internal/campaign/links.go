package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// links builds the program again, with other layouts of its code.
type links struct {
	path  string   // of package main
	flags []string // of go build, which this program was built with
	env   []string
}

// newLinks finds out how this program was built. It fails if it cannot be built again.
func newLinks(ctx context.Context) (*links, error) {
	const why = "-links must build the program again: "
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Path == "" || info.Path == "command-line-arguments" {
		return nil, errors.New(why + "the program does not say its package; want a program that go build built, as in go build ./cmd/runbench")
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
		return nil, fmt.Errorf("%scannot find %s here: %w; start it in its source tree", why, l.path, err)
	}
	return l, nil
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

// command runs the go command and returns its output. If it fails, the error is the first line of
// what it printed.
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

// link prepares the programs that measure, and returns a function that removes them.
func (c *Campaign) link(ctx context.Context) (remove func(), err error) {
	remove = func() {}
	self, err := os.Executable()
	if err != nil {
		return remove, fmt.Errorf("cannot start a child process: %w", err)
	}
	programs := []string{self}
	if c.plan.Links > 1 {
		dir, err := os.MkdirTemp("", "runbench-links-")
		if err != nil {
			return remove, fmt.Errorf("cannot keep the links: %w", err)
		}
		remove = func() { _ = os.RemoveAll(dir) }
		if programs, err = c.buildLinks(ctx, dir); err != nil {
			return remove, err
		}
	}
	c.runner.Children = c.children(programs)
	return remove, nil
}

// buildLinks builds the program for each link into a file in dir.
func (c *Campaign) buildLinks(ctx context.Context, dir string) (programs []string, err error) {
	for i, seed := range c.store.manifest.Layouts {
		fmt.Fprintf(c.Out, "link %d of %d: go build -ldflags=-randlayout=%d %s\n", i+1, c.plan.Links, seed, c.links.path)
		file, err := c.links.build(ctx, dir, seed)
		if err != nil {
			return nil, err
		}
		programs = append(programs, file)
	}
	return programs, nil
}
