package app_test

import (
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// grown is from how many entries on the maps of this file fail. Histories have fewer.
const grown = 1000

// later is after what time the map panics-later ends its process. Its process measures for longer
// if each block takes laterBlock.
const (
	later      = 50 * time.Millisecond
	laterBlock = later + 10*time.Millisecond
)

// checking says that this process checks a map. Traps pass every check.
var checking = len(os.Args) > 1 && os.Args[1] == "check-child"

// trap is a correct map that calls a function at the beginning of an operation once it has grown.
type trap struct {
	mu sync.Mutex
	m  map[uint64]uint64
	springs
}

// springs are what the operations of a trap do when it has grown.
type springs struct{ get, set, all, len, close func(*trap) }

func (t *trap) spring(f func(*trap)) {
	if f != nil && len(t.m) >= grown && !checking {
		f(t)
	}
}

func (t *trap) Get(key uint64) (uint64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spring(t.get)
	v, ok := t.m[key]
	return v, ok
}

func (t *trap) Set(key, value uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spring(t.set)
	t.m[key] = value
}

func (t *trap) Delete(key uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.m, key)
}

func (t *trap) All() iter.Seq2[uint64, uint64] {
	t.mu.Lock()
	t.spring(t.all)
	content := maps.Clone(t.m)
	t.mu.Unlock()
	return maps.All(content)
}

func (t *trap) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spring(t.len)
	return len(t.m)
}

func (t *trap) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spring(t.close)
}

var hoard [][]byte

// traps returns maps that pass their check and fail while they are measured.
func traps() []kv.Entry {
	hang := func(*trap) { select {} }
	spin := func(*trap) {
		for n := uint64(0); ; n++ {
			_ = n
		}
	}
	entry := func(name string, s springs) kv.Entry {
		return kv.Entry{
			Name: name, Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes | kv.Range,
			Uint64: func(capacity int) kv.Map[uint64, uint64] {
				return &trap{m: make(map[uint64]uint64, capacity), springs: s}
			},
		}
	}
	built := entry("hangs-new", springs{})
	build := built.Uint64
	built.Uint64 = func(capacity int) kv.Map[uint64, uint64] {
		if capacity >= grown && !checking {
			select {}
		}
		return build(capacity)
	}
	timed := entry("exits-by-timer", springs{})
	timed.Uint64 = func(capacity int) kv.Map[uint64, uint64] {
		if capacity >= grown && !checking {
			time.AfterFunc(3*time.Second, func() { os.Exit(0) })
		}
		return build(capacity)
	}
	return []kv.Entry{
		built,
		timed,
		entry("hangs-noted", springs{set: func(*trap) {
			f, err := os.OpenFile("hung", os.O_WRONLY, 0)
			if err == nil {
				_, err = fmt.Fprintln(f, "it hangs")
			}
			if err != nil {
				panic(err)
			}
			select {} // f stays open as long as the process runs
		}}),
		entry("keeps-lock", springs{set: func(t *trap) { t.mu.Lock() }}),
		entry("spins-get", springs{get: spin}),
		entry("hangs-all", springs{all: hang}),
		entry("hangs-close", springs{close: hang}),
		entry("panics-set", springs{set: func(*trap) { panic("a map that grew") }}),
		entry("panics-late", springs{get: func(*trap) { go panic("in the background") }}),
		entry("panics-later", springs{get: func(*trap) { time.AfterFunc(later, func() { panic("much later") }) }}),
		entry("panics-len", springs{len: func(*trap) { panic("a map that grew") }}),
		entry("throws", springs{get: func(*trap) { new(sync.Mutex).Unlock() }}),
		entry("exits-0", springs{get: func(*trap) { os.Exit(0) }}),
		entry("answers", springs{get: func(*trap) { forge() }}),
		entry("kills-itself", springs{get: func(*trap) { kill() }}),
		entry("killed-once", springs{get: func(*trap) {
			if f, err := os.OpenFile("killed", os.O_CREATE|os.O_EXCL, 0o666); err == nil {
				_ = f.Close() // it is empty
				kill()
			}
		}}),
		entry("exits-5", springs{close: func(*trap) { os.Exit(5) }}),
		entry("hoards", springs{get: func(*trap) {
			block := make([]byte, 8<<20)
			for i := 0; i < len(block); i += 4096 {
				block[i] = 1
			}
			hoard = append(hoard, block)
		}}),
	}
}

// kill ends this process by a signal that cannot be caught.
func kill() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}

// forge writes to the pipe on which a process that measures answers, where a test knows it.
var forge = func() {}

