//go:build !race

package strategy

import "doublebuf/impl/atomicx"

// plainWord is a word that its reader stores without a fence.
type plainWord = atomicx.Plain[uint64]

// plainMark is the same for the mark of a copy.
type plainMark = atomicx.Plain[uint32]
