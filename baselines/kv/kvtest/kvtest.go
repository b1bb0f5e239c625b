// Package kvtest is one battery of tests for every map that wears package kv. It holds a
// map to what its entry declares: each check names the capabilities without which it does
// not apply, and runs for each constructor that the entry has.
//
// Checks compare the map with a model, a plain built-in map that does what the map should:
//
//   - one goroutine: random operations, each write followed by a publish, and then, for
//     maps with versions, batches of writes, which must stay unseen until they are published;
//   - several goroutines on shared keys. Values say which operation of which goroutine
//     wrote them to which key, so that every read can be judged by itself, and in the end
//     every key must hold the last write of one of the goroutines.
//
// It covers what the standard library's own tests of sync.Map do (sync/map_test.go and those of
// internal/sync), where a map has the capability, but for three: walks within walks and deletes
// within them, since the body of a loop over All must not use the map; bad hashes, which a
// kv.Map cannot be given; and allocations, which are measured, not tested.
//
// The battery looks for what is plainly wrong, and quickly. Whether a map has the level of
// consistency that it declares is for package lincheck to say, and what takes a gap of few
// nanoseconds or a lost wake-up is for its explorer to find. A map that hangs is ended by
// the time limit of go test. Run it with -race too.
//
// The rules of maps for their users hold for the battery: it does not use a map in the
// body of a loop over All, does not write while a guard is open but in one goroutine alone,
// and sets what a map begins with before it opens the first handle.
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
	"sync"
	"testing"

	"doublebuf/baselines/kv"
)

// Seed is the seed of Run.
const Seed = 1

// Run runs the battery over e, each check as a subtest. It skips entries of level None,
// which promise nothing.
func Run(t *testing.T, e kv.Entry) {
	if e.Level == kv.None {
		t.Skipf("%s is no map: its level is none", e.Name)
	}
	for _, c := range battery(e) {
		t.Run(c.name, func(t *testing.T) {
			if err := c.judge(Seed); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check runs the battery over e, outside of any test, and returns what it found wrong: at
// most one error for each check, which names it. The seed draws the operations; how the
// goroutines meet is for the scheduler to say.
func Check(e kv.Entry, seed uint64) []error {
	if e.Level == kv.None {
		return nil
	}
	var failures []error
	for _, c := range battery(e) {
		if err := c.judge(seed); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", c.name, err))
		}
	}
	return failures
}

// check is one test of one constructor of an entry.
type check struct {
	name  string
	needs kv.Caps
	run   func(rng *rand.Rand) error // nil if the map passes
}

// judge runs c and adds the seed to what it finds.
func (c check) judge(seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 0))
	if err := attempt(func() error { return c.run(rng) }); err != nil {
		return fmt.Errorf("%w (seed %d)", err, seed)
	}
	return nil
}

// battery returns the checks that e must pass.
func battery(e kv.Entry) []check {
	all := []check{{"entry", 0, func(*rand.Rand) error { return e.Validate() }}}
	all = append(all, batteries(e)...)
	if e.Pointer != nil && e.Caps.Has(kv.Writes) {
		all = append(all, check{"pointer/forgets", kv.Writes, func(*rand.Rand) error { return forgets(e) }})
	}
	if e.Float64 != nil {
		all = append(all, check{"float64/odd-keys", 0, func(*rand.Rand) error { return oddKeys(e) }})
	}
	return all
}

// checks returns the checks of package kvtest that apply to one constructor of e. The three
// functions make the key with an index, and a value from a number and back.
func checks[K, V comparable](name string, e kv.Entry, make func(capacity int) kv.Map[K, V],
	key func(int) K, value func(uint64) V, number func(V) (uint64, bool),
) []check {
	if make == nil {
		return nil
	}
	s := newSubject(e, make, key, value, number)
	all := []check{
		{"promises", 0, s.promises},
		{"empty", 0, s.empty},
		{"model", 0, s.model},
		{"concurrent", kv.Concurrent, s.concurrent},
		{"range", kv.Concurrent | kv.Writes | kv.Range, s.ranges},
		{"snapshot", kv.Concurrent | kv.Writes | kv.Snapshot, s.snapshots},
		{"swaps", kv.Swaps, s.swaps},
		{"concurrent-swaps", kv.Concurrent | kv.Writes | kv.Swaps, s.concurrentSwaps},
		{"unshared-swaps", kv.Concurrent | kv.Writes | kv.Swaps, s.unsharedSwaps},
		{"clear", kv.Clears, s.clears},
		{"concurrent-clear", kv.Concurrent | kv.Writes | kv.Clears, s.concurrentClears},
		{"retain", kv.Retains, s.retains},
		{"concurrent-retain", kv.Concurrent | kv.Writes | kv.Retains, s.concurrentRetains},
		{"pending", kv.Versions, s.pending},
		{"guards", kv.Versions, s.guards},
		{"concurrent-guards", kv.Concurrent | kv.Versions, s.concurrentGuards},
		{"chained-guards", kv.Concurrent | kv.Versions, s.chainedGuards},
	}
	var apply []check
	for _, c := range all {
		if e.Caps.Has(c.needs) {
			c.name = name + "/" + c.name
			apply = append(apply, c)
		}
	}
	return apply
}

// parallel calls f for 0 to n-1, each in a goroutine, all let go at once, and returns their
// errors. It makes a panic of f an error, so that a broken map cannot end the process.
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

// attempt calls f and makes a panic of it an error.
func attempt(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}
