package soak

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/lincheck/drive"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/internal/controls"
	"doublebuf/lincheck/judge"
)

func TestSoakOfCorrectMaps(t *testing.T) {
	for _, name := range []string{"dbuf-epoch-b64", "dbuf-refcount-b64", "dbuf-maxwait-b64", "dbuf-flat-b64"} {
		// It ends when it has done enough, however long that takes on this machine.
		var last Totals
		ctx, cancel := context.WithCancel(context.Background())
		v := Run(ctx, registered(t, name), Options{Seed: 1, Time: 2 * time.Minute, Hang: time.Minute, Phase: 20 * time.Millisecond, Every: 20 * time.Millisecond, Report: func(s Totals) {
			if last = s; s.Elapsed > 300*time.Millisecond && s.Phases >= 2 && s.Guards > 0 && s.Publishes > 0 {
				cancel()
			}
		}})
		cancel()
		if v.Outcome != history.Ok || v.Counts.Guards == 0 || v.Counts.Publishes == 0 {
			t.Errorf("%s: %v, %+v", name, v, v.Counts)
		}
		if last.Guards != uint64(v.Counts.Guards) || last.Publishes != uint64(v.Counts.Publishes) || last.Phases < 2 {
			t.Errorf("%s: the last report is %v; want the totals", name, last)
		}
	}
}

// onRealMap returns a real map in a wrapper that breaks it.
func onRealMap(t *testing.T, wrap func(inner handle) kv.Map[uint64, uint64]) kv.Entry {
	e := registered(t, "dbuf-epoch-b64")
	inner := e.Watched
	e.Name = "wrong"
	e.Watched = func(capacity int, entered func()) kv.Map[uint64, uint64] {
		return &wrapped{inner(capacity, entered), wrap}
	}
	return e
}

// handle is a handle of the real map.
type handle interface {
	kv.Map[uint64, uint64]
	kv.Publisher
	kv.Versioned[uint64, uint64]
	Close()
}

type wrapped struct {
	kv.Map[uint64, uint64]
	wrap func(handle) kv.Map[uint64, uint64]
}

func (w *wrapped) Open() kv.Map[uint64, uint64] { return w.wrap(kv.Open(w.Map).(handle)) }

// Each part of the oracle finds its fault. The maps break no rule of Go.
func TestSoakFinds(t *testing.T) {
	doesNotWait := registered(t, "dbuf-epoch-b64")
	inner := doesNotWait.Uint64
	doesNotWait.Watched = func(capacity int, entered func()) kv.Map[uint64, uint64] {
		return &wrapped{inner(capacity), func(h handle) kv.Map[uint64, uint64] { return early{h, entered} }}
	}
	unbounded := controls.BatchedEntry() // its guards stay valid, so its writer need not wait
	unbounded.Caps |= kv.BoundedLag | kv.Range
	stale := controls.BatchedEntry()
	stale.Uint64 = controls.Constructor(controls.Faults{StaleGuard: 50})
	lost := controls.BatchedEntry()
	lost.Uint64 = controls.Constructor(controls.Faults{LosePublish: 50})
	staleRead := controls.BatchedEntry()
	staleRead.Uint64 = controls.Constructor(controls.Faults{StaleRead: 50})
	for _, test := range []struct {
		name  string
		entry kv.Entry
		laws  string
		want  string
	}{
		{"begins without waiting", doesNotWait, "C7", "the writer began version "},
		{"publishes without waiting", unbounded, "C7", " was published while a guard of "},
		{"stale guards", stale, "C7 C4", ""},
		{"stale lookups", staleRead, "C7 C4", ""},
		{"lost publishes", lost, "C0", "publish number 50 made version 49"},
		{"guards of the future", onRealMap(t, func(h handle) kv.Map[uint64, uint64] { return future{h} }), "C7 C6", ""}, // C6 while the writer makes that version
		{"content of another version", onRealMap(t, func(h handle) kv.Map[uint64, uint64] { return &torn{handle: h} }), "C6", ""},
		{"a lost write", onRealMap(t, func(h handle) kv.Map[uint64, uint64] { return loses{h} }), "C6", "; want "},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := Run(context.Background(), test.entry, Options{Seed: 1, Time: 5 * time.Minute, Hang: time.Minute, Phase: 20 * time.Millisecond})
			if v.Outcome != history.Illegal || !strings.Contains(test.laws, v.Checker) || !strings.Contains(v.Reason, test.want) {
				t.Errorf("%v after %+v; want %s, … %s …", v, v.Counts, test.laws, test.want)
			}
			if len(v.Events) != 2 || !strings.Contains(v.Events[0], "of seed 1: ") {
				t.Errorf("events %q; want the phase and the state", v.Events)
			}
			t.Log(v, v.Events)
			awaitSoak()
		})
	}
}

// early reports that the writer begins before it has waited.
type early struct {
	handle
	entered func()
}

func (m early) Publish() uint64 {
	m.entered()
	return m.handle.Publish()
}

// future opens guards whose version is too high by one.
type future struct{ handle }

type futureGuard struct{ kv.Guard[uint64, uint64] }

func (m future) Read() kv.Guard[uint64, uint64] { return futureGuard{m.handle.Read()} }
func (g futureGuard) Version() uint64           { return g.Guard.Version() + 1 }

// torn opens guards that look keys up by another guard of the handle.
type torn struct{ handle }

type tornGuard struct {
	kv.Guard[uint64, uint64]
	m *torn
}

func (m *torn) Read() kv.Guard[uint64, uint64]    { return tornGuard{m.handle.Read(), m} }
func (g tornGuard) Get(key uint64) (uint64, bool) { return g.m.handle.Get(key) }

// loses ignores writes to one key.
type loses struct{ handle }

