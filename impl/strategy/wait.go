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

	// How often a writer looks that nobody will wake, unless it has waited 64 times as long.
	pollEvery = 100 * time.Microsecond

	// A bound on the wait that is no longer than this is spun out. A writer that gives its
	// processor away where more goroutines run than there are processors has it back after
	// one time slice of each of them, 10 ms, and so could not keep to such a bound.
	spinAtMost = 200 * time.Microsecond

	// A wait this long forces a garbage collection, which finds handles that were
	// dropped without Close, and each time that it has become four times as long another.
	// Options of a strategy may have another time.
	collectAfter = 100 * time.Millisecond
)

// holders is who has guards open in a copy that the writer waits for.
type holders uint8

const (
	free   holders = iota // nobody
	silent                // readers who do not say when they leave, but will soon
	waking                // readers the last of whom will unpark the writer
)

// wait returns nil when look reports that there is no reader left to wait for,
// ErrCancelled when cancel is closed first, or ErrMaxWait after o.MaxWait. It looks at once,
// then with yields between, and then sleeps between the looks. It calls look(true) before
// it sleeps, and the readers that this look leaves, unless silent, unpark the parker when they
// close their last guard. After o.StallAfter it calls stalled, once.
func (o Options) wait(parker *atomicx.Parker, look func(sleep bool) holders, cancel <-chan struct{}, stalled func(waited time.Duration)) error {
	start := atomicx.Now()
	if 0 < o.MaxWait && o.MaxWait <= spinAtMost {
		for look(false) != free {
			if atomicx.Now()-start >= o.MaxWait {
				return ErrMaxWait
			}
		}
		return nil
	}
	for i := range atomicx.Rounds(spinRounds + yieldRounds) {
		if look(false) == free {
			return nil
		}
		if i >= spinRounds {
			atomicx.Yield()
		}
	}
	collectAt, reportAt, endAt := o.collectAfter, o.StallAfter, o.MaxWait
	if endAt == 0 {
		endAt = math.MaxInt64
	}
	for {
		h := look(true)
		if h == free {
			return nil
		}
		switch waited := atomicx.Now() - start; {
		case waited >= endAt:
			return ErrMaxWait
		case waited >= collectAt:
			runtime.GC()
			collectAt = 4 * max(atomicx.Now()-start, time.Millisecond)
		case waited >= reportAt:
			reportAt = math.MaxInt64
			stalled(waited)
		default:
			next := min(collectAt, reportAt, endAt)
			pause := next - waited
			var woke atomicx.Wake
			if h == silent {
				woke = parker.Poll(cancel, pause, max(pollEvery, waited/64))
			} else {
				woke = parker.Park(cancel, pause)
			}
			switch {
			case woke == atomicx.Cancelled:
				return ErrCancelled
			case woke == atomicx.TimedOut && next == endAt:
				return ErrMaxWait // not left to the clock, which stands still under the explorer
			}
		}
	}
}
