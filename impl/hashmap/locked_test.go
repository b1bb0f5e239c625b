package hashmap_test

import (
	"errors"
	"sync"
	"testing"

	"doublebuf/impl/hashmap"
)

// TestLocked writes and publishes in many goroutines at once. No write is lost, no two publishes
// have the same version, and a goroutine that has published sees its own earlier writes.
func TestLocked(t *testing.T) {
	const writers, each = 4, 200
	l := hashmap.NewLocked[int, int]()
	var mu sync.Mutex
	versions := map[uint64]bool{}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			r := l.NewReadHandle()
			defer r.Close()
			for n := 1; n <= each; n++ {
				l.Insert(i, n)
				l.Insert(-1-i, n)
				l.Remove(-1 - i)
				l.Do(func(w *hashmap.WriteHandle[int, int]) {
					w.Update(writers, func(v int, _ bool) (int, bool) { return v + 1, true })
				})
				version, err := l.Publish()
				if err != nil {
					t.Error(err)
				}
				if v, _ := r.Get(i); v != n {
					t.Errorf("after the publish of %d a lookup finds %d", n, v)
				}
				mu.Lock()
				if versions[version] {
					t.Errorf("version %d was published twice", version)
				}
				versions[version] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	got := content(l.NewReadHandle())
	if len(got) != writers+1 || got[writers] != writers*each {
		t.Errorf("readers see %v, want %d keys, and %d under the last", got, writers+1, writers*each)
	}
}

// TestLockedSurvivesPanics checks that a panic in the caller's goroutine releases the lock.
func TestLockedSurvivesPanics(t *testing.T) {
	l := hashmap.NewLocked[any, int]()
	var unhashable any = []int{}
	for what, f := range map[string]func(){
		"Insert": func() { l.Insert(unhashable, 1) },
		"Remove": func() { l.Remove(unhashable) },
		"Do":     func() { l.Do(func(*hashmap.WriteHandle[any, int]) { panic("f") }) },
		"Publish": func() {
			l.Do(func(w *hashmap.WriteHandle[any, int]) { w.Update(1, func(int, bool) (int, bool) { panic("f") }) })
			_, _ = l.Publish()
		},
	} {
		if panicOf(f) == nil {
			t.Errorf("%s does not panic", what)
		}
	}
	l.Insert(1, 1)
	if v, err := l.Publish(); v != 1 || err != nil {
		t.Errorf("Publish: version %d, %v; want 1", v, err)
	}
	l.Close()
	if v, err := l.Publish(); v != 1 || !errors.Is(err, hashmap.ErrClosed) {
		t.Errorf("Publish after Close: version %d, %v; want 1 and ErrClosed", v, err)
	}
	if err, _ := panicOf(func() { l.Insert(1, 2) }).(error); !errors.Is(err, hashmap.ErrClosed) {
		t.Errorf("Insert after Close panics with %v, want ErrClosed", err)
	}
	if err, _ := panicOf(func() { l.Remove(1) }).(error); !errors.Is(err, hashmap.ErrClosed) {
		t.Errorf("Remove after Close panics with %v, want ErrClosed", err)
	}
	l.Close()
}
