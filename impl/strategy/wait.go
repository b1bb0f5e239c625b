package strategy

import (
	"math"
	"runtime"
	"time"

	"doublebuf/impl/atomicx"
)

const (
	spinRounds  = 64 // looks at the readers before the writer yields
	yieldRounds = 16 // looks with a yield between before it sleeps

	// A wait this long forces a garbage collection, which finds handles that were
	// dropped without Close, and each time that it has become four times as long another.
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
	collectAt, reportAt := collectAfter, stallAfter
	for !look(true) {
		switch waited := atomicx.Now() - start; {
		case waited >= collectAt:
			collectAt *= 4
			runtime.GC()
		case waited >= reportAt:
			reportAt = math.MaxInt64
			stalled(waited)
		default:
			if parker.Park(cancel, min(collectAt, reportAt)-waited) == atomicx.Cancelled {
				return ErrCancelled
			}
		}
	}
	return nil
}
