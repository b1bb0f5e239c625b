package drive

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/judge"
)

const (
	defaultChildTime   = time.Minute
	defaultChildMemory = 1 << 30
	outputKept         = 1 << 20 // bytes of a child's stdout and of its stderr
	outputShown        = 2 << 10 // bytes of stderr in the verdict itself
	dumpDelay          = 3 * time.Second
	verdictDelay       = 10 * time.Second

	// leastProcs is the least GOMAXPROCS of a child. On a machine with fewer processors the kernel
	// then stops threads within operations, far more often than Go stops goroutines.
	leastProcs = 4

	mostStack    = 32 << 20        // bytes of one goroutine's stack; catches endless recursion
	leakPatience = 3 * time.Second // time for goroutines to end after their maps are closed
	secretEnv    = "LINCHECK_SECRET"
)

// KeepOutput adds the stderr of a child to the verdict's evidence, and saves it in dir; "" =
// nowhere.
func KeepOutput(v *judge.Verdict, stderr, dir string) {
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

// ChildMain is the child's side of [Supervise] for a check of many histories: it calls check, looks
// for goroutines that the maps left behind, and writes the verdict to w. It crashes the process
// when that uses more memory than GOMEMLIMIT says.
func ChildMain(check func() judge.Verdict, dir string, w io.Writer) error {
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), leastProcs))
	return RunChild(func() judge.Verdict {
		before := runtime.NumGoroutine()
		v := check()
		leaks(&v, runtime.NumGoroutine, before, dir)
		return v
	}, w)
}

// leaks turns an Ok into an Illegal if at least one goroutine is left of each history, although its
// map has been closed. before is the number of goroutines before the check.
func leaks(v *judge.Verdict, goroutines func() int, before int, dir string) {
	if v.Outcome != history.Ok {
		return
	}
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		left := goroutines() - before
		if left <= 0 || left < v.Counts.Histories {
			return
		}
		if time.Since(start) > leakPatience {
			v.Outcome, v.Checker = history.Illegal, "leak"
			v.Reason = fmt.Sprintf("it leaks goroutines: %d are left after %d histories whose maps were closed", left, v.Counts.Histories)
			KeepOutput(v, Stacks(), dir)
			return
		}
	}
}

// RunChild calls check and writes its verdict to w, as the last line of a child process. It crashes
// the process when that uses more memory than GOMEMLIMIT says.
func RunChild(check func() judge.Verdict, w io.Writer) error {
	done := make(chan struct{})
	defer close(done)
	secret := os.Getenv(secretEnv)
	os.Unsetenv(secretEnv) // fails only for malformed names
	debug.SetMaxStack(mostStack)
	go watchMemory(debug.SetMemoryLimit(-1), done)
	line, err := encode(check())
	if err != nil {
		return err
	}
	// The map may have printed something, and stopped within a line.
	_, err = w.Write(append([]byte("\n"+secret), line...))
	return err
}

// watchMemory panics when the process holds more than limit bytes. The limit of the Go runtime is
// soft: near it the runtime collects garbage more often, but it does not refuse memory.
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

// encode returns v as one line of JSON.
func encode(v judge.Verdict) ([]byte, error) {
	b, err := json.Marshal(v)
	return append(b, '\n'), err
}
