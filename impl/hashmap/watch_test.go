package hashmap

import (
	"context"
	"errors"
	"testing"
	"time"

	"doublebuf/impl/strategy"
)

// The watcher is called once for each publish, after the last guard has left the copy, and before
// the copy changes.
func TestWatch(t *testing.T) {
	for _, k := range strategy.All() {
		if !k.Waits() {
			continue
		}
		name, s := k.Name, k.New
		entered := 0
		w := New[int, int](WithStrategy(s), WithWatch(func() { entered++ }))
		expect := func(want int, when string) {
			t.Helper()
			if entered != want {
				t.Errorf("%s: the writer has entered a copy %d times %s; want %d", name, entered, when, want)
			}
		}
		publish := func() {
			t.Helper()
			if err := w.Publish(); err != nil {
				t.Fatal(err)
			}
		}
		r := w.NewReadHandle()
		g := r.Read()
		w.Insert(1, 1)
		publish()
		expect(0, "before it had to wait")
		if ok, err := w.TryPublish(); ok || err != nil {
			t.Errorf("%s: TryPublish over a guard: %t, %v", name, ok, err)
		}
		expect(0, "while a guard is open")
		done, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.PublishContext(done); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: a publish over a guard that is given up: %v", name, err)
		}
		expect(0, "after a wait that was given up")
		g.Release()
		applied := -1
		w.Update(2, func(int, bool) (int, bool) { applied = entered; return 2, true })
		publish()
		if expect(1, "after a publish that waited"); applied != 1 {
			t.Errorf("%s: an operation was applied after %d entries; want 1", name, applied)
		}
		if ok, err := w.TryPublish(); !ok || err != nil {
			t.Errorf("%s: TryPublish: %t, %v", name, ok, err)
		}
		expect(2, "after TryPublish")
	}
}

// A watcher changes nothing for readers.
func TestWatchShared(t *testing.T) {
	for _, k := range strategy.All() {
		if !k.HandleFree {
			continue
		}
		name, s := k.Name, k.New
		entered := 0
		w := New[int, int](WithStrategy(s), WithWatch(func() { entered++ }))
		shared, err := w.Share()
		if err != nil {
			t.Fatal(err)
		}
		for v := range 4 {
			w.Insert(1, v)
			if err := w.Publish(); err != nil {
				t.Fatal(err)
			}
			if got, _ := shared.Get(1); got != v || entered != v {
				t.Errorf("%s: after publish %d readers see %d, and the writer has entered %d copies that were read", name, v+1, got, entered)
			}
		}
	}
}

func TestWatchDetach(t *testing.T) {
	entered := 0
	w := New[int, int](WithMaxWait(time.Microsecond), WithWatch(func() { entered++ }))
	defer w.NewReadHandle().Read().Release()
	for range 3 {
		if err := w.Publish(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil && !errors.Is(err, strategy.ErrMaxWait) {
		t.Fatal(err)
	}
	if entered < 2 {
		t.Errorf("the writer has entered a copy %d times in three publishes, of which it detached one; want 2", entered)
	}
}
