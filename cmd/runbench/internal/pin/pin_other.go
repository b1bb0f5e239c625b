//go:build !linux

package pin

import (
	"errors"
	"runtime"
)

var errUnsupported = errors.New("pinning to processors needs Linux; this is " + runtime.GOOS + "; leave -pin out")

// Process returns an error: this system cannot bind.
func Process([]int) error { return errUnsupported }

// Thread returns an error: this system cannot bind.
func Thread(int) error { return errUnsupported }
