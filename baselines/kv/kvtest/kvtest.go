// Package kvtest is one battery of tests for every map that implements package kv. It checks that a
// map keeps what its entry declares. Each check names the capabilities that it needs, and runs for
// each constructor that the entry has.
//
// Checks compare the map with a model, which is a built-in map:
//
//   - one goroutine: random operations, and a publish after each write. For maps with versions
//     there are also batches of writes, which must stay unseen until they are published.
//     So must those of a publish that was refused or cancelled.
//   - several goroutines on shared keys. Values say which operation of which goroutine wrote them
//     to which key. So every read can be judged by itself. In the end every key must hold the last
//     write of one of the goroutines.
//   - several goroutines with keys of their own, at full speed, while the map grows and shrinks.
//     Every answer must lie between what the owner of the key had done before the call and what it
//     had begun after it.
//
// It also measures whether the heap grows with every overwrite.
//
// It covers what the standard library's own tests of sync.Map cover (sync/map_test.go and those of
// internal/sync), if a map has the capability, with three exceptions. Walks within walks and
// deletes within walks are not covered, because the body of a loop over All must not use the map.
// Bad hashes are not covered, because a caller cannot give a kv.Map a hash. Allocations are
// measured, not tested.
//
// The battery finds gross faults, quickly. Package lincheck checks whether a map has the level of
// consistency that it declares. Its explorer finds faults that need a gap of a few nanoseconds or
// lose a wake-up. The time limit of go test ends a map that hangs. Run the battery with -race too.
//
// The battery keeps the rules for users of maps. It does not use a map in the body of a loop over
// All. It does not write while a guard is open, except in a run with one goroutine. It sets the
// first content of a map before it opens the first handle.
//
// A map's own test is one call:
//
//	func TestMine(t *testing.T) { kvtest.Run(t, entry) }
package kvtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"doublebuf/baselines/kv"
)

// Seed is the seed of Run.
const Seed = 1

// runner is what Run uses of a *testing.T. With it programs can use this package without package
// testing.
type runner[T any] interface {
	Run(name string, f func(T)) bool
	Error(args ...any)
	Skipf(format string, args ...any)
}

// Run runs the battery on e, each test as a subtest. It skips entries of level None, which declare
// nothing.
func Run[T runner[T]](t T, e kv.Entry) {
	if e.Level == kv.None {
		t.Skipf("%s is not a map: its level is none", e.Name)
	}
	for _, c := range Battery(e, Quick) {
		t.Run(c.Name, func(t T) {
			if err := c.Judge(Seed); err != nil {
				t.Error(err)
			}
		})
	}
}

// Failures runs the battery on e, outside of any test, and returns what it found wrong: at most one
// error for each test, which names the test.
func Failures(e kv.Entry, seed uint64) []error {
	var failures []error
	for _, c := range Battery(e, Quick) {
		if err := c.Judge(seed); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return failures
}

// Test is one test of one constructor of an entry.
type Test struct {
	Name  string // the constructor, and what is tested
	needs kv.Caps
	run   func(rng *rand.Rand) error // nil if the map passes
}

// Judge runs t and returns what it found wrong, with the seed. The seed determines the operations.
// The scheduler determines how the goroutines interleave. A panic of the map in one of them is an
// error too, of which the first line says what happened.
func (t Test) Judge(seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 0))
	if err := attempt(func() error { return t.run(rng) }); err != nil {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	return nil
}

// Pace says how long the tests take that stop at a time. A map that is so slow that it does less
// within the time is tested less.
type Pace struct {
	Race time.Duration // for goroutines that run at full speed
	Swap time.Duration // for goroutines that swap values in the same few keys
	Grow time.Duration // for a map to grow; up to eight times as long if that takes it to Most
	Most int           // entries to which a map grows that is fast enough
	// Grown is told how far maps have grown; nil = nobody is.
	Grown func(Growth)
	less  bool // see few
}

// Growth is how far a map has grown in a test.
type Growth struct {
	Type     string // of the keys or the values
	Entries  int
	Slow     bool // it was too slow to grow to as many entries as other maps
	Together bool // several goroutines filled it
}

// Quick is the pace of Run.
var Quick = Pace{Race: 5 * time.Millisecond, Swap: 5 * time.Millisecond, Grow: 20 * time.Millisecond, Most: 1 << 12}

// few returns p for the types that most maps treat as they do others. Races are shorter, maps grow
// less, and the heap is not measured, because that takes several garbage collections.
func (p Pace) few() Pace {
	const most = 1 << 13
	p.Race, p.Swap, p.Most, p.less = p.Race/4, min(p.Swap, p.Race)/4, min(p.Most, most), true
	return p
}

// Battery returns the tests that e must pass: none if its level is None. Those come last in which
// maps grow, because they take as long as all others together.
func Battery(e kv.Entry, p Pace) []Test {
	if e.Level == kv.None {
		return nil
	}
	all := []Test{{"entry", 0, func(*rand.Rand) error { return e.Validate() }}}
	all = append(all, batteries(e, p)...)
	if e.Pointer != nil && e.Caps.Has(kv.Writes) {
		all = append(all, Test{"pointer/forgets", kv.Writes, func(*rand.Rand) error { return forgets(e) }})
	}
	if e.Float64 != nil {
		all = append(all, Test{"float64/odd-keys", 0, func(*rand.Rand) error { return oddKeys(e) }})
	}
	grows := func(t Test) int {
		if strings.HasSuffix(t.Name, "/growth") {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b Test) int { return grows(a) - grows(b) })
	return all
}