func (m loses) Set(key, value uint64) {
	if key != 42 {
		m.handle.Set(key, value)
	}
}

// A soak finds a goroutine that hangs, and its verdict says where. All goroutines that can end
// have ended with the soak. A busy machine may delay another goroutine for as long as the limit;
// then the test tries again with twice the limit.
func TestSoakFindsWhatHangs(t *testing.T) {
	for _, test := range []struct {
		name  string
		hang  time.Duration
		stuck func(h handle, release chan struct{}) kv.Map[uint64, uint64]
	}{
		{
			"1 writing in soak.stuckWriter.Publish [chan receive]", time.Second,
			func(h handle, release chan struct{}) kv.Map[uint64, uint64] { return stuckWriter{h, release} },
		},
		{
			// A waiting writer wakes after 1 s, to report the stall, and after 1.6 and 6.4 s, to
			// collect garbage. Half-way between it sleeps: in package atomicx, or hooked.
			".(*Parker).Park [select]", 4 * time.Second,
			func(h handle, _ chan struct{}) kv.Map[uint64, uint64] { return leaksGuards{h} },
		},
		{
			"reading in soak.stuckReader.Read [chan receive]", time.Second,
			func(h handle, release chan struct{}) kv.Map[uint64, uint64] { return stuckReader{h, release} },
		},
	} {
		var v judge.Verdict
		found := false
		for hang := test.hang; !found && hang < 20*time.Second; hang *= 2 {
			release := make(chan struct{})
			wrap := func(h handle) kv.Map[uint64, uint64] { return test.stuck(h, release) }
			v = Run(context.Background(), onRealMap(t, wrap), Options{Seed: 1, Time: time.Minute, Hang: hang, Readers: 2, Dir: t.TempDir()})
			found = v.Outcome == history.Illegal && v.Checker == "C9" && strings.Contains(v.Reason, test.name) && v.Evidence.Log != ""
			close(release)
			awaitSoak()
		}
		if !found {
			t.Errorf("%v, %v; want C9, and what hangs: %s", v, v.Evidence.Log, test.name)
		}
	}
}

// awaitSoak returns when no goroutine of a soak is left.
func awaitSoak() {
	for drive.Summarize(drive.Stacks()) != "" {
		runtime.GC() // may release a writer that waits for guards that were left open
	}
}

type stuckWriter struct {
	handle
	release chan struct{}
}

func (m stuckWriter) Publish() uint64 {
	<-m.release
	return m.handle.Publish()
}

type stuckReader struct {
	handle
	release chan struct{}
}

// leaksGuards leaves every guard open.
type leaksGuards struct{ handle }

type leakedGuard struct{ kv.Guard[uint64, uint64] }

func (m leaksGuards) Read() kv.Guard[uint64, uint64] { return leakedGuard{m.handle.Read()} }
func (leakedGuard) Release()                         {}

func (m stuckReader) Read() kv.Guard[uint64, uint64] {
	<-m.release
	return m.handle.Read()
}

func TestSoakEndsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	v := Run(ctx, registered(t, "dbuf-epoch-b64"), Options{Time: time.Hour, Every: time.Millisecond, Report: func(Totals) { cancel() }})
	if v.Outcome != history.Ok || v.Counts.Publishes == 0 {
		t.Errorf("%v, %+v", v, v.Counts)
	}
}

func TestSoakWants(t *testing.T) {
	v := Run(context.Background(), controls.LockedEntry(), Options{})
	if err := Supports(controls.LockedEntry()); v.Outcome != history.Unknown || v.Reason != err.Error() || !errors.Is(err, ErrUnsupported) {
		t.Errorf("%v; %v", v, err)
	}
}

// The same seed draws the same phases.
func TestPhases(t *testing.T) {
	draw := func(seed uint64) (list []string) {
		s := newSoak(registered(t, "dbuf-epoch-b64"), Options{Seed: seed})
		for range 50 {
			s.phase = s.phase.next(s.rng, maxReaders)
			list = append(list, s.phase.String())
		}
		return list
	}
	a, b, other := draw(1), draw(1), draw(2)
	if strings.Join(a, "\n") != strings.Join(b, "\n") || strings.Join(a, "\n") == strings.Join(other, "\n") {
		t.Error("the seed alone does not determine the phases")
	}
	for _, what := range []string{string(lookups), string(single), string(nested), string(chained), string(held), string(walks), "64 readers", "1 readers", "clears", "stopped", "of a handle", "yielding"} {
		if !strings.Contains(strings.Join(a, "\n"), what) {
			t.Errorf("no phase of 50 has %s", what)
		}
	}
}

// contentAt agrees with the operations done one after another.
func TestContentAt(t *testing.T) {
	content := map[uint64]uint64{}
	const cleared = contentKeys + 500
	for i := range uint64(5 * contentKeys / 2) {
		since := uint64(0)
		if i >= cleared {
			since = cleared
		}
		if i == cleared {
			clear(content)
		}
		for _, key := range []uint64{0, 1, 3, i % contentKeys, (i + 1) % contentKeys, contentKeys - 1} {
			v, ok := content[key]
			if w, there := contentAt(key, i, since); v != w || ok != there {
				t.Fatalf("after %d operations key %d holds %d, %t; contentAt says %d, %t", i, key, v, ok, w, there)
			}
		}
		if deletes(i) {
			delete(content, i%contentKeys)
		} else {
			content[i%contentKeys] = i
		}
	}
}

// registered returns the entry of the registry of that name.
func registered(t *testing.T, name string) kv.Entry {
	t.Helper()
	entries := baselines.All()
	i := slices.IndexFunc(entries, func(e kv.Entry) bool { return e.Name == name })
	if i < 0 {
		t.Fatalf("no map is named %s", name)
	}
	return entries[i]
}
