package lincheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"doublebuf/baselines/kv"
)

// SoakOptions say how long to soak a map and how to report. The zero value of a field stands
// for what its comment says.
type SoakOptions struct {
	Seed  uint64        // of everything random; the same seed draws the same phases
	Time  time.Duration // how long to go on; 0 = ten seconds
	Phase time.Duration // the length of a phase; 0 = 200 ms
	Hang  time.Duration // a goroutine hangs that does nothing for so long; 0 = 20 s
	Every time.Duration // how often to report; 0 = 5 s
	// Report is told the totals every so often and at the end, in the goroutine that called
	// Soak; nil = nobody is.
	Report func(SoakTotals)
	// Readers is how many goroutines read at most; 0 = 64.
	Readers int
	Dir     string // existing folder for the stacks of goroutines that hang; "" = keep only the beginning
}

func (o SoakOptions) withDefaults() SoakOptions {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&o.Time, 10 * time.Second}, {&o.Phase, 200 * time.Millisecond}, {&o.Hang, 20 * time.Second}, {&o.Every, 5 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Readers == 0 || o.Readers > maxReaders {
		o.Readers = maxReaders
	}
	if o.Report == nil {
		o.Report = func(SoakTotals) {}
	}
	return o
}

// SoakTotals is how much a soak has done.
type SoakTotals struct {
	Map       string
	Elapsed   time.Duration
	Guards    uint64 // checked, look-ups without a guard of their own among them
	Publishes uint64
	Phases    int
	Phase     string // the last
}

func (t SoakTotals) String() string {
	rate := float64(t.Guards) / max(t.Elapsed.Seconds(), 1e-9)
	return fmt.Sprintf("%s: %v, %d guards checked (%.2f million/s), %d publishes, %d phases", t.Map, t.Elapsed.Round(100*time.Millisecond), t.Guards, rate/1e6, t.Publishes, t.Phases)
}

// ErrNotSoakable is the reason why a map cannot be soaked.
var ErrNotSoakable = errors.New("it cannot be soaked: that needs a map that publishes, read by any number of goroutines, through guards that tell their version")

// Soakable returns nil if Soak can check e, and else why not.
func Soakable(e kv.Entry) error {
	if !e.Caps.Has(kv.Versions | kv.Concurrent) {
		return fmt.Errorf("%s: %w", e.Name, ErrNotSoakable)
	}
	return nil
}

