// Package controls has small maps whose verdict is known. The negative controls must fail their
// check: they show that the checkers can find a violation. The correct maps must pass; the tests
// of the lincheck packages use them. None of these maps breaks the rules of Go.
package controls

import (
	"slices"

	buffers "doublebuf/baselines/faulty"
	"doublebuf/baselines/kv"
)

// Entries returns the negative controls: a map that loses publishes, one with stale reads, one with
// stale guards, many linearizable ones with a fault that a history of a few keys does not show, and
// double buffers with a fault in what only they can do.
func Entries() []kv.Entry {
	broken := BatchedEntry()
	broken.Caps, broken.Broken, broken.Identity = kv.Concurrent|kv.Writes, true, kv.Identity{Role: kv.NegativeControl}
	lost := broken
	lost.Name, lost.Doc = "control-lost-publish", "control: every third publish is lost"
	lost.Uint64 = Constructor(Faults{LosePublish: 3})
	read := broken
	read.Name, read.Doc = "control-stale-read", "control: every eighth read is one version late"
	read.Uint64 = Constructor(Faults{StaleRead: 8})
	guard := broken
	guard.Name, guard.Doc = "control-stale-guard", "control: every eighth guard is one version late"
	guard.Caps |= kv.Versions
	guard.Uint64 = Constructor(Faults{StaleGuard: 8})
	return slices.Concat([]kv.Entry{lost, read, guard}, faulty(), buffers.Entries())
}

// LockedEntry returns the entry of the simplest correct map, of level linearizable.
func LockedEntry() kv.Entry {
	return kv.Entry{
		Name: "locked", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes | kv.Swaps,
		Uint64: func(int) kv.Map[uint64, uint64] { return NewLocked() },
	}
}

// BatchedEntry returns the entry of the simplest correct map of level atomic.
func BatchedEntry() kv.Entry {
	return kv.Entry{
		Name: "batched", Level: kv.Atomic, Caps: kv.Concurrent | kv.Writes | kv.Versions,
		Policy: kv.Policy{Every: 64}, Uint64: Constructor(Faults{}),
	}
}
