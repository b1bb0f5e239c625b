package baselines

import (
	"fmt"
	"slices"
	"testing"

	"doublebuf/baselines/kv"
)

// TestCombinations checks that all combinations are valid entries with names of their own, and that
// those which are drawn follow from the seed.
func TestCombinations(t *testing.T) {
	entries, pairs := Combinations(1)
	names := map[string]bool{}
	for _, e := range append(entries, All()...) {
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
		if names[e.Name] {
			t.Errorf("two entries are named %s", e.Name)
		}
		names[e.Name] = true
	}
	namesOf := func(seed uint64) (drawn []string) {
		entries, pairs := Combinations(seed)
		for _, e := range entries[:pairs] {
			drawn = append(drawn, e.Name)
		}
		return drawn
	}
	if !slices.Equal(namesOf(1), namesOf(1)) || slices.Equal(namesOf(1), namesOf(2)) {
		t.Error("the combinations that are drawn do not follow from the seed")
	}
	t.Logf("%d of %d combinations have all pairs", pairs, len(entries))
}

// TestCombinationsWork uses each combination that is drawn: it writes, publishes, reads and walks.
func TestCombinationsWork(t *testing.T) {
	entries, pairs := Combinations(1)
	for _, e := range entries[:pairs] {
		m := e.Uint64(0)
		h := kv.Open(m)
		for key := range uint64(100) {
			h.Set(key, 2*key)
			if e.Policy.Every == 1 && !e.Collects {
				kv.Publish(h)
			}
		}
		kv.Publish(h)
		if v, ok := h.Get(50); v != 100 || !ok || h.(kv.Ranger[uint64, uint64]).Len() != 100 {
			t.Errorf("%s: %d, %v and a Len of %d; want 100, true and 100", e.Name, v, ok, h.(kv.Ranger[uint64, uint64]).Len())
		}
		kv.Close(m)
	}
}

// TestCoverPairs checks that no pair is missing, whatever the seed, that there are few rows, and
// that rows which cannot be combined do not matter.
func TestCoverPairs(t *testing.T) {
	for seed := range uint64(20) {
		rows := combinations()
		entries, n := Combinations(seed)
		want, got := map[pair]bool{}, map[pair]bool{}
		drawn := map[string]bool{}
		for _, e := range entries[:n] {
			drawn[e.Name] = true
		}
		for _, r := range rows {
			for _, p := range pairsOf(r.values()) {
				want[p] = true
				if drawn[r.name()] {
					got[p] = true
				}
			}
		}
		if len(got) != len(want) || len(entries) != len(rows) || n > 60 {
			t.Errorf("seed %d: %d of %d rows have %d of %d pairs; want all, in at most 60 rows", seed, n, len(entries), len(got), len(want))
		}
	}
	// Three columns of two values need four rows.
	var rows [][]string
	for i := range 8 {
		rows = append(rows, []string{fmt.Sprint(i & 1), fmt.Sprint(i & 2), fmt.Sprint(i & 4)})
	}
	if n := coverPairs(rows, func(r []string) []string { return r }); n != 4 {
		t.Errorf("%d rows cover the pairs of three bits; want 4", n)
	}
}
