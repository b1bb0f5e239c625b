package strategy

import (
	"runtime"
	"time"

	"doublebuf/impl/atomicx"
)

const (
	spinRounds  = 64 // looks at the readers before the writer yields
	yieldRounds = 16 // looks with a yield between before it sleeps

	// A wait this long forces a garbage collection, which finds handles that were
	// dropped without Close.
	collectAfter = 100 * time.Millisecond
)

// wait returns nil when look reports that there is no reader left to wait for, or
// ErrCancelled when cancel is closed first. It looks at once, then with yields between, and
// then sleeps between the looks. It calls look(true) before it sleeps, and the readers that
// this look leaves unpark the parker when they close their last guard. After stallAfter
// it calls stalled, once.
func wait(parker *atomicx.Parker, look func(sleep bool) bool, cancel <-chan struct{}, stallAfter time.Duration, stalled func(waited time.Duration)) error {
	for i := range atomicx.Rounds(spinRounds + yieldRounds) {
		if look(false) {
			return nil
		}
		if i >= spinRounds {
			atomicx.Yield()
		}
	}
	start := atomicx.Now()
	collected, reported := false, false
	for !look(true) {
		waited := atomicx.Now() - start
		if !collected && waited >= collectAfter {
			collected = true
			runtime.GC()
			continue
		}
		if !reported && waited >= stallAfter {
			reported = true
			stalled(waited)
			continue
		}
		var timeout time.Duration // none
		if !reported {
			timeout = stallAfter - waited
		}
		if !collected && (reported || collectAfter < stallAfter) {
			timeout = collectAfter - waited
		}
		if parker.Park(cancel, timeout) == atomicx.Cancelled {
			return ErrCancelled
		}
	}
	return nil
}
