package lincheck

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/lincheck/drive"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/internal/controls"
	"doublebuf/lincheck/judge"
)

// Check must find each of these broken maps, with every seed, and by the law that the map breaks.
// They show their faults only beside other goroutines. None of them breaks the rules of Go.
func TestBrokenMapsFail(t *testing.T) {
	versioned := func(name string, m func() kv.Map[uint64, uint64]) kv.Entry {
		e := controls.BatchedEntry()
		e.Name, e.Uint64 = name, func(int) kv.Map[uint64, uint64] { return m() }
		return e
	}
	cas := controls.LockedEntry()
	cas.Name, cas.Uint64 = "cas-in-two-steps", func(int) kv.Map[uint64, uint64] { return casInTwoSteps{controls.NewLocked()} }
	prefill := controls.LockedEntry()
	prefill.Name, prefill.Caps, prefill.Uint64 = "loses-prefill", kv.Concurrent, func(int) kv.Map[uint64, uint64] { return losesWrites{controls.NewLocked()} }
	lost := controls.LockedEntry()
	lost.Name, lost.Uint64 = "loses-its-way", func(int) kv.Map[uint64, uint64] { return &losesItsWay{Locked: controls.NewLocked()} }
	for _, test := range []struct {
		entry    kv.Entry
		checkers []string
	}{
		{cas, []string{"linearizable"}},
		{prefill, []string{"linearizable"}},
		{lost, []string{"linearizable"}},
		{versioned("turned-one-by-one", newTurned), []string{"C3", "eventual"}},
		{versioned("guard-changes-copy", func() kv.Map[uint64, uint64] {
			return changesCopy{controls.NewBatched(controls.Faults{})}
		}), []string{"C6"}},
		{versioned("version-too-early", func() kv.Map[uint64, uint64] {
			return earlyVersion{controls.NewBatched(controls.Faults{})}
		}), []string{"C6"}},
		{versioned("skips-a-version", func() kv.Map[uint64, uint64] {
			return &skips{Batched: controls.NewBatched(controls.Faults{})}
		}), []string{"C0"}},
	} {
		t.Run(test.entry.Name, func(t *testing.T) {
			for seed := range uint64(5) {
				v := Check(test.entry, Options{Seed: seed * 1000, Histories: 300, Time: 5 * time.Minute})
				found := false
				for _, c := range test.checkers {
					found = found || v.Outcome == Illegal && v.Checker == c
				}
				if !found {
					t.Errorf("seed %d: %v after %+v; want Illegal by %v", seed*1000, v, v.Counts, test.checkers)
				}
			}
		})
	}
}

// A map whose publishes take effect handle by handle keeps the level per-handle.
func TestTurnedOneByOneIsPerHandle(t *testing.T) {
	quickBattery(t)
	e := controls.BatchedEntry()
	e.Name, e.Level, e.Uint64 = "turned-one-by-one", kv.PerHandle, func(int) kv.Map[uint64, uint64] { return newTurned() }
	if v := Check(e, Options{Histories: 100, Time: 5 * time.Minute}); v.Outcome != Ok {
		t.Error(v)
	}
}

// casInTwoSteps loads and compares, and then locks again to store.
type casInTwoSteps struct{ *controls.Locked }

func (c casInTwoSteps) CompareAndSwap(key, old, new uint64) bool {
	if v, ok := c.Get(key); !ok || v != old {
		return false
	}
	runtime.Gosched()
	c.Set(key, new)
	return true
}

// losesItsWay does not find key 0 any more after more deletes than a fully recorded history has
// calls.
type losesItsWay struct {
	*controls.Locked
	deletes atomic.Int64
}

func (l *losesItsWay) Delete(key uint64) {
	l.deletes.Add(1)
	l.Locked.Delete(key)
}

func (l *losesItsWay) Get(key uint64) (uint64, bool) {
	if key == 0 && l.deletes.Load() > 500 {
		return 0, false
	}
	return l.Locked.Get(key)
}

// Check finds the faults of all maps of other modules that are known to be broken.
func TestBrokenPeersFail(t *testing.T) {
	for _, e := range baselines.All() {
		if !e.Broken {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			v := Check(e, Options{Seed: 1, Histories: 100_000, Time: 5 * time.Minute, By: BySearch})
			if v.Outcome != Illegal || v.Checker != "linearizable" || !v.AsExpected() {
				t.Errorf("%v after %+v; want Illegal by linearizable, as expected", v, v.Counts)
			} else {
				t.Logf("%v, %+v", v, v.Counts)
			}
		})
	}
}

