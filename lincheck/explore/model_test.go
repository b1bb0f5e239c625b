package explore

import (
	"testing"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/impl/invariants"
)

// parity is an abstract model of the oldest form of the strategy epoch. Another tool has counted
// its executions. Each reader has a word that is odd while a guard is open. The writer swaps, then
// reads the word of each reader once. Before its next swap it waits, in one step, until the words
// that were odd have changed.
func parity(readers, guards, publishes int) Program {
	return func(x *Exec) {
		var version hooked.Uint64
		words := make([]hooked.Uint64, readers)
		for r := range readers {
			x.Go("reader", func() {
				for range guards {
					words[r].Add(1)
					version.Load()
					words[r].Add(1)
				}
			})
		}
		x.Go("writer", func() {
			seen := make([]uint64, readers)
			for p := range publishes {
				if p > 0 {
					hooked.Await(func() bool {
						for r := range words {
							if seen[r]%2 == 1 && words[r].Load() == seen[r] {
								return false
							}
						}
						return true
					})
				}
				version.Add(1)
				for r := range words {
					seen[r] = words[r].Load()
				}
			}
		})
	}
}

// The number of executions is exactly that of the independent count.
func TestIndependentCounts(t *testing.T) {
	for _, c := range []struct{ readers, guards, publishes, want int }{
		{2, 1, 2, 81},
		{2, 2, 2, 2_209},
		{2, 2, 3, 9_801},
		{2, 3, 3, 271_441},
	} {
		if invariants.Enabled && c.want > 10_000 {
			continue // checked builds are slow
		}
		res := run(t, Config{Search: Exhaustive()}, parity(c.readers, c.guards, c.publishes))
		if res.Failure != nil || res.Executions != c.want {
			t.Errorf("%d readers x %d guards, %d publishes: %v, want %d executions", c.readers, c.guards, c.publishes, res, c.want)
		}
	}
}
