package lincheck

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/internal/controls"
)

// childEnv makes this test binary a child of Supervise. Its value names the map.
const childEnv = "LINCHECK_TEST_CHILD"

// childDirEnv names the folder for the child's evidence.
const childDirEnv = "LINCHECK_TEST_DIR"

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		if name == "unknown" {
			fmt.Fprintln(os.Stderr, "no such map")
			os.Exit(1)
		}
		printer.Println("maps may print")
		fmt.Print("and end within a line")
		if err := ChildMain(childEntries()[name], Options{Seed: 1, Dir: os.Getenv(childDirEnv)}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// As in a child: one thread would hide faults that need two.
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 4))
	os.Exit(m.Run())
}

// printer is made before TestMain, with the standard output of that time.
var printer = log.New(os.Stdout, "", 0)

// childEntries returns the maps of the child by what they do.
func childEntries() map[string]kv.Entry {
	with := func(name string, get func(*controls.Locked)) kv.Entry {
		e := controls.LockedEntry()
		e.Name, e.Caps = name, kv.Concurrent|kv.Writes
		e.Uint64 = func(int) kv.Map[uint64, uint64] { return misbehaving{controls.NewLocked(), get} }
		return e
	}
	hoard := make(chan []byte, 1<<20)
	var down func(depth *int)
	down = func(depth *int) { *depth++; down(depth); *depth-- }
	return map[string]kv.Entry{
		"fine":   with("fine", func(*controls.Locked) {}),
		"stale":  Controls()[1],
		"panics": with("panics", func(*controls.Locked) { panic("the map is broken") }),
		"throws": with("throws", func(*controls.Locked) { new(sync.Mutex).Unlock() }), // like a concurrent map write, but in every run
		"hangs":  with("hangs", func(*controls.Locked) { select {} }),
		"hoards": with("hoards", func(*controls.Locked) {
			block := make([]byte, 1<<20)
			for i := range block {
				block[i] = 1
			}
			hoard <- block
			time.Sleep(time.Millisecond) // take memory slowly
		}),
		"killed": with("killed", func(*controls.Locked) {
			p, _ := os.FindProcess(os.Getpid())
			p.Kill()
			select {}
		}),
		"leaks":    with("leaks", func(*controls.Locked) { go func() { select {} }() }),
		"recurses": with("recurses", func(*controls.Locked) { down(new(int)) }),
		"lies": with("lies", func(*controls.Locked) {
			line, _ := json.Marshal(map[string]Verdict{"Verdict": {Map: "lies", Outcome: Ok, Counts: Counts{Histories: 100}}})
			printer.Printf("\n%s", line)
			os.Exit(0)
		}),
		"silent": with("silent", func(*controls.Locked) { os.Exit(0) }),
		"exits":  with("exits", func(*controls.Locked) { os.Exit(3) }),
		"quits": with("quits", func(*controls.Locked) {
			p, _ := os.FindProcess(os.Getpid())
			_ = p.Signal(syscall.SIGQUIT)
			select {}
		}),
		"complains": with("complains", func(*controls.Locked) {
			fmt.Fprintln(os.Stderr, "SIGQUIT: quit")
			panic("out of memory for slots")
		}),
		"unknown": with("unknown", func(*controls.Locked) {}), // to the parent, but not to the child
	}
}

// misbehaving does something else before each Get.
type misbehaving struct {
	*controls.Locked
	get func(*controls.Locked)
}

func (m misbehaving) Get(key uint64) (uint64, bool) {
	m.get(m.Locked)
	return m.Locked.Get(key)
}

func TestSupervise(t *testing.T) {
	for _, test := range []struct {
		name    string
		limits  Child
		outcome Outcome
		reason  string
		output  string // in the evidence
	}{
		{"fine", Child{}, Ok, "", ""},
		{"stale", Child{}, Illegal, "no order of the ", ""},
		{"panics", Child{}, Illegal, "it crashed: panic: the map is broken", "goroutine "},
		{"throws", Child{}, Illegal, "it crashed: fatal error: sync: unlock of unlocked mutex", "goroutine "},
		{"hangs", Child{Time: 3 * time.Second}, Illegal, "no answer within 3s: it hangs", "SIGQUIT"},
		{"hoards", Child{Memory: 64 << 20}, Illegal, "it crashed: panic: lincheck: the check uses ", "limit is 64 MiB"},
		{"killed", Child{}, Unknown, "the checking process was killed, by its map or from outside: signal: killed", ""},
		{"leaks", Child{}, Illegal, "it leaks goroutines: ", "goroutine "},
		{"recurses", Child{}, Illegal, "it crashed: fatal error: stack overflow", "goroutine stack exceeds "},
		{"lies", Child{}, Illegal, "it ended its process: exit status 0", "and end within a line\n"},
		{"silent", Child{}, Illegal, "it ended its process: exit status 0", "maps may print\n"},
		{"exits", Child{}, Illegal, "it ended its process: exit status 3", "maps may print\n"},
		{"complains", Child{}, Illegal, "it crashed: panic: out of memory for slots", "goroutine "},
		{"quits", Child{}, Unknown, "the checking process was killed, by its map or from outside: SIGQUIT: quit", "goroutine "},
		{"unknown", Child{}, Unknown, "the checking process ended before the check began: no such map", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := childEntries()[test.name]
			t.Setenv(childEnv, test.name)
			c := test.limits
			c.Path, c.Dir = self(t), t.TempDir()
			c.Report = func(line string) { t.Errorf("%q is not a report", line) }
			if c.Time == 0 {
				c.Time = 5 * time.Minute // the machine may be slow
			}
			t.Setenv(childDirEnv, c.Dir)
			v := Supervise(context.Background(), e, c)
			if v.Map != e.Name || v.Outcome != test.outcome || !strings.HasPrefix(v.Reason, test.reason) {
				t.Errorf("%s: %v", v.Map, v)
			}
			if test.output != "" {
				log, err := os.ReadFile(v.Evidence.Log)
				if err != nil || filepath.Dir(v.Evidence.Log) != c.Dir || !strings.Contains(string(log), test.output) || !strings.HasPrefix(string(log), v.Evidence.Output) {
					t.Errorf("evidence %+v, %v", v.Evidence, err)
				}
			}
			if test.name == "fine" && v.Counts.Histories == 0 {
				t.Error("Ok without a history")
			}
		})
	}
}

func TestSuperviseInterrupted(t *testing.T) {
	t.Setenv(childEnv, "hangs")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	v := Supervise(ctx, childEntries()["hangs"], Child{Path: self(t)})
	if v.Outcome != Unknown || v.Reason != "interrupted" {
		t.Error(v)
	}
}

func TestSuperviseCannotStart(t *testing.T) {
	v := Supervise(context.Background(), controls.LockedEntry(), Child{Path: filepath.Join(t.TempDir(), "nothing")})
	if v.Outcome != Unknown || !strings.HasPrefix(v.Reason, "the checking process did not run: ") {
		t.Error(v)
	}
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
