package hashmap_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

// forEachWaiting runs a test for each strategy whose writer waits for readers.
func forEachWaiting(t *testing.T, test func(t *testing.T, s hashmap.Option)) {
	for _, k := range strategy.All() {
		if k.Waits() {
			t.Run(k.Name, func(t *testing.T) { test(t, hashmap.WithStrategy(k.New)) })
		}
	}
}

func TestPublishContext(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		synctest.Test(t, func(t *testing.T) {
			w := hashmap.New[int, int](s)
			r := w.NewReadHandle()
			g := r.Read()
			mustPublish(t, w)
			w.Insert(1, 1)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if err := w.PublishContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want DeadlineExceeded", err)
			}
			if !w.HasPending() || w.Version() != 1 {
				t.Error("a publish that was given up has published or lost something")
			}
			g.Release()
			if err := w.PublishContext(ctx); err != nil {
				t.Error("a publish that need not wait fails: ", err)
			}
			if v, ok := r.Get(1); v != 1 || !ok || w.HasPending() {
				t.Error("the publish after the one that was given up has not published")
			}
		})
	})
}

func TestFlush(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		synctest.Test(t, func(t *testing.T) {
			w := hashmap.New[int, int](s)
			g := w.NewReadHandle().Read()
			mustPublish(t, w)
			start := time.Now()
			time.AfterFunc(50*time.Millisecond, g.Release)
			if err := w.Flush(); err != nil {
				t.Error(err)
			}
			if waited := time.Since(start); waited < 50*time.Millisecond {
				t.Errorf("Flush returned after %v, with a guard of the version before open", waited)
			}
			bounded := hashmap.New[int, int](s, hashmap.WithMaxWait(time.Second))
			g = bounded.NewReadHandle().Read()
			mustPublish(t, bounded)
			if err := bounded.Flush(); !errors.Is(err, strategy.ErrMaxWait) {
				t.Errorf("with a bound Flush returns %v, want ErrMaxWait", err)
			}
			g.Release()
			if err := bounded.Flush(); err != nil {
				t.Error("Flush fails after the guard was released: ", err)
			}
		})
	})
}

// TestSelfDeadlockIsReported holds a guard and publishes twice in one goroutine. Checked builds
// know where the guard was opened.
func TestSelfDeadlockIsReported(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		synctest.Test(t, func(t *testing.T) {
			var g hashmap.ReadGuard[int, int]
			var report string
			w := hashmap.New[int, int](s, hashmap.WithStallReport(time.Second, func(s strategy.Stall) {
				report = s.String()
				g.Release()
			}))
			r := w.NewNamedReadHandle("me")
			r.Read().Release()
			_, file, line, _ := runtime.Caller(0)
			g = r.Read()
			mustPublish(t, w)
			mustPublish(t, w)
			want := "doublebuf: the writer has waited 1s for guards opened before swap 1: me holds 1"
			if invariants.Enabled {
				want += fmt.Sprintf(", opened at %s:%d", file, line+1)
			}
			if report != want {
				t.Errorf("the report is %q, want %q", report, want)
			}
		})
	})
}

// TestPanicOfAFunction checks law L3: only the operation that panicked is dropped, and the next
// publish works.
func TestPanicOfAFunction(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		w := hashmap.New[int, int](s)
		r := w.NewReadHandle()
		w.Insert(1, 1)
		mustPublish(t, w)
		w.Insert(2, 2)
		w.Update(1, func(int, bool) (int, bool) { panic("stop") })
		w.Retain(func(_ int, v *int) bool { *v *= 10; return true })
		if got := panicOf(func() { _ = w.Publish() }); got != "stop" {
			t.Fatalf("the caller of Publish gets %v", got)
		}
		for range 2 {
			mustPublish(t, w)
			if got := content(r); len(got) != 2 || got[1] != 10 || got[2] != 20 {
				t.Errorf("readers see %v, want 10 and 20", got)
			}
		}
	})
}

// TestPanicOfAReport makes the report of a stall panic during a wait. Nothing is lost.
func TestPanicOfAReport(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		synctest.Test(t, func(t *testing.T) {
			w := hashmap.New[int, int](s, hashmap.WithStallReport(time.Second, func(strategy.Stall) { panic("the report") }))
			r := w.NewReadHandle()
			g := r.Read()
			mustPublish(t, w)
			w.Insert(1, 1)
			for range 2 {
				if got := panicOf(func() { _ = w.Publish() }); got != "the report" || !w.HasPending() || g.Len() != 0 {
					t.Fatalf("Publish panics with %v, and something is pending: %v", got, w.HasPending())
				}
			}
			g.Release()
			mustPublish(t, w)
			if got := content(r); len(got) != 1 || got[1] != 1 {
				t.Errorf("readers see %v, want 1", got)
			}
		})
	})
}

// TestCloseInAReport closes the writer in its own stall report. The writer stays closed.
func TestCloseInAReport(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		for _, bound := range []time.Duration{0, 2 * time.Second} { // with the latter the copy is detached
			synctest.Test(t, func(t *testing.T) {
				var w *hashmap.WriteHandle[int, int]
				var g hashmap.ReadGuard[int, int]
				w = hashmap.New[int, int](s, hashmap.WithMaxWait(bound), hashmap.WithStallReport(time.Second, func(strategy.Stall) {
					w.Close()
					if bound == 0 {
						g.Release()
					}
				}))
				r := w.NewReadHandle()
				g = r.Read()
				w.Insert(1, 1)
				mustPublish(t, w)
				w.Insert(2, 2)
				for range 2 {
					if err := w.Publish(); !errors.Is(err, hashmap.ErrClosed) {
						t.Errorf("a publish within or after which the writer was closed returns %v, want ErrClosed", err)
					}
				}
				if got := content(r); w.Version() != 1 || len(got) != 1 {
					t.Errorf("readers see %v of version %d, want that of the last publish before", got, w.Version())
				}
			})
		}
	})
}