// Soak runs e in this process, with one writer, under a load that changes from phase to
// phase: how many goroutines read and on how many processors, what their guards are like, how
// often they change their handles, how much the writer publishes at a time, how often memory is
// collected, and whether goroutines are stopped by force. An online oracle checks every guard
// (C7, and C0, C4 and C6 with it). Soak returns at the first breach of a law, when a goroutine
// hangs (C9), when the time is over, or when ctx ends. Its goroutines have ended then, but for those that a broken
// map does not let go within a second. Only one soak
// may run in a process at a time, because it sets GOMAXPROCS and the pace of the collector.
func Soak(ctx context.Context, e kv.Entry, o SoakOptions) Verdict {
	v := about(e)
	v.Seed = o.Seed
	if err := Soakable(e); err != nil {
		v.Reason = err.Error()
		return v
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	s := newSoak(e, o.withDefaults())
	hung := s.run(ctx)
	totals := s.totals()
	s.o.Report(totals)
	v.Outcome = Ok
	v.Counts = Counts{Guards: int(totals.Guards), Publishes: int(totals.Publishes)}
	switch b := s.breach.Load(); {
	case b != nil:
		v.Outcome, v.Checker, v.Reason = Illegal, b.law, b.reason
	case hung != "":
		v.Outcome, v.Checker = Illegal, "C9"
		v.Reason = fmt.Sprintf("a goroutine has not got on for %v; there are %s", s.o.Hang, whereabouts(hung))
		v.keepOutput(hung, o.Dir)
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
	o      SoakOptions
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

func newSoak(e kv.Entry, o SoakOptions) *soak {
	s := &soak{o: o, e: e, rng: rand.New(rand.NewPCG(o.Seed, 0)), start: time.Now(), broken: make(chan struct{}), givenUp: make(chan struct{})}
	s.oracle, s.m = newOracle(e)
	return s
}

func (s *soak) totals() SoakTotals {
	t := SoakTotals{Map: s.e.Name, Elapsed: time.Since(s.start), Publishes: s.publishes.n.Load(), Phases: s.phase.number, Phase: s.phase.String()}
	for i := range s.readers {
		t.Guards += s.readers[i].n.Load()
	}
	return t
}

const maxReaders = 64

// shape is what guards are like.
type shape string

const (
	lookUps shape = "look-ups"
	single  shape = "guards"
	nested  shape = "nested guards"
	chained shape = "chained guards"
	held    shape = "held guards"
	walks   shape = "walks"
)

// phase is the load of one.
type phase struct {
	number  int
	readers int
	shape   shape
	churn   int // guards of a handle; 0 is any number
	batch   int // operations in a publish
	clears  bool
	yields  bool // the writer yields after each publish
	procs   int
	gc      int           // GOGC, in per cent
	disturb time.Duration // how often goroutines are stopped by force; 0 is never
}

func (p phase) String() string {
	text := fmt.Sprintf("%d readers with %s on %d processors, %d operations in a publish, GOGC=%d", p.readers, p.shape, p.procs, p.batch, p.gc)
	if p.churn > 0 {
		text += fmt.Sprintf(", %d guards of a handle", p.churn)
	}
	if p.clears {
		text += ", with clears"
	}
	if p.yields {
		text += ", a yielding writer"
	}
	if p.disturb > 0 {
		text += fmt.Sprintf(", stopped every %v", p.disturb)
	}
	return text
}

// next draws the next phase. Cheap shapes come more often, since they do most guards.
func (p phase) next(rng *rand.Rand, readers int) phase {
	shapes := []shape{lookUps, lookUps, lookUps, single, single, single, single, nested, chained, chained, held, walks}
	q := phase{
		number:  p.number + 1,
		readers: min(readers, 1<<rng.IntN(7)),
		shape:   shapes[rng.IntN(len(shapes))],
		batch:   []int{0, 1, 8, 64, 512}[rng.IntN(5)],
		clears:  rng.IntN(4) == 0,
		yields:  rng.IntN(2) == 0,
		procs:   []int{1, 2, 4}[rng.IntN(3)],
		gc:      []int{100, 100, 400, 10}[rng.IntN(4)],
	}
	if rng.IntN(3) == 0 {
		q.churn = 1 << rng.IntN(11)
	}
	if rng.IntN(3) == 0 {
		q.disturb = time.Millisecond << rng.IntN(4)
	}
	return q
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
					hung = stacks()
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
	if needsHandles(s.m) {
		kv.Close(h)
	}
}

// guards does about n guards of a shape and returns how many it has done.
func (r *watcher) guards(sh shape, n int) (int, *breach) {
	switch sh {
	case lookUps:
		for range n {
			if b := r.get(); b != nil {
				return 0, b
			}
		}
		return n, nil
	case chained:
		return r.chain(n)
	case nested:
		return r.nest(3)
	}
	if sh != single {
		n = 1
	}
	for range n {
		g, b := r.open()
		if b != nil {
			return 0, b
		}
		switch sh {
		case held:
			hold(r.rng)
		case walks:
			b = r.all(g)
		}
		if closed := r.close(g); b == nil {
			b = closed
		}
		if b != nil {
			return 0, b
		}
	}
	return n, nil
}

// hold keeps a guard open while others run, and now and then while memory is collected: a writer may go
// by what the collector finds in use.
func hold(rng *rand.Rand) {
	if rng.IntN(8) == 0 {
		collect()
		return
	}
	for range 1 + rng.IntN(4) {
		runtime.Gosched()
	}
}

// chain opens each guard before it closes the last, and leaves the last open for the next call, so that
// there is no moment without one.
func (r *watcher) chain(n int) (int, *breach) {
	for range n {
		next, b := r.open()
		if b == nil {
			b = r.unchain()
		}
		if b != nil {
			return 0, b
		}
		r.link, r.chained = next, true
	}
	return n, nil
}

// unchain closes the guard that a chain has come to.
func (r *watcher) unchain() *breach {
	if !r.chained {
		return nil
	}
	g := r.link
	r.link, r.chained = watched{}, false // the collector would find it in use
	return r.close(g)
}

// nest opens n guards and closes them in an order of chance.
func (r *watcher) nest(n int) (int, *breach) {
	var open []watched
	for range n {
		g, b := r.open()
		if b != nil {
			return 0, b
		}
		open = append(open, g)
	}
	r.rng.Shuffle(n, func(i, j int) { open[i], open[j] = open[j], open[i] })
	for _, g := range open {
		if b := r.close(g); b != nil {
			return 0, b
		}
	}
	return n, nil
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

// SoakMain is the child's side of [Supervise] for a soak: it writes totals to w every so often,
// and at last the verdict.
func SoakMain(ctx context.Context, e kv.Entry, o SoakOptions, w io.Writer) error {
	o.Report = func(t SoakTotals) { fmt.Fprintln(w, t) } // a parent that is gone is told nothing
	return inChild(func() Verdict { return Soak(ctx, e, o) }, w)
}
