package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
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
	Dir    string        // existing folder for what a failed child printed; "" = keep only its beginning
	Time   time.Duration // a child that runs longer hangs; 0 = a minute
	Memory int64         // bytes that the child may use; 0 = 1 GiB
	// Report gets each line that the child reports before its verdict; nil = ignore them.
	// A child with a Report is not killed when ctx ends: it is interrupted, and has ten seconds for
	// its verdict.
	Report func(line string)
}

// Supervise lets a child process check e and returns its verdict. A Go program cannot recover
// from a concurrent map write, and a map that hangs would hang its checker. So a child that
// crashes, exits, hangs or exceeds its memory makes the verdict Illegal, with what it printed as
// evidence. That its map ended it is certain: a child says when the check begins, and ends by
// itself only after it has answered with its verdict. A child that did not come so far, that was
// killed by a signal, or that was interrupted through ctx makes the verdict Unknown: its map may
// have done it, but so may others. Supervise blocks until the child has ended. Any goroutine may
// call it.
func Supervise(ctx context.Context, e kv.Entry, c Child) judge.Verdict {
	if c.Time == 0 {
		c.Time = defaultChildTime
	}
	if c.Memory == 0 {
		c.Memory = defaultChildMemory
	}
	limited, cancel := context.WithTimeout(ctx, c.Time)
	defer cancel()
	v := NewVerdict(e)
	v.Checker = "child"
	p, err := Start(c.command(ctx, limited))
	switch {
	case err != nil && ctx.Err() != nil:
		v.Reason = "interrupted"
		return v
	case err != nil:
		v.Reason = "the checking process did not run: " + err.Error()
		return v
	}
	defer p.Answers.Close()
	var begun bool
	var answer *judge.Verdict
	read := make(chan struct{})
	go func() {
		begun, answer = c.read(p.Answers)
		close(read)
	}()
	err = p.Wait()
	// The answers have ended, unless a process that the child started has the pipe.
	late := time.AfterFunc(dumpDelay, func() { _ = p.Answers.Close() })
	defer late.Stop()
	<-read

	printed := p.Printed.String()
	switch {
	case errors.Is(err, exec.ErrWaitDelay):
		v.Reason = "the checking process has ended, but a process that it started keeps its output open"
	case answer != nil && p.ProcessState.Success():
		return *answer
	case ctx.Err() != nil:
		v.Reason = "interrupted"
	case limited.Err() != nil:
		v.Outcome, v.Checker, v.Reason = history.Illegal, "C9", fmt.Sprintf("no answer within %v: it hangs", c.Time)
		if where := Summarize(printed); where != "" {
			v.Reason += ", with " + where
		}
	default:
		v.Outcome, v.Reason = c.ended(begun, printed, err)
	}
	KeepOutput(&v, printed, c.Dir)
	return v
}

// ended returns what follows from the end of a child that has no verdict.
func (c Child) ended(begun bool, printed string, end error) (o history.Outcome, reason string) {
	cause, how := Cause(printed, end)
	switch {
	case how == Killed:
		return history.Unknown, "the checking process was killed, by its map or from outside: " + cause
	case !begun:
		return history.Unknown, "the checking process ended before the check began: " + crashCause(printed, errors.New(cause))
	case how == Starved:
		return history.Unknown, fmt.Sprintf("the checking process got no memory from the system, and used less than its %d MiB: %s", c.Memory>>20, cause)
	case how == Crashed:
		return history.Illegal, "it crashed: " + cause
	}
	return history.Illegal, "it ended its process: " + cause
}

// read reads what a child answers until it ends. It returns whether the check has begun, and the
// verdict; nil if there is none.
func (c Child) read(answers io.Reader) (begun bool, verdict *judge.Verdict) {
	for d := json.NewDecoder(answers); ; {
		var a answer
		if err := d.Decode(&a); err != nil {
			return begun, verdict
		}
		begun, verdict = true, a.Verdict
		if a.Report != "" && c.Report != nil {
			c.Report(a.Report)
		}
	}
}

// command returns the command that runs the child. When limited ends the command asks the child for
// the stacks of its goroutines, and kills it a little later. When ctx ends it kills the child at
// once, or lets a child with a Report finish.
func (c Child) command(ctx, limited context.Context) *exec.Cmd {
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
	cmd.Env = append(cmd.Env, fmt.Sprintf("GOMEMLIMIT=%d", c.Memory))
	return cmd
}

