package baselines

import (
	"reflect"
	"testing"
	"unsafe"

	"doublebuf/baselines/kv"
	"doublebuf/baselines/kv/kvtest"
	"doublebuf/impl/invariants"
)

func TestBattery(t *testing.T) {
	for _, e := range All() {
		t.Run(e.Name, func(t *testing.T) {
			if e.Name == "dbuf-collector-b4096" {
				t.Skip("each publish takes a garbage collection, so this would take minutes; dbuf-collector-b64 is the same map")
			}
			if !e.Broken {
				kvtest.Run(t, e)
				return
			}
			// The battery does not check what a broken map gets wrong: package lincheck must find
			// it. But the map must pass the checks that need only one goroutine.
			if alone := e; e.Name != "cornelk" { // which grows in a goroutine of its own
				alone.Caps &^= kv.Concurrent | kv.Writes
				kvtest.Run(t, alone)
			}
			for _, err := range kvtest.Failures(e, kvtest.Seed) {
				t.Logf("known to be broken: %v", err)
			}
		})
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	for _, e := range All() {
		if seen[e.Name] {
			t.Errorf("two maps are named %q", e.Name)
		}
		seen[e.Name] = true
	}
}

// TestIdentities checks that no two entries have one identity and one policy, because presets and
// figures select by identity.
func TestIdentities(t *testing.T) {
	type whole struct {
		kv.Identity
		kv.Policy
	}
	seen := map[whole]string{}
	roles, mains := map[kv.Role]int{}, map[kv.Identity]bool{}
	for _, e := range All() {
		id := whole{e.Kind(), e.Policy}
		if other := seen[id]; other != "" {
			t.Errorf("%s and %s have one identity and policy: %+v", other, e.Name, id)
		}
		seen[id] = e.Name
		roles[e.Identity.Role]++
		if e.Identity.Family == kv.DoubleBuffer && !e.Identity.Variation {
			mains[e.Kind()] = true
		}
	}
	if roles[kv.Floor] != 1 || roles[kv.Ceiling] != 1 {
		t.Errorf("%d floors and %d ceilings; want one of each", roles[kv.Floor], roles[kv.Ceiling])
	}
	if len(mains) != 1 {
		t.Errorf("the main double buffer has %d kinds, %v; want one", len(mains), mains)
	}
}

// TestWatchedIsTheMap checks that a soak watches the map that is measured, not another.
func TestWatchedIsTheMap(t *testing.T) {
	for _, e := range All() {
		if e.Watched == nil {
			continue
		}
		m, watched := e.Uint64(0), e.Watched(0, func() {})
		if reflect.TypeOf(m) != reflect.TypeOf(watched) {
			t.Errorf("%s: the map is a %T; under a soak it is a %T", e.Name, m, watched)
		}
		kv.Close(m)
		kv.Close(watched)
	}
}

// TestGetAllocatesNothing checks that no adapter allocates in a lookup, of one key or of several.
func TestGetAllocatesNothing(t *testing.T) {
	if invariants.Enabled {
		t.Skip("checked builds note where each guard was opened")
	}
	for _, e := range All() {
		t.Run(e.Name, func(t *testing.T) {
			m := e.String(1)
			defer kv.Close(m)
			m.Set("a key", 1)
			kv.Publish(m)
			h := kv.Open(m)
			if h != m {
				defer kv.Close(h)
			}
			if n := testing.AllocsPerRun(100, func() { h.Get("a key") }); n != 0 {
				t.Errorf("a Get allocates %v times; want 0", n)
			}
			keys, values, found := []string{"a key", "none"}, make([]uint64, 2), make([]bool, 2)
			if r, ok := h.(kv.BatchReader[string, uint64]); ok != e.Caps.Has(kv.Snapshot) {
				t.Errorf("has GetMany: %v; want it of maps with the capability Snapshot", ok)
			} else if ok {
				if n := testing.AllocsPerRun(100, func() { r.GetMany(keys, values, found) }); n != 0 {
					t.Errorf("a GetMany allocates %v times; want 0", n)
				}
			}
		})
	}
}

// TestShardFillsItsLines checks that two shards share no cache line, and no pair of lines that is
// fetched together.
func TestShardFillsItsLines(t *testing.T) {
	if size := unsafe.Sizeof(shard[string, uint64]{}); size != 128 {
		t.Errorf("a shard has %d bytes; want 128: correct its padding", size)
	}
}
