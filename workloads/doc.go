// Package workloads defines which operations the workers of a cell do, and on which keys. It has
// mixes of operations, distributions of keys, key sets, and traces of real input. One seed
// determines all random choices. They are drawn before any clock starts.
//
// # Words
//
//   - A key set is n distinct keys in a seeded random order. The position of a key in the set
//     says nothing about its value or its address in memory. So a distribution over positions
//     does not make neighbours in memory hot together.
//   - A tape is a long sequence of keys, drawn from a key set by a distribution. All workers of a
//     cell read the same tape. Each starts at a different place, and continues at the beginning
//     when it reaches the end.
//   - A trace is real input: a sequence of gets, sets and deletes with keys of its own. It is
//     replayed as it is, or its keys are the tape of a mix.
//   - A script is the steps of all workers of a cell, and the keys that the map holds at the
//     start. Usually each worker goes through a whole tape. Workers share the steps of a trace
//     instead: each step goes to the next worker in turn.
//   - The kinds of a mix are a sequence of gets, sets and deletes. Its length differs from the
//     tape's, so that each round pairs the keys with other kinds.
//   - A step is one key of the tape with one kind. A stream is the steps of one worker.
//   - The fill of a mix is the share of the key set that the map holds before the clock starts.
package workloads

import "math/rand/v2"

// Each kind of random choice has its own stream of the seed. So a change of one choice leaves the
// others as they were.
const (
	seedOfKeys = iota + 1
	seedOfOrder
	seedOfTape
	seedOfKinds
	seedOfGaps
)

func random(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }
