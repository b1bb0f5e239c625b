package lincheck

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"doublebuf/baselines/kv"
)

// locked is the simplest linearizable map.
type locked struct {
	mu sync.RWMutex
	m  map[uint64]uint64
}

func (l *locked) Get(key uint64) (uint64, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v, ok := l.m[key]
	return v, ok
}
func (l *locked) Set(key, value uint64) { l.mu.Lock(); defer l.mu.Unlock(); l.m[key] = value }
func (l *locked) Delete(key uint64)     { l.mu.Lock(); defer l.mu.Unlock(); delete(l.m, key) }

func (l *locked) Swap(key, value uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.m[key]
	l.m[key] = value
	return v, ok
}

func (l *locked) LoadOrStore(key, value uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.m[key]; ok {
		return v, true
	}
	l.m[key] = value
	return value, false
}

func (l *locked) LoadAndDelete(key uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.m[key]
	delete(l.m, key)
	return v, ok
}

func (l *locked) CompareAndSwap(key, old, new uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.m[key]; !ok || v != old {
		return false
	}
	l.m[key] = new
	return true
}

func (l *locked) CompareAndDelete(key, old uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.m[key]; !ok || v != old {
		return false
	}
	delete(l.m, key)
	return true
}

var lockedEntry = kv.Entry{
	Name: "locked", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes | kv.Swaps,
	Uint64: func(int) kv.Map[uint64, uint64] { return &locked{m: map[uint64]uint64{}} },
}

// batchedEntry is a correct map of level atomic.
var batchedEntry = kv.Entry{
	Name: "batched", Level: kv.Atomic, Caps: kv.Concurrent | kv.Writes | kv.Versions,
	Policy: kv.Policy{Every: 64}, Uint64: newFaulty(faults{}),
}

func TestCorrectMapsPass(t *testing.T) {
	perHandle := batchedEntry
	perHandle.Name, perHandle.Level, perHandle.Uint64 = "turned-one-by-one", kv.PerHandle, func(int) kv.Map[uint64, uint64] { return newTurned() }
	readOnly := lockedEntry
	readOnly.Name, readOnly.Caps = "read-only", kv.Concurrent
	for _, e := range []kv.Entry{lockedEntry, batchedEntry, perHandle, readOnly} {
		v := Check(e, Options{Seed: 1})
		if v.Outcome != Ok || v.Counts.Histories == 0 {
			t.Errorf("%s: %v", e.Name, v)
		}
	}
}

func TestControlsFail(t *testing.T) {
	for _, e := range Controls() {
		for seed := range uint64(5) {
			if v := Check(e, Options{Seed: seed * 1000}); !v.AsExpected() || v.Checker == "capabilities" || v.Checker == "entry" {
				t.Errorf("%s, seed %d: %v", e.Name, seed*1000, v)
			}
		}
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// What Check leaves of an illegal history judges the same again.
func TestEvidence(t *testing.T) {
	for _, e := range Controls() {
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

func TestEvidenceThatCannotBeSaved(t *testing.T) {
	v := Check(Controls()[0], Options{Dir: filepath.Join(t.TempDir(), "nothing")})
	if v.Outcome != Illegal || !strings.Contains(v.Reason, "; the history is lost: ") || v.Evidence.Judge != "" {
		t.Error(v)
	}
}

func TestCapabilitiesThatAreNotThere(t *testing.T) {
	ranges, swaps, versions, publishes := lockedEntry, batchedEntry, lockedEntry, lockedEntry
	ranges.Caps |= kv.Range
	swaps.Caps |= kv.Swaps
	versions.Caps |= kv.Versions
	publishes.Level = kv.Atomic
	for want, e := range map[string]kv.Entry{"kv.Ranger": ranges, "kv.Swapper": swaps, "kv.Versioned": versions, "kv.Publisher": publishes} {
		if v := Check(e, Options{}); v.Outcome != Illegal || v.Checker != "capabilities" || !strings.HasSuffix(v.Reason, want) {
			t.Errorf("%s: %v", want, v)
		}
	}
}

func TestLevelThatIsNotDeclared(t *testing.T) {
	e := lockedEntry
	e.Level = 0
	if v := Check(e, Options{}); v.Outcome != Illegal || !strings.Contains(v.Reason, "Level is 0") {
		t.Error(v)
	}
}

func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		outcome  Outcome
		broken   bool
		expected bool
		want     string
	}{
		{Ok, false, true, "Ok (C2): why"},
		{Illegal, false, false, "Illegal (C2): why"},
		{Unknown, false, false, "Unknown (C2): why"},
		{Ok, true, false, "Ok, but expected to be Illegal (C2): why"},
		{Illegal, true, true, "Illegal, as expected (C2): why"},
		{Unknown, true, false, "Unknown (C2): why"},
	} {
		v := Verdict{Outcome: test.outcome, Broken: test.broken, Checker: "C2", Reason: "why"}
		if v.String() != test.want || v.AsExpected() != test.expected {
			t.Errorf("%q, as expected: %t; want %q, %t", v, v.AsExpected(), test.want, test.expected)
		}
	}
	if (Verdict{}).AsExpected() {
		t.Error("what was not judged passes")
	}
}

func TestJudgeFileThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nothing.jsonl")
	if _, err := JudgeFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}

// A search that would take longer than its limit ends, and is no pass.
func TestSearchThatGivesUp(t *testing.T) {
	h := &History{Header: Header{Claim: ClaimLinearizable}}
	for client := range maxClients {
		for i := range int64(50) {
			from := i*10 + int64(client) // so that there is no quiescent point
			h.Calls = append(h.Calls, Call{Client: client, Op: Set, New: Word(client), Called: from, Return: from + 9})
		}
	}
	h.Calls = append(h.Calls, Call{Op: Get, Result: Value{99, true}, Called: 500, Return: 505})
	v := h.judge(time.Microsecond)
	if v.Outcome != Unknown || v.Counts.Undecided != 1 || v.Reason != "no answer within 1µs" {
		t.Error(v)
	}
	over := Verdict{Outcome: Ok}
	dir := t.TempDir()
	over.take(v, h, dir)
	over.take(Verdict{Outcome: Ok}, nil, dir)
	over.take(v, nil, dir) // the first is kept
	if over.Outcome != Unknown || over.Counts.Undecided != 2 {
		t.Errorf("with undecided histories among others: %v", over)
	}
	kept := readFile(t, over.Evidence.History)
	if again := kept.judge(time.Microsecond); again.Outcome != Unknown || len(kept.Calls) != len(h.Calls) || kept.Note != v.Reason {
		t.Errorf("what is kept has %d calls of %d, notes %q, and is judged %v", len(kept.Calls), len(h.Calls), kept.Note, again)
	}
	if want := "runbench check -history " + over.Evidence.History; over.Evidence.Judge != want {
		t.Errorf("the line that judges again: %q; want %q", over.Evidence.Judge, want)
	}
}

// A check says under how many seeds it recorded.
func TestSeedsAreCounted(t *testing.T) {
	for time, want := range map[time.Duration]int{time.Hour: 3, time.Nanosecond: 1} {
		if v := Check(lockedEntry, Options{Histories: 3, Time: time}); v.Outcome != Ok || v.Counts.Seeds != want {
			t.Errorf("%v, %+v within %v; want %d seeds", v, v.Counts, time, want)
		}
	}
}
