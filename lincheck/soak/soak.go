package soak

import (
	"context"
	"fmt"
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

// Run runs e in this process, with one writer, under a load that changes from phase to phase. A
// phase sets how many goroutines read, on how many processors, how they use guards and how often
// they change their handles; how much the writer publishes at a time; how often garbage is
// collected; and whether goroutines are stopped by force. An online oracle checks every guard by
// C7, and by C0, C4 and C6.
//
// Run blocks until it finds a violation, a goroutine hangs (C9), the time is over, or ctx ends.
// Then its goroutines have ended, except those that a broken map does not release within a second.
// Only one soak may run in a process at a time, because it sets GOMAXPROCS and the pace of the
// collector.
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
	switch b := s.violation.Load(); {
	case b != nil:
		v.Outcome, v.Checker, v.Reason = history.Illegal, b.law, b.reason
	case hung != "":
		v.Outcome, v.Checker = history.Illegal, "C9"
		v.Reason = fmt.Sprintf("a goroutine made no progress for %v; there are %s", s.o.Hang, drive.Summarize(hung))
		drive.KeepOutput(&v, hung, o.Dir)
	default:
		kv.Close(s.m) // no goroutine uses it any more
		return v
	}
	v.Events = []string{
		fmt.Sprintf("phase %d of seed %d: %v", s.phase.number, o.Seed, s.phase),
		fmt.Sprintf("version %d had been published and version %d begun; %v", s.oracle.completed.Load(), s.oracle.started.Load(), totals),
	}
	return v
}

// soak is the state of a soak.
type soak struct {
	o      Options
	e      kv.Entry
	oracle *oracle
	m      kv.Map[uint64, uint64]
	writer writer
	rng    *rand.Rand
	start  time.Time

	phase     phase
	stop      atomic.Bool
	violation atomic.Pointer[violation] // the first one
	broken    chan struct{}             // closed when there is a violation
	givenUp   chan struct{}             // closed when readers must not wait for the writer any more
	readers   [maxReaders]progress
	publishes progress
}

// progress counts what one goroutine has done. Only that goroutine stores it, from time to time.
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
	s.writer = writer{o: s.oracle, h: kv.Open(s.m)}
	limit := time.NewTimer(s.o.Time)
	defer limit.Stop()
	report := time.NewTicker(s.o.Every)
	defer report.Stop()
	over, converged := false, false
	for !converged && hung == "" && s.violation.Load() == nil {
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
		var last bool
		last, hung = s.await(ctx, ended, limit.C, report.C)
		if over = over || last; over {
			ctx = context.WithoutCancel(ctx)
		}
		if hung != "" || s.violation.Load() != nil {
			s.giveUp(ended)
		}
	}
	return hung
}

// await waits for the end of a phase, and ends it in time. over says that the soak is over too. If
// a goroutine hangs await returns the stacks of all.
func (s *soak) await(ctx context.Context, ended <-chan struct{}, limit, report <-chan time.Time) (over bool, hung string) {
	length, stall := time.NewTimer(s.o.Phase), newStall(s.o.Hang)
	defer length.Stop()
	defer stall.tick.Stop()
	done := ctx.Done()
	enough := uint64(0) // publishes for the phase to end; 0 as long as its time is not over
	for hung == "" {
		select {
		case <-ended:
			return over, ""
		case <-s.broken:
			return over, ""
		case <-length.C:
			// Readers go on until there were two more publishes: they might never let them happen.
			// The wait of the first may be over already, like the waits of publishes before the
			// readers began.
			switch n := s.publishes.n.Load(); {
			case enough == 0:
				enough = n + 2
				length.Reset(s.o.Phase / 20)
			case n < enough:
				length.Reset(s.o.Phase / 20)
			default:
				s.stop.Store(true)
			}
		case <-limit:
			over = true
			s.stop.Store(true)
		case <-done:
			over, done = true, nil
			s.stop.Store(true)
		case <-report:
			s.o.Report(s.totals())
		case <-stall.tick.C:
			if s.stalled(stall) {
				hung = drive.Stacks()
			}
		}
	}
	return over, hung
}

