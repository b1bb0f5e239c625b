package hashmap_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
)

// TestWriters hands over from many goroutines at once, under each strategy, also with a bound of
// the wait. Guards see what one Writer has handed over at once, or not at all, and never go back.
// In the end nothing is lost, and no increment has been done twice.
func TestWriters(t *testing.T) {
	const writers = 4
	for i, wait := range []time.Duration{0, time.Nanosecond} {
		for _, k := range strategy.All() {
			if k.Ready != nil && k.Ready() != nil || k.OneGoroutine {
				continue
			}
			each := 300
			if k.Collects || i > 0 {
				each = 20
			}
			t.Run(fmt.Sprintf("%s/wait=%v", k.Name, wait), func(t *testing.T) {
				ws := hashmap.NewWriters[int, int](hashmap.WithStrategy(k.New), hashmap.WithMaxWait(wait))
				var wg sync.WaitGroup
				for i := 1; i <= writers; i++ {
					wg.Go(func() {
						w, r := ws.NewWriter(), ws.NewReadHandle()
						defer r.Close()
						last := make([]int, writers+1)
						for n := 1; n <= each; n++ {
							w.Insert(i, n)
							w.Insert(-i, n)
							w.Update(0, func(v int, _ bool) (int, bool) { return v + 1, true })
							if err := w.Publish(); err != nil {
								t.Error(err)
							}
							g := r.Read()
							for j := 1; j <= writers; j++ {
								one, _ := g.Get(j)
								two, _ := g.Get(-j)
								if one != two || one < last[j] {
									t.Errorf("a guard finds %d and %d of writer %d, after %d", one, two, j, last[j])
								}
								last[j] = one
							}
							g.Release()
							if n%7 > 0 {
								continue
							}
							v, err := w.Wait(context.Background())
							got, _ := r.Get(i)
							if published, ok := w.Published(); err != nil || got != n || !ok || published != v {
								t.Errorf("Wait: version %d, %v; then a lookup finds %d, want %d; Published: %d, %v", v, err, got, n, published, ok)
							}
						}
					})
				}
				wg.Wait()
				ws.Close()
				g := ws.NewReadHandle().Read()
				defer g.Release()
				if v, _ := g.Get(0); v != writers*each || g.Len() != 2*writers+1 {
					t.Errorf("%d increments and %d keys; want %d and %d", v, g.Len(), writers*each, 2*writers+1)
				}
			})
		}
	}
}

// TestWritersInOrder checks that operations of all kinds take effect in the order of their Writer.
func TestWritersInOrder(t *testing.T) {
	ws := hashmap.NewWriters[int, int]()
	w, r := ws.NewWriter(), ws.NewReadHandle()
	for range 2 { // once for each copy
		w.Clear()
		w.Insert(1, 1)
		w.Insert(2, 2)
		w.Insert(3, 3)
		w.Remove(1)
		w.Retain(func(k int, v *int) bool { *v *= 10; return k != 3 })
		w.Update(2, func(v int, ok bool) (int, bool) { return v + 1, ok })
		if !w.HasPending() {
			t.Error("nothing is pending")
		}
		if err := w.Publish(); err != nil || w.HasPending() {
			t.Error(err, w.HasPending())
		}
		if got := content(r); len(got) != 1 || got[2] != 21 {
			t.Errorf("readers see %v, want 2: 21", got)
		}
		w.Clear()
		w.Insert(4, 4)
		if v, err := w.PublishContext(t.Context()); err != nil || v == 0 {
			t.Error(v, err)
		}
		if got := content(r); len(got) != 1 || got[4] != 4 {
			t.Errorf("readers see %v, want 4: 4", got)
		}
	}
}

