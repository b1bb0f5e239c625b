package soak

import (
	"os"
	"runtime"
	"testing"
)

// As in a child process: one thread would hide faults that need two.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 4))
	os.Exit(m.Run())
}
