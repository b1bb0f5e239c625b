package buffers

import (
	"testing"
	"time"

	"doublebuf/impl/strategy"
)

// TestDetachWithAPanic lets the clone panic. Nothing is detached then, so the guard still holds the
// swap up.
func TestDetachWithAPanic(t *testing.T) {
	for _, k := range strategy.All() {
		if k.Name == "single" { // its writer never waits
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			w := NewWriteHandle(k.New(strategy.Options{MaxWait: time.Hour}), 1, 1)
			g := w.NewReadHandle("").Read()
			w.StartSwap()
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic of the clone is lost")
					}
				}()
				w.Detach(func(*int) int { panic("no clone") })
			}()
			if w.TryFinishSwap() {
				t.Error("the swap finishes with a guard open in the old copy")
			}
			if *g.Value() != 1 {
				t.Errorf("the guard sees %d; want 1", *g.Value())
			}
			w.Detach(func(n *int) int { return *n })
			*w.Writer() = 2
			if *g.Value() != 1 {
				t.Errorf("after a later detach the guard sees %d; want 1", *g.Value())
			}
			g.Release()
		})
	}
}
