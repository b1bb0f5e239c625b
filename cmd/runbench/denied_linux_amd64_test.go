package main

import (
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// asDenied in the environment makes the test binary become the command where membarrier(2) is
// denied, as a container's filter of system calls may do.
const asDenied = "RUNBENCH_TEST_WITHOUT_MEMBARRIER"

func init() {
	if os.Getenv(asDenied) == "" {
		return
	}
	err := os.Unsetenv(asDenied)
	if err == nil {
		err = denyMembarrier()
	}
	if err == nil {
		err = syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	println("cannot deny membarrier:", err.Error())
	os.Exit(denialFailed)
}

const denialFailed = 77

// denyMembarrier makes the kernel answer membarrier(2) with EPERM, for the calling thread and the
// programs that it executes.
func denyMembarrier() error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the call, which is the first field
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_MEMBARRIER, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// TestRunWithoutMembarrier: if another map is measured under a name, every output says so, also
// later and on other machines.
func TestRunWithoutMembarrier(t *testing.T) {
	t.Parallel()
	const why = "membarriers are not available, epoch instead, because membarrier(16): operation not permitted"
	dir := t.TempDir()
	cmd := command(dir, append(tiny, "-impl", "dbuf-asymmetric-b64,dbuf-adaptive-b64,rwmutex", "-reps", "1", "-results", "r")...)
	cmd.Env = append(cmd.Env, asDenied+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		if cmd.ProcessState.ExitCode() == denialFailed {
			t.Skipf("skipped: the kernel takes no filter of system calls here: %s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	const want = "dbuf-adaptive-b64, dbuf-asymmetric-b64: " + why
	if m := read(t, dir, "r/manifest.json"); !strings.Contains(m, `"dbuf-asymmetric-b64": "`+why+`"`) {
		t.Errorf("the manifest does not say that asymmetric was epoch:\n%s", m)
	}
	code, stdout, stderr := runbench(t, dir, "report", "-plots", "p", "r")
	if code != 0 || !strings.Contains(stderr, "runbench: warning: "+want+"\n") || !strings.Contains(read(t, dir, "r/report.md"), "> Warning: "+want+".\n") {
		t.Errorf("reported elsewhere: exit code %d, without %q\n%s%s", code, want, stdout, stderr)
	}
	_, _, stderr = runbench(t, dir, "compare", "-a", "dbuf-asymmetric-b64", "-b", "rwmutex", "r")
	if !strings.Contains(stderr, "runbench: warning: "+want+"\n") {
		t.Errorf("compare does not warn of it: %s", stderr)
	}
}
