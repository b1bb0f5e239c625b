//go:build linux && amd64 && !race && !explore

package strategy

import (
	"runtime"
	"sync"
	"testing"

	"doublebuf/impl/atomicx"
)

// TestStoreBufferingOnThisMachine runs the litmus test on which asymmetric rests. A reader stores a
// plain word x and loads y. A writer stores y with a locked instruction and loads x. In every
// interleaving at least one of them sees the other's store. A processor with store buffers may also
// let both miss it. With a membarrier between the writer's two steps, that must not happen. Without
// one it may or may not happen, depending on the load of the machine, so that count is only logged.
func TestStoreBufferingOnThisMachine(t *testing.T) {
	if err := AsymmetricReady(); err != nil {
		t.Skip(err)
	}
	if runtime.NumCPU() < 2 || runtime.GOMAXPROCS(0) < 2 {
		t.Skip("reader and writer cannot run at once on one processor")
	}
	const rounds, tries = 50_000, 4
	seen, done := 0, 0
	for ; seen == 0 && done < tries*rounds; done += rounds {
		seen += storeBuffering(rounds, func() {})
	}
	t.Logf("without a membarrier: seen %d times in %d rounds", seen, done)
	if n := storeBuffering(2*rounds, membarrier); n != 0 {
		t.Errorf("with a membarrier: seen %d times in %d rounds, want never", n, 2*rounds)
	}
}

// storeBuffering returns the number of rounds in which neither saw the other's store. Both begin
// each round together, except for a few turns of a loop. Their number differs from round to round.
func storeBuffering(rounds int, barrier func()) (forbidden int) {
	var words struct {
		_      [128]byte
		reader atomicx.Uint64 // its present round
		_      [120]byte
		writer atomicx.Uint64
		_      [120]byte
		x      atomicx.Plain[uint64] // the reader's last round
		_      [120]byte
		y      atomicx.Uint64 // the writer's
		_      [120]byte
	}
	meet := func(mine, other *atomicx.Uint64, round uint64, turns int) {
		mine.Store(round)
		for spins := 1; other.Load() < round; spins++ {
			if spins%(1<<12) == 0 {
				runtime.Gosched()
			}
		}
		for range turns {
			mine.Load()
		}
	}
	missedY, missedX := make([]bool, rounds), make([]bool, rounds)
	var both sync.WaitGroup
	both.Go(func() {
		for i := range missedY {
			round := uint64(i + 1)
			meet(&words.reader, &words.writer, round, i%32)
			words.x.Store(round)
			missedY[i] = words.y.Load() < round
		}
	})
	both.Go(func() {
		for i := range missedX {
			round := uint64(i + 1)
			meet(&words.writer, &words.reader, round, i/32%32)
			words.y.Store(round)
			barrier()
			missedX[i] = words.x.Load() < round
		}
	})
	both.Wait()
	for i := range missedX {
		if missedX[i] && missedY[i] {
			forbidden++
		}
	}
	return forbidden
}
