package kvtest

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"doublebuf/baselines/kv"
)

// TestGoodMapsPass checks that correct maps pass.
func TestGoodMapsPass(t *testing.T) {
	for seed := range uint64(3) {
		for _, e := range []kv.Entry{
			{
				Name: "good", Level: kv.Linearizable, Caps: goodCaps,
				Uint64: func(int) map64 { return newGood[uint64, uint64]() },
				Constructors: kv.Constructors{
					Int:     func(int) kv.Map[int, uint64] { return newGood[int, uint64]() },
					String:  func(int) kv.Map[string, uint64] { return newGood[string, uint64]() },
					Float64: func(int) kv.Map[float64, uint64] { return newGood[float64, uint64]() },
					Prefix:  func(int) kv.Map[netip.Prefix, uint64] { return newGood[netip.Prefix, uint64]() },
					Line:    func(int) kv.Map[uint64, kv.Line] { return newGood[uint64, kv.Line]() },
					Wide:    func(int) kv.Map[uint64, kv.Wide] { return newGood[uint64, kv.Wide]() },
					Pointer: func(int) kv.Map[uint64, *uint64] { return newGood[uint64, *uint64]() },
				},
			},
			{
				Name: "good-versions", Level: kv.Atomic, Caps: versionedCaps,
				Uint64: func(int) map64 { return newVersioned() },
			},
		} {
			for _, err := range Failures(e, seed) {
				t.Errorf("%s: %v", e.Name, err)
			}
		}
	}
}

// TestFailuresNamesWhatFailed checks that Failures reports each failed check once, by its name, and
// reports nothing for an entry that is not a map.
func TestFailuresNamesWhatFailed(t *testing.T) {
	e := kv.Entry{Name: "keeps-the-deleted", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes}
	e.Uint64 = func(int) map64 { return keepsDeleted{newGood[uint64, uint64]()} }
	var names []string
	for _, err := range Failures(e, Seed) {
		name, _, _ := strings.Cut(err.Error(), ":")
		names = append(names, name)
	}
	if got, want := strings.Join(names, " "), "uint64/model uint64/hard-keys uint64/concurrent uint64/owned uint64/growth"; got != want {
		t.Errorf("failed checks: %s; want %s", got, want)
	}
	e.Level = kv.None
	if failures := Failures(e, Seed); failures != nil {
		t.Errorf("an entry of level none fails: %v", failures)
	}
}

// TestFaultsAreFound checks that each check can fail: for each there is a map with a fault that it
// must find. Many faults show only if one goroutine runs between two steps of another, and the
// scheduler decides whether it does. So a check that passes is tried again with other seeds.
func TestFaultsAreFound(t *testing.T) {
	const tries = 20
	defer func(p time.Duration) { patience = p }(patience)
	patience = 200 * time.Millisecond
	found := make(map[string]bool)
	for _, f := range append(publishFaults(), faults...) {
		t.Run(f.name, func(t *testing.T) {
			e := kv.Entry{Name: f.name, Level: kv.Linearizable, Caps: goodCaps, Uint64: func(int) map64 { return newGood[uint64, uint64]() }}
			f.plant(&e)
			for _, c := range Battery(e, Quick) {
				if c.Name != f.check {
					continue
				}
				_, kind, _ := strings.Cut(c.Name, "/")
				found[kind] = true
				for seed := uint64(Seed); seed < Seed+tries; seed++ {
					if err := c.Judge(seed); err != nil {
						t.Logf("seed %d: %.400s", seed, err)
						return
					}
				}
				t.Errorf("%s passes with each of %d seeds", c.Name, tries)
				return
			}
			t.Errorf("the battery has no check %s for this map", f.check)
		})
	}
	all := kv.Entry{
		Level: kv.Linearizable, Caps: ^kv.Caps(0),
		Constructors: kv.Constructors{
			Float64: func(int) kv.Map[float64, uint64] { return nil },
			Pointer: func(int) kv.Map[uint64, *uint64] { return nil },
		},
	}
	for _, c := range Battery(all, Quick) {
		if _, kind, _ := strings.Cut(c.Name, "/"); !found[kind] {
			t.Errorf("there is no fault that shows that %s can fail", c.Name)
		}
	}
}

// fault is an entry with something wrong, and the check that must find it.
type fault struct {
	name, check string
	plant       func(e *kv.Entry)
}

