package buffers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

// add appends to a list, which shows the order and number of applications. panicFirst and
// panicSecond make it panic.
type add struct {
	what        string
	panicFirst  bool
	panicSecond bool
}

func (a *add) ApplyFirst(l *[]string) {
	if a.panicFirst {
		panic("first: " + a.what)
	}
	*l = append(*l, a.what)
}

func (a *add) ApplySecond(l *[]string) {
	if a.panicSecond {
		panic("second: " + a.what)
	}
	*l = append(*l, a.what)
}

// ApplyBatch implements Batcher. It takes every third operation, and those that panic, as not
// simple.
func (*add) ApplyBatch(l *[]string, ops []add) int {
	for i := range ops {
		if o := &ops[i]; o.panicFirst || o.panicSecond || i%3 == 2 {
			return i
		}
		*l = append(*l, ops[i].what)
	}
	return len(ops)
}

func newList() *OpWriteHandle[[]string, add, *add] {
	return NewOpWriteHandle[[]string, add](NewDelayWriteHandle(NewWriteHandle[[]string](strategy.Epoch(strategy.Options{}), nil, nil)), nil)
}

func read(r *ReadHandle[[]string]) string {
	g := r.Read()
	defer g.Release()
	return strings.Join(*g.Value(), "")
}

func mustPublish[T, O any, P interface {
	*O
	Operation[T]
}](t *testing.T, w *OpWriteHandle[T, O, P],
) {
	t.Helper()
	if err := w.Publish(nil); err != nil {
		t.Fatal(err)
	}
}

func TestEveryOperationOnceOnEachCopyInOrder(t *testing.T) {
	w := newList()
	r := w.NewReadHandle("")
	want := ""
	for v := range 6 {
		for i := range v {
			op := fmt.Sprintf("<%d.%d>", v, i)
			w.Push(add{what: op})
			want += op
			if i == 2 { // bring the copy up to date midway: applied is not published
				l, err := w.Apply(nil)
				if err != nil || strings.Join(*l, "") != want {
					t.Fatalf("the writer's copy holds %v, %v, want %s", *l, err, want)
				}
			}
		}
		if got := w.HasPending(); got != (v > 0) {
			t.Errorf("HasPending is %v after %d pushes", got, v)
		}
		mustPublish(t, w)
		if w.HasPending() {
			t.Error("HasPending after a publish")
		}
		if got := read(r); got != want {
			t.Fatalf("version %d is %s, want %s", v+1, got, want)
		}
	}
	mustPublish(t, w) // the other copy
	if got := read(r); got != want {
		t.Fatalf("after an empty publish the other copy is %s, want %s", got, want)
	}
}

func TestGuardKeepsItsVersion(t *testing.T) {
	w := newList()
	r := w.NewReadHandle("")
	w.Push(add{what: "a"})
	mustPublish(t, w)
	g := r.Read()
	w.Push(add{what: "b"})
	mustPublish(t, w) // V1: one publish is free
	if got := strings.Join(*g.Value(), ""); got != "a" || g.Version() != 1 {
		t.Errorf("the guard sees %q of version %d, want a of version 1", got, g.Version())
	}
	w.Push(add{what: "c"})
	if ok, err := w.TryPublish(); ok || err != nil {
		t.Errorf("a second publish over an open guard: %v, %v", ok, err)
	}
	if !w.HasPending() {
		t.Error("a publish that was refused has dropped what was pending")
	}
	if got := strings.Join(*g.Value(), ""); got != "a" {
		t.Errorf("the guard sees %q, want a", got)
	}
	g.Release()
	if ok, err := w.TryPublish(); !ok || err != nil {
		t.Errorf("TryPublish after the guard was released: %v, %v", ok, err)
	}
	if got := read(r); got != "abc" {
		t.Errorf("got %q, want abc", got)
	}
}

func TestFlushAndPublishWaitForOldGuards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newList()
		r := w.NewReadHandle("")
		for _, wait := range []func() error{
			func() error { return w.Flush(nil) },
			func() error { return w.Publish(nil) },
		} {
			g := r.Read()
			mustPublish(t, w)
			done := false
			go func() {
				if err := wait(); err != nil {
					t.Error(err)
				}
				done = true
			}()
			synctest.Wait()
			if done {
				t.Error("it did not wait")
			}
			g.Release()
			synctest.Wait()
			if !done {
				t.Error("it still waits")
			}
		}
	})
}

func TestPanicInFirstDropsTheOperationAlone(t *testing.T) {
	w := newList()
	r := w.NewReadHandle("")
	w.Push(add{what: "a"})
	mustPublish(t, w)
	w.Push(add{what: "b"})
	w.Push(add{what: "x", panicFirst: true})
	w.Push(add{what: "c"})
	if got := panicOf(func() { w.Publish(nil) }); got != "first: x" {
		t.Fatalf("the caller gets %v", got)
	}
	if got := read(r); got != "a" {
		t.Errorf("a publish that panicked has published %q", got)
	}
	for range 2 {
		mustPublish(t, w)
		if got := read(r); got != "abc" {
			t.Errorf("got %q, want abc", got)
		}
	}
}

