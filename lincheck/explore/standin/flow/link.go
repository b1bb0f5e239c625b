package flow

import (
	"math/rand/v2"
	"time"

	"doublebuf/impl/atomicx/hooked"
	standin "doublebuf/lincheck/explore/standin/rand"
)

// The functions here stand in for functions of the runtime that packages link to by name.

type random struct{}

func Uint64() uint64 {
	if h := hooked.Peek(); h != nil {
		h.Uncontrolled("random numbers were the same in every execution")
		return standin.Number(h.Count(random{}))
	}
	return rand.Uint64()
}

func Uint32() uint32 { return uint32(Uint64() >> 32) }
func Uint() uint     { return uint(Uint64()) }

func Uint32n(n uint32) uint32 { return uint32(uint64(Uint32()) * uint64(n) >> 32) }

var start = time.Now()

// Nanotime is runtime.nanotime. Under the explorer it moves by a microsecond at each look.
func Nanotime() int64 {
	if h := hooked.Peek(); h != nil {
		return int64(h.Count(start)) * 1000
	}
	return int64(time.Since(start))
}

// ProcPin returns the number of a processor. The goroutine may be moved all the same.
func ProcPin() int { return 0 }
func ProcUnpin()   {}

func Procyield(uint32) {}
func CanSpin(int) bool { return false }
func DoSpin()          {}

// Note notes that the function of the given name is called, and returns it. The explorer does not
// see what the function does.
func Note[F any](name string, f F) F {
	if h := hooked.Peek(); h != nil {
		h.Uncontrolled("the function " + name + " has no Go body")
	}
	return f
}

var resets []func()

// OnReset registers a function that makes the variables of a package anew. Packages call it when
// they are initialised.
func OnReset(f func()) { resets = append(resets, f) }

// Reset makes the variables of all packages anew, in the order of their initialisation.
func Reset() {
	for _, f := range resets {
		f()
	}
}