// Command returns the command that runs a Go program in a child process. When ctx ends, the command
// asks the program for the stacks of its goroutines, which it prints, and kills it a
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

// Ended is in which way a process ended.
type Ended int

// The ways.
const (
	Exited  Ended = iota // its program chose to end it
	Crashed              // the Go runtime ended it
	Starved              // the Go runtime got no memory from the system
	Killed               // by a signal that Go programs neither send to themselves nor cause by a fault
)

// Cause returns in one line why a child process ended, and in which way. printed is what it has
// printed. end is the error of Wait. A Go program that crashes exits with code 2, or 66 with the
// race detector. It exits with code 2 after a SIGQUIT too, which nobody but a person sends.
func Cause(printed string, end error) (cause string, how Ended) {
	var exit *exec.ExitError
	switch {
	case end == nil:
		return "exit status 0", Exited
	case !errors.As(end, &exit):
		return end.Error(), Exited
	case signalled(exit):
		return exit.Error(), Killed
	case exit.ExitCode() == 2 && quit.MatchString(printed):
		return "SIGQUIT: quit", Killed
	case exit.ExitCode() == 2 || exit.ExitCode() == 66 || exit.ExitCode() < 0:
		cause = crashCause(printed, exit)
		if starved.MatchString(cause) && !strings.HasPrefix(cause, "panic: ") { // a map may panic with any text
			return cause, Starved
		}
		return cause, Crashed
	}
	return exit.Error(), Exited
}

// starved matches what the Go runtime says when it gets no memory.
var starved = regexp.MustCompile("out of memory|cannot allocate memory|cannot reserve arena|failed to reserve")

// signalled reports whether a signal ended the process that Go programs neither send to themselves
// nor cause by a fault of their own.
func signalled(exit *exec.ExitError) bool {
	if runtime.GOOS == "windows" {
		return exit.ExitCode() == 1 // as the task manager and Go's Process.Kill end processes there
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	s := status.Signal()
	return s == syscall.SIGINT || s == syscall.SIGTERM || s == syscall.SIGHUP || s == syscall.SIGKILL
}

// quit matches what the Go runtime prints after that signal.
var quit = regexp.MustCompile(`SIGQUIT: quit\nPC=`)

// crash matches the line that says why a Go program crashed. What a map printed without a line feed
// may stand before it, in the same line.
var crash = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^(panic: |fatal error: |WARNING: DATA RACE).*`),
	regexp.MustCompile(`(panic: |fatal error: |WARNING: DATA RACE).*`),
}

// crashCause returns the line that says what happened, of what a crashed Go program printed. If it
// printed nothing, crashCause returns exit, the way in which the program ended.
func crashCause(printed string, exit error) string {
	for _, line := range crash {
		if cause := line.FindString(printed); cause != "" {
			return strings.TrimSpace(cause)
		}
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(printed), "\n"); first != "" {
		return first
	}
	return exit.Error()
}

// Ends keeps what is written to it, or if that is too long, the beginning and the end of it. The
// beginning of a crash names its cause. It comes last if a map prints much before.
type Ends struct {
	head, tail []byte
	lost       int // bytes between them
}

// Write keeps p. It never fails.
func (e *Ends) Write(p []byte) (int, error) {
	n := min(len(p), outputKept-len(e.head))
	e.head = append(e.head, p[:n]...)
	e.tail = append(e.tail, p[n:]...)
	if len(e.tail) > 2*outputKept { // seldom, because each time much is copied
		e.cut()
	}
	return len(p), nil
}

// cut drops what the tail has too much of.
func (e *Ends) cut() {
	if over := len(e.tail) - outputKept; over > 0 {
		e.lost += over
		e.tail = append(e.tail[:0], e.tail[over:]...)
	}
}

// String returns what is kept.
func (e *Ends) String() string {
	if e.cut(); e.lost == 0 {
		return string(e.head) + string(e.tail)
	}
	return fmt.Sprintf("%s\n\n[%d bytes are left out here]\n\n%s", e.head, e.lost, e.tail)
}
