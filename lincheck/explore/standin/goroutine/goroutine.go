// Package goroutine tells the explorer which goroutine is running. It links only to a runtime that
// package instrument has changed, so only instrumented code imports it.
package goroutine

import (
	_ "unsafe"

	"doublebuf/lincheck/explore"
)

//go:linkname id runtime.explore_goroutine
func id() uint64

func init() { explore.SetGoroutineID(id) }
