package drive

import (
	"encoding/json"
	"fmt"
	"math"
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
	outputKept         = 1 << 20 // bytes of the beginning of what a child prints, and as many of the end
	outputShown        = 2 << 10 // bytes of it in the verdict itself
	dumpDelay          = 3 * time.Second
	verdictDelay       = 10 * time.Second

	// leastProcs is the least GOMAXPROCS of a child. On a machine with fewer processors the kernel
	// then stops threads within operations, far more often than Go stops goroutines.
	leastProcs = 4

	mostStack    = 32 << 20        // bytes of one goroutine's stack; catches endless recursion
	leakPatience = 3 * time.Second // time for goroutines to end after their maps are closed
)

// KeepOutput adds what a child printed to the verdict's evidence, and saves it in dir; "" =
// nowhere.
func KeepOutput(v *judge.Verdict, printed, dir string) {
	if printed == "" {
		return
	}
	v.Evidence.Output = printed[:min(len(printed), outputShown)]
	if dir == "" {
		return
	}
	path := filepath.Join(dir, v.Map+"-stderr.txt")
	if err := os.WriteFile(path, []byte(printed), 0o666); err != nil {
		v.Reason += "; its output is lost: " + err.Error()
		return
	}
	v.Evidence.Log = path
}

// ChildMain is the child's side of [Supervise] for a check of many histories: it calls check, looks
// for goroutines that the maps left behind, and answers with the verdict. It crashes the process
// when that uses more memory than GOMEMLIMIT says.
func ChildMain(check func() judge.Verdict, dir string) error {
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), leastProcs))
	return RunChild(func(func(string)) judge.Verdict {
		before := runtime.NumGoroutine()
		v := check()
		leaks(&v, runtime.NumGoroutine, before, dir)
		return v
	})
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

// answer is what a child process answers, in one line of JSON. The first one is empty: it says that
// the check begins.
type answer struct {
	Report  string         `json:",omitempty"` // how far the check is
	Verdict *judge.Verdict `json:",omitempty"` // the last answer has it
}

// RunChild is the child's side of [Supervise]: it calls check, which may report how far it is, and
// answers with its verdict. It crashes the process when that uses more memory than GOMEMLIMIT says.
func RunChild(check func(report func(line string)) judge.Verdict) error {
	pipe, err := OpenAnswers()
	if err != nil {
		return err
	}
	done := make(chan struct{})
	defer close(done)
	debug.SetMaxStack(mostStack)
	go watchMemory(debug.SetMemoryLimit(-1), done)
	answers := json.NewEncoder(pipe)
	if err := answers.Encode(answer{}); err != nil {
		return err
	}
	report := func(line string) { _ = answers.Encode(answer{Report: line}) } // an error means that the parent is gone
	v := check(report)
	return answers.Encode(answer{Verdict: &v})
}

// watchMemory panics when the process holds more than limit bytes. Where the system says how much
// is resident, memory that was reserved and never used does not count. The limit of the Go
// runtime is soft: near it the runtime collects garbage more often, but it does not refuse
// memory.
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
			used := held[0].Value.Uint64() - held[1].Value.Uint64()
			if used > uint64(limit) {
				used = min(used, resident())
			}
			if used > uint64(limit) {
				panic(fmt.Sprintf("lincheck: the check uses %d MiB; its limit is %d MiB", used>>20, limit>>20))
			}
		}
	}
}

// resident returns how many bytes of the process are in memory, or the greatest number if the
// system does not say.
func resident() uint64 {
	var size, pages uint64
	text, err := os.ReadFile("/proc/self/statm") // Linux; see proc(5)
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &pages)
	}
	if err != nil {
		return math.MaxUint64
	}
	return pages * uint64(os.Getpagesize())
}
