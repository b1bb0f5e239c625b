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

// sleeper lets the writer sleep until a reader that closed a guard wakes it.
//
// No wake-up is lost: the writer sets asleep and then looks at the readers once more
// before it parks; a reader closes its guard and then looks at asleep. Whichever comes
// second in the total order of atomic operations sees the other: either the writer sees
// the guard closed, or the reader sees asleep set and wakes. Of several readers that see
// it, the one that resets it wakes; the writer, once awake, sets it again before it looks.
// A wake-up that comes too late is kept by the parker and costs a later wait one more look.
type sleeper struct {
	asleep atomicx.Uint32
	parker atomicx.Parker
}

// wake is called by a reader after it has closed a guard.
func (s *sleeper) wake() {
	if s.asleep.Load() != 0 {
		s.wakeSlow()
	}
}

func (s *sleeper) wakeSlow() {
	if s.asleep.Swap(0) != 0 {
		s.parker.Unpark()
	}
}

// wait returns nil when clear reports true, or ErrCancelled when cancel is closed first.
// It looks at once, then with yields between, then sleeps between the looks. After
// stallAfter it calls stalled, once.
func (s *sleeper) wait(clear func() bool, cancel <-chan struct{}, stallAfter time.Duration, stalled func(waited time.Duration)) error {
	for i := range atomicx.Rounds(spinRounds + yieldRounds) {
		if clear() {
			return nil
		}
		if i >= spinRounds {
			atomicx.Yield()
		}
	}
	start := atomicx.Now()
	collected, reported := false, false
	defer s.asleep.Store(0)
	for {
		s.asleep.Store(1)
		if clear() {
			return nil
		}
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
		if s.parker.Park(cancel, timeout) == atomicx.Cancelled {
			return ErrCancelled
		}
	}
}