func TestPanicInSecondPoisons(t *testing.T) {
	w := newList()
	r := w.NewReadHandle("")
	w.Push(add{what: "a"})
	w.Push(add{what: "b", panicSecond: true})
	mustPublish(t, w)
	if got := panicOf(func() { w.Publish(nil) }); got != "second: b" {
		t.Fatalf("the caller gets %v", got)
	}
	_, try := w.TryPublish()
	_, apply := w.Apply(nil)
	for _, err := range []error{w.Publish(nil), try, apply, w.Flush(nil)} {
		if !errors.Is(err, ErrPoisoned) {
			t.Errorf("got %v, want ErrPoisoned", err)
		}
	}
	if got := read(r); got != "ab" {
		t.Errorf("readers see %q, want the last version, ab", got)
	}
}

func TestCloseDropsAndDoesNotWait(t *testing.T) {
	w := newList()
	r := w.NewReadHandle("")
	w.Push(add{what: "a"})
	mustPublish(t, w)
	g := r.Read()
	mustPublish(t, w)
	w.Push(add{what: "b"})
	w.Close() // would hang if it waited for g
	if got := strings.Join(*g.Value(), ""); got != "a" {
		t.Errorf("the guard sees %q", got)
	}
	g.Release()
	if got := read(r); got != "a" {
		t.Errorf("got %q, want the last version, a", got)
	}
	if err := w.Publish(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Publish returns %v, want ErrClosed", err)
	}
	if got := panicOf(func() { w.Push(add{}) }); got != ErrClosed {
		t.Errorf("Push panics with %v, want ErrClosed", got)
	}
}

// TestDetachAppliesOnce holds a guard, so that the writer detaches its copy. The clone of the
// readable copy has the operations below the waterline, and must not get them again (law L2).
func TestDetachAppliesOnce(t *testing.T) {
	clone := func(l *[]string) []string { return slices.Clone(*l) }
	w := NewOpWriteHandle[[]string, add](NewDelayWriteHandle(NewWriteHandle[[]string](strategy.Epoch(strategy.Options{MaxWait: 1}), nil, nil)), clone)
	r := w.NewReadHandle("")
	want := ""
	for i := range 9 {
		g := r.Read()
		defer g.Release()
		op := fmt.Sprintf("<%d>", i)
		w.Push(add{what: op})
		mustPublish(t, w)
		want += op
		if got := read(r); got != want {
			t.Fatalf("version %d is %s, want %s", i+1, got, want)
		}
	}
}

// TestLogShrinks publishes one huge batch and then small ones. The log gives the memory of the huge
// one back. It does not give back what every batch uses, nor what every second one uses.
func TestLogShrinks(t *testing.T) {
	const huge = 100_000
	w := newList()
	batch := func(n int) {
		for range n {
			w.Push(add{})
		}
		mustPublish(t, w)
	}
	batch(huge)
	for range 6 {
		batch(1)
	}
	if kept := cap(w.below) + cap(w.above); kept > 2*keptLog {
		t.Errorf("the log has room for %d operations after small batches; want at most %d", kept, 2*keptLog)
	}
	if testing.AllocsPerRun(10, func() { batch(3000) }) > 60 {
		t.Error("the log is allocated anew for each batch")
	}
	for _, sizes := range [][]int{{keptLog}, {1, keptLog}, {5000}, {5000, 1}, {20_000, 6000, 6000}} {
		for range 10 {
			for _, n := range sizes {
				batch(n)
			}
		}
		kept := func() (room int) { return cap(w.below) + cap(w.above) }
		before := kept()
		for range 10 {
			for _, n := range sizes {
				batch(n)
				if kept() != before {
					t.Fatalf("batches of %d: the log has room for %d operations, before it was %d", sizes, kept(), before)
				}
			}
		}
	}
}

func TestReadHandleAfterClose(t *testing.T) {
	w := newList()
	r := w.NewReadHandle("")
	g := r.Read()
	r.Close()
	r.Close()
	mustPublish(t, w)
	if ok, _ := w.TryPublish(); ok {
		t.Error("the guard of a closed handle does not hold the writer")
	}
	g.Release()
	if ok, _ := w.TryPublish(); !ok {
		t.Error("the writer waits for a guard that was released")
	}
	if panicOf(func() { r.Read() }) == nil {
		t.Error("reading through a closed handle does not panic")
	}
}

// TestReadHandleOnTwoGoroutines uses a handle on a second goroutine during a call on the first.
func TestReadHandleOnTwoGoroutines(t *testing.T) {
	if !invariants.Enabled {
		t.Skip("found in checked builds only: -race or -tags invariants")
	}
	w := newList()
	r := w.NewReadHandle("")
	g := r.Read()
	r.Begin() // as a call does
	for what, f := range map[string]func(){"Read": func() { r.Read() }, "Release": g.Release} {
		got := make(chan any)
		go func() { got <- panicOf(f) }()
		if p := fmt.Sprint(<-got); !strings.Contains(p, "two goroutines use one read handle at once") {
			t.Errorf("%s: %s", what, p)
		}
	}
	r.End()
	g.Release()
	r.Read().Release()
}

