package baselines_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/swiss"
	"github.com/kamstrup/intmap"

	"doublebuf/impl/table"
	"doublebuf/workloads"
)

// lookups are the keys that a loop looks up, drawn before the clock starts. All of them are
// present. They are many enough to reach most entries of the largest table.
type lookups[K comparable] [drawn]K

const drawn = 1 << 20

// stretch returns the n keys from *at on, or from the start if there are not so many. It moves *at
// behind them. A loop over a slice has the fewest instructions; impl/DESIGN.md says why that
// matters.
func (l *lookups[K]) stretch(at *int, n int) []K {
	start := advance(at, n)
	return l[start : start+n]
}

func advance(at *int, n int) (start int) {
	if *at+n > drawn {
		*at = 0
	}
	start = *at
	*at += n
	return start
}

func drawLookups[K comparable](set *workloads.KeySet[K]) *lookups[K] {
	drawn := new(lookups[K])
	rng := rand.New(rand.NewPCG(1, uint64(len(set.Lookups))))
	for i := range drawn {
		drawn[i] = set.Lookups[rng.IntN(len(set.Lookups))]
	}
	return drawn
}

// bareTable is a table that a copy of the double buffer could use. loop looks up n of the drawn
// keys, from start on. It returns the sum of their values, so that the compiler does not remove the
// lookups. The loops differ only in the call. Each is written out, because a call through a type
// parameter costs more than the difference between the tables.
type bareTable struct {
	name string
	loop func(start, n int) (sum uint64)
}

func uint64Tables(keys int) []bareTable {
	set := workloads.Uint64Keys(keys, 1)
	builtin := make(map[uint64]uint64, keys)
	group := swiss.New[uint64, uint64](keys)
	flat := table.New[uint64, uint64](table.Flat, keys)
	ints := intmap.New[uint64, uint64](keys)
	for i, k := range set.Keys {
		builtin[k] = uint64(i)
		group.Put(k, uint64(i))
		flat.Set(k, uint64(i))
		ints.Put(k, uint64(i))
	}
	drawn := drawLookups(set)
	return []bareTable{
		{"builtin", func(start, n int) (sum uint64) {
			for _, k := range drawn[start : start+n] {
				v, _ := builtin[k]
				sum += v
			}
			return sum
		}},
		{"swiss", func(start, n int) (sum uint64) {
			for _, k := range drawn[start : start+n] {
				v, _ := group.Get(k)
				sum += v
			}
			return sum
		}},
		{"flat", func(start, n int) (sum uint64) {
			for _, k := range drawn[start : start+n] {
				v, _ := flat.Get(k)
				sum += v
			}
			return sum
		}},
		{"intmap", func(start, n int) (sum uint64) {
			for _, k := range drawn[start : start+n] {
				v, _ := ints.Get(k)
				sum += v
			}
			return sum
		}},
	}
}

// stringTables returns the tables for string keys. intmap is not among them, because its keys are
// integers.
func stringTables(keys int) []bareTable {
	set := workloads.StringKeys(keys, 1)
	builtin := make(map[string]uint64, keys)
	group := swiss.New[string, uint64](keys)
	flat := table.New[string, uint64](table.Flat, keys)
	for i, k := range set.Keys {
		builtin[k] = uint64(i)
		group.Put(k, uint64(i))
		flat.Set(k, uint64(i))
	}
	drawn := drawLookups(set)
	return []bareTable{
		{"builtin", func(start, n int) (sum uint64) {
			for _, k := range drawn[start : start+n] {
				v, _ := builtin[k]
				sum += v
			}
			return sum
		}},
		{"swiss", func(start, n int) (sum uint64) {
			for _, k := range drawn[start : start+n] {
				v, _ := group.Get(k)
				sum += v
			}
			return sum
		}},
		{"flat", func(start, n int) (sum uint64) {
			for _, k := range drawn[start : start+n] {
				v, _ := flat.Get(k)
				sum += v
			}
			return sum
		}},
	}
}

// keyTypes are the key types of the benchmark. tables makes the tables of a type, with so many
// keys.
var keyTypes = []struct {
	name   string
	tables func(keys int) []bareTable
}{{"uint64", uint64Tables}, {"string", stringTables}}

// BenchmarkTable compares lookups in bare tables, on the keys of the workloads.
func BenchmarkTable(b *testing.B) {
	for _, keyType := range keyTypes {
		for _, keys := range []int{1_000, 10_000, 100_000, 1_000_000} {
			for _, t := range keyType.tables(keys) {
				b.Run(fmt.Sprintf("keytype=%s/table=%s/keys=%d", keyType.name, t.name, keys), func(b *testing.B) {
					b.ReportAllocs()
					for n := b.N; n > 0; n -= drawn {
						t.loop(0, min(n, drawn))
					}
				})
			}
		}
	}
}

// TestTablesFindAllKeys checks that no table misses a key. Misses would make it look fast.
func TestTablesFindAllKeys(t *testing.T) {
	const keys, n = 1000, 1 << 12
	for _, keyType := range keyTypes {
		tables := keyType.tables(keys)
		want := tables[0].loop(0, n)
		for _, bare := range tables {
			if got := bare.loop(0, n); got != want || got == 0 {
				t.Errorf("%s keys: the values in %s add up to %d; want %d, as in %s", keyType.name, bare.name, got, want, tables[0].name)
			}
		}
	}
}
