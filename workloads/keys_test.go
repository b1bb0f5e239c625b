package workloads

import (
	"slices"
	"testing"
	"unsafe"
)

func TestKeySets(t *testing.T) {
	checkKeySet(t, "uint64", Uint64Keys)
	checkKeySet(t, "int", KeysOf(func(x uint64) int { return int(x) }))
	checkKeySet(t, "string", StringKeys)
	checkKeySet(t, "string-short", ShortStringKeys)
	for _, key := range StringKeys(100, 1).Keys {
		if len(key) != 45 {
			t.Errorf("key %q has %d bytes, want 45", key, len(key))
		}
	}
}

func checkKeySet[K comparable](t *testing.T, name string, make func(n int, seed uint64) *KeySet[K]) {
	t.Helper()
	const n = 10000
	set := make(n, 1)
	seen := map[K]bool{}
	for _, key := range set.Keys {
		seen[key] = true
	}
	if len(set.Keys) != n || len(seen) != n {
		t.Errorf("%s: %d keys, %d of them distinct, want %d", name, len(set.Keys), len(seen), n)
	}
	if !slices.Equal(set.Keys, set.Lookups) {
		t.Errorf("%s: lookups are not equal to keys", name)
	}
	if !slices.Equal(set.Keys, make(n, 1).Keys) {
		t.Errorf("%s: other keys from the same seed", name)
	}
	if same := common(set.Keys, make(n, 2).Keys); same > 3 {
		t.Errorf("%s: %d places have the same key from another seed", name, same)
	}
}

func common[K comparable](a, b []K) (same int) {
	for i := range a {
		if a[i] == b[i] {
			same++
		}
	}
	return same
}

// Strings that are looked up are in other memory than those that are stored. Neighbours in the set
// are not neighbours in memory.
func TestStringsInMemory(t *testing.T) {
	set := StringKeys(1000, 1)
	neighbours := 0
	for i := range set.Keys {
		at := uintptr(unsafe.Pointer(unsafe.StringData(set.Keys[i])))
		if at == uintptr(unsafe.Pointer(unsafe.StringData(set.Lookups[i]))) {
			t.Fatalf("key %d is looked up with the string that is stored", i)
		}
		if i > 0 && at == uintptr(unsafe.Pointer(unsafe.StringData(set.Keys[i-1])))+45 {
			neighbours++
		}
	}
	if neighbours > 20 {
		t.Errorf("%d of 1000 keys lie behind the one before them", neighbours)
	}
}

func TestTape(t *testing.T) {
	const n = 60_000
	set := StringKeys(n, 1)
	tape, err := set.Tape(Dist{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(tape.Index) < 4*n {
		t.Errorf("a tape of %d steps for %d keys", len(tape.Index), n)
	}
	seen := make([]bool, n)
	covered := 0
	for i, k := range tape.Index {
		if tape.Keys[i] != set.Keys[k] || tape.Lookups[i] != set.Keys[k] {
			t.Fatalf("step %d: keys %q and %q, want %q", i, tape.Keys[i], tape.Lookups[i], set.Keys[k])
		}
		if unsafe.StringData(tape.Keys[i]) == unsafe.StringData(tape.Lookups[i]) {
			t.Fatalf("step %d gets with the string that it sets", i)
		}
		if !seen[k] {
			seen[k] = true
			covered++
		}
	}
	if covered < n*97/100 {
		t.Errorf("the tape names %d of %d keys", covered, n)
	}
	again, _ := set.Tape(Dist{}, 1)
	other, _ := set.Tape(Dist{}, 2)
	if !slices.Equal(tape.Index, again.Index) || slices.Equal(tape.Index, other.Index) {
		t.Error("a tape does not hang from its seed")
	}
	if _, err := set.Tape(Dist{Source: true}, 1); err == nil {
		t.Error("no error for the order of a source that the keys do not have")
	}
}