// Lacks names what the battery does not look at, because e does not declare it or has no
// constructor for it.
func Lacks(e kv.Entry) (names []string) {
	for _, c := range []struct {
		cap   kv.Caps
		needs kv.Caps // without these it goes without saying
		name  string
	}{
		{kv.Concurrent, 0, "concurrency"},
		{kv.Writes, kv.Concurrent, "concurrent writes"},
		{kv.Range, 0, "Range"},
		{kv.Snapshot, kv.Range, "Snapshot"},
		{kv.Swaps, 0, "Swaps"},
		{kv.Clears, 0, "Clear"},
		{kv.Retains, 0, "Retain"},
		{kv.Updates, 0, "Update"},
		{kv.Rewrites, 0, "Rewrite"},
		{kv.Ends, 0, "writes after Close"},
		{kv.Versions, 0, "Versions and all that needs them"},
		{kv.BatchReads, kv.Versions, "GetMany"},
		{kv.TryPublishes, kv.Versions, "TryPublish"},
		{kv.Cancels, kv.Versions, "PublishContext"},
		{kv.Flushes, kv.Versions, "Flush"},
		{kv.Passes, kv.Versions, "guards that change goroutines"},
		{kv.BoundedLag, kv.Versions, "BoundedLag"},
	} {
		if e.Caps.Has(c.needs) && !e.Caps.Has(c.cap) {
			names = append(names, c.name)
		}
	}
	if types := missing(e); len(types) > 0 {
		names = append(names, "type "+strings.Join(types, ", type "))
	}
	return names
}

// kind is how to make the keys and values of one constructor.
type kind[K, V comparable] struct {
	name   string
	key    func(index int) K
	hard   func() []K // keys that are easily mistaken for others
	value  func(number uint64) V
	number func(V) (n uint64, whole bool) // of a value
}

// tests returns the tests that apply to one constructor of e.
func tests[K, V comparable](e kv.Entry, p Pace, make func(capacity int) kv.Map[K, V], k kind[K, V]) []Test {
	if make == nil {
		return nil
	}
	s := &subject[K, V]{kind: k.name, entry: e, pace: p, make: make, key: k.key, hard: k.hard, value: k.value, number: k.number}
	s = s.of(s.first(universe))
	all := []Test{
		{"promises", 0, s.promises},
		{"empty", 0, s.empty},
		{"model", 0, s.model},
		{"hard-keys", 0, s.hardKeys},
		{"growth", 0, s.growth},
		{"concurrent", kv.Concurrent, s.concurrent},
		{"owned", kv.Concurrent | kv.Writes, s.owned},
		{"range", kv.Concurrent | kv.Writes | kv.Range, s.ranges},
		{"snapshot", kv.Concurrent | kv.Writes | kv.Snapshot, s.snapshots},
		{"swaps", kv.Swaps, s.swaps},
		{"concurrent-swaps", kv.Concurrent | kv.Writes | kv.Swaps, s.concurrentSwaps},
		{"unshared-swaps", kv.Concurrent | kv.Writes | kv.Swaps, s.unsharedSwaps},
		{"contest", kv.Concurrent | kv.Writes | kv.Swaps, s.contest},
		{"clear", kv.Clears, s.clears},
		{"concurrent-clear", kv.Concurrent | kv.Writes | kv.Clears, s.concurrentClears},
		{"retain", kv.Retains, s.retains},
		{"concurrent-retain", kv.Concurrent | kv.Writes | kv.Retains, s.concurrentRetains},
		{leak, 0, s.keepsNothing},
		{"pending", kv.Versions, s.pending},
		{"guards", kv.Versions, s.guards},
		{"concurrent-guards", kv.Concurrent | kv.Versions, s.concurrentGuards},
		{"chained-guards", kv.Concurrent | kv.Versions, s.chainedGuards},
		{"updates", kv.Updates, s.updates},
		{"concurrent-updates", kv.Concurrent | kv.Writes | kv.Updates, s.concurrentUpdates},
		{"rewrites", kv.Rewrites, s.rewrites},
		{"hand-overs", kv.Concurrent | kv.Writes | kv.Versions | kv.OwnLogs, s.handOvers},
		{"try-publish", kv.Versions | kv.TryPublishes, s.tryPublishes},
		{"cancel", kv.Versions | kv.Cancels, s.cancels},
		{"flush", kv.Concurrent | kv.Versions | kv.Flushes, s.flushes},
		{"passed-guards", kv.Concurrent | kv.Versions | kv.Passes, s.passes},
		{"close", kv.Ends, s.closes},
		{"concurrent-close", kv.Concurrent | kv.Writes | kv.Ends, s.concurrentCloses},
	}
	var apply []Test
	for _, c := range all {
		if e.Caps.Has(c.needs) && !(p.less && c.Name == leak) {
			c.Name = k.name + "/" + c.Name
			apply = append(apply, c)
		}
	}
	return apply
}

// parallel calls f for 0 to n-1, each in a goroutine, starts all of them together, and returns
// their errors. It turns a panic of f into an error, so that a broken map cannot end the process.
func parallel(n int, f func(i int) error) error {
	errs := make([]error, n)
	gate := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-gate
			errs[i] = attempt(func() error { return f(i) })
		})
	}
	close(gate)
	wg.Wait()
	return errors.Join(errs...)
}

// attempt calls f and turns a panic into an error.
func attempt(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}
