package counters

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSwitches: a thread that gives up its processor 200 times, by reading a pipe that another
// thread writes, has as many context switches. It may be a thread that starts after Open.
func TestSwitches(t *testing.T) {
	p, missing := Open()
	defer p.Close()
	t.Log(missing)
	if !p.Has(ContextSwitches) {
		t.Skip(missing)
	}
	before := p.Read()
	const turns = 200
	there, back := pipe(t), pipe(t)
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends, and its count remains
		defer close(done)
		var b [1]byte
		for range turns {
			_, _ = unix.Read(there[0], b[:])
			_, _ = unix.Write(back[1], b[:])
		}
	}()
	var b [1]byte
	for range turns {
		_, _ = unix.Write(there[1], b[:])
		_, _ = unix.Read(back[0], b[:])
	}
	<-done
	if got := p.Read().Since(before); got[ContextSwitches] < turns || got[ContextSwitches] > 100*turns {
		t.Errorf("%v context switches in %d turns of two threads", got[ContextSwitches], turns)
	}
}

func pipe(t *testing.T) (ends [2]int) {
	t.Helper()
	if err := unix.Pipe(ends[:]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(ends[0]); _ = unix.Close(ends[1]) })
	return ends
}

// TestNothing: a nil Process counts nothing.
func TestNothing(t *testing.T) {
	var p *Process
	if p.Has(Migrations) || p.Read() != (Counts{}) {
		t.Error("it counts")
	}
	for _, e := range Events() {
		if e.String() == "" {
			t.Errorf("event %d has no name", e)
		}
	}
}
