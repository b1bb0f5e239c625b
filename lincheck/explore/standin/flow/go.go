// Package flow has what the explorer puts in the place of go statements, channel operations and
// select, and at the head of loops. Without an explorer the functions do what the statements do.
package flow

import (
	"os"
	"runtime"
	"strings"

	"doublebuf/impl/atomicx/hooked"
)

// Go is the statement go.
func Go(f func()) {
	if h := hooked.Current(); h != nil {
		h.Spawn("", f)
		return
	}
	if exploring && initialising() {
		return // each execution begins with the functions init
	}
	go f()
}

// exploring is set in a process that explores.
var exploring = os.Getenv("EXPLORE_SETTINGS") != ""

// initialising reports whether the calling function was called by the initialisation of a package.
func initialising() bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "runtime.doInit") {
			return true
		}
		if !more {
			return false
		}
	}
}

// Round stands at the head of a loop. Loops are numbered by site. counts means that the loop
// computes variables from their values in the round before.
func Round(site int, counts bool) {
	if h := hooked.Peek(); h != nil {
		h.Round(site, counts)
	}
}

// Zero sets *p to its zero value.
func Zero[T any](p *T) {
	var zero T
	*p = zero
}
