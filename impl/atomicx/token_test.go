//go:build !explore

package atomicx

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
)

// holder is what has a token.
type holder struct {
	token *Token
	_     [4]uint64
}

// collectTokens runs a collection, and returns after a token that it found has reported.
func collectTokens() {
	done := new(atomic.Bool)
	func() { h := new(holder); h.token = NewToken(h, func(done *atomic.Bool) { done.Store(true) }, done) }()
	for runtime.GC(); !done.Load(); {
		runtime.Gosched()
	}
}

// TestTokenReportsOnce has one holder that is in use and one that is not.
func TestTokenReportsOnce(t *testing.T) {
	var reports [2]atomic.Int32
	report := func(i int) { reports[i].Add(1) }
	lives := new(holder)
	lives.token = NewToken(lives, report, 0)
	func() { h := new(holder); h.token = NewToken(h, report, 1) }()
	for range 3 {
		collectTokens()
	}
	if reports[0].Load() != 0 || reports[1].Load() != 1 {
		t.Errorf("the token of a holder in use reported %d times, that of another %d; want 0 and 1", reports[0].Load(), reports[1].Load())
	}
	runtime.KeepAlive(lives)
}

// TestTokensOutliveProcessors lowers GOMAXPROCS while a collection that has found tokens sweeps. No
// token may be lost. Cleanups would fail this test: the runtime would keep those of a removed
// processor until the processor returns.
func TestTokensOutliveProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	blocks := make([][]byte, 8000) // a span each: milliseconds to sweep, and nothing to mark
	for i := range blocks {
		blocks[i] = make([]byte, 8<<10)
	}
	// Counts the collections that sweep or have ended.
	marked := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	const rounds, tokens = 20, 512
	for round := range rounds {
		runtime.GOMAXPROCS(4)
		reports := new(atomic.Int32)
		for range tokens {
			h := new(holder)
			h.token = NewToken(h, func(n *atomic.Int32) { n.Add(1) }, reports)
		}
		metrics.Read(marked)
		before := marked[0].Value.Uint64()
		var collection sync.WaitGroup
		collection.Go(runtime.GC)
		for marked[0].Value.Uint64() == before {
			metrics.Read(marked)
		}
		runtime.GOMAXPROCS(1)
		collection.Wait()
		for range 3 {
			collectTokens()
		}
		if n := reports.Load(); n < tokens-1 { // the last may still be in a register
			t.Fatalf("round %d: %d of %d tokens reported", round, n, tokens)
		}
	}
	runtime.KeepAlive(blocks)
}
