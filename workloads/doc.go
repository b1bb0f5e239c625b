// Package workloads says who does what to which key: mixes of operations,
// distributions of keys, keys, and traces of real input. Everything random hangs from one seed and is drawn before any clock starts.
//
// # Words
//
//   - A key set is n distinct keys in a seeded random order. A key's position in it says
//     nothing about its value or about where its bytes lie in memory, so that a
//     distribution over positions makes no neighbours hot together.
//   - A tape is a long sequence of keys, drawn from a key set by a distribution. All
//     workers of a cell read the same tape, each from a place of its own, and go round.
//   - A trace is real input: a sequence of gets, sets and deletes, with keys of its own. It
//     may be replayed as it is, or be the tape of a mix.
//   - A script is the steps of all workers of a cell, with what a map holds at the start. It
//     is a tape and kinds that each worker goes through; or one sequence, as that of a trace,
//     which is dealt out, each step to the next worker in turn.
//   - The kinds of a mix are a sequence of gets, sets and deletes, of another length than
//     the tape, so that going round pairs other kinds with other keys.
//   - A step is one key of the tape with one kind. A stream is the steps of one worker.
//   - A mix's fill is how much of the key set a map holds before the clock starts.
package workloads

import "math/rand/v2"

// Everything drawn from one seed has a stream of its own, so that changing one thing
// leaves the others as they were.
const (
	seedOfKeys = iota + 1
	seedOfOrder
	seedOfTape
	seedOfKinds
	seedOfGaps
)

func random(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }
