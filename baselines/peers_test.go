package baselines

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alphadose/haxmap"
	"github.com/cornelk/hashmap"

	"doublebuf/baselines/kv"
)

// TestPeersInReadme checks that README.md has a row for each map of another module, with the
// version that go.mod has, and says whether the map is broken.
func TestPeersInReadme(t *testing.T) {
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	readme, mod := read("README.md"), read("../go.mod")
	for _, e := range All() {
		module := e.Identity.Module
		if module == "" || module == kv.Standard {
			continue
		}
		version := regexp.MustCompile(`\t` + regexp.QuoteMeta(module) + ` (v\S+)`).FindStringSubmatch(mod)
		row := regexp.MustCompile("(?m)^\\|.*`" + e.Name + "`.*").FindString(readme)
		if version == nil || !strings.Contains(row, " "+version[1]) || strings.Contains(row, "Illegal") != e.Broken {
			t.Errorf("%s: go.mod has %q, the map is broken: %v, and README.md says %q", e.Name, version, e.Broken, row)
		}
	}
}

// TestHaxmapLosesAnEntry shows a fault of haxmap, step by step: an entry is lost if the entry
// before it, from which the insertion starts, is deleted and set again in the meantime.
// GetOrCompute is the method that lets a test in between; Set has the same steps. If this test
// fails after an update of haxmap, look whether it is still Broken.
func TestHaxmapLosesAnEntry(t *testing.T) {
	m := haxmap.New[uint64, string]()
	m.SetHasher(func(key uint64) uintptr { return uintptr(key) }) // all keys have one place in the index
	m.Set(1, "first")
	m.GetOrCompute(2, func() string {
		done := make(chan bool)
		go func() {
			m.Del(1)
			m.Set(1, "again")
			close(done)
		}()
		<-done
		return "lost"
	})
	if v, ok := m.Get(2); ok {
		t.Errorf("a Get of the entry that haxmap loses finds %q: is it repaired?", v)
	}
	if m.Len() != 2 {
		t.Errorf("haxmap has %d entries; want 2: the one that it loses and the other", m.Len())
	}
}

// TestCornelkForgetsEntries shows a fault of cornelk's hashmap that needs only one goroutine: the
// index leads to an entry that is not in the list. An entry that is set behind it can be found, but
// is not in the list either. Walks do not see it, and a growing index loses it. If this test fails
// after an update of hashmap, look whether it is still Broken.
func TestCornelkForgetsEntries(t *testing.T) {
	m := hashmap.New[uint64, string]()
	m.SetHasher(func(key uint64) uintptr { return uintptr(key) }) // all keys have one place in the index
	m.GetOrInsert(1, "first")
	m.Set(2, "unseen")
	if v, ok := m.Get(2); !ok || v != "unseen" || m.Len() != 2 {
		t.Errorf("key 2 has the value %q, %v, and the length is %d; want %q and 2", v, ok, m.Len(), "unseen")
	}
	m.Range(func(key uint64, _ string) bool {
		if key == 2 {
			t.Error("a walk sees the entry that hashmap forgets: is it repaired?")
		}
		return true
	})
}
