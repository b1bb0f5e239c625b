package app_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/app"
	"doublebuf/results"
)

var (
	kills    = flag.Int("kills", 20, "how often TestKill kills a run")
	killSeed = flag.Uint64("killseed", 1, "from which the moments of TestKill hang")
)

// noteInto in the environment makes the test binary a program with a map of its own. When a cell
// of the map is measured, it writes the process number to the file of that name.
const noteInto = "RUNBENCH_TEST_NOTE_INTO"

// noting is the map that writes these notes. Every cell makes the map once, and reads from it when
// it has been filled. A check makes it too, but in another process, which writes no note.
func noting(file string) kv.Entry {
	all := baselines.All()
	e := all[slices.IndexFunc(all, func(e kv.Entry) bool { return e.Name == "rwmutex" })]
	e.Name, e.Caps = "noting", kv.Concurrent|kv.Writes
	build := e.Uint64
	e.Uint64 = func(capacity int) kv.Map[uint64, uint64] {
		m := &noted{Map: build(capacity)}
		if len(os.Args) > 1 && os.Args[1] != "check-child" {
			m.file = file
		}
		return m
	}
	return e
}

// noted is a map whose first Get writes a note.
type noted struct {
	kv.Map[uint64, uint64]
	file  string
	first sync.Once
}

func (m *noted) Get(key uint64) (uint64, bool) {
	m.first.Do(func() {
		if m.file == "" {
			return
		}
		f, err := os.OpenFile(m.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
		if err == nil {
			_, err = fmt.Fprintln(f, os.Getpid())
		}
		if err != nil || f.Close() != nil {
			panic("cannot note a cell")
		}
	})
	return m.Map.Get(key)
}

func mainNoting(file string) int {
	return app.Main(os.Args[1:], os.Stdout, os.Stderr, noting(file))
}

// killed is a run that is killed again and again.
type killed struct {
	t    *testing.T
	dir  string
	note string
	kept map[string][]string // the cells of each file after the last kill

	way
	number int // kills of this run
}

// way is how a run measures.
type way struct {
	name  string
	forks int    // processes that measure
	slice string // of which length, or 0
	kills int    // how often it is killed
}

const (
	killBlocks = 20
	killCells  = 6 // of the map: two, each with a twin, and two of latency
)

// start starts the run, or resumes it if it has begun.
func (k *killed) start(out *strings.Builder) *exec.Cmd {
	k.t.Helper()
	args := "run -resume -results r -plots p"
	if _, err := os.Stat(filepath.Join(k.dir, "r/manifest.json")); err != nil {
		// No cell can have been measured before the manifest existed.
		if _, err := os.Stat(filepath.Join(k.dir, "r/cells.txt")); err == nil {
			k.t.Fatal("cells without a manifest")
		}
		if err := os.RemoveAll(filepath.Join(k.dir, "r")); err != nil {
			k.t.Fatal(err)
		}
		args = fmt.Sprintf("run -impl noting -mix r95w5 -g 1,2 -latency 20 -keys 64 -preset smoke -time 1ms -latency-time 1ms -slice %s -reps %d -forks %d -results r -plots p", k.slice, killBlocks/k.forks, k.forks)
	}
	self, err := os.Executable()
	if err != nil {
		k.t.Fatal(err)
	}
	cmd := exec.Command(self, strings.Fields(args)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = k.dir, out, out
	cmd.Env = append(os.Environ(), noteInto+"="+k.note, "GORACE=atexit_sleep_ms=0")
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	return cmd
}

// begun returns how many cells have begun in all starts.
func (k *killed) begun() int {
	text, err := os.ReadFile(k.note)
	if err != nil {
		return 0
	}
	return strings.Count(string(text), "\n")
}

// look returns how many whole cells there are. It checks that no cell is missing that was there at
// the last call.
func (k *killed) look() int {
	k.t.Helper()
	all := 0
	for _, name := range []string{"r/cells.txt", "r/latency.txt"} {
		text, err := os.ReadFile(filepath.Join(k.dir, name))
		if err != nil {
			text = nil // it was killed before the first cell
		}
		had, have := k.kept[name], cellLines(string(text[:strings.LastIndexByte(string(text), '\n')+1]))
		if len(have) < len(had) || !slices.Equal(have[:len(had)], had) {
			k.t.Fatalf("cells of %s were lost or changed:\n%s\nbecame\n%s", name, had, have)
		}
		k.kept[name] = have
		all += len(have)
	}
	return all
}

// cellLines returns the lines of the cells of noting and its twin.
func cellLines(text string) (cells []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "Benchmark") && strings.Contains(line, "/impl=noting") {
			cells = append(cells, line)
		}
	}
	return cells
}

