//go:build race

package strategy

import "doublebuf/impl/atomicx"

// plainWord is atomic here, because by Go's memory model a plain word would be a race.
type plainWord = atomicx.Uint64

// plainTag is atomic here too.
type plainTag = atomicx.Uint32