// reenter uses the writer while the writer applies it.
type reenter struct{ f func() }

func (o *reenter) ApplyFirst(*int)  { o.f() }
func (o *reenter) ApplySecond(*int) {}

func TestWriterUsedWithinItsOwnOperation(t *testing.T) {
	w := NewOpWriteHandle[int, reenter](NewDelayWriteHandle(NewWriteHandle(strategy.Epoch(strategy.Options{}), 0, 0)), nil)
	w.Push(reenter{func() { w.Push(reenter{func() {}}) }})
	if got := panicOf(func() { w.Publish(nil) }); got != errBusy {
		t.Errorf("got %v, want %v", got, errBusy)
	}
	w.Push(reenter{func() { w.Close() }})
	if got := panicOf(func() { w.Publish(nil) }); got != errBusy {
		t.Errorf("Close: got %v, want %v", got, errBusy)
	}
	mustPublish(t, w)
}

// TestLawsAreAsserted breaks each law on purpose, and checks that the panic names it.
func TestLawsAreAsserted(t *testing.T) {
	if !invariants.Enabled {
		t.Skip("laws are asserted in checked builds only: -race or -tags invariants")
	}
	t.Run("S1", func(t *testing.T) {
		w := NewWriteHandle(lax{strategy.Epoch(strategy.Options{})}, 0, 0)
		g := w.NewReadHandle("").Read()
		defer g.Release()
		w.StartSwap()
		if got := fmt.Sprint(panicOf(func() { w.FinishSwap(nil) })); !strings.Contains(got, "S1") {
			t.Errorf("a writer that does not wait: %s", got)
		}
	})
	t.Run("G1", func(t *testing.T) {
		w := NewWriteHandle(strategy.Epoch(strategy.Options{}), 0, 0)
		g := w.NewReadHandle("").Read()
		g.slot.version = 2
		if got := fmt.Sprint(panicOf(g.Release)); !strings.Contains(got, "G1") {
			t.Errorf("a guard whose copy is of another version when it is released: %s", got)
		}
	})
	t.Run("S2", func(t *testing.T) {
		w := NewDelayWriteHandle(NewWriteHandle(strategy.Epoch(strategy.Options{}), 0, 0))
		if err := w.StartSwap(nil); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(panicOf(func() { w.Writer() })); !strings.Contains(got, "S2") {
			t.Errorf("the writer's copy during a swap: %s", got)
		}
	})
	t.Run("L1", func(t *testing.T) {
		w := newList()
		w.Push(add{what: "a"})
		mustPublish(t, w)
		w.below = slices.Repeat(w.below, 2) // an operation doubled
		w.Push(add{what: "b"})
		if got := fmt.Sprint(panicOf(func() { w.Publish(nil) })); !strings.Contains(got, "L1") {
			t.Errorf("an operation that is applied twice: %s", got)
		}
	})
}

// TestCopiesAreAudited checks that copies that differ are found at the next replay, and that the
// writer cannot be used any more. No count of operations shows that this operation is wrong.
func TestCopyAudit(t *testing.T) {
	if !invariants.Enabled {
		t.Skip("copies are compared in checked builds only: -race or -tags invariants")
	}
	for name, second := range map[string]string{"alike": "a", "unlike": "b"} {
		w := NewOpWriteHandle[auditedList, unequal](NewDelayWriteHandle(NewWriteHandle[auditedList](strategy.Epoch(strategy.Options{}), nil, nil)), nil)
		w.Push(unequal{"a", second})
		mustPublish(t, w)
		got := fmt.Sprint(panicOf(func() { w.Publish(nil) }))
		if unlike := strings.Contains(got, "law L2 is broken: the copies differ after a replay: [b], not [a]"); unlike != (name == "unlike") {
			t.Errorf("%s: %s", name, got)
		}
		if err := w.Publish(nil); (err == ErrPoisoned) != (name == "unlike") {
			t.Errorf("%s: after that Publish returns %v", name, err)
		}
	}
}

// auditedList is a list that can be compared. unequal is an operation on it that may have different
// effects on the two copies.
type (
	auditedList []string
	unequal     struct{ first, second string }
)

func (o *unequal) ApplyFirst(l *auditedList)  { *l = append(*l, o.first) }
func (o *unequal) ApplySecond(l *auditedList) { *l = append(*l, o.second) }
func (l *auditedList) Len() int               { return len(*l) }

func (l *auditedList) Unlike(other *auditedList) string {
	if slices.Equal(*l, *other) {
		return ""
	}
	return fmt.Sprintf("%v, not %v", *l, *other)
}

// lax is a strategy whose writer does not wait.
type lax struct{ strategy.Strategy }

func (lax) Finish(<-chan struct{}) error { return nil }

func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}
