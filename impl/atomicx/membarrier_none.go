//go:build !(linux && amd64)

package atomicx

import (
	"errors"
	"runtime"
)

func systemMembarrierReady() error {
	return errors.New("membarrier is used on linux/amd64 only, and this is " + runtime.GOOS + "/" + runtime.GOARCH)
}

func systemMembarrier() error { return systemMembarrierReady() }
