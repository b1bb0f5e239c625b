//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package results

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lock locks the folder dir for one writing process. Closing the result releases the lock. Lock
// fails at once if another process holds the lock. The system also releases the lock when the
// process ends, even by kill -9. No lock file is left behind. On a file system without locks, Lock
// locks nothing.
func Lock(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		_ = f.Close()
		return nil, fmt.Errorf("results folder %s: another process measures into it; want that one to end first", dir)
	}
	return f, nil
}
