package hashmap_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
)

// TestMaxWaitIsTheBound holds a guard for ever. A publish under a bound takes exactly that long, on
// a clock that stands still while a goroutine runs. The bounds are shorter and longer than the time
// after which the writer forces garbage collections, and than that after which it reports a stall.
func TestMaxWaitIsTheBound(t *testing.T) {
	forEachMap(t, func(t *testing.T, k strategy.Kind, options ...hashmap.Option) {
		if k.OneGoroutine {
			t.Skip("its writer never waits")
		}
		for _, bound := range []time.Duration{time.Millisecond, 300 * time.Millisecond, 3 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				silent := hashmap.WithStallReport(time.Second, func(strategy.Stall) {})
				w := hashmap.New[int, int](append(options, hashmap.WithMaxWait(bound), silent)...)
				r := w.NewReadHandle()
				for v := 1; v <= 4; v++ {
					g := r.Read()
					defer g.Release()
					start := time.Now()
					w.Insert(1, v)
					mustPublish(t, w)
					if waited, most := time.Since(start), bound*time.Duration(min(v-1, 1)); waited != most {
						t.Errorf("publish %d takes %v; want %v", v, waited, most)
					}
					if n, _ := g.Get(1); n != v-1 {
						t.Errorf("the guard of version %d sees %d", v-1, n)
					}
				}
			})
		}
	})
}

// link is an element of a list. A garbage collection takes long to follow it.
type link struct{ next *link }

// TestWaitsEndDuringACollection has the writer force a garbage collection that takes long. A
// context that is done and a bound both end the wait before the collection ends.
func TestWaitsEndDuringACollection(t *testing.T) {
	var list *link
	for range 2_000_000 {
		list = &link{list}
	}
	start := time.Now()
	runtime.GC()
	collection := time.Since(start)
	timed := func(publish func() error) time.Duration {
		start := time.Now()
		if err := publish(); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	bounded := func(publishes int) func() time.Duration {
		return func() (longest time.Duration) {
			w := hashmap.New[int, int](hashmap.WithStrategy(strategy.Collector), hashmap.WithMaxWait(time.Millisecond))
			g := mustShare(t, w).Read()
			defer g.Release()
			for range publishes {
				longest = max(longest, timed(w.Publish))
			}
			return longest
		}
	}
	for name, longest := range map[string]func() time.Duration{
		"a context": func() time.Duration {
			w := hashmap.New[int, int](hashmap.WithStrategy(strategy.Collector))
			g := mustShare(t, w).Read()
			defer g.Release()
			mustPublish(t, w)
			return timed(func() error {
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				if err := w.PublishContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("PublishContext returns %v, want DeadlineExceeded", err)
				}
				return nil
			})
		},
		"a bound": bounded(2),
		"a bound, with more detached copies than between two collections,": bounded(20),
	} {
		early := false
		for range 10 { // on a busy machine the writer may get a processor late
			runtime.GC() // so that none is under way
			if early = longest() < collection/2; early {
				break
			}
		}
		if !early {
			t.Errorf("%s ends a wait only after the collection, which takes %v", name, collection)
		}
	}
	runtime.KeepAlive(list)
}

// TestCollectionsDoNotPileUp gives up many waits, each of which wants a garbage collection. At most
// one is under way.
func TestCollectionsDoNotPileUp(t *testing.T) {
	w := hashmap.New[int, int](hashmap.WithStrategy(strategy.Collector))
	g := mustShare(t, w).Read()
	defer g.Release()
	mustPublish(t, w)
	before := runtime.NumGoroutine()
	for range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Microsecond)
		if err := w.PublishContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("PublishContext returns %v, want DeadlineExceeded", err)
		}
		if n := runtime.NumGoroutine(); n > before+3 { // the collection, and what the runtime may start
			t.Fatalf("%d goroutines run after waits that were given up; before them %d", n, before)
		}
		cancel()
	}
}

// TestContextCause ends a wait by a context that has a cause. The caller gets the cause.
func TestContextCause(t *testing.T) {
	w := hashmap.New[int, int]()
	g := w.NewReadHandle().Read()
	defer g.Release()
	mustPublish(t, w)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the cause")
	cancel(cause)
	if err := w.PublishContext(ctx); !errors.Is(err, cause) {
		t.Errorf("PublishContext returns %v, want the cause of its context", err)
	}
}

// TestStallIsReportedInTime sets times other than the default.
func TestStallIsReportedInTime(t *testing.T) {
	for _, after := range []time.Duration{20 * time.Millisecond, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var g hashmap.ReadGuard[int, int]
			reported, start := time.Duration(0), time.Now()
			w := hashmap.New[int, int](hashmap.WithStallReport(after, func(strategy.Stall) {
				reported = time.Since(start)
				g.Release()
			}))
			g = w.NewReadHandle().Read()
			mustPublish(t, w)
			mustPublish(t, w)
			if reported != after {
				t.Errorf("the report comes after %v, want %v", reported, after)
			}
		})
	}
}