var faults = []fault{
	{"a bad name", "entry", func(*kv.Entry) {}},
	{"promises-versions", "uint64/promises", func(e *kv.Entry) { e.Caps |= kv.Versions }},
	{"promises-to-publish", "uint64/promises", func(e *kv.Entry) { e.Policy.Every = 1 }},
	{"not-empty", "uint64/empty", on64(func(g *good64) map64 { g.Set(0, 0); return g })},
	{"loses-a-write", "uint64/model", on64(func(g *good64) map64 { return &losesWrite{good64: g} })},
	{"keeps-the-deleted", "uint64/model", on64(func(g *good64) map64 { return keepsDeleted{g} })},
	{"loses-at-growth", "uint64/model", on64(func(g *good64) map64 { return losesAtGrowth{g} })},
	{"counts-sets", "uint64/model", on64(func(g *good64) map64 { return &countsSets{good64: g} })},
	{"knows-32-bits", "uint64/hard-keys", on64(func(*good64) map64 { return byHalf{newGood[uint32, uint64]()} })},
	{"loses-at-growth", "uint64/growth", on64(func(g *good64) map64 { return losesAtGrowth{g} })},
	{"loses-at-shrinking", "uint64/growth", on64(func(g *good64) map64 { return losesAtShrinking{g} })},
	{"reads-the-last-but-one", "uint64/owned", on64(func(g *good64) map64 { return &readsBefore{good64: g} })},
	{"range-misses", "uint64/owned", on64(func(g *good64) map64 { return &disturbedWalk{good64: g} })},
	{"load-then-store", "uint64/contest", on64(func(g *good64) map64 { return loadThenStore{g} })},
	{"keeps-64-bytes", "uint64/leak", on64(func(g *good64) map64 { return &keepsBytes{good64: g} })},
	{"panics", "uint64/concurrent", on64(func(g *good64) map64 { return &panics{good64: g} })},
	{"loses-concurrent-writes", "uint64/concurrent", on64(func(*good64) map64 { return newUnlockedCopies() })},
	{"mixes-up-keys", "uint64/concurrent", on64(func(g *good64) map64 { return &mixesUpKeys{good64: g} })},
	{"tears-values", "wide/concurrent", onWide(func(g *goodWide) kv.Map[uint64, kv.Wide] { return tears{g} })},
	{"range-misses", "uint64/range", on64(func(g *good64) map64 { return &disturbedWalk{good64: g} })},
	{"range-repeats", "uint64/range", on64(func(g *good64) map64 { return &disturbedWalk{good64: g, repeats: true} })},
	{"range-misses-the-overwritten", "uint64/range", on64(func(g *good64) map64 { return &replacesWhileWalked{good64: g} })},
	{"range-cannot-break", "uint64/range", on64(func(g *good64) map64 { return cannotBreak{g} })},
	{"mixed-snapshot", "uint64/snapshot", on64(func(g *good64) map64 { return mixedSnapshot{g} })},
	{"mixed-get-many", "uint64/snapshot", on64(func(g *good64) map64 { return mixedMany{g} })},
	{"get-many-before-publish", "uint64/snapshot", onVersions(func(v *versions) map64 { return eagerMany{v} })},
	{"snapshot-before-publish", "uint64/snapshot", onVersions(func(v *versions) map64 { return eager{v} })},
	{"swap-answers-the-new", "uint64/swaps", on64(func(g *good64) map64 { return swapAnswersNew{g} })},
	{"compare-ignores-old", "uint64/swaps", on64(func(g *good64) map64 { return ignoresOld{g} })},
	{"load-then-store", "uint64/concurrent-swaps", on64(func(g *good64) map64 { return loadThenStore{g} })},
	{"get-then-set", "uint64/concurrent-swaps", on64(func(g *good64) map64 { return getThenSet{g} })},
	{"two-winners", "uint64/concurrent-swaps", on64(func(g *good64) map64 { return twoWinners{g} })},
	{"deletes-twice", "uint64/concurrent-swaps", on64(func(g *good64) map64 { return deletesTwice{g} })},
	{"compare-deletes-twice", "uint64/concurrent-swaps", on64(func(g *good64) map64 { return compareDeletesTwice{g} })},
	{"swap-fails-beside-another", "uint64/unshared-swaps", on64(func(g *good64) map64 { return &failsBesideAnother{good64: g} })},
	{"clear-leaves-one", "uint64/clear", on64(func(g *good64) map64 { return clearsAllButOne{g} })},
	{"comes-back-after-clear", "uint64/concurrent-clear", on64(func(g *good64) map64 { return comesBack{g} })},
	{"retain-takes-the-others", "uint64/retain", on64(func(g *good64) map64 { return retainsTheOthers{g} })},
	{"looks-then-drops", "uint64/concurrent-retain", on64(func(g *good64) map64 { return looksThenDrops{g} })},
	{"holds-on", "pointer/forgets", func(e *kv.Entry) {
		e.Pointer = func(int) kv.Map[uint64, *uint64] { return &holdsOn{good: newGood[uint64, *uint64]()} }
	}},
	{"promises-to-clear", "uint64/promises", func(e *kv.Entry) {
		e.Uint64 = func(int) map64 { return struct{ map64 }{newGood[uint64, uint64]()} }
		e.Caps = kv.Concurrent | kv.Writes | kv.Clears
	}},
	{"promises-snapshots", "uint64/promises", func(e *kv.Entry) {
		e.Uint64 = func(int) map64 {
			g := newGood[uint64, uint64]()
			return struct {
				map64
				kv.Ranger[uint64, uint64]
			}{g, g}
		}
		e.Caps = kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot
	}},
	{"promises-to-retain", "uint64/promises", func(e *kv.Entry) {
		e.Uint64 = func(int) map64 { return struct{ map64 }{newGood[uint64, uint64]()} }
		e.Caps = kv.Concurrent | kv.Writes | kv.Retains
	}},
	{"finds-nan", "float64/odd-keys", onFloat(func(*goodFloat) kv.Map[float64, uint64] { return byText{newGood[string, uint64]()} })},
	{"nan-clears", "float64/odd-keys", onFloat(func(g *goodFloat) kv.Map[float64, uint64] { return nanClears{g} })},
	{"two-zeros", "float64/odd-keys", onFloat(func(*goodFloat) kv.Map[float64, uint64] { return byBits{newGood[uint64, uint64]()} })},

	{"seen-before-publish", "uint64/pending", onVersions(func(v *versions) map64 { return eager{v} })},
	{"published-late", "uint64/pending", onVersions(func(v *versions) map64 { return &late{versions: v} })},
	{"publish-lost", "uint64/pending", onVersions(func(v *versions) map64 { return &losesPublish{versions: v} })},
	{"guard-not-frozen", "uint64/guards", onVersions(func(v *versions) map64 { return thaws{v} })},
	{"publish-miscounts", "uint64/guards", onVersions(func(v *versions) map64 { return miscounts{v} })},
	{"version-goes-back", "uint64/concurrent-guards", onVersions(func(v *versions) map64 { return &goesBack{versions: v} })},
	{"version-ahead-of-content", "uint64/concurrent-guards", onVersions(func(v *versions) map64 { return ahead{v} })},
	{"half-a-batch", "uint64/concurrent-guards", onVersions(func(v *versions) map64 { return halves{v} })},
	{"starved-by-chained-guards", "uint64/chained-guards", onVersions(func(v *versions) map64 { return &starves{versions: v} })},
}

type (
	map64     = kv.Map[uint64, uint64]
	good64    = good[uint64, uint64]
	goodWide  = good[uint64, kv.Wide]
	goodFloat = good[float64, uint64]
)

func on64(broken func(*good64) map64) func(*kv.Entry) {
	return func(e *kv.Entry) {
		e.Uint64 = func(int) map64 { return broken(newGood[uint64, uint64]()) }
	}
}

func onWide(broken func(*goodWide) kv.Map[uint64, kv.Wide]) func(*kv.Entry) {
	return func(e *kv.Entry) {
		e.Wide = func(int) kv.Map[uint64, kv.Wide] { return broken(newGood[uint64, kv.Wide]()) }
	}
}

func onFloat(broken func(*goodFloat) kv.Map[float64, uint64]) func(*kv.Entry) {
	return func(e *kv.Entry) {
		e.Float64 = func(int) kv.Map[float64, uint64] { return broken(newGood[float64, uint64]()) }
	}
}

func onVersions(broken func(*versions) map64) func(*kv.Entry) {
	return func(e *kv.Entry) {
		e.Caps = versionedCaps
		e.Uint64 = func(int) map64 { return broken(newVersioned()) }
	}
}
