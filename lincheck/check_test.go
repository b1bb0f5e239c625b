package lincheck

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/baselines/kv/kvtest"
	"doublebuf/impl/invariants"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/internal/controls"
	"doublebuf/lincheck/judge"
)

func TestCorrectMapsPass(t *testing.T) {
	perHandle := controls.BatchedEntry()
	perHandle.Name, perHandle.Level, perHandle.Uint64 = "turned-one-by-one", kv.PerHandle, func(int) kv.Map[uint64, uint64] { return newTurned() }
	readOnly := controls.LockedEntry()
	readOnly.Name, readOnly.Caps = "read-only", kv.Concurrent
	for _, e := range []kv.Entry{controls.LockedEntry(), controls.BatchedEntry(), perHandle, readOnly} {
		v := Check(e, Options{Seed: 1})
		if v.Outcome != Ok || v.Counts.Histories == 0 {
			t.Errorf("%s: %v", e.Name, v)
		}
	}
}

func TestControlsFail(t *testing.T) {
	if invariants.Enabled {
		t.Skip("in checked builds the battery does so much less in its time that it misses some of these maps")
	}
	for i, e := range Controls() {
		for seed := range uint64(5) {
			o := Options{Seed: seed * 1000}
			if i >= historyControls {
				o.By = ByBattery
			}
			if v := Check(e, o); !v.AsExpected() || v.Checker == "capabilities" || v.Checker == "entry" {
				t.Errorf("%s, seed %d: %v", e.Name, seed*1000, v)
			}
		}
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// historyControls is the number of controls that histories show. The battery finds the others.
const historyControls = 3

// The history that Check saves judges the same again.
func TestEvidence(t *testing.T) {
	for _, e := range Controls()[:historyControls] {
		dir := t.TempDir()
		v := Check(e, Options{Seed: 1, Dir: dir})
		again, err := JudgeFile(v.Evidence.History)
		if err != nil || again.Outcome != Illegal || again.Checker != v.Checker || again.Reason != v.Reason || again.Map != e.Name {
			t.Errorf("%s: %v\njudged again: %v, %v", e.Name, v, again, err)
		}
		if want := "runbench check -history " + v.Evidence.History; v.Evidence.Judge != want {
			t.Errorf("got the line %q, want %q", v.Evidence.Judge, want)
		}
		page, err := os.ReadFile(v.Evidence.Picture)
		if err != nil || !bytes.Contains(page, []byte("<html")) || !bytes.Contains(page, []byte("broken law")) {
			t.Errorf("%s: picture %q of %d bytes, %v", e.Name, v.Evidence.Picture, len(page), err)
		}
	}
}

// A verdict by the battery names the test and the seed, with which it fails again. What the battery
// says beyond the first line is kept in a file.
func TestEvidenceOfTheBattery(t *testing.T) {
	panics := controls.LockedEntry()
	panics.Name = "panics-for-strings"
	panics.String = func(int) kv.Map[string, uint64] { panic("no strings") }
	dir := t.TempDir()
	v := Check(panics, Options{Seed: 5, Histories: 1, Time: time.Minute, Dir: dir})
	if v.Outcome != Illegal || v.Checker != "battery" || v.Seed != 5 || v.Reason != "string/promises: seed 5: panic: no strings" {
		t.Error(v)
	}
	if want := "runbench check -by battery -impl panics-for-strings -seed 5"; v.Evidence.Judge != want {
		t.Errorf("the line that checks again is %q; want %q", v.Evidence.Judge, want)
	}
	if stack, err := os.ReadFile(v.Evidence.Log); err != nil || !bytes.Contains(stack, []byte("goroutine ")) {
		t.Errorf("the stack is %q, %v", stack, err)
	}
	again := Check(panics, Options{Seed: v.Seed, By: ByBattery, Time: time.Minute})
	if again.Reason != v.Reason || again.Counts.Histories != 0 {
		t.Errorf("again: %v after %+v; want %s, and no histories", again, again.Counts, v.Reason)
	}
}

// A verdict names what the check did not look at.
func TestNotLookedAt(t *testing.T) {
	e := controls.LockedEntry()
	e.String = func(int) kv.Map[string, uint64] { return controls.NewFull[string, uint64]() }
	want := "Range, Clear, Retain, Update, Rewrite, writes after Close, Versions and all that needs them, type int, type float64, type prefix, type line, type wide, type pointer, more entries than "
	if v := Check(e, Options{Histories: 1, Time: time.Minute}); v.Outcome != Ok || !strings.HasPrefix(strings.Join(v.NotLookedAt, ", "), want) || v.Counts.Tests == 0 {
		t.Errorf("%v after %d tests, without %s; want Ok without %s", v, v.Counts.Tests, v.NotLookedAt, want)
	}
}

// A verdict says to how many entries maps have grown, by type if they differ.
func TestNotGrown(t *testing.T) {
	for want, all := range map[string][]kvtest.Growth{
		"":                                       nil,
		"more entries than 512 (uint64, string)": {{Type: "uint64", Entries: 512}, {Type: "string", Entries: 512}},
		"more entries than 512 (uint64, line), 64 (int), 100 (string, too slow), 16 that several goroutines write": {
			{Type: "uint64", Entries: 512},
			{Type: "int", Entries: 64},
			{Type: "uint64", Entries: 8, Together: true},
			{Type: "uint64", Entries: 16, Together: true},
			{Type: "string", Entries: 100, Slow: true},
			{Type: "uint64", Entries: 256, Slow: true}, // in a second battery
			{Type: "line", Entries: 512},
		},
	} {
		if got := strings.Join(notGrown(all), "; "); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}

func TestEvidenceThatCannotBeSaved(t *testing.T) {
	v := Check(Controls()[0], Options{Dir: filepath.Join(t.TempDir(), "nothing")})
	if v.Outcome != Illegal || !strings.Contains(v.Reason, "; the history is lost: ") || v.Evidence.Judge != "" {
		t.Error(v)
	}
}

func TestCapabilitiesThatAreNotThere(t *testing.T) {
	ranges, swaps, versions, publishes := controls.LockedEntry(), controls.BatchedEntry(), controls.LockedEntry(), controls.LockedEntry()
	ranges.Caps |= kv.Range
	swaps.Caps |= kv.Swaps
	versions.Caps |= kv.Versions
	publishes.Level = kv.Atomic
	ranges.Uint64 = func(int) kv.Map[uint64, uint64] { return struct{ kv.Map[uint64, uint64] }{controls.NewLocked()} }
	for want, e := range map[string]kv.Entry{"kv.Ranger": ranges, "kv.Swapper": swaps, "kv.Versioned": versions, "kv.Publisher": publishes} {
		if v := Check(e, Options{}); v.Outcome != Illegal || v.Checker != "capabilities" || !strings.HasSuffix(v.Reason, want) {
			t.Errorf("%s: %v", want, v)
		}
	}
}

func TestLevelThatIsNotDeclared(t *testing.T) {
	e := controls.LockedEntry()
	e.Level = 0
	if v := Check(e, Options{}); v.Outcome != Illegal || !strings.Contains(v.Reason, "Level is 0") {
		t.Error(v)
	}
}

// The counts say under how many seeds a check recorded histories.
func TestSeedsAreCounted(t *testing.T) {
	quickBattery(t)
	for time, want := range map[time.Duration]int{time.Hour: 3, time.Nanosecond: 1} {
		if v := Check(controls.LockedEntry(), Options{Histories: 3, Time: time}); v.Outcome != Ok || v.Counts.Seeds != want {
			t.Errorf("%v, %+v within %v; want %d seeds", v, v.Counts, time, want)
		}
	}
}

// An Unknown verdict among others is kept with its history, and the history judges the same again.
func TestUndecidedHistoriesAreKept(t *testing.T) {
	h := &history.History{Header: history.Header{Claim: history.ClaimLinearizable}}
	for client := range 300 { // too many for a search
		h.Calls = append(h.Calls, history.Call{Client: client, Op: history.Set, New: history.Word(client), Called: int64(client), Return: 1000})
	}
	v := judge.History(h)
	if v.Outcome != Unknown || v.Counts.Undecided != 1 {
		t.Fatal(v)
	}
	over := Verdict{Outcome: Ok}
	dir := t.TempDir()
	take(&over, v, h, dir)
	take(&over, Verdict{Outcome: Ok}, nil, dir)
	take(&over, v, nil, dir) // the first is kept
	if over.Outcome != Unknown || over.Counts.Undecided != 2 {
		t.Errorf("with undecided histories among others: %v", over)
	}
	kept := readHistory(t, over.Evidence.History)
	if again := judge.History(kept); again.Outcome != Unknown || len(kept.Calls) != len(h.Calls) || kept.Note != v.Reason {
		t.Errorf("the kept history has %d calls of %d, notes %q, and is judged %v", len(kept.Calls), len(h.Calls), kept.Note, again)
	}
	if want := "runbench check -history " + over.Evidence.History; over.Evidence.Judge != want {
		t.Errorf("the line that judges again: %q; want %q", over.Evidence.Judge, want)
	}
}

// readHistory reads a saved history.
func readHistory(t *testing.T, path string) *history.History {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := history.Parse(f)
	if err != nil {
		t.Fatal(path, err)
	}
	return h
}
