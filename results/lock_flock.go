//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package results

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lock takes the folder dir for who writes into it, until what it returns is closed, and fails
// at once if another has taken it. Whatever ends the process, kill -9 among it, lets go of it
// too, and nothing is left behind. Where the file system has no locks it takes nothing.
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
