package table

import (
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// A script is a sequence of operations in bytes. Each takes two: the kind of operation, and its
// key.
type script []byte

// A subject runs a script on a flat table and on the built-in one, with one type of keys.
type subject struct {
	name string
	run  func(t *testing.T, s script)
}

type pair struct {
	a any
	b string
}

var subjects = []subject{
	subjectOf("uint64", func(b byte) uint64 { return uint64(b) }),
	subjectOf("int8", func(b byte) int8 { return int8(b) }),
	subjectOf("uint16", func(b byte) uint16 { return uint16(b) << 8 }),
	subjectOf("int32", func(b byte) int32 { return -int32(b) }),
	subjectOf("string", func(b byte) string { return strconv.Itoa(int(b))[1:] }),
	subjectOf("float64", func(b byte) float64 {
		return []float64{math.NaN(), 0, math.Copysign(0, -1), math.Inf(1), float64(b)}[min(b%8, 4)]
	}),
	subjectOf("any", func(b byte) any { return []any{nil, int(b), uint8(b), pair{b, "x"}, math.NaN()}[b%5] }),
	subjectOf("struct", func(b byte) pair { return pair{float64(b % 100), strconv.Itoa(int(b % 3))} }),
	subjectOf("array", func(b byte) [3]uint16 { return [3]uint16{1, uint16(b % 16), uint16(b)} }),
	subjectOf("nothing", func(byte) struct{} { return struct{}{} }),
	{"unmixed", func(t *testing.T, s script) {
		// A key is its own hash. There are eight homes, near the last one, each of 32 keys. The
		// keys of the last home fill the tail, and the table grows for them before it is full.
		run(t, s, 0, 1, func(b byte) uint64 { return -(uint64(b&7)<<58 + uint64(b>>3) + 1) })
	}},
}

func subjectOf[K comparable](name string, key func(byte) K) subject {
	return subject{name, func(t *testing.T, s script) { run(t, s, 0x0123456789abcdef, 0x9e3779b97f4a7c15, key) }}
}

// oneSeed makes a script run alike each time in this process, except for NaN.
var oneSeed = maphash.MakeSeed()

// run runs s on a flat table, with the given seeds of integers, and on a built-in one. It compares
// them at each step.
func run[K comparable](t *testing.T, s script, mask, factor uint64, key func(byte) K) {
	flat, builtin := New[K, int](Flat, 0), New[K, int](Builtin, 0)
	flat.flat.mask, flat.flat.factor, flat.flat.seed = mask, factor, oneSeed
	for i := 0; i+1 < len(s); i += 2 {
		k := key(s[i+1])
		switch op := s[i]; {
		case op < 140:
			flat.Set(k, i)
			builtin.Set(k, i)
		case op < 230:
			flat.Delete(k)
			builtin.Delete(k)
		case op < 232:
			flat.Clear()
			builtin.Clear()
		case op < 240:
			compare(t, flat, builtin)
		}
		got, gotOK := flat.Get(k)
		want, wantOK := builtin.Get(k)
		if got != want || gotOK != wantOK || flat.Len() != builtin.Len() {
			t.Fatalf("step %d, key %v: %d, %v of %d entries; want %d, %v of %d", i/2, k, got, gotOK, flat.Len(), want, wantOK, builtin.Len())
		}
	}
	compare(t, flat, builtin)
	var keys []K
	for b := range 256 {
		keys = append(keys, key(byte(b)))
	}
	compareMany(t, flat, builtin, keys)
}

// compare checks that the tables have the same entries, and checks the invariants of flat.
func compare[K comparable](t *testing.T, flat, builtin Table[K, int]) {
	t.Helper()
	if got, want := entries(flat), entries(builtin); !slices.Equal(got, want) {
		t.Fatalf("entries\n%v, want\n%v", got, want)
	}
	check(t, flat.flat)
}

// entries returns the entries that All yields, as text. So NaN can be compared, and -0 differs from
// +0.
func entries[K comparable](table Table[K, int]) []string {
	var e []string
	for k, v := range table.All() {
		e = append(e, fmt.Sprint(k, "=", v))
	}
	slices.Sort(e)
	return e
}

// compareMany checks GetMany of both tables, into slices that are not empty.
func compareMany[K comparable](t *testing.T, flat, builtin Table[K, int], keys []K) {
	t.Helper()
	values, found := slices.Repeat([]int{-1}, len(keys)), slices.Repeat([]bool{true}, len(keys))
	wantValues, wantFound := slices.Clone(values), slices.Clone(found)
	flat.GetMany(keys, values, found)
	builtin.GetMany(keys, wantValues, wantFound)
	for i, k := range keys {
		value, ok := flat.Get(k)
		if values[i] != value || found[i] != ok || wantValues[i] != value || wantFound[i] != ok {
			t.Fatalf("key %v, number %d of %d: GetMany %d, %v; built-in %d, %v; Get %d, %v",
				k, i, len(keys), values[i], found[i], wantValues[i], wantFound[i], value, ok)
		}
	}
}

// FuzzFlat is best run with -fuzzminimizetime 1x. NaN hashes differently each time, which the
// minimizer would report as new coverage.
func FuzzFlat(f *testing.F) {
	for seed := range uint64(20) {
		f.Add([]byte(randomScript(seed, 200)))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		for _, subject := range subjects {
			subject.run(t, s)
		}
	})
}

func TestAgainstBuiltin(t *testing.T) {
	for _, subject := range subjects {
		t.Run(subject.name, func(t *testing.T) {
			for seed := range uint64(10) {
				t.Logf("seed %d", seed)
				subject.run(t, randomScript(seed, 2000))
			}
		})
	}
}

