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

// collectTokens returns when a collection has run, and a token told that it found.
func collectTokens() {
	done := new(atomic.Bool)
	func() { h := new(holder); h.token = NewToken(h, func(done *atomic.Bool) { done.Store(true) }, done) }()
	for runtime.GC(); !done.Load(); {
		runtime.Gosched()
	}
}

// TestTokenTellsOnce has one holder live and one not.
func TestTokenTellsOnce(t *testing.T) {
	var told [2]atomic.Int32
	tell := func(i int) { told[i].Add(1) }
	lives := new(holder)
	lives.token = NewToken(lives, tell, 0)
	func() { h := new(holder); h.token = NewToken(h, tell, 1) }()
	for range 3 {
		collectTokens()
	}
	if told[0].Load() != 0 || told[1].Load() != 1 {
		t.Errorf("the token of a holder in use told %d times, that of another %d; want 0 and 1", told[0].Load(), told[1].Load())
	}
	runtime.KeepAlive(lives)
}

// TestTokensOutliveProcessors lowers GOMAXPROCS while a collection sweeps that has found tokens.
// None may be lost: what the runtime has queued for a processor that is gone would wait for its
// return.
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
		told := new(atomic.Int32)
		for range tokens {
			h := new(holder)
			h.token = NewToken(h, func(told *atomic.Int32) { told.Add(1) }, told)
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
		if n := told.Load(); n < tokens-1 { // the last may still be in a register
			t.Fatalf("round %d: %d of %d tokens told", round, n, tokens)
		}
	}
	runtime.KeepAlive(blocks)
}
