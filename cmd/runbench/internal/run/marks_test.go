package run

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// marked returns a marker and a child that reads its marks.
func marked(t testing.TB) (*marker, *child) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "marks"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return &marker{file: file}, &child{marks: file}
}

// TestMarks: a parent reads what a child has said last.
func TestMarks(t *testing.T) {
	m, c := marked(t)
	if is := c.mark(); is != (mark{}) {
		t.Errorf("an empty file: %+v", is)
	}
	m.set(3, measuring, time.Minute)
	if is := c.mark(); is != (mark{1, 3, measuring, time.Minute, 0, 0}) {
		t.Errorf("%+v", is)
	}
	m.tick() // too soon
	m.last = m.last.Add(-tickTime)
	m.tick()
	m.tick() // too soon
	if is := c.mark(); is != (mark{2, 3, measuring, time.Minute, 0, 0}) {
		t.Errorf("after three ticks, two of them too soon: %+v; want two marks", is)
	}
	if err := m.failure(); err != nil {
		t.Error(err)
	}
	if m.file.Close(); m.failure() != nil {
		t.Error("an error before a write")
	}
	if m.set(0, between, 0); m.failure() == nil {
		t.Error("a mark that was not written is no error")
	}
}

// TestMarksOfMemory: marks tell the memory of the maps of a cohort from that of the harness.
func TestMarksOfMemory(t *testing.T) {
	m, c := marked(t)
	var kept []byte
	for range 2 { // a cohort leaves nothing to the next one
		m.set(0, drawing, 0)
		m.set(0, preparing, 0)
		kept = make([]byte, 256<<20)
		m.set(1, preparing, 0)
		m.set(0, checking, 0)
		const least = 200 << 20
		if is := c.mark(); is.harness == 0 || is.maps < least {
			t.Errorf("%+v; want the memory of the harness, and at least %d of the maps", is, least)
		}
		runtime.KeepAlive(kept)
		kept = nil
		debug.FreeOSMemory()
	}
}

// TestWatchdog: a child hangs if its mark stays for the time of the step and more. Time in which
// the parent was stopped too does not count.
func TestWatchdog(t *testing.T) {
	m, c := marked(t)
	r := Runner{Children: Children{Hang: 20 * time.Second}}
	w, now := r.newWatchdog(), time.Now()
	w.last = now
	pass := func(d, every time.Duration) (hung bool) {
		for end := now.Add(d); now.Before(end); {
			now = now.Add(every)
			hung = hung || w.lookAt(c.mark(), now) != ""
		}
		return hung
	}
	m.set(0, measuring, 10*time.Second)
	if pass(49*time.Second, w.every) {
		t.Error("it hangs after 49 s; want 20 s and three times 10 s")
	}
	if !pass(2*time.Second, w.every) {
		t.Error("it does not hang after 51 s")
	}
	m.set(0, measuring, 0)
	if pass(19*time.Second, w.every) {
		t.Error("after a mark the time does not begin again")
	}
	m.set(0, measuring, 0)
	if pass(time.Hour, time.Hour) {
		t.Error("it hangs after an hour in which nothing ran")
	}
}

// TestInStep: the first stack is that of the goroutine that crashed.
func TestInStep(t *testing.T) {
	const ours = "doublebuf/cmd/runbench/internal/run.(*worker[...]).mixed(0x1)\n\tthroughput.go:1\n"
	for text, want := range map[string]bool{
		"panic: x\n\ngoroutine 7 [running]:\nmain.(*m).Set()\n\tm.go:1\n" + ours + "\ngoroutine 1 [running]:\nmain.f()\n": true,
		"panic: x\n\ngoroutine 7 [running]:\nmain.f()\n\tm.go:1\n\ngoroutine 1 [running]:\n" + ours:                       false,
		"": false,
	} {
		if inStep(text) != want {
			t.Errorf("%q: %v; want %v", text, !want, want)
		}
	}
}

// TestMemoryGuard: this process holds some memory, and a limit below that is exceeded.
func TestMemoryGuard(t *testing.T) {
	g := newMemoryGuard()
	if g.available == 0 {
		t.Skip("skipped: the system does not show how much memory there is")
	}
	if g.exceeded(os.Getpid()) || g.held == 0 {
		t.Errorf("%+v; want some memory held, and less than there is", g)
	}
	g.available = g.held
	if !g.exceeded(os.Getpid()) {
		t.Errorf("%+v is not exceeded", g)
	}
}

func BenchmarkMark(b *testing.B) {
	m, _ := marked(b)
	for b.Loop() {
		m.set(1, measuring, time.Second)
	}
}
