package workloads

import (
	"fmt"
	"math/bits"
	"slices"

	"doublebuf/baselines/kv"
)

// KeySet is n distinct keys in a seeded random order.
type KeySet[K comparable] struct {
	// Keys are the keys that are set and deleted.
	Keys []K
	// Lookups are the keys that are looked up. They equal Keys, but their bytes are elsewhere in
	// memory. A program rarely looks up the very string that it stored, and comparing a string
	// with itself costs nothing.
	Lookups []K

	// source is what the distributions "source" and "trace-…" replay: the position in Keys of
	// each identifier of the source, or of each step of the trace, in order. It is nil for other
	// keys. kinds are the kinds of the steps of a trace.
	source []uint32
	kinds  []Kind
}

// KeyType names a type of keys and values and describes it.
type KeyType struct {
	Name, Doc string
	// Label is what a figure calls the keys. "" means the name and "keys".
	Label string
	// Real says that the keys are real input: those of a trace, or of source code.
	Real bool
	// Has reports whether a map can have such keys and values.
	Has func(kv.Entry) bool
}

// KeyTypes returns all key types.
func KeyTypes() []KeyType { return slices.Clone(keyTypes) }

// FindKeyType returns the key type of that name.
func FindKeyType(name string) (KeyType, bool) {
	i := slices.IndexFunc(keyTypes, func(t KeyType) bool { return t.Name == name })
	if i < 0 {
		return KeyType{}, false
	}
	return keyTypes[i], true
}

const stringPrefix = "https://example.org/items?id="

// KeysOf returns a maker of keys: n distinct ones from a seed. number must make different keys of
// different numbers.
func KeysOf[K comparable](number func(x uint64) K) func(n int, seed uint64) *KeySet[K] {
	return func(n int, seed uint64) *KeySet[K] {
		keys := make([]K, n)
		for i, x := range numbers(n, seed) {
			keys[i] = number(x)
		}
		return &KeySet[K]{Keys: keys, Lookups: keys}
	}
}

// Uint64Keys returns n distinct keys.
func Uint64Keys(n int, seed uint64) *KeySet[uint64] {
	return KeysOf(func(x uint64) uint64 { return x })(n, seed)
}

// StringKeys returns n distinct keys with a long prefix that all share.
func StringKeys(n int, seed uint64) *KeySet[string] { return digits(stringPrefix, n, seed) }

// ShortStringKeys returns n distinct keys without a common prefix.
func ShortStringKeys(n int, seed uint64) *KeySet[string] { return digits("", n, seed) }

func digits(prefix string, n int, seed uint64) *KeySet[string] {
	texts := make([]string, n)
	for i, x := range numbers(n, seed) {
		texts[i] = fmt.Sprintf("%s%016x", prefix, x)
	}
	return shuffled(texts, seed, nil)
}

// numbers returns n distinct numbers. It counts from a random start and applies the finaliser of
// splitmix64 (Steele, Lea and Flood, OOPSLA 2014), which is a bijection.
func numbers(n int, seed uint64) []uint64 {
	start := random(seed, seedOfKeys).Uint64()
	keys := make([]uint64, n)
	for i := range keys {
		x := start + uint64(i)*0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		keys[i] = x ^ x>>31
	}
	return keys
}

// shuffled returns the key set of texts. They lie in memory in the given order, and in the set in a
// random one. source holds indices in texts; shuffled changes them in place to positions.
func shuffled(texts []string, seed uint64, source []uint32) *KeySet[string] {
	set := &KeySet[string]{Keys: make([]string, len(texts)), Lookups: make([]string, len(texts)), source: source}
	stored, lookups := copies(texts), copies(texts)
	position := random(seed, seedOfOrder).Perm(len(texts))
	for i, p := range position {
		set.Keys[p], set.Lookups[p] = stored[i], lookups[i]
	}
	for i, k := range source {
		source[i] = uint32(position[k])
	}
	return set
}

// copies returns copies of texts that share one block of memory. So the garbage collector has
// almost no work with them while a cell is measured.
func copies(texts []string) []string {
	size := 0
	for _, s := range texts {
		size += len(s)
	}
	block := make([]byte, 0, size)
	for _, s := range texts {
		block = append(block, s...)
	}
	all := string(block)
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i], all = all[:len(s)], all[len(s):]
	}
	return out
}

// minTape is the least length of a tape. It is too long for caches and branch predictors to
// remember the last round.
const minTape = 1 << 18

// Tape is a sequence of keys. Workers read it again and again.
type Tape[K comparable] struct {
	Lookups []K      // the key of each step, for gets
	Keys    []K      // the same key in other memory, for sets and deletes
	Index   []uint32 // the position of the key in the key set
}

// Tape draws a tape. It is at least four times as long as the key set, so that a uniform
// distribution draws 98 % of the keys. The distribution "source" needs the keys of a Source, and
// the order of a trace needs the keys of that trace.
func (s *KeySet[K]) Tape(d Dist, seed uint64) (*Tape[K], error) {
	index := s.source
	switch {
	case (d.Source || d.Trace) && s.source == nil:
		return nil, fmt.Errorf("distribution %s: it needs keys of the type ident, or of a trace", d.Name)
	case !d.Source && !d.Trace:
		index = make([]uint32, max(minTape, 1<<bits.Len(uint(4*len(s.Keys)-1))))
		draw := d.draws(len(s.Keys), random(seed, seedOfTape))
		for i := range index {
			index[i] = draw()
		}
	}
	return s.tape(index), nil
}

// Missing returns t without the keys that a map holds at the start under m's fill. Each such key is
// replaced by the next key that the map does not hold. If the map holds all keys Missing returns t.
func (s *KeySet[K]) Missing(m Mix, t *Tape[K]) *Tape[K] {
	n := len(s.Keys)
	missing := make([]uint32, n) // for each position the next one that is not held
	next, any := 0, false
	for i := 2*n - 1; i >= 0; i-- { // twice round, so that the last positions find the first
		if !m.Holds(i % n) {
			next, any = i%n, true
		}
		missing[i%n] = uint32(next)
	}
	if !any {
		return t
	}
	index := make([]uint32, len(t.Index))
	for i, k := range t.Index {
		index[i] = missing[k]
	}
	return s.tape(index)
}

// tape returns the tape of the keys at the given positions.
func (s *KeySet[K]) tape(index []uint32) *Tape[K] {
	t := &Tape[K]{Index: index, Lookups: make([]K, len(index))}
	for i, k := range index {
		t.Lookups[i] = s.Lookups[k]
	}
	t.Keys = t.Lookups
	if &s.Keys[0] != &s.Lookups[0] {
		t.Keys = make([]K, len(index))
		for i, k := range index {
			t.Keys[i] = s.Keys[k]
		}
	}
	return t
}
