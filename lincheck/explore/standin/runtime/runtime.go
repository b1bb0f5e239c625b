// Package runtime stands in for parts of runtime in code that the explorer runs.
package runtime

import (
	"runtime"

	"doublebuf/impl/atomicx/hooked"
)

// Gosched is runtime.Gosched. Under the explorer it is no step, because the steps of other
// goroutines may come between any two steps.
func Gosched() {
	if hooked.Peek() == nil {
		runtime.Gosched()
	}
}

// processors is what programs are told under the explorer, so that they do the same everywhere.
const processors = 4

// NumCPU is runtime.NumCPU.
func NumCPU() int {
	if hooked.Peek() == nil {
		return runtime.NumCPU()
	}
	return processors
}

// GOMAXPROCS is runtime.GOMAXPROCS.
func GOMAXPROCS(n int) int {
	if hooked.Peek() == nil {
		return runtime.GOMAXPROCS(n)
	}
	return processors
}

// GC is runtime.GC.
func GC() {
	if hooked.Peek() == nil {
		runtime.GC()
	}
}

// SetFinalizer is runtime.SetFinalizer. Under the explorer it does nothing.
func SetFinalizer(obj, finalizer any) {
	if h := hooked.Peek(); h != nil {
		if finalizer != nil {
			h.Uncontrolled("finalizers never ran")
		}
		return
	}
	runtime.SetFinalizer(obj, finalizer)
}

// AddCleanup is runtime.AddCleanup. Under the explorer it does nothing.
func AddCleanup[T, S any](ptr *T, cleanup func(S), arg S) runtime.Cleanup {
	if h := hooked.Peek(); h != nil {
		h.Uncontrolled("cleanups never ran")
		return runtime.Cleanup{}
	}
	return runtime.AddCleanup(ptr, cleanup, arg)
}
