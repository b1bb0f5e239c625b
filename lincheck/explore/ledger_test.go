package explore

import (
	"testing"

	"doublebuf/impl/atomicx/hooked"
)

func TestLedger(t *testing.T) {
	var l Ledger
	var shared, own hooked.Int64
	step := func(what string, who, want int, f func()) {
		t.Helper()
		if got := l.As(who, f); got != want {
			t.Errorf("%s: %d remote accesses, want %d", what, got, want)
		}
	}
	step("first touch", 0, 0, func() { shared.Add(1); own.Add(1) })
	step("own line", 0, 0, func() { own.Add(1); own.Load() })
	step("line of another", 1, 1, func() { shared.Load(); shared.Load() })
	step("taken over", 1, 1, func() { shared.Add(1); shared.Add(1) })
	step("taken back", 0, 1, func() { shared.Load() })
	step("read by both", 1, 0, func() { shared.Load() })
	defer func() {
		if recover() == nil {
			t.Error("a wait is not refused")
		}
	}()
	p := hooked.NewParker()
	l.As(0, func() { p.Park(nil, 0) })
}
