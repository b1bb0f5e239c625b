package lincheck

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"syscall"
	"time"

	"doublebuf/baselines/kv"
)

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

const (
	defaultChildTime   = time.Minute
	defaultChildMemory = 1 << 30
	outputKept         = 1 << 20 // bytes of a child's stdout and of its stderr
	outputShown        = 2 << 10 // bytes of stderr that travel with the verdict
	dumpDelay          = 3 * time.Second
	verdictDelay       = 10 * time.Second

	// leastProcs is on how many threads a child runs goroutines at least. Where there are
	// fewer processors the kernel stops threads within operations, far more often than Go
	// stops goroutines.
	leastProcs = 4

	mostStack    = 32 << 20        // bytes of one goroutine's stack: a map that recurses without end
	leakPatience = 3 * time.Second // that goroutines have to end when their maps are closed
	secretEnv    = "LINCHECK_SECRET"
)

// Supervise has e checked by a child process and returns its verdict. A Go program
// cannot recover from a concurrent map write, and a map that hangs hangs its checker;
// so a child that crashes, hangs or exceeds its memory makes the verdict Illegal, with
// what it wrote to stderr as evidence. A child that could not start, was killed from
// outside or was interrupted through ctx makes it Unknown. Supervise blocks until the
// child has ended; any goroutine may call it.
func Supervise(ctx context.Context, e kv.Entry, c Child) Verdict {
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

	v := about(e)
	v.Checker = "child"
	var exit *exec.ExitError
	answered := c.Report != nil && cmd.ProcessState != nil && cmd.ProcessState.Success()
	switch {
	case ctx.Err() != nil && !answered:
		v.Reason = "interrupted"
	case ctx.Err() == nil && limited.Err() != nil:
		v.Outcome, v.Checker, v.Reason = Illegal, "C9", fmt.Sprintf("no answer within %v: it hangs", c.Time)
		if where := whereabouts(stderr.String()); where != "" {
			v.Reason += ", with " + where
		}
	case errors.As(err, &exit) && killed(exit):
		v.Reason = "the checking process was killed from outside: " + exit.Error()
	case errors.As(err, &exit):
		v.Outcome, v.Reason = Illegal, "it crashed: "+CrashCause(stderr.String(), exit)
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
	v.keepOutput(stderr.String(), c.Dir)
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
func lastVerdict(line []byte, secret string) (Verdict, error) {
	line = bytes.TrimSpace(line)
	answer, ours := bytes.CutPrefix(line, []byte(secret))
	var v Verdict
	if err := json.Unmarshal(answer, &v); err != nil || !ours {
		return Verdict{}, fmt.Errorf("the checking process ended without a verdict; its last line is %.80q", line)
	}
	return v, nil
}

// keepOutput adds a child's stderr to the verdict's evidence.
func (v *Verdict) keepOutput(stderr, dir string) {
	if stderr == "" {
		return
	}
	v.Evidence.Output = stderr[:min(len(stderr), outputShown)]
	if dir == "" {
		return
	}
	path := filepath.Join(dir, v.Map+"-stderr.txt")
	if err := os.WriteFile(path, []byte(stderr), 0o666); err != nil {
		v.Reason += "; its output is lost: " + err.Error()
		return
	}
	v.Evidence.Log = path
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

// ChildMain is the child's side of [Supervise]: it checks e and writes the verdict to
// w. It crashes the process when that uses more memory than GOMEMLIMIT says.
func ChildMain(e kv.Entry, o Options, w io.Writer) error {
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), leastProcs))
	return inChild(func() Verdict {
		before := runtime.NumGoroutine()
		v := Check(e, o)
		v.leaks(runtime.NumGoroutine, before, o.Dir)
		return v
	}, w)
}

// leaks makes an Ok Illegal if at least one goroutine is left of each history, whose map has been
// closed. before is how many there were before the check.
func (v *Verdict) leaks(goroutines func() int, before int, dir string) {
	if v.Outcome != Ok {
		return
	}
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		left := goroutines() - before
		if left <= 0 || left < v.Counts.Histories {
			return
		}
		if time.Since(start) > leakPatience {
			v.Outcome, v.Checker = Illegal, "leak"
			v.Reason = fmt.Sprintf("it leaks goroutines: %d are left of %d histories, whose maps are closed", left, v.Counts.Histories)
			v.keepOutput(stacks(), dir)
			return
		}
	}
}

// inChild writes the verdict that judge comes to, as the last line of a child, and crashes the
// process when that uses more memory than GOMEMLIMIT says.
func inChild(judge func() Verdict, w io.Writer) error {
	done := make(chan struct{})
	defer close(done)
	secret := os.Getenv(secretEnv)
	os.Unsetenv(secretEnv) // which fails only for names that are none
	debug.SetMaxStack(mostStack)
	go watchMemory(debug.SetMemoryLimit(-1), done)
	line, err := judge().encode()
	if err != nil {
		return err
	}
	// The map may have printed something, and ended within a line.
	_, err = w.Write(append([]byte("\n"+secret), line...))
	return err
}

// watchMemory panics when the process holds more than limit bytes. The limit that the
// runtime itself keeps is soft: it collects more often, but does not refuse.
func watchMemory(limit int64, done <-chan struct{}) {
	held := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			metrics.Read(held)
			if used := held[0].Value.Uint64() - held[1].Value.Uint64(); used > uint64(limit) {
				panic(fmt.Sprintf("lincheck: the check uses %d MiB; its limit is %d MiB", used>>20, limit>>20))
			}
		}
	}
}
