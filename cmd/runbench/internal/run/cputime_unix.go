//go:build unix

package run

import (
	"os"
	"syscall"
	"time"
)

// cpuTime returns the processor time that the process has used, in user mode and in the
// kernel; 0 if it cannot be known.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// mostResident returns the most bytes of memory that a process held, which has ended; 0 if it
// cannot be known.
func mostResident(ended *os.ProcessState) float64 {
	u, ok := ended.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(u.Maxrss) * 1024
}
