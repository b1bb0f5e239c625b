//go:build unix

package run

import (
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
