package drive

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/judge"
)

// NewVerdict returns an empty verdict on e.
func NewVerdict(e kv.Entry) judge.Verdict {
	return judge.Verdict{Map: e.Name, Level: e.Level.String(), Broken: e.Broken}
}

// Child says how to run the process in which a map is checked. The program at Path, called with
// Args, must call [ChildMain] or [RunChild] for the same entry.
type Child struct {
	Path   string
	Args   []string
	Dir    string        // existing folder for the stderr of a failed child; "" = keep only its beginning
	Time   time.Duration // a child that runs longer hangs; 0 = a minute
	Memory int64         // bytes that the child may use; 0 = 1 GiB
	// Report gets each line that the child writes to stdout before its verdict; nil = ignore them.
	// A child with a Report is not killed when ctx ends: it is interrupted, and has ten seconds for
	// its verdict.
	Report func(line string)
}

// Supervise lets a child process check e and returns its verdict. A Go program cannot recover from
// a concurrent map write, and a map that hangs would hang its checker. So a child that crashes,
// hangs or exceeds its memory makes the verdict Illegal, with its stderr as evidence. A child that
// could not start, that was killed from outside, or that was interrupted through ctx makes it
// Unknown. Supervise blocks until the child has ended. Any goroutine may call it.
func Supervise(ctx context.Context, e kv.Entry, c Child) judge.Verdict {
	if c.Time == 0 {
		c.Time = defaultChildTime
	}
	if c.Memory == 0 {
		c.Memory = defaultChildMemory
	}
	limited, cancel := context.WithTimeout(ctx, c.Time)
	defer cancel()
	secret := rand.Text()
	cmd := c.command(ctx, limited, secret)
	stdout, stderr := lastLine{each: c.Report}, Head{}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()

	v := NewVerdict(e)
	v.Checker = "child"
	var exit *exec.ExitError
	answered := c.Report != nil && cmd.ProcessState != nil && cmd.ProcessState.Success()
	switch {
	case ctx.Err() != nil && !answered:
		v.Reason = "interrupted"
	case ctx.Err() == nil && limited.Err() != nil:
		v.Outcome, v.Checker, v.Reason = history.Illegal, "C9", fmt.Sprintf("no answer within %v: it hangs", c.Time)
		if where := Summarize(stderr.String()); where != "" {
			v.Reason += ", with " + where
		}
	case errors.As(err, &exit) && Killed(exit):
		v.Reason = "the checking process was killed from outside: " + exit.Error()
	case errors.As(err, &exit):
		v.Outcome, v.Reason = history.Illegal, "it crashed: "+CrashCause(stderr.String(), exit)
	case errors.Is(err, exec.ErrWaitDelay):
		v.Reason = "the checking process has ended, but a process that it started keeps its output open"
	case err != nil && ctx.Err() == nil:
		v.Reason = "the checking process did not run: " + err.Error()
	default:
		answer, err := lastVerdict(stdout.line, secret)
		if err == nil {
			return answer
		}
		v.Reason = err.Error()
	}
	KeepOutput(&v, stderr.String(), c.Dir)
	return v
}

// command returns the command that runs the child. When limited ends the command asks the child for
// the stacks of its goroutines, and kills it a little later. When ctx ends it kills the child at
// once, or lets a child with a Report finish.
func (c Child) command(ctx, limited context.Context, secret string) *exec.Cmd {
	cmd := Command(limited, c.Path, c.Args...)
	askForStacks := cmd.Cancel
	cmd.Cancel = func() error {
		switch {
		case ctx.Err() == nil:
			return askForStacks()
		case c.Report != nil:
			return cmd.Process.Signal(os.Interrupt)
		}
		return cmd.Process.Kill()
	}
	if c.Report != nil {
		cmd.WaitDelay = verdictDelay
	}
	cmd.Env = append(cmd.Env, fmt.Sprintf("GOMEMLIMIT=%d", c.Memory), secretEnv+"="+secret)
	return cmd
}

// Command returns the command that runs a Go program in a child process. When ctx ends, the command
// asks the program for the stacks of its goroutines, which it writes to stderr, and kills it a
// little later.
func Command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error {
		if cmd.Process.Signal(syscall.SIGQUIT) != nil { // the system has no such signal
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = dumpDelay
	cmd.Env = append(os.Environ(), "GOTRACEBACK=all")
	return cmd
}

// Killed reports whether a signal ended the process that Go programs neither send to themselves nor
// cause by a fault of their own.
func Killed(exit *exec.ExitError) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	s := status.Signal()
	return s == syscall.SIGINT || s == syscall.SIGTERM || s == syscall.SIGKILL
}

// CrashCause returns the line of a crashed Go program's stderr that says what happened. If stderr
// is empty it returns exit, the way in which the program ended.
func CrashCause(stderr string, exit error) string {
	for line := range strings.Lines(stderr) {
		for _, first := range []string{"panic: ", "fatal error: ", "WARNING: DATA RACE"} {
			if strings.HasPrefix(line, first) {
				return strings.TrimSpace(line)
			}
		}
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n"); first != "" {
		return first
	}
	return exit.Error()
}

// lastVerdict decodes the last line of a child's output. The map under check may print lines too,
// and may end the process. So a secret stands before the verdict, and the map does not know the
// secret.
func lastVerdict(line []byte, secret string) (judge.Verdict, error) {
	line = bytes.TrimSpace(line)
	answer, ours := bytes.CutPrefix(line, []byte(secret))
	var v judge.Verdict
	if err := json.Unmarshal(answer, &v); err != nil || !ours {
		return judge.Verdict{}, fmt.Errorf("the checking process ended without a verdict; its last line is %.80q", line)
	}
	return v, nil
}

// Head keeps the beginning of what is written to it. The beginning of a crash names its cause.
// The buffer is not embedded: its ReadFrom would keep everything.
type Head struct{ kept bytes.Buffer }

// Write keeps p as long as there is room. It never fails.
func (h *Head) Write(p []byte) (int, error) {
	h.kept.Write(p[:min(len(p), outputKept-h.kept.Len())])
	return len(p), nil
}

// String returns what is kept.
func (h *Head) String() string { return h.kept.String() }

// lastLine keeps the last line of what is written to it, and passes the other lines to each.
type lastLine struct {
	each func(string) // nil = nothing
	line []byte
}

func (l *lastLine) Write(p []byte) (int, error) {
	for part := range bytes.Lines(p) {
		if n := len(l.line); n > 0 && l.line[n-1] == '\n' {
			if l.each != nil && n > 1 {
				l.each(string(l.line[:n-1]))
			}
			l.line = l.line[:0]
		}
		l.line = append(l.line, part[:min(len(part), outputKept-len(l.line))]...)
	}
	return len(p), nil
}