// TestWritersNeverWait holds a guard. Publish returns all the same, Wait gives up with its context,
// and when the guard is released, one Wait of any Writer publishes what all have handed over.
func TestWritersNeverWait(t *testing.T) {
	ws := hashmap.NewWriters[int, int]()
	a, b, r := ws.NewWriter(), ws.NewWriter(), ws.NewReadHandle()
	g := r.Read() // of version 0
	for i := range 5 {
		a.Insert(i, i)
		b.Insert(-i, i)
		for _, w := range []*hashmap.Writer[int, int]{a, b} {
			if err := w.Publish(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if v, ok := a.Published(); ok {
		t.Errorf("everything is in version %d, while a guard of version 0 is open", v)
	}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if _, err := a.Wait(ctx); !errors.Is(err, gone) {
		t.Errorf("Wait returns %v, want the cause", err)
	}
	g.Release()
	v, err := b.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if of, ok := a.Published(); !ok || of != v {
		t.Errorf("the other Writer's operations are in version %d, %v; want %d", of, ok, v)
	}
	if n := len(content(r)); n != 9 {
		t.Errorf("readers see %d keys, want 9", n)
	}
}

// TestWritersHelp checks law W4: with too much in the backlog a publish waits for readers.
func TestWritersHelp(t *testing.T) {
	ws := hashmap.NewWriters[int, int]()
	w, r := ws.NewWriter(), ws.NewReadHandle()
	g := r.Read()
	w.Insert(0, 0)
	if err := w.Publish(); err != nil { // version 1: it needs no reader to leave
		t.Fatal(err)
	}
	for i := range hashmap.MaxBacklog {
		w.Insert(i, i)
	}
	if err := w.Publish(); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.Published(); ok {
		t.Fatal("it is published in a copy that has a guard")
	}
	w.Insert(-1, 1)
	done := make(chan error)
	go func() { done <- w.Publish() }()
	g.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, ok := w.Published(); !ok || len(content(r)) != hashmap.MaxBacklog+1 {
		t.Errorf("%d keys are published, want %d", len(content(r)), hashmap.MaxBacklog+1)
	}
}

// TestWritersPanic checks that the panic of a function reaches the Writer that pushed it, also if
// another one publishes, and that all other operations stand.
func TestWritersPanic(t *testing.T) {
	ws := hashmap.NewWriters[any, int]()
	a, b, r := ws.NewWriter(), ws.NewWriter(), ws.NewReadHandle()
	if panicOf(func() { a.Insert([]int{}, 1) }) == nil {
		t.Error("an unhashable key is accepted")
	}
	g := r.Read()
	a.Insert("old", 1)
	must(t, a.Publish())
	a.Insert("a", 1) // from here on readers are in the way
	a.Update("a", func(int, bool) (int, bool) { panic("of a") })
	a.Insert("b", 2)
	must(t, a.Publish())
	g.Release()
	b.Insert("c", 3)
	must(t, b.Publish())
	if p := panicOf(func() { _ = a.Publish() }); p != "of a" {
		t.Errorf("the Writer gets the panic %v", p)
	}
	must(t, a.Publish()) // once is enough
	for k, want := range map[string]int{"old": 1, "a": 1, "b": 2, "c": 3} {
		if v, _ := r.Get(k); v != want {
			t.Errorf("%s is %d, want %d", k, v, want)
		}
	}
}

// TestWritersClose closes beside Writers that hand over. What was handed over before is there;
// afterwards they get ErrClosed, also those that wait.
func TestWritersClose(t *testing.T) {
	ws := hashmap.NewWriters[int, int]()
	var wg sync.WaitGroup
	begun := make(chan struct{}, 4)
	handed := make([]int, 4)
	for i := range handed {
		wg.Go(func() {
			w := ws.NewWriter()
			for n := 1; ; n++ {
				w.Insert(i, n)
				var err error
				if i%2 == 0 {
					err = w.Publish()
				} else {
					_, err = w.PublishContext(t.Context())
				}
				if n == 3 {
					begun <- struct{}{}
				}
				if err != nil {
					if !errors.Is(err, hashmap.ErrClosed) {
						t.Error(err)
					}
					return
				}
				handed[i] = n
			}
		})
	}
	for range handed {
		<-begun
	}
	ws.Close()
	ws.Close()
	wg.Wait()
	r := ws.NewReadHandle()
	for i, n := range handed {
		v, _ := r.Get(i)
		if v > n+1 || v < 3 || i%2 == 1 && v < n {
			t.Errorf("key %d is %d in the end; %d was handed over", i, v, n)
		}
	}
	if err := ws.NewWriter().Publish(); !errors.Is(err, hashmap.ErrClosed) {
		t.Errorf("Publish after Close returns %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWritersGiveMemoryBack hands over a large batch. When it is in both copies, the logs keep
// little memory.
func TestWritersGiveMemoryBack(t *testing.T) {
	const large, most = 1 << 20, 8 << 20 // operations, bytes
	ws := hashmap.NewWriters[int, int]()
	w := ws.NewWriter()
	held := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := held()
	for i := range large {
		w.Insert(i%8, i)
	}
	for i := range 100 { // small batches follow, so that the log of the map shrinks, too
		if _, err := w.PublishContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Insert(0, i)
	}
	if kept := held() - before; kept > most {
		t.Errorf("%d bytes are kept after a batch of %d operations; want at most %d", kept, large, most)
	}
	runtime.KeepAlive(ws)
	runtime.KeepAlive(w)
}

// TestWritersCancel checks law W5: a PublishContext that gives up, and a TryPublish that finds a
// reader in its way, hand over nothing. So what another Writer publishes later does not have it. A
// later publish has it, in order.
func TestWritersCancel(t *testing.T) {
	fails := map[string]func(*hashmap.Writer[int, int]) error{
		"PublishContext": func(w *hashmap.Writer[int, int]) error {
			gone := errors.New("gone")
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(gone)
			if _, err := w.PublishContext(ctx); !errors.Is(err, gone) {
				return fmt.Errorf("PublishContext returns %v, want the cause", err)
			}
			return nil
		},
		"TryPublish": func(w *hashmap.Writer[int, int]) error {
			if v, ok, err := w.TryPublish(); ok || err != nil {
				return fmt.Errorf("TryPublish returns version %d, %v, %v; want false", v, ok, err)
			}
			return nil
		},
	}
	for name, fail := range fails {
		ws := hashmap.NewWriters[int, int]()
		a, b, r := ws.NewWriter(), ws.NewWriter(), ws.NewReadHandle()
		g := r.Read()
		a.Insert(1, 1)
		must(t, a.Publish()) // version 1: readers are in the way of version 2
		a.Insert(1, 2)
		if err := fail(a); err != nil {
			t.Fatal(err)
		}
		if !a.HasPending() {
			t.Errorf("%s: nothing is pending any more", name)
		}
		g.Release()
		b.Insert(2, 2)
		if _, err := b.PublishContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := content(r); got[1] != 1 || got[2] != 2 {
			t.Errorf("%s: after the other Writer has published readers see %v, want 1 and 2", name, got)
		}
		a.Insert(3, 3)
		if v, ok, err := a.TryPublish(); !ok || err != nil || v != 3 {
			t.Errorf("%s: TryPublish returns version %d, %v, %v; want 3, true", name, v, ok, err)
		}
		if got := content(r); got[1] != 2 || got[3] != 3 {
			t.Errorf("%s: in the end readers see %v", name, got)
		}
		ws.Close()
		if err := fail(ws.NewWriter()); err == nil || !strings.Contains(err.Error(), hashmap.ErrClosed.Error()) {
			t.Errorf("%s after Close: %v; want ErrClosed", name, err)
		}
	}
}

// TestWritersFlush checks that Flush waits for the guards of the version before the last, gives up
// as its context and WithMaxWait say, and publishes what is handed over meanwhile.
func TestWritersFlush(t *testing.T) {
	ws := hashmap.NewWriters[int, int]()
	w, other, r := ws.NewWriter(), ws.NewWriter(), ws.NewReadHandle()
	g := r.Read()
	w.Insert(1, 1)
	must(t, w.Publish())
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	if err := w.Flush(ctx); !errors.Is(err, gone) {
		t.Errorf("Flush returns %v while a guard is open, want the cause", err)
	}
	released := false
	done := make(chan bool)
	go func() {
		err := w.Flush(t.Context())
		done <- err == nil && released
	}()
	other.Insert(2, 2)
	must(t, other.Publish()) // during the wait, or before it
	released = true
	g.Release()
	if !<-done {
		t.Error("Flush has failed, or has returned before the guard was released")
	}
	if _, err := other.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	bounded := hashmap.NewWriters[int, int](hashmap.WithMaxWait(time.Microsecond))
	w, g = bounded.NewWriter(), bounded.NewReadHandle().Read()
	defer g.Release()
	w.Insert(1, 1)
	must(t, w.Publish())
	if err := w.Flush(t.Context()); !errors.Is(err, strategy.ErrMaxWait) {
		t.Errorf("Flush returns %v, want ErrMaxWait", err)
	}
}

// TestWritersMaxWait holds a guard under each strategy. With a bound of the wait, what is handed
// over becomes visible all the same, and the guard keeps its version.
func TestWritersMaxWait(t *testing.T) {
	for _, k := range strategy.All() {
		if k.Ready != nil && k.Ready() != nil || k.OneGoroutine {
			continue
		}
		ws := hashmap.NewWriters[int, int](hashmap.WithStrategy(k.New), hashmap.WithMaxWait(time.Microsecond))
		a, b, r := ws.NewWriter(), ws.NewWriter(), ws.NewReadHandle()
		g := r.Read()
		for n := 1; n <= 4; n++ {
			a.Insert(1, n)
			b.Insert(2, n)
			must(t, a.Publish())
			if _, err := b.PublishContext(t.Context()); err != nil {
				t.Fatalf("%s: %v", k.Name, err)
			}
			if _, err := a.Wait(t.Context()); err != nil {
				t.Fatalf("%s: %v", k.Name, err)
			}
			if got := content(r); got[1] != n || got[2] != n {
				t.Errorf("%s: readers see %v, want %d", k.Name, got, n)
			}
		}
		if g.Len() != 0 || g.Version() != 0 {
			t.Errorf("%s: a guard of version 0 sees %d keys of version %d", k.Name, g.Len(), g.Version())
		}
		g.Release()
	}
}
