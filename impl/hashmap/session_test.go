package hashmap_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
)

// TestSession compares a session with a model after random operations, under each strategy. Now and
// then a guard keeps what it hands over from being published. A second reader, which is not paired,
// must miss some of the writes, or the test shows nothing.
func TestSession(t *testing.T) {
	const keys, seed = 6, 1
	for _, k := range strategy.All() {
		if k.Ready != nil && k.Ready() != nil || k.OneGoroutine || k.Collects {
			continue
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		ws := hashmap.NewWriters[int, int](hashmap.WithStrategy(k.New))
		s, r := ws.NewSession(), ws.NewReadHandle()
		model := map[int]int{}
		missed, held := 0, []hashmap.ReadGuard[int, int]{}
		release := func() {
			for _, g := range held {
				g.Release()
			}
			held = nil
		}
		for n := range 4000 {
			key := rng.IntN(keys)
			switch what := rng.IntN(40); {
			case what == 0:
				s.Clear()
				clear(model)
			case what == 1:
				release() // Get will wait
				s.Update(key, func(v int, ok bool) (int, bool) { return v + n, !ok || v%2 == 0 })
				if v, ok := model[key]; !ok || v%2 == 0 {
					model[key] = v + n
				} else {
					delete(model, key)
				}
			case what == 2:
				release()
				s.Retain(func(_ int, v *int) bool { *v++; return *v%3 > 0 })
				for k, v := range model {
					if model[k] = v + 1; (v+1)%3 == 0 {
						delete(model, k)
					}
				}
			case what < 6 && len(held) == 0:
				held = append(held, r.Read())
			case what < 12:
				release()
			case what < 20:
				must(t, s.Publish())
			case what < 25:
				s.Remove(key)
				delete(model, key)
			default:
				s.Insert(key, n)
				model[key] = n
			}
			unknown := len(held) == 0 // Update and Retain release all, so nothing is waited for
			for key := range keys {
				want, there := model[key]
				if got, ok := s.Get(key); got != want || ok != there {
					t.Fatalf("%s, seed %d, step %d (guards released: %v): key %d is %d, %v; want %d, %v", k.Name, seed, n, unknown, key, got, ok, want, there)
				}
				if got, ok := r.Get(key); got != want || ok != there {
					missed++
				}
			}
		}
		release()
		if missed == 0 {
			t.Errorf("%s: a reader that is not paired sees every write at once", k.Name)
		}
		s.Insert(1, -1)
		g, err := s.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := g.Get(1); v != -1 {
			t.Errorf("%s: a guard of the session does not see its last write", k.Name)
		}
		g.Release()
		s.Insert(1, -2)
		ws.Close()
		if v, _ := s.Get(1); v != -1 {
			t.Errorf("%s: after Close key 1 is %d; want -1, because the last write is lost", k.Name, v)
		}
		if _, err := s.Read(t.Context()); !errors.Is(err, hashmap.ErrClosed) {
			t.Errorf("%s: Read after Close returns %v", k.Name, err)
		}
		s.Close()
	}
}

// TestSessionOddKeys writes under NaN, which no Get finds.
func TestSessionOddKeys(t *testing.T) {
	s := hashmap.NewWriters[float64, int]().NewSession()
	s.Insert(math.NaN(), 1)
	s.Insert(1, 1)
	if _, ok := s.Get(math.NaN()); ok {
		t.Error("a Get finds NaN")
	}
	if v, _ := s.Get(1); v != 1 {
		t.Errorf("key 1 is %d, want 1", v)
	}
}

// TestReadAtLeast reads through clones of a handle beside a writer. No guard is older than the one
// before it, under any strategy.
func TestReadAtLeast(t *testing.T) {
	const publishes = 300
	for _, k := range strategy.All() {
		if k.Ready != nil && k.Ready() != nil || k.OneGoroutine || k.Collects {
			continue
		}
		w := hashmap.New[int, int](hashmap.WithStrategy(k.New))
		a := w.NewReadHandle()
		handles := []*hashmap.ReadHandle[int, int]{a, a.Clone(), a.Clone()}
		done := make(chan error)
		go func() {
			var err error
			for n := 1; n <= publishes && err == nil; n++ {
				w.Insert(1, n)
				err = w.Publish()
			}
			done <- err
		}()
		last := uint64(0)
		for i := 0; last < publishes; i++ {
			g := handles[i%3].ReadAtLeast(last)
			if v, _ := g.Get(1); g.Version() < last || uint64(v) != g.Version() {
				t.Fatalf("%s: a guard of version %d sees %d after version %d", k.Name, g.Version(), v, last)
			}
			last = g.Version()
			g.Release()
		}
		must(t, <-done)
	}
}

// BenchmarkSession compares Get of a session with that of a ReadHandle: with nothing pending, and
// with 64 writes that are pending.
func BenchmarkSession(b *testing.B) {
	const keys = 1 << 10
	ws := hashmap.NewWriters[int, int]()
	s, r := ws.NewSession(), ws.NewReadHandle()
	for k := range keys {
		s.Insert(k, k)
	}
	if _, err := s.PublishContext(b.Context()); err != nil {
		b.Fatal(err)
	}
	get := func(name string, get func(int) (int, bool)) {
		b.Run(name, func(b *testing.B) {
			for i := range b.N {
				get(i & (keys - 1))
			}
		})
	}
	get("handle", r.Get)
	get("quiet", s.Get)
	for k := range 64 {
		s.Insert(k, k)
	}
	get("pending", s.Get)
}
