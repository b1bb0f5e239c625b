package hashmap

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// TestPoisonedGroup makes a leader panic at a place where only a broken law could, while other
// callers wait. All callers must get an answer, and nothing more may be written.
func TestPoisonedGroup(t *testing.T) {
	const writers = 8
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup[int, any]()
		guard := g.NewReadHandle().Read()
		g.Insert(0, []int{0})
		panics := make([]any, writers+1)
		var wg sync.WaitGroup
		for i := range panics {
			wg.Go(func() {
				defer func() { panics[i] = recover() }()
				if i == writers {
					g.do(call[int, any]{kind: groupCompareAndSwap, key: 0, old: []int{1}}) // CompareAndSwap would refuse this value
				}
				g.Insert(1+i, i)
			})
		}
		synctest.Wait()
		guard.Release()
		wg.Wait()
		poisoned := 0
		for _, p := range panics {
			if err, ok := p.(error); ok && errors.Is(err, ErrPoisoned) {
				poisoned++
			} else if p == nil {
				t.Error("a caller that waited for the leader was answered without an error")
			}
		}
		if poisoned < writers {
			t.Errorf("%d panics with ErrPoisoned, want %d", poisoned, writers)
		}
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, ErrPoisoned) {
				t.Errorf("an Insert after that panics with %v, want ErrPoisoned", err)
			}
		}()
		g.Insert(1, 1)
	})
}
