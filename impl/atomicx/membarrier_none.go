//go:build !explore && !(linux && amd64)

package atomicx

import (
	"errors"
	"runtime"
)

// MembarrierReady says that Membarrier cannot be used here.
func MembarrierReady() error {
	return errors.New("membarrier is used on linux/amd64 only, and this is " + runtime.GOOS + "/" + runtime.GOARCH)
}

// Membarrier returns the error of MembarrierReady.
func Membarrier() error { return MembarrierReady() }