// giveUp ends the goroutines of a phase, if it can. The writer may wait for guards that were left
// open. It goes on when garbage collections have found that no goroutine has their handles any
// more.
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

// begin starts the goroutines of a phase. It returns a channel that is closed when all have ended.
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

// fail ends the soak with the violation b, unless b is nil.
func (s *soak) fail(b *violation) {
	if b != nil && s.violation.CompareAndSwap(nil, b) {
		s.stop.Store(true)
		close(s.broken)
	}
}

// write publishes until the phase is over.
func (s *soak) write(p phase, rng *rand.Rand) {
	for !s.stop.Load() {
		s.fail(s.writer.publish(p.batch, p.clears && rng.IntN(8) == 0))
		s.publishes.n.Store(s.writer.version)
		if p.yields {
			runtime.Gosched()
		}
	}
}

// read opens and checks guards, as reader i, until the phase is over. It keeps its handle until the
// writer has ended or the soak is given up. Else the collector would find the dropped handle and
// release a writer that waits for a guard that the map left open.
func (s *soak) read(p phase, i int, rng *rand.Rand, written <-chan struct{}) {
	r := &reader{name: fmt.Sprintf("reader %d", i), o: s.oracle, h: kv.Open(s.m), rng: rng}
	defer func() {
		select {
		case <-written:
			s.close(r.h)
		case <-s.givenUp:
		}
	}()
	const between = 64 // guards between two looks at the state of the phase
	ofHandle := 0
	for !s.stop.Load() {
		n := between
		if p.churn > 0 {
			n = min(n, p.churn-ofHandle)
		}
		guards, b := r.guards(p.shape, n)
		if s.fail(b); b != nil {
			return // leave the guards as they are
		}
		s.readers[i].n.Add(uint64(guards))
		if s.e.Collects {
			runtime.Gosched()
		}
		if ofHandle += guards; p.churn > 0 && ofHandle >= p.churn {
			s.fail(r.endChain())
			s.close(r.h)
			r.h, r.last, ofHandle = kv.Open(s.m), 0, 0
		}
	}
	s.fail(r.endChain())
}

// close closes a handle, which may be the map itself.
func (s *soak) close(h kv.Map[uint64, uint64]) {
	if drive.NeedsHandles(s.m) {
		kv.Close(h)
	}
}

// disturb stops all goroutines wherever they are, again and again, by the means that Go has.
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

// converge starts a goroutine that makes two empty publishes, and checks the whole content by a new
// handle after each, so in both copies. It returns a channel that is closed when the goroutine has
// ended.
func (s *soak) converge() (ended chan struct{}) {
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		r := &reader{name: "the last reader", o: s.oracle, h: kv.Open(s.m), rng: s.rng}
		defer func() { s.close(r.h) }()
		for range 2 {
			b := s.writer.publish(0, false)
			s.publishes.n.Store(s.writer.version)
			var g openGuard
			if b == nil {
				g, b = r.open()
			}
			if b == nil {
				b = r.all(g)
			}
			if b == nil {
				b = r.close(g)
			}
			s.fail(b)
		}
	}()
	return ended
}

// stall knows when each goroutine last made progress.
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

// stalled reports whether a goroutine of the phase made no progress for too long: it waits for
// ever, it never gets in, or it does not see the end of the phase.
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

// ChildMain is the child's side of [drive.Supervise] for a soak. It reports the totals from time to
// time, and answers with the verdict in the end.
func ChildMain(ctx context.Context, e kv.Entry, o Options) error {
	return drive.RunChild(func(report func(string)) judge.Verdict {
		o.Report = func(t Totals) { report(t.String()) }
		return Run(ctx, e, o)
	})
}
