//go:build !race

package strategy

import "doublebuf/impl/atomicx"

// plainWord is a word that its reader stores without a fence.
type plainWord = atomicx.Plain[uint64]

// plainTag is the same for the tag of a copy.
type plainTag = atomicx.Plain[uint32]
