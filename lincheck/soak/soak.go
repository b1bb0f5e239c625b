package soak

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/drive"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/judge"
)

// Soak runs e in this process, with one writer, under a load that changes from phase to
// phase: how many goroutines read and on how many processors, what their guards are like, how
// often they change their handles, how much the writer publishes at a time, how often memory is
// collected, and whether goroutines are stopped by force. An online oracle checks every guard
// (C7, and C0, C4 and C6 with it). Soak returns at the first breach of a law, when a goroutine
// hangs (C9), when the time is over, or when ctx ends. Its goroutines have ended then, but for those that a broken
// map does not let go within a second. Only one soak
// may run in a process at a time, because it sets GOMAXPROCS and the pace of the collector.
func Run(ctx context.Context, e kv.Entry, o Options) judge.Verdict {
	v := drive.NewVerdict(e)
	v.Seed = o.Seed
	if err := Supports(e); err != nil {
		v.Reason = err.Error()
		return v
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	s := newSoak(e, o.withDefaults())
	hung := s.run(ctx)
	totals := s.totals()
	s.o.Report(totals)
	v.Outcome = history.Ok
	v.Counts = judge.Counts{Guards: int(totals.Guards), Publishes: int(totals.Publishes)}
	switch b := s.breach.Load(); {
	case b != nil:
		v.Outcome, v.Checker, v.Reason = history.Illegal, b.law, b.reason
	case hung != "":
		v.Outcome, v.Checker = history.Illegal, "C9"
		v.Reason = fmt.Sprintf("a goroutine has not got on for %v; there are %s", s.o.Hang, drive.Summarize(hung))
		drive.KeepOutput(&v, hung, o.Dir)
	default:
		kv.Close(s.m) // nobody is left in it
		return v
	}
	v.Events = []string{
		fmt.Sprintf("phase %d of seed %d: %v", s.phase.number, o.Seed, s.phase),
		fmt.Sprintf("by then version %d was published and version %d begun; %v", s.oracle.completed.Load(), s.oracle.started.Load(), totals),
	}
	return v
}

// soak is the state of one.
type soak struct {
	o      Options
	e      kv.Entry
	oracle *oracle
	m      kv.Map[uint64, uint64]
	scribe scribe
	rng    *rand.Rand
	start  time.Time

	phase     phase
	stop      atomic.Bool
	breach    atomic.Pointer[breach] // the first
	broken    chan struct{}          // closed when there is one
	givenUp   chan struct{}          // closed when readers are not to wait for the writer any more
	readers   [maxReaders]progress
	publishes progress
}

// progress is what one goroutine has done, stored now and then by that goroutine alone.
type progress struct {
	n atomic.Uint64
	_ [120]byte
}

func newSoak(e kv.Entry, o Options) *soak {
	s := &soak{o: o, e: e, rng: rand.New(rand.NewPCG(o.Seed, 0)), start: time.Now(), broken: make(chan struct{}), givenUp: make(chan struct{})}
	s.oracle, s.m = newOracle(e)
	return s
}

func (s *soak) totals() Totals {
	t := Totals{Map: s.e.Name, Elapsed: time.Since(s.start), Publishes: s.publishes.n.Load(), Phases: s.phase.number, Phase: s.phase.String()}
	for i := range s.readers {
		t.Guards += s.readers[i].n.Load()
	}
	return t
}

// run plays phase after phase. If a goroutine hangs it returns the stacks of all.
func (s *soak) run(ctx context.Context) (hung string) {
	s.scribe = scribe{o: s.oracle, h: kv.Open(s.m)}
	limit := time.NewTimer(s.o.Time)
	defer limit.Stop()
	report := time.NewTicker(s.o.Every)
	defer report.Stop()
	over, converged := false, false
	for !converged && hung == "" && s.breach.Load() == nil {
		s.stop.Store(false)
		var ended chan struct{}
		if converged = over; over {
			ended = s.converge()
		} else {
			s.phase = s.phase.next(s.rng, s.o.Readers)
			runtime.GOMAXPROCS(s.phase.procs)
			debug.SetGCPercent(s.phase.gc)
			ended = s.begin(s.phase)
		}
		length, stall := time.NewTimer(s.o.Phase), newStall(s.o.Hang)
		enough := uint64(0) // publishes for the phase to end; 0 as long as its time is not over
		for playing := true; playing && hung == ""; {
			select {
			case <-ended:
				playing = false
			case <-s.broken:
				playing = false
			case <-length.C:
				// Readers go on until there were two publishes more: they might never let them be. One may
				// have had its wait behind it, as those had that were made before the readers began.
				switch n := s.publishes.n.Load(); {
				case enough == 0:
					enough = n + 2
					length.Reset(s.o.Phase / 20)
				case n < enough:
					length.Reset(s.o.Phase / 20)
				default:
					s.stop.Store(true)
				}
			case <-limit.C:
				over = true
				s.stop.Store(true)
			case <-ctx.Done():
				over = true
				s.stop.Store(true)
				ctx = context.WithoutCancel(ctx)
			case <-report.C:
				s.o.Report(s.totals())
			case <-stall.tick.C:
				if s.stalled(stall) {
					hung = drive.Stacks()
				}
			}
		}
		length.Stop()
		stall.tick.Stop()
		if hung != "" || s.breach.Load() != nil {
			s.giveUp(ended)
		}
	}
	return hung
}

// giveUp has the goroutines of a phase end, if it can: the writer may wait for guards that were left open, and is
// let go when collections have found that nobody has their handles any more.
func (s *soak) giveUp(ended <-chan struct{}) {
	s.stop.Store(true)
	close(s.givenUp)
	for limit := time.Now().Add(time.Second); time.Now().Before(limit); runtime.GC() {
		select {
		case <-ended:
			return
		default:
		}
	}
}

// begin starts the goroutines of a phase, and returns what is closed when all have ended.
func (s *soak) begin(p phase) (ended chan struct{}) {
	ended = make(chan struct{})
	var all sync.WaitGroup
	random := func() *rand.Rand { return rand.New(rand.NewPCG(s.rng.Uint64(), 1)) }
	writers, written := random(), make(chan struct{})
	all.Go(func() {
		s.write(p, writers)
		close(written)
	})
	for i := range p.readers {
		readers := random()
		all.Go(func() { s.read(p, i, readers, written) })
	}
	if p.disturb > 0 {
		disturbers := random()
		all.Go(func() { s.disturb(p, disturbers) })
	}
	go func() {
		all.Wait()
		close(ended)
	}()
	return ended
}

// found ends the soak by b, unless that is nil.
func (s *soak) found(b *breach) {
	if b != nil && s.breach.CompareAndSwap(nil, b) {
		s.stop.Store(true)
		close(s.broken)
	}
}

// write publishes until the phase is over.
func (s *soak) write(p phase, rng *rand.Rand) {
	for !s.stop.Load() {
		s.found(s.scribe.publish(p.batch, p.clears && rng.IntN(8) == 0))
		s.publishes.n.Store(s.scribe.version)
		if p.yields {
			runtime.Gosched()
		}
	}
}

// read opens and checks guards, as reader i, until the phase is over. It keeps its handle until
// the writer has ended, who would otherwise be let go by the collector if a guard was left open, or the soak
// is given up.
func (s *soak) read(p phase, i int, rng *rand.Rand, written <-chan struct{}) {
	r := &watcher{name: fmt.Sprintf("reader %d", i), o: s.oracle, h: kv.Open(s.m), rng: rng}
	defer func() {
		select {
		case <-written:
			s.close(r.h)
		case <-s.givenUp:
		}
	}()
	const between = 64 // guards between looks at the state of the phase
	ofHandle := 0
	for !s.stop.Load() {
		n := between
		if p.churn > 0 {
			n = min(n, p.churn-ofHandle)
		}
		guards, b := r.guards(p.shape, n)
		if s.found(b); b != nil {
			return // and leave the guards as they are
		}
		s.readers[i].n.Add(uint64(guards))
		if s.e.Collects {
			runtime.Gosched()
		}
		if ofHandle += guards; p.churn > 0 && ofHandle >= p.churn {
			s.found(r.unchain())
			s.close(r.h)
			r.h, r.last, ofHandle = kv.Open(s.m), 0, 0
		}
	}
	s.found(r.unchain())
}

// close closes a handle, which may be the map itself.
func (s *soak) close(h kv.Map[uint64, uint64]) {
	if drive.NeedsHandles(s.m) {
		kv.Close(h)
	}
}

// disturb stops all goroutines, wherever they are, every so often, in the ways that Go has.
func (s *soak) disturb(p phase, rng *rand.Rand) {
	for !s.stop.Load() {
		time.Sleep(p.disturb)
		switch rng.IntN(3) {
		case 0:
			runtime.GOMAXPROCS(1 + rng.IntN(4))
		case 1:
			runtime.GC()
		case 2:
			runtime.ReadMemStats(new(runtime.MemStats))
		}
	}
}

// converge starts a goroutine that publishes nothing, twice, and has a new handle see
// everything, in either copy. It returns what is closed when that has ended.
func (s *soak) converge() (ended chan struct{}) {
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		r := &watcher{name: "the last reader", o: s.oracle, h: kv.Open(s.m), rng: s.rng}
		defer func() { s.close(r.h) }()
		for range 2 {
			b := s.scribe.publish(0, false)
			s.publishes.n.Store(s.scribe.version)
			var g watched
			if b == nil {
				g, b = r.open()
			}
			if b == nil {
				b = r.all(g)
			}
			if b == nil {
				b = r.close(g)
			}
			s.found(b)
		}
	}()
	return ended
}

