package strategy_test

import (
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/impl/strategy"
)

// withoutCollections turns off the collections that the runtime starts, as GOGC=off does.
func withoutCollections(t *testing.T) {
	percent := debug.SetGCPercent(-1)
	t.Cleanup(func() { debug.SetGCPercent(percent) })
}

func openCollector(s strategy.Strategy) *rig {
	r := &rig{s, [2]*strategy.Copy{{Index: 0}, {Index: 1}}, 1}
	r.Begin(r.copies[0])
	return r
}

// collections returns the number of forced collections so far.
func collections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumForcedGC
}

// TestCollectorForcesCollections checks what the writer does if no collection comes: it forces one
// at once, or after 100 ms. The time is that of the bubble.
func TestCollectorForcesCollections(t *testing.T) {
	withoutCollections(t)
	for _, c := range []struct {
		name            string
		open            func(strategy.Options) strategy.Strategy
		atLeast, atMost time.Duration
	}{
		{"at once", strategy.Collector, 0, 100 * time.Millisecond},
		{"patient", strategy.CollectorPatient, 100 * time.Millisecond, 10 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openCollector(c.open(strategy.Options{}))
				for range 5 {
					s.swap()
					if s.Strategy.TryFinish() {
						t.Fatal("the swap finished without a collection")
					}
					start, before := time.Now(), collections()
					if err := s.Finish(nil); err != nil {
						t.Fatal(err)
					}
					if waited := time.Since(start); waited < c.atLeast || waited > c.atMost || collections() == before {
						t.Errorf("the writer waited %v, and forced %d collections", waited, collections()-before)
					}
				}
			})
		})
	}
}

// TestCollectorFinishesWhenTheReferenceIsDropped ends a guard without a Close.
func TestCollectorFinishesWhenTheReferenceIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openCollector(strategy.Collector(strategy.Options{}))
		guard := s.NewReader("").Open()
		s.swap()
		held := 50 * time.Millisecond
		time.AfterFunc(held, func() { guard = nil })
		start := time.Now()
		if err := s.Finish(nil); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < held {
			t.Errorf("the writer waited %v for a guard that was open for %v", waited, held)
		}
		runtime.KeepAlive(&guard)
	})
}

func TestCollectorDoesNotKnowTheHolders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stalls []string
		s := openCollector(strategy.Collector(strategy.Options{Stalled: func(s strategy.Stall) { stalls = append(stalls, s.String()) }}))
		guard := s.NewReader("culprit").Open()
		s.swap()
		time.AfterFunc(time.Minute, func() { guard = nil })
		if err := s.Finish(nil); err != nil {
			t.Fatal(err)
		}
		if len(stalls) != 1 || !strings.HasSuffix(stalls[0], "before swap 1: the strategy does not know by which readers") {
			t.Errorf("reports %q", stalls)
		}
		runtime.KeepAlive(&guard)
	})
}

// TestCollectorBoundsGarbage detaches one unused copy after another. A collection takes long enough
// for many of them.
func TestCollectorBoundsGarbage(t *testing.T) {
	withoutCollections(t)
	type link struct{ next *link }
	var list *link
	for range 500_000 {
		list = &link{list}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	const size = 1 << 20
	s := openCollector(strategy.Collector(strategy.Options{MaxWait: time.Microsecond}))
	data := [2][]byte{make([]byte, size), make([]byte, size)} // in place of the data of the copies
	most := uint64(0)
	for range 200 {
		s.swap()
		switch err := s.Finish(nil); {
		case errors.Is(err, strategy.ErrMaxWait):
			s.detach()
			data[s.writer] = make([]byte, size)
		case err != nil:
			t.Fatal(err)
		}
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}
	if most > before+40*size {
		t.Errorf("%d MiB were in use at once, of 1 MiB for a copy", (most-before)/size)
	}
	runtime.KeepAlive(&data)
	runtime.KeepAlive(list)
}

// TestCollectorIsCollected drops a strategy with all its copies. The garbage collector must find
// it: the tokens must not keep it alive.
func TestCollectorIsCollected(t *testing.T) {
	s := openCollector(strategy.Collector(strategy.Options{}))
	s.swap()
	if err := s.Finish(nil); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	runtime.AddCleanup(s.copies[1-s.writer], func(gone chan struct{}) { close(gone) }, gone)
	s = nil
	for range 100 {
		collect()
		select {
		case <-gone:
			return
		default:
		}
	}
	t.Error("a strategy that was dropped is kept")
}
