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

// about returns an empty verdict on e.
func NewVerdict(e kv.Entry) judge.Verdict {
	return judge.Verdict{Map: e.Name, Level: e.Level.String(), Broken: e.Broken}
}

// Child says how to run the process in which a map is checked. The program at Path,
// called with Args, must call [ChildMain] for the same entry.
type Child struct {
	Path   string
	Args   []string
	Dir    string        // existing folder for the output of a child that crashed; "" = keep only its beginning
	Time   time.Duration // after it the child has hung; 0 = a minute
	Memory int64         // bytes that the child may use; 0 = 1 GiB
	// Report is told each line that the child writes to stdout before its verdict; nil = nobody
	// is. A child with a Report is not killed but interrupted when ctx ends, and has ten
	// seconds for its verdict then.
	Report func(line string)
}

// Supervise has e checked by a child process and returns its verdict. A Go program
// cannot recover from a concurrent map write, and a map that hangs hangs its checker;
// so a child that crashes, hangs or exceeds its memory makes the verdict Illegal, with
// what it wrote to stderr as evidence. A child that could not start, was killed from
// outside or was interrupted through ctx makes it Unknown. Supervise blocks until the
// child has ended; any goroutine may call it.
func Supervise(ctx context.Context, e kv.Entry, c Child) judge.Verdict {
	if c.Time == 0 {
		c.Time = defaultChildTime
	}
	if c.Memory == 0 {
		c.Memory = defaultChildMemory
	}
	limited, cancel := context.WithTimeout(ctx, c.Time)
	defer cancel()
	cmd := exec.CommandContext(limited, c.Path, c.Args...)
	// A child that hung is asked for the stacks of its goroutines before it is killed.
	cmd.Cancel = func() error {
		switch {
		case ctx.Err() == nil:
			return cmd.Process.Signal(syscall.SIGQUIT)
		case c.Report != nil:
			return cmd.Process.Signal(os.Interrupt)
		}
		return cmd.Process.Kill()
	}
	cmd.WaitDelay = dumpDelay
	if c.Report != nil {
		cmd.WaitDelay = verdictDelay
	}
	secret := rand.Text()
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMEMLIMIT=%d", c.Memory), "GOTRACEBACK=all", secretEnv+"="+secret)
	stdout, stderr := lastLine{each: c.Report}, head{}
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
	case errors.As(err, &exit) && killed(exit):
		v.Reason = "the checking process was killed from outside: " + exit.Error()
	case errors.As(err, &exit):
		v.Outcome, v.Reason = history.Illegal, "it crashed: "+CrashCause(stderr.String(), exit)
	case errors.Is(err, exec.ErrWaitDelay):
		v.Reason = "the checking process has ended, but not another that it has started and that keeps its output open"
	case err != nil && ctx.Err() == nil:
		v.Reason = "the checking process did not run: " + err.Error()
	default:
		answer, err := lastVerdict(stdout.line, secret)
		if err != nil {
			v.Reason = err.Error()
			break
		}
		return answer
	}
	KeepOutput(&v, stderr.String(), c.Dir)
	return v
}

// killed reports whether the process was ended by a signal that Go programs neither
// send to themselves nor die of by their own fault.
func killed(exit *exec.ExitError) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	s := status.Signal()
	return s == syscall.SIGINT || s == syscall.SIGTERM || s == syscall.SIGKILL
}

// CrashCause returns the line that says what happened, of what a Go program that crashed
// wrote to stderr; or exit, how it ended, if it wrote nothing.
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

// lastVerdict decodes the last line of a child's output: a map under check might print others, and end
// the process itself. So a verdict comes behind a secret, which the map is not told.
func lastVerdict(line []byte, secret string) (judge.Verdict, error) {
	line = bytes.TrimSpace(line)
	answer, ours := bytes.CutPrefix(line, []byte(secret))
	var v judge.Verdict
	if err := json.Unmarshal(answer, &v); err != nil || !ours {
		return judge.Verdict{}, fmt.Errorf("the checking process ended without a verdict; its last line is %.80q", line)
	}
	return v, nil
}

// head keeps the beginning of what is written to it. In a crash that is where the
// cause stands.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	h.Buffer.Write(p[:min(len(p), outputKept-h.Len())])
	return len(p), nil
}

// lastLine keeps the last line of what is written to it, and tells the others.
type lastLine struct {
	each func(string) // or nil
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
