//go:build linux && amd64

package atomicx

import (
	"fmt"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// The commands of membarrier(2), from linux/membarrier.h.
const (
	membarrierExpedited = 1 << 3 // MEMBARRIER_CMD_PRIVATE_EXPEDITED
	membarrierRegister  = 1 << 4 // MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED
)

var systemMembarrierReady = sync.OnceValue(func() error {
	if err := membarrier(membarrierRegister); err != nil {
		return err
	}
	return membarrier(membarrierExpedited)
})

func systemMembarrier() error { return membarrier(membarrierExpedited) }

// membarrier makes the call without notice to Go's scheduler. With notice, the scheduler would take
// the processor away from a call that takes more than 20 µs, which happens on a virtual machine. If
// more goroutines run than there are processors, the caller would get it back only after a time
// slice of each of them.
func membarrier(command uintptr) error {
	if _, _, errno := syscall.RawSyscall(unix.SYS_MEMBARRIER, command, 0, 0); errno != 0 {
		return fmt.Errorf("membarrier(%d): %w", command, errno)
	}
	return nil
}
