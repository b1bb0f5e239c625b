// Package baselines is the registry of the maps that this project measures and checks: the double
// buffers, the maps to compare them with, the ceiling (plain) and the floor (noop).
//
// Each family of maps has one file, with its adapter to package kv and its entries. An adapter is
// written as the author of the map would write it: it is sized in advance, and a call costs no
// more than the map's own users pay.
//
// All adapters share three rules:
//
//   - The body of a loop over All must not use the map, because some adapters hold a lock or a
//     guard during the walk.
//   - A goroutine that has a guard open must not write.
//   - Sets before the first kv.Open are the prefill. Only then may a goroutine write a map without
//     the capability Writes, and only while no other goroutine uses the map.
package baselines

import "doublebuf/baselines/kv"

// All returns the entries of the registry, always in the same order. The caller may change the
// slice.
func All() []kv.Entry {
	return append(doubleBuffers(),
		syncMap(),
		xsyncMap(),
		haxMap(),
		cornelkMap(),
		skipMap(),
		ggSkipMap(),
		concurrentMap(),
		rwMutex(),
		tidwall(),
		rbMutex(),
		mutex(),
		sharded(),
		copyOnWrite(),
		immutableMap(),
		plain(),
		noop(),
	)
}
