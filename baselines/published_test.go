package baselines_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doublebuf/baselines/kv"
)

// The benchmarks in publishedstd_test.go and publishedmaps_test.go do what published benchmarks of
// concurrent maps do, under the same names. They run on every map of the registry that can do it.
// So benchstat can compare their figures with published ones. The benchmarks are those of the
// standard library's packages sync (map_bench_test.go) and internal/sync
// (hashtriemap_bench_test.go), and those of puzpuzpuz/go-concurrent-map-bench. For instance, with
// another pkg line in either file,
//
//	go test sync -run '^$' -bench 'MapLoad' -count 8 >theirs.txt
//	go test ./baselines -run '^$' -bench '^BenchmarkMapLoad' -count 8 >ours.txt
//	go tool benchstat -ignore pkg theirs.txt ours.txt
//
// Maps that publish do so by their policy, which is a part of their cost. Each goroutine has a
// handle. The standard library's maps hold values of the type any under keys of the type any. Here
// keys are ints or strings, and the adapter of sync.Map boxes them.

// user is a map as one goroutine uses it, with its publish policy.
type user[K comparable, V any] struct {
	kv.Map[K, V]
	policy kv.Policy
	writes int
	last   time.Time // of its last publish
}

func newUser[K comparable, V any](e kv.Entry, m kv.Map[K, V]) *user[K, V] {
	return &user[K, V]{Map: kv.Open(m), policy: e.Policy, last: time.Now()}
}

// wrote is called after each write.
func (u *user[K, V]) wrote() {
	u.writes++
	switch {
	case u.policy.Every > 0 && u.writes%u.policy.Every == 0:
		kv.Publish(u.Map)
	case u.policy.Interval > 0 && time.Since(u.last) >= u.policy.Interval:
		kv.Publish(u.Map)
		u.last = time.Now()
	}
}

func (u *user[K, V]) store(k K, v V)            { u.Set(k, v); u.wrote() }
func (u *user[K, V]) remove(k K)                { u.Delete(k); u.wrote() }
func (u *user[K, V]) swapper() kv.Swapper[K, V] { return u.Map.(kv.Swapper[K, V]) }

// walk visits every entry.
func (u *user[K, V]) walk(yield func(K, V) bool) { u.Map.(kv.Ranger[K, V]).All()(yield) }

// prefilled returns a map sized for its content, which is published.
func prefilled[K comparable, V any](m kv.Map[K, V], fill func(set func(K, V))) kv.Map[K, V] {
	fill(m.Set)
	kv.Publish(m)
	kv.Publish(m)
	return m
}

// TestPublishedNames checks that all benchmarks of the standard library are here, under their
// names.
func TestPublishedNames(t *testing.T) {
	own := benchmarksOf(t, "publishedstd_test.go")
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"sync/map_bench_test.go", "internal/sync/hashtriemap_bench_test.go"} {
		path := filepath.Join(strings.TrimSpace(string(root)), "src", file)
		if _, err := os.Stat(path); err != nil {
			t.Skipf("the names are not compared: this Go tree has no %s", file)
		}
		theirs := benchmarksOf(t, path)
		for _, name := range theirs {
			if !slices.Contains(own, name) {
				t.Errorf("%s has %s, which is not here", file, name)
			}
		}
		if len(theirs) < 5 {
			t.Errorf("%s has %d benchmarks", file, len(theirs))
		}
	}
}

// benchmarksOf returns the names of a file's benchmarks.
func benchmarksOf(t *testing.T, path string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Benchmark") {
			names = append(names, fn.Name.Name)
		}
	}
	return names
}

// TestPublishedRun runs each of the benchmarks for a moment, on small maps.
func TestPublishedRun(t *testing.T) {
	sizes, benchtime := benchSizes, flag.Lookup("test.benchtime").Value.String()
	t.Cleanup(func() { benchSizes = sizes; _ = flag.Set("test.benchtime", benchtime) })
	if err := flag.Set("test.benchtime", "20x"); err != nil {
		t.Fatal(err)
	}
	benchSizes = []int{100}
	for name, run := range map[string]func(*testing.B){
		"LoadMostlyHits": BenchmarkMapLoadMostlyHits, "LoadOrStoreBalanced": BenchmarkMapLoadOrStoreBalanced, "Range": BenchmarkMapRange,
		"AdversarialAlloc": BenchmarkMapAdversarialAlloc, "AdversarialDelete": BenchmarkMapAdversarialDelete, "SwapMostlyMisses": BenchmarkMapSwapMostlyMisses,
		"CompareAndDeleteMostlyHits": BenchmarkMapCompareAndDeleteMostlyHits, "CompareAndSwapCollision": BenchmarkMapCompareAndSwapCollision,
		"LoadAndDeleteCollision": BenchmarkMapLoadAndDeleteCollision, "DeleteCollision": BenchmarkMapDeleteCollision, "Clear": BenchmarkMapClear,
		"HashTrieMapLoad": BenchmarkHashTrieMapLoad, "HashTrieMapLoadOrStore": BenchmarkHashTrieMapLoadOrStore,
		"Map_WarmUp_IntKeys": BenchmarkMap_WarmUp_IntKeys, "XsyncMapOf_NoWarmUp_StringKeys": BenchmarkXsyncMapOf_NoWarmUp_StringKeys,
		"Haxmap_Range_IntKeys": BenchmarkHaxmap_Range_IntKeys,
	} {
		ran := false
		testing.Benchmark(func(b *testing.B) {
			run(b)
			ran = !b.Failed()
		})
		if !ran {
			t.Errorf("%s failed", name)
		}
	}
}
