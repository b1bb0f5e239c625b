package strategy

import (
	"math"
	"time"

	"doublebuf/impl/atomicx"
)

// writer is the writer's half of every strategy that waits. It numbers the swaps and waits for
// the last one to finish. A strategy embeds it, which gives it TryFinish and Finish, and supplies
// a scan.
type writer struct {
	scan   scan // the strategy
	swaps  uint64
	opts   Options
	parker atomicx.Parker
	ended  bool // End has been called

	collects   bool         // the writer has forced a collection
	collecting atomicx.Bool // one that it has forced is under way
}

func newWriter(s scan, o Options) writer {
	return writer{scan: s, opts: o.withDefaults(), parker: atomicx.NewParker()}
}

// scan is how one strategy finds the guards that are still open in the old copy. The writer calls
// its methods, between StartSwap and the end of the wait.
type scan interface {
	// look reports what kinds of guards are still open. If sleep is true and it returns waking, a
	// reader will unpark the writer when it closes its last guard.
	look(sleep bool) holders
	// quiet returns look(false) == free, but it only loads. So the explorer may call it at any time
	// and any number of times.
	quiet() bool
	// holding returns the readers whose guards are open, as far as the strategy knows them, and in
	// checked builds where the guards were opened.
	holding() (readers Holders, opened []string)
}

// holders says what kinds of guards are open in the old copy.
type holders uint8

const (
	free   holders = iota // none
	silent                // guards that end soon and do not unpark the writer
	waking                // guards, of which the last to close unparks the writer
)

// TryFinish implements Strategy.
func (w *writer) TryFinish() bool { return w.scan.look(false) == free }

// Finish implements Strategy.
func (w *writer) Finish(cancel <-chan struct{}) error {
	if atomicx.AwaitWhole(func() bool { return w.scan.quiet() }) {
		return nil
	}
	if 0 < w.opts.MaxWait && w.opts.MaxWait <= spinAtMost {
		return w.spin()
	}
	for i := range atomicx.Rounds(spinRounds + yieldRounds) {
		if w.scan.look(false) == free {
			return nil
		}
		if i >= spinRounds {
			atomicx.Yield()
		}
	}
	return w.sleep(cancel)
}

const (
	spinRounds  = 64 // looks at the readers before the writer yields
	yieldRounds = 16 // looks with a yield in between, before the writer sleeps

	// pollEvery is how often the writer looks while no reader will wake it. After a wait of more
	// than 64 times this, it looks less often.
	pollEvery = 100 * time.Microsecond

	// spinAtMost is the largest MaxWait that the writer spins out. If more goroutines run than
	// there are processors, a writer that yields gets its processor back after one time slice of
	// each of them. A slice is 10 ms, so a writer that yields could not keep to such a bound.
	spinAtMost = 200 * time.Microsecond

	// collectAfter is the length of a wait at which the writer forces a garbage collection, which
	// finds the handles that were dropped without Close. It forces another one each time that the
	// wait has become four times as long. See Options.collectAfter.
	collectAfter = 100 * time.Millisecond
)

// spin waits for at most MaxWait without giving the processor away.
func (w *writer) spin() error {
	for start := atomicx.Now(); w.scan.look(false) != free; {
		if atomicx.Now()-start >= w.opts.MaxWait {
			return ErrMaxWait
		}
	}
	return nil
}

