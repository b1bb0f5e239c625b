// Package goroutine tells the explorer which goroutine is running, and which memory it accesses. It
// links only to a runtime that
// package instrument has changed, so only instrumented code imports it.
package goroutine

import (
	"unsafe"

	"doublebuf/lincheck/explore"
)

//go:linkname id runtime.explore_goroutine
func id() uint64

//go:linkname access runtime.explore_access
var access func(addr unsafe.Pointer, size uintptr, writes bool)

func init() {
	explore.SetGoroutineID(id)
	access = explore.Access
}
