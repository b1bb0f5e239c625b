// Package baselines is the registry of the maps that this project measures and checks:
// the double buffer in its configurations, the maps that it stands beside, the ceiling
// (plain) and the floor (noop).
//
// There is one file for each map, with its adapter to package kv and its entry. An
// adapter is written as the map's author would have it: sized in advance, with nothing
// between the caller and the map that the map's own users would not pay.
//
// All adapters share three rules. The body of a loop over All must not use the map, since
// some adapters hold a lock or a guard during the walk. A goroutine that has a guard open
// must not write. And what is set in a map before the first kv.Open on it is its prefill:
// only then may one goroutine, alone, write a map without the capability Writes.
package baselines

import "doublebuf/baselines/kv"

// All returns the entries of the registry, always in the same order. The slice is the
// caller's.
func All() []kv.Entry {
	return append(doubleBuffers(),
		syncMap(),
		xsyncMap(),
		haxMap(),
		concurrentMap(),
		rwMutex(),
		rbMutex(),
		mutex(),
		sharded(),
		copyOnWrite(),
		immutableMap(),
		plain(),
		noop(),
	)
}
