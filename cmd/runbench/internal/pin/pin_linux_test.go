package pin

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pinned in the environment makes the test binary a program that pins itself to those processors.
// It starts threads, and pins one of them to the first processor. It prints the processors that
// its threads and a child may use.
const pinned = "PIN_TEST_CPUS"

func TestMain(m *testing.M) {
	if list := os.Getenv(pinned); list != "" {
		os.Exit(printPinned(list))
	}
	os.Exit(m.Run())
}

func printPinned(list string) int {
	cpus, err := CPUs(list)
	if err == nil {
		err = Process(cpus)
	}
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		return 1
	}
	ready, end := make(chan error), make(chan bool)
	for i := range 4 {
		go func() {
			runtime.LockOSThread() // so that there are as many threads
			var err error
			if i == 0 {
				err = Thread(cpus[0])
			}
			ready <- err
			<-end
		}()
	}
	for range 4 {
		if err := <-ready; err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
			return 1
		}
	}
	threads, _ := filepath.Glob("/proc/self/task/*/status")
	for _, name := range threads {
		text, _ := os.ReadFile(name)
		os.Stdout.WriteString("thread " + allowedList(string(text)) + "\n")
	}
	child, _ := exec.Command("cat", "/proc/self/status").Output()
	os.Stdout.WriteString("child " + allowedList(string(child)) + "\n")
	close(end)
	return 0
}

func allowedList(status string) string {
	_, rest, _ := strings.Cut(status, "Cpus_allowed_list:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// TestProcess pins a process to each processor, and reads from the kernel which processors its
// threads may use.
func TestProcess(t *testing.T) {
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		t.Fatal(err)
	}
	cpus, err := CPUs(list(&may))
	if err != nil {
		t.Fatal(err)
	}
	run := func(list string) string {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), pinned+"="+list)
		out, _ := cmd.CombinedOutput() // it has the result
		return string(out)
	}
	last := Format(cpus[len(cpus)-1:])
	out := run(last)
	if n := strings.Count(out, "thread "+last+"\n"); n < 5 || n != strings.Count(out, "thread") || !strings.Contains(out, "child "+last+"\n") {
		t.Errorf("pinned to %s:\n%s", last, out)
	}
	if len(cpus) > 1 {
		all := Format(cpus)
		out = run(all)
		if one := Format(cpus[:1]); strings.Count(out, "thread "+one+"\n") != 1 || strings.Count(out, "thread "+all+"\n") < 4 {
			t.Errorf("pinned to %s, and a thread to %s:\n%s", all, one, out)
		}
	}
	if out := run("8000"); !strings.HasPrefix(out, "cannot pin to processor 8000: ") || !strings.Contains(out, "want some of "+Format(cpus)) {
		t.Errorf("pinned to what there is not: %s", out)
	}
}