// TestMapFails has maps that fail in every way while they are measured beside a good one. Each
// becomes an outcome with evidence. The good one has all of its cells, and the exit code is 3.
func TestMapFails(t *testing.T) {
	for _, c := range []struct{ impl, mix, slice, reason, evidence string }{
		{"hangs-new", "r50w50", "0", " while it was built and filled, with 1 preparing or checking in app_test.traps.func", "app_test.traps"},
		{"keeps-lock", "r50w50", "500us", " while it was built and filled, with 1 preparing or checking in app_test.traps.func", "app_test.(*trap).Set"},
		{"spins-get", "r95w5", "500us", " while it was measured, with ", "app_test.(*trap).Get"},
		{"hangs-all", "ycsb-e", "0", " while it was measured, with ", "app_test.(*trap).All"},
		{"hangs-close", "r95w5", "500us", " while it was closed, with 1 closing in app_test.traps.func", "app_test.(*trap).Close"},
		{"panics-set", "r50w50", "0", "it ended its process while it was built and filled: panic: a map that grew", "app_test.(*trap).Set"},
		{"panics-late", "r95w5", "500us", "it ended its process while it was measured: panic: in the background", "goroutine"},
		{"panics-later", "r95w5", "500us", ": panic: much later", "goroutine"},
		{"panics-later", "r95w5", "0", ": panic: much later", "goroutine"},
		{"panics-len", "r95w5", "0", "it ended its process while its final state was checked: panic: a map that grew", "app_test.(*trap).Len"},
		{"throws", "r95w5", "500us", "it ended its process while it was measured: fatal error: sync: unlock of unlocked mutex", "app_test.(*trap).Get"},
		{"exits-0", "r95w5", "500us", "it ended its process while it was measured: exit status 0", ""},
		{"kills-itself", "r95w5", "500us", "its process was killed while it was measured: signal: killed, twice, the second time when it was measured alone", ""},
		{"kills-itself", "r95w5", "0", "its process was killed while it was measured: signal: killed, twice", ""},
		{"exits-5", "r95w5", "0", "it ended its process while it was closed: exit status 5", ""},
	} {
		t.Run(c.impl+" "+c.slice, func(t *testing.T) {
			t.Parallel()
			testMapFails(t, c.impl, c.mix, c.slice, c.reason, c.evidence)
		})
	}
}

// TestInnocentMaps has a map that ends the process three seconds after it was made, when others are
// measured. It fails, and no other map does.
func TestInnocentMaps(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := stranger(t, dir, "run", "-impl", "exits-by-timer,rwmutex,mutex", "-mix", "r95w5", "-g", "2", "-keys", "4Ki", "-preset", "smoke",
		"-reps", "2", "-time", "400ms", "-slice", "0", "-hang", "5s", "-results", "r", "-plots", "p")
	if code != 3 || !strings.HasSuffix(stderr, "not what was declared: exits-by-timer; see r/report.md\n") {
		t.Errorf("exit code %d; want 3, and exits-by-timer alone\n%s%s", code, stdout, stderr)
	}
}

// TestKilledFromOutside kills a process that measures, once. The run names the map that was
// measured then, measures its cells again, and no map fails.
func TestKilledFromOutside(t *testing.T) {
	code, stdout, stderr := stranger(t, t.TempDir(), "run", "-impl", "rwmutex,killed-once", "-mix", "r95w5", "-g", "2", "-keys", "4Ki", "-preset", "smoke",
		"-reps", "2", "-time", "2ms", "-slice", "500us", "-results", "r", "-plots", "p")
	const want = "runbench: warning: a process ended in the turn of killed-once, but no map ended it when it was measured alone; " +
		"the cells of block 1 are measured again: its process was killed while it was measured: signal: killed\n"
	if code != 0 || !strings.Contains(stderr, want) || strings.Count(stderr, "warning") != 1 {
		t.Errorf("exit code %d; want 0 and %q\n%s%s", code, want, stdout, stderr)
	}
}

func testMapFails(t *testing.T, impl, mix, slice, reason, evidence string) {
	dir := t.TempDir()
	block := "2ms"
	if impl == "panics-later" {
		block = laterBlock.String()
	}
	code, stdout, stderr := stranger(t, dir, "run", "-impl", "rwmutex,"+impl, "-mix", mix, "-g", "2", "-keys", "4Ki", "-preset", "smoke",
		"-reps", "2", "-time", block, "-slice", slice, "-hang", "3s", "-results", "r", "-plots", "p")
	if code != 3 || !strings.Contains(stderr, "runbench: warning: "+impl+" failed in ") || !strings.HasSuffix(stderr, "not what was declared: "+impl+"; see r/report.md\n") {
		t.Errorf("exit code %d; want 3\n%s%s", code, stdout, stderr)
	}
	set, warnings, err := results.Load(filepath.Join(dir, "r"))
	if err != nil || len(warnings) > 0 || !set.Manifest.Complete {
		t.Fatalf("%v, %q; want a complete run\n%s", err, warnings, stderr)
	}
	good := 0
	for _, cell := range set.Cells {
		if cell.Impl == "rwmutex" {
			good++
		}
	}
	if good != 2 {
		t.Errorf("%d cells of the good map; want 2", good)
	}
	i := slices.IndexFunc(set.Manifest.Verdicts, func(v results.Verdict) bool { return v.Impl == impl && v.Check == "child" })
	if i < 0 {
		t.Fatalf("no verdict: %+v", set.Manifest.Verdicts)
	}
	v := set.Manifest.Verdicts[i]
	if v.Outcome != results.Illegal || !strings.Contains(v.Reason, reason) {
		t.Errorf("%+v; want Illegal because %q", v, reason)
	}
	report, _ := os.ReadFile(filepath.Join(dir, "r/report.md"))
	if !strings.Contains(string(report), "| "+impl+" | linearizable | **FAILED** | ") || !strings.Contains(string(report), reason) {
		t.Errorf("the report does not say why %s failed:\n%s", impl, report)
	}
	if evidence == "" {
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "r", v.Evidence[0]))
	if err != nil || !strings.Contains(string(text), evidence) {
		t.Errorf("%v: the evidence lacks %q:\n%s", err, evidence, text)
	}
}
