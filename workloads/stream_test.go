package workloads

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A stream goes through tape and kinds like an index modulo their lengths. LastWrites and
// CountWrites agree with it. This holds for any lengths, places and sizes of runs of steps.
func TestStream(t *testing.T) {
	const seed = 42
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		tape := &Tape[int]{}
		for range 1 + r.IntN(20) {
			tape.Index = append(tape.Index, r.Uint32N(10))
			tape.Lookups = append(tape.Lookups, r.IntN(100))
			tape.Keys = append(tape.Keys, r.IntN(100))
		}
		kinds := make([]Kind, 1+r.IntN(20))
		for i := range kinds {
			kinds[i] = Kind(r.IntN(7))
		}
		all := 1 + r.IntN(5)
		worker := r.IntN(all)
		s := NewStream(tape, kinds, worker, all)

		keyAt, kindAt := worker*len(tape.Index)/all, worker*len(kinds)/all
		var writes []Write
		step, end := 0, r.IntN(100)
		for step < end {
			most := min(1+r.IntN(30), end-step)
			steps := s.Next(most)
			if n := len(steps.Kinds); n < 1 || n > most || len(steps.Lookups) != n || len(steps.Keys) != n || len(steps.Index) != n {
				t.Fatalf("seed %d: Next(%d) = %v", seed, most, steps)
			}
			for i, kind := range steps.Kinds {
				key := (keyAt + step) % len(tape.Index)
				if kind != kinds[(kindAt+step)%len(kinds)] || steps.Lookups[i] != tape.Lookups[key] ||
					steps.Keys[i] != tape.Keys[key] || steps.Index[i] != tape.Index[key] {
					t.Fatalf("seed %d: step %d of %v differs", seed, step, steps)
				}
				if index, at := s.At(int64(step)); index != steps.Index[i] || at != kind {
					t.Fatalf("seed %d: At(%d) is %d and %v; want %d and %v", seed, step, index, at, steps.Index[i], kind)
				}
				if kind.Writes() {
					writes = append(writes, Write{int64(step), steps.Index[i], kind})
				}
				step++
			}
		}
		slices.Reverse(writes)
		if got := slices.Collect(s.LastWrites(int64(step))); !slices.Equal(got, writes) {
			t.Fatalf("seed %d: the last writes of %d steps are %v, want %v", seed, step, got, writes)
		}
		if got := s.CountWrites(int64(step)); got != int64(len(writes)) {
			t.Fatalf("seed %d: %d writes in %d steps, want %d", seed, got, step, len(writes))
		}
		for range s.LastWrites(int64(step)) {
			break // the loop may end early
		}
		to := int64(r.IntN(100))
		if s.GoTo(to); s.Next(1).Kinds[0] != kinds[(kindAt+int(to))%len(kinds)] {
			t.Fatalf("seed %d: after GoTo(%d) another step is next", seed, to)
		}
	}
}
