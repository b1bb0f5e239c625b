package drive

import (
	"runtime"
	"sync/atomic"
	"testing"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/internal/controls"
)

// The schedule Chain starves a writer that waits until a reader has no guard open at all.
func TestChainedGuardsShowWhoStarves(t *testing.T) {
	m := &starving{Batched: controls.NewBatched(controls.Faults{})}
	e := controls.BatchedEntry()
	e.Uint64 = func(int) kv.Map[uint64, uint64] { return m }
	d := Driver{Claim: history.ClaimAtomic, Play: Chain}
	d.Record(e, 1)
	if !m.starved.Load() {
		t.Error("the reader was seen without a guard")
	}
}

// starving has one count of open guards. A publish waits until the count is zero, but gives up
// after many looks.
type starving struct {
	*controls.Batched
	open    atomic.Int64
	starved atomic.Bool
}

type countedGuard struct {
	*controls.State
	m *starving
}

func (m *starving) Read() kv.Guard[uint64, uint64] {
	m.open.Add(1)
	return countedGuard{m.Current(), m}
}

func (g countedGuard) Release() { g.m.open.Add(-1) }

func (m *starving) Publish() uint64 {
	for looks := 0; m.open.Load() > 0; looks++ {
		if looks == 1000 {
			m.starved.Store(true)
			break
		}
		runtime.Gosched()
	}
	return m.Batched.Publish()
}
