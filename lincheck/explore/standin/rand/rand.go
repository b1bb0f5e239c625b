// Package rand stands in for the functions of math/rand in code that the explorer runs. Each
// goroutine gets the same numbers in every execution. Without an explorer they are random.
package rand

import (
	"math/rand"
	v2 "math/rand/v2"

	"doublebuf/impl/atomicx/hooked"
)

// source is the source of the global functions.
type source struct{}

type key struct{}

func (source) Uint64() uint64 {
	if h := hooked.Peek(); h != nil {
		h.Uncontrolled("random numbers were the same in every execution")
		return Number(h.Count(key{}))
	}
	return v2.Uint64()
}

func (s source) Int63() int64 { return int64(s.Uint64() >> 1) }
func (source) Seed(int64)     {}

// Number returns the n-th random number of a goroutine.
func Number(n int) uint64 {
	x := (uint64(n) + 1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Global has the top-level functions of math/rand as methods.
func Global() *rand.Rand { return rand.New(source{}) }

// Global2 has the top-level functions of math/rand/v2 as methods.
func Global2() *v2.Rand { return v2.New(source{}) }

// N is the function of math/rand/v2.
func N[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr](n T) T {
	if n <= 0 {
		panic("invalid argument to N")
	}
	return T(Global2().Uint64N(uint64(n)))
}