// TestKill kills runs at random moments, with a signal that cannot be caught, and resumes them. A
// kill loses at most what is being measured: a cell, or the cells that are measured together. In
// the end every cell of every block has been measured once. For a longer test:
//
//	go test ./cmd/runbench/app -run TestKill -kills 100 -killseed 2
func TestKill(t *testing.T) {
	// All of them write to the disk by the same code, so fewer kills of the later ones are enough.
	for _, w := range []way{
		{"cells at once", 1, "0s", *kills},
		{"several processes", 4, "0s", (*kills + 1) / 2},
		{"slices", 1, "500us", (*kills + 1) / 2},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			testKill(t, w)
		})
	}
}

func testKill(t *testing.T, w way) {
	random := rand.New(rand.NewPCG(*killSeed, uint64(len(w.name))))
	begin := func() *killed {
		k := &killed{t: t, dir: t.TempDir(), way: w, kept: map[string][]string{}}
		k.note = filepath.Join(k.dir, "note")
		return k
	}
	k := begin()
	window := 300 * time.Millisecond    // within which a kill comes
	done, runs, within := 0, 0, 0       // kills, runs that were completed, kills between the first and the last cell
	for done < w.kills || within == 0 { // a kill that comes before the first cell shows little
		cells := k.look()
		var out strings.Builder
		cmd := k.start(&out)
		time.AfterFunc(time.Duration(random.Int64N(int64(window))), func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // the exit state is checked below
		now := k.look()
		code := cmd.ProcessState.ExitCode()
		if code == -1 {
			done++
			k.number++
		}
		// A child may begin a requested cell after its parent was killed.
		lost, most := k.begun()-now, k.number
		if w.slice != "0s" {
			// Two throughput cells, of the map and of its twin, are measured together. Each process
			// measures them alone, too.
			most = (k.number + 1) * (killCells - 2 + 2)
		}
		if lost < 0 || lost > most {
			t.Fatalf("-killseed %d, kill %d: %d cells that were begun are lost; want at most %d", *killSeed, done, lost, most)
		}
		switch code {
		case -1:
			if now == cells {
				window += window / 2 // a slow machine
			}
			if now > 0 && now < killBlocks*killCells {
				within++
			}
		case 0:
			k.complete()
			runs++
			window -= window / 3
			k = begin()
		default:
			t.Fatalf("-killseed %d, after kill %d: exit code %d\n%s", *killSeed, done, code, &out)
		}
	}
	var out strings.Builder
	cmd := k.start(&out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("-killseed %d, after the last kill: %v\n%s", *killSeed, err, &out)
	}
	k.look()
	k.complete()
	t.Logf("%d kills in %d runs, %d of them while cells were measured", done, runs+1, within)
}

// complete checks that every job of the plan was measured once.
func (k *killed) complete() {
	k.t.Helper()
	set, warnings, err := results.Load(filepath.Join(k.dir, "r"))
	if err != nil || len(warnings) > 0 || !set.Manifest.Complete {
		k.t.Fatalf("error %v, warnings %q, complete: %v", err, warnings, set != nil && set.Manifest.Complete)
	}
	type job struct {
		results.ID
		block int
	}
	seen := map[job]int{}
	for _, c := range slices.Concat(set.Cells, set.Twins) {
		if set.Map(c.Impl).Role == kv.Floor {
			continue
		}
		seen[job{c.ID, c.Block}]++
		if c.Block < 1 || c.Block > killBlocks || seen[job{c.ID, c.Block}] > 1 {
			k.t.Fatalf("%s of block %d is there %d times", c.Name(), c.Block, seen[job{c.ID, c.Block}])
		}
	}
	if len(seen) != killBlocks*killCells {
		k.t.Fatalf("%d cells; want %d", len(seen), killBlocks*killCells)
	}
}