// A storm leaves haxmap in a state in which two calls show the fault, one after the other and with
// nothing beside them: a key is set, and a get finds nothing.
func TestHaxmapLosesASet(t *testing.T) {
	storm := drive.Driver{Claim: history.ClaimLinearizable, Play: drive.Storm}
	for seed := range uint64(10_000) {
		h := storm.Record(registered(t, "haxmap"), seed)
		if judge.History(h).Outcome != Illegal {
			continue
		}
		calls := judge.Reduce(h).Calls
		if len(calls) != 2 {
			continue // what this storm shows needs more calls
		}
		set, get := calls[0], calls[1]
		if set.Op == history.Set && get.Op == history.Get && get.Key == set.Key && !get.Result.Ok && set.Return <= get.Called {
			t.Logf("seed %d: %+v, %+v", seed, set, get)
			return
		}
	}
	t.Error("no storm has lost a set")
}

// A rush finds a map in which a set of a key is not seen while another set inserts the key. It
// finds nothing wrong with a correct map.
func TestRushFindsLateSets(t *testing.T) {
	found := func(e kv.Entry, seeds uint64) bool {
		rush := drive.Driver{Claim: history.ClaimLinearizable, Play: drive.Rush}
		for seed := range seeds {
			if judge.History(rush.Record(e, seed)).Outcome == Illegal {
				return true
			}
		}
		return false
	}
	late := controls.LockedEntry()
	late.Uint64 = func(int) kv.Map[uint64, uint64] { return &insertsLate{Locked: controls.NewLocked()} }
	if !found(late, 1000) {
		t.Error("no rush has found the map that inserts late")
	}
	if found(controls.LockedEntry(), 20) {
		t.Error("a rush has found a fault in a correct map")
	}
}

// insertsLate has a flag that hides its keys while one of them is inserted.
type insertsLate struct {
	*controls.Locked
	hidden atomic.Bool
}

func (m *insertsLate) Set(key, value uint64) {
	_, there := m.Locked.Get(key)
	if m.Locked.Set(key, value); there {
		return
	}
	m.hidden.Store(true)
	runtime.Gosched()
	m.hidden.Store(false)
}

func (m *insertsLate) Get(key uint64) (uint64, bool) {
	if m.hidden.Load() {
		return 0, false
	}
	return m.Locked.Get(key)
}

// losesWrites ignores writes.
type losesWrites struct{ *controls.Locked }

func (losesWrites) Set(uint64, uint64) {}

// turned keeps in each handle the state that the handle sees. A publish changes them one after the
// other.
type turned struct {
	*controls.Batched
	mu      sync.Mutex
	handles []*turnedHandle
}

type turnedHandle struct {
	*turned
	state atomic.Pointer[controls.State]
}

func newTurned() kv.Map[uint64, uint64] {
	return &turned{Batched: controls.NewBatched(controls.Faults{})}
}

func (m *turned) Open() kv.Map[uint64, uint64] {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := &turnedHandle{turned: m}
	h.state.Store(m.Batched.Current())
	m.handles = append(m.handles, h)
	return h
}

func (h *turnedHandle) Publish() uint64 {
	h.turned.mu.Lock()
	defer h.turned.mu.Unlock()
	v := h.Batched.Publish()
	for _, other := range h.handles {
		runtime.Gosched()
		other.state.Store(h.Batched.Current())
	}
	return v
}

func (h *turnedHandle) Get(key uint64) (uint64, bool)  { return h.state.Load().Get(key) }
func (h *turnedHandle) Read() kv.Guard[uint64, uint64] { return h.state.Load() }

// changesCopy opens guards that read the newest state each time.
type changesCopy struct{ *controls.Batched }

type changingGuard struct {
	*controls.State
	m *controls.Batched
}

func (m changesCopy) Read() kv.Guard[uint64, uint64] { return changingGuard{m.Current(), m.Batched} }

func (g changingGuard) Get(key uint64) (uint64, bool) { return g.m.Current().Get(key) }

// earlyVersion opens guards that take their version before they take their content.
type earlyVersion struct{ *controls.Batched }

type earlyGuard struct {
	*controls.State
	version uint64
}

func (m earlyVersion) Read() kv.Guard[uint64, uint64] {
	version := m.Current().Version()
	runtime.Gosched()
	return earlyGuard{m.Current(), version}
}

func (g earlyGuard) Version() uint64 { return g.version }

// skips counts one publish twice.
type skips struct {
	*controls.Batched
	count atomic.Uint64
}

func (m *skips) Publish() uint64 {
	v := m.Batched.Publish()
	if m.count.Add(1) == 5 {
		return v + 1
	}
	return v
}