// stall knows when each goroutine has last got on.
type stall struct {
	tick  *time.Ticker
	hang  time.Duration
	seen  [1 + maxReaders]uint64
	since [1 + maxReaders]time.Time
}

func newStall(hang time.Duration) *stall {
	w := &stall{tick: time.NewTicker(max(hang/20, time.Millisecond)), hang: hang}
	for i := range w.since {
		w.since[i] = time.Now()
	}
	return w
}

// stalled reports whether a goroutine of the phase has done nothing for too long, be it
// that it waits for ever or is never let in, or that it does not see the end of the phase.
func (s *soak) stalled(w *stall) bool {
	now := time.Now()
	for i := range 1 + s.phase.readers {
		done := s.publishes.n.Load()
		if i > 0 {
			done = s.readers[i-1].n.Load()
		}
		if done != w.seen[i] {
			w.seen[i], w.since[i] = done, now
		} else if now.Sub(w.since[i]) > w.hang {
			return true
		}
	}
	return false
}

// ChildMain is the child's side of [Supervise] for a soak: it writes totals to w every so often,
// and at last the verdict.
func ChildMain(ctx context.Context, e kv.Entry, o Options, w io.Writer) error {
	o.Report = func(t Totals) { fmt.Fprintln(w, t) } // a parent that is gone is told nothing
	return drive.RunChild(func() judge.Verdict { return Run(ctx, e, o) }, w)
}