// TestPanicOfAWatcher makes the watcher panic when a copy is detached. The guard in that copy must
// not see it change.
func TestPanicOfAWatcher(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		once := true
		w := hashmap.New[int, int](s, hashmap.WithMaxWait(time.Microsecond), hashmap.WithWatch(func() {
			if once {
				once = false
				panic("the watcher")
			}
		}))
		r := w.NewReadHandle()
		g := r.Read()
		mustPublish(t, w)
		w.Insert(1, 1)
		if got := panicOf(func() { _ = w.Publish() }); got != "the watcher" {
			t.Fatalf("Publish panics with %v", got)
		}
		for range 2 {
			mustPublish(t, w)
			if n := g.Len(); n != 0 || g.Version() != 0 {
				t.Errorf("a guard of version 0 sees %d entries of version %d", n, g.Version())
			}
		}
		g.Release()
	})
}

// TestDetachedGuardReleasedTwice releases a guard of a detached copy twice. Only checked builds
// notice it. It must not affect the guards in the copy's successor.
func TestDetachedGuardReleasedTwice(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		w := hashmap.New[int, int](s, hashmap.WithMaxWait(time.Microsecond))
		r := w.NewReadHandle()
		detached := r.Read()
		for v := 1; v <= 2; v++ {
			w.Insert(1, v)
			mustPublish(t, w)
		}
		other := r.Read() // in the successor
		detached.Release()
		if got := panicOf(detached.Release); (got != nil) != invariants.Enabled {
			t.Errorf("a guard of a detached copy, released twice, panics with %v; in checked builds: %v", got, invariants.Enabled)
		}
		mustPublish(t, w)
		w.Insert(1, 3)
		if ok, err := w.TryPublish(); ok || err != nil {
			t.Errorf("TryPublish over a guard of version 2: %v, %v", ok, err)
		}
		if v, _ := other.Get(1); v != 2 {
			t.Errorf("the guard of version 2 sees %d", v)
		}
		other.Release()
	})
}

// misuse is a wrong call and the text of the panic that it must cause.
func misuse(t *testing.T, what string, f func(), words ...string) {
	t.Helper()
	got := fmt.Sprint(panicOf(f))
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("%s: the panic is %q, and does not say %q", what, got, w)
		}
	}
}

func TestMisuse(t *testing.T) {
	forEachWaiting(t, func(t *testing.T, s hashmap.Option) {
		w := hashmap.New[int, int](s)
		w.Insert(1, 1)
		mustPublish(t, w)
		r := w.NewReadHandle()
		g := r.Read()
		g.Release()
		misuse(t, "a guard released twice", g.Release, "guard released twice")
		if invariants.Enabled { // other builds cannot distinguish the guards of a handle
			_, file, line, _ := runtime.Caller(0)
			g, other := r.Read(), r.Read()
			g.Release()
			place := fmt.Sprintf("%s:%d", file, line+1)
			misuse(t, "a guard released twice beside another", g.Release, "guard released twice", place)
			misuse(t, "a lookup after Release", func() { g.Get(1) }, "guard used after its release", place)
			misuse(t, "Len after Release", func() { g.Len() }, "guard used after its release", place)
			misuse(t, "Version after Release", func() { g.Version() }, "guard used after its release", place)
			misuse(t, "All after Release", func() {
				for range g.All() {
					t.Error("a guard yields an entry after its release")
				}
			}, "guard used after its release", place)
			other.Release()
		}
		open := r.Read()
		r.Get(1) // so that the next lookup would take the shortest path
		r.Close()
		r.Close() // is harmless
		misuse(t, "Read after Close", func() { r.Read() }, "read handle used after Close")
		misuse(t, "Get after Close", func() { r.Get(1) }, "read handle used after Close")
		open.Release() // is not too late

		misuse(t, "Update without a function", func() { w.Update(1, nil) }, "Update without a function")
		misuse(t, "Retain without a function", func() { w.Retain(nil) }, "Retain without a function")
		if w.HasPending() {
			t.Error("what has panicked is in the log")
		}
		w.Close()
		misuse(t, "Insert after Close", func() { w.Insert(1, 1) }, "the writer is closed")
		misuse(t, "Remove after Close", func() { w.Remove(1) }, "the writer is closed")
		misuse(t, "Clear after Close", w.Clear, "the writer is closed")
		misuse(t, "Update after Close", func() { w.Update(1, func(int, bool) (int, bool) { return 0, false }) }, "the writer is closed")
		misuse(t, "Retain after Close", func() { w.Retain(func(int, *int) bool { return true }) }, "the writer is closed")
		_, try := w.TryPublish()
		_, _, get := w.Get(1)
		for what, err := range map[string]error{
			"Publish": w.Publish(), "TryPublish": try, "PublishContext": w.PublishContext(t.Context()), "Get": get, "Flush": w.Flush(),
		} {
			if !errors.Is(err, hashmap.ErrClosed) {
				t.Errorf("%s after Close returns %v, want ErrClosed", what, err)
			}
		}
	})
}
