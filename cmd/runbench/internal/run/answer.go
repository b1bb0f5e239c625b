package run

import (
	"fmt"
	"math/bits"
)

// Every value says where it comes from, so that each answer of a map can be judged by itself. A
// value has three parts:
//
//   - the last 16 bits of the position of its key in the key set
//   - the worker that set it, counted from 1; 0 for the value that a key has at the start
//   - the step in which the worker set it. For the value that a key has at the start this is the
//     position of the key.
//
// The worker has as many bits as the number of workers needs, and the step has the rest: 46 bits
// with 2 workers, 36 with 2,048.

// tagShift is how many bits of a value the worker and the step share.
const tagShift = 48

// tagOf returns the tag of the key at a position, in the bits that it has in a value.
func tagOf(index uint32) uint64 {
	return uint64(index) << tagShift
}

// code says which bits of a value hold the step.
type code struct{ stepBits int }

// codeOf leaves one number of the bits of the worker unused: that of torn.
func codeOf(workers int) code { return code{tagShift - bits.Len(uint(workers+1))} }

// first returns the value of a set in step 0 of the worker, without a tag; step s adds s.
func (c code) first(worker int) uint64 { return uint64(worker+1) << c.stepBits }

// value returns the value that the worker sets in a step, under the key at that position.
func (c code) value(worker int, step int64, index uint32) uint64 {
	return tagOf(index) | c.first(worker) + uint64(step)
}

// prefilled returns the value that the key at position i has at the start.
func prefilled(i int) uint64 { return tagOf(uint32(i)) | uint64(i) }

// split returns the worker that set v, or none, and the step; or else the position of the key.
func (c code) split(v uint64) (worker int, step int64) {
	v &= 1<<tagShift - 1
	return int(v>>c.stepBits) - 1, int64(v & (1<<c.stepBits - 1))
}

// none means no worker, or no key.
const none = -1

// found is what a lookup of a key returned.
type found struct {
	value uint64
	ok    bool
}

// describe says in words what f is.
func (c code) describe(f found) string {
	worker, step := c.split(f.value)
	switch {
	case !f.ok:
		return "nothing"
	case f.value == torn:
		return "a value that was torn: parts of it differ"
	case worker != none:
		return fmt.Sprintf("the value of worker %d's step %d", worker, step)
	case step > 1<<32-1 || f.value != prefilled(int(step)):
		return fmt.Sprintf("%#x, which is no value of this run", f.value)
	}
	return fmt.Sprintf("the value that key %d had at the start", step)
}

// drops reports whether a Retain removes f.
func drops(f found) bool { return f.ok && !retained(0, f.value) }
