// Package maphash stands in for hash/maphash in code that the explorer runs. A hash is the same in
// every process.
package maphash

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Seed stands in for maphash.Seed.
type Seed struct{ s uint64 }

// MakeSeed returns a seed. All seeds are the same.
func MakeSeed() Seed { return Seed{1} }

// Bytes is maphash.Bytes.
func Bytes(seed Seed, b []byte) uint64 {
	h := uint64(14695981039346656037) ^ seed.s
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return mix(h)
}

// String is maphash.String.
func String(seed Seed, s string) uint64 { return Bytes(seed, []byte(s)) }

// Comparable is maphash.Comparable.
func Comparable[T comparable](seed Seed, v T) uint64 {
	switch v := any(v).(type) {
	case string:
		return String(seed, v)
	case int:
		return mix(uint64(v) ^ seed.s)
	case uint64:
		return mix(v ^ seed.s)
	case int64:
		return mix(uint64(v) ^ seed.s)
	case uint32:
		return mix(uint64(v) ^ seed.s)
	case int32:
		return mix(uint64(v) ^ seed.s)
	case float64:
		if v == 0 {
			v = 0 // not -0
		}
		return mix(math.Float64bits(v) ^ seed.s)
	}
	return String(seed, fmt.Sprintf("%#v", v))
}

// WriteComparable is maphash.WriteComparable.
func WriteComparable[T comparable](h *Hash, x T) {
	n := Comparable(h.Seed(), x)
	for range 8 {
		h.WriteByte(byte(n)) //nolint:errcheck // it never fails
		n >>= 8
	}
}

func mix(x uint64) uint64 {
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Hash has the methods of maphash.Hash.
type Hash struct {
	seed  Seed
	bytes []byte
}

func (h *Hash) Write(b []byte) (int, error) { h.bytes = append(h.bytes, b...); return len(b), nil }
func (h *Hash) WriteString(s string) (int, error) {
	h.bytes = append(h.bytes, s...)
	return len(s), nil
}
func (h *Hash) WriteByte(b byte) error { h.bytes = append(h.bytes, b); return nil }
func (h *Hash) Sum(b []byte) []byte    { return binary.BigEndian.AppendUint64(b, h.Sum64()) }
func (h *Hash) Reset()                 { h.bytes = nil }
func (h *Hash) Size() int              { return 8 }
func (h *Hash) BlockSize() int         { return 128 }
func (h *Hash) SetSeed(seed Seed)      { h.seed, h.bytes = seed, nil }
func (h *Hash) Sum64() uint64          { return Bytes(h.Seed(), h.bytes) }

func (h *Hash) Seed() Seed {
	if h.seed.s == 0 {
		h.seed = MakeSeed()
	}
	return h.seed
}