// sleep waits by sleeping between the looks. It reports the stall once, forces garbage
// collections, and ends by cancel or after MaxWait. It sleeps during a collection too, which
// takes long in a large program. A collection may outlast the wait. Then the next wait forces
// none before it has ended.
func (w *writer) sleep(cancel <-chan struct{}) error {
	start := atomicx.Now()
	collectAt, reportAt, endAt := w.opts.collectAfter, w.opts.StallAfter, w.opts.MaxWait
	if endAt == 0 {
		endAt = math.MaxInt64
	}
	for forced := false; ; {
		h := w.scan.look(true)
		if h == free {
			return nil
		}
		collecting := w.collects && w.collecting.Load()
		switch waited := atomicx.Now() - start; {
		case waited >= endAt:
			return ErrMaxWait
		case forced && !collecting:
			forced, collectAt = false, 4*max(waited, time.Millisecond)
		case waited >= collectAt && !collecting:
			forced = true
			w.collect()
		case waited >= reportAt:
			reportAt = math.MaxInt64
			if w.report(waited); w.ended {
				return ErrCancelled
			}
		default:
			next := min(reportAt, endAt)
			if !collecting {
				next = min(next, collectAt)
			}
			switch woke := w.park(h, cancel, next-waited, waited); {
			case woke == atomicx.Cancelled:
				return ErrCancelled
			case woke == atomicx.TimedOut && next == endAt:
				return ErrMaxWait // the clock cannot decide this: it stands still under the explorer
			}
		}
	}
}

// collect forces a garbage collection. At its end it wakes the writer.
func (w *writer) collect() {
	w.collects = true
	w.collecting.Store(true)
	atomicx.Collect(func() {
		w.collecting.Store(false)
		w.parker.Unpark()
	})
}

// park sleeps for at most pause. It returns earlier if a reader wakes the writer. If no reader
// will, it returns earlier for the next look.
func (w *writer) park(h holders, cancel <-chan struct{}, pause, waited time.Duration) atomicx.Wake {
	if h == silent {
		return w.parker.Poll(cancel, pause, max(pollEvery, waited/64))
	}
	return w.parker.Park(cancel, pause)
}

func (w *writer) report(waited time.Duration) {
	readers, opened := w.scan.holding()
	w.opts.Stalled(Stall{Swap: w.swaps, Waited: waited, Holders: readers, Opened: opened})
}

// perReader is the writer's half of the strategies whose readers count their own guards. The writer
// waits until it has seen each reader with no guard in the old copy. After each swap, the embedding
// strategy lists the readers that have guards there as pending.
type perReader[R counter] struct {
	writer
	registry[R]
	generations Generations // guarded by mu
	retry       bool        // uncache has found readers in the way
	old         *Copy       // the copy that the last swap replaced
	pending     []R         // the readers not yet seen without a guard in old
}

// counter is a reader that counts its own guards.
type counter interface {
	member
	// guards returns how many guards are open in the copy of that index and generation, the lookup
	// guard included. A copy of a later generation must not have been readable yet.
	guards(index int, generation uint32) uint64
	// look is scan.look, for this reader.
	look(old *Copy, sleep bool) holders
}

// look implements scan. It removes from pending the readers that have no guard in the old copy.
// After the swap, such a reader can open no guard there before the next swap.
func (p *perReader[R]) look(sleep bool) holders {
	left, most := p.pending[:0], free
	for _, r := range p.pending {
		h := r.look(p.old, sleep)
		if h != free {
			left = append(left, r)
		}
		most = max(most, h)
	}
	clear(p.pending[len(left):])
	p.pending = left
	return most
}

// quiet implements scan.
func (p *perReader[R]) quiet() bool {
	for _, r := range p.pending {
		if r.guards(p.old.Index, p.old.generation) != 0 {
			return false
		}
	}
	return true
}

// holding implements scan.
func (p *perReader[R]) holding() (Holders, []string) {
	return holding(p.pending, p.guardsInOld), p.old.Guards.Places(true)
}

func (p *perReader[R]) guardsInOld(r R) uint64 { return r.guards(p.old.Index, p.old.generation) }

// idle is member.idle, for readers to call. mu is held.
func (p *perReader[R]) idle(r R) bool {
	return r.guards(0, p.generations[0]) == 0 && r.guards(1, p.generations[1]) == 0
}

// forget ends the wait for the last swap.
func (p *perReader[R]) forget() {
	clear(p.pending)
	p.pending = p.pending[:0]
}

// End implements Strategy.
func (p *perReader[R]) End() bool {
	free := p.quiet()
	p.forget()
	p.old, p.ended = nil, true
	return free
}