func randomScript(seed uint64, n int) script {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := make(script, 2*n)
	for i := range s {
		s[i] = byte(rng.Uint32())
	}
	return s
}

// kinds are for tests of both kinds of table.
var kinds = map[string]Kind{"builtin": Builtin, "flat": Flat}

func TestGetMany(t *testing.T) {
	builtin := New[uint64, int](Builtin, 0)
	flat := New[uint64, int](Flat, 0)
	for k := range uint64(500) {
		builtin.Set(2*k, int(k))
		flat.Set(2*k, int(k))
	}
	for _, n := range []int{0, 1, batch - 1, batch, batch + 1, 2 * batch, 1000} {
		keys := make([]uint64, n)
		for i := range keys {
			keys[i] = uint64(i)
		}
		compareMany(t, flat, builtin, keys)
	}
}

// TestGetManyIntoShortSlices checks that GetMany writes nothing behind the length of a slice, even
// if its capacity would allow it.
func TestGetManyIntoShortSlices(t *testing.T) {
	for name, kind := range kinds {
		table := New[uint64, int](kind, 0)
		table.Set(1, 1)
		keys, values, found := []uint64{1, 1}, make([]int, 2), make([]bool, 2)
		for i, many := range []func(){
			func() { table.GetMany(keys, values[:1], found) },
			func() { table.GetMany(keys, values, found[:1]) },
		} {
			if panicOf(many) == nil || values[1] != 0 || found[1] {
				t.Errorf("%s, case %d: no panic, or the slices are written: %v, %v", name, i, values, found)
			}
		}
	}
}

func TestAllStops(t *testing.T) {
	for name, kind := range kinds {
		table := New[int, int](kind, 0)
		table.Set(1, 1)
		table.Set(2, 2)
		n := 0
		for range table.All() {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%s: %d entries after a break", name, n)
		}
	}
}

// TestAllOfSmallTables iterates over tables of each small size, with and without key zero.
func TestAllOfSmallTables(t *testing.T) {
	for _, kind := range []Kind{Builtin, Flat} {
		for first := range 2 {
			m, want := New[int, int](kind, 0), map[int]int{}
			for n := range 20 {
				if got := maps.Collect(m.All()); !maps.Equal(got, want) || m.Len() != n {
					t.Errorf("kind %d: a table of %d entries yields %v; want %v", kind, m.Len(), got, want)
				}
				m.Set(first+n, 1+n)
				want[first+n] = 1 + n
			}
		}
	}
}

func TestZeroTable(t *testing.T) {
	var zero Table[string, int]
	if _, ok := zero.Get("a"); ok || zero.Len() != 0 || len(maps.Collect(zero.All())) != 0 {
		t.Error("the zero table is not empty")
	}
}

func TestUnhashableKey(t *testing.T) {
	for name, kind := range kinds {
		table := New[any, int](kind, 0)
		for op, f := range map[string]func(key any){
			"Get":     func(key any) { table.Get(key) },
			"Set":     func(key any) { table.Set(key, 1) },
			"Delete":  func(key any) { table.Delete(key) },
			"GetMany": func(key any) { table.GetMany([]any{key}, make([]int, 1), make([]bool, 1)) },
		} {
			for _, filled := range []bool{false, true} {
				if filled {
					table.Set("a", 1)
				}
				if panicOf(func() { f(pair{[]int{1}, "b"}) }) == nil {
					t.Errorf("%s: %s of a key with a slice in it does not panic", name, op)
				}
				if v, ok := table.Get("a"); ok != filled || v != table.Len() {
					t.Errorf("%s: %s has changed the table", name, op)
				}
				table.Clear()
			}
		}
	}
}

func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

// TestValues stores values of no size and of many bytes.
func TestValues(t *testing.T) {
	for name, kind := range kinds {
		none := New[int, struct{}](kind, 0)
		nothing := New[struct{}, struct{}](kind, 0)
		large := New[int, [100]int](kind, 0)
		for k := range 1000 {
			none.Set(k, struct{}{})
			nothing.Set(struct{}{}, struct{}{})
			large.Set(k, [100]int{k, 99: k})
		}
		for k := range 500 {
			none.Delete(k)
			large.Delete(k)
		}
		for k := range 1000 {
			_, ok := none.Get(k)
			v, ok2 := large.Get(k)
			if ok != (k >= 500) || ok2 != ok || ok && v != [100]int{k, 99: k} {
				t.Fatalf("%s: key %d: %v and %v", name, k, ok, ok2)
			}
		}
		found := make([]bool, 1)
		nothing.GetMany(make([]struct{}, 1), make([]struct{}, 1), found)
		if !found[0] || nothing.Len() != 1 || none.Len() != 500 || large.Len() != 500 {
			t.Errorf("%s: %d, %d and %d entries", name, nothing.Len(), none.Len(), large.Len())
		}
	}
}

// TestReadsAllocateNothing also looks up keys that the caller makes for the lookup only. They need
// not be allocated if nothing keeps them.
func TestReadsAllocateNothing(t *testing.T) {
	for name, kind := range kinds {
		text, number := New[string, int](kind, 0), New[uint64, int](kind, 0)
		text.Set("abc", 1)
		buf := []byte("abc")
		keys, values, found := make([]uint64, 100), make([]int, 100), make([]bool, 100)
		if n := testing.AllocsPerRun(100, func() {
			if _, ok := text.Get(string(buf)); !ok {
				t.Error("abc is not there")
			}
			number.Get(1)
			number.GetMany(keys, values, found)
		}); n != 0 {
			t.Errorf("%s: reading allocates %v times", name, n)
		}
	}
}
