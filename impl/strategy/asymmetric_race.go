//go:build race

package strategy

import "doublebuf/impl/atomicx"

// plainWord is atomic here: under the race detector a plain word would be reported as a race.
type plainWord = atomicx.Uint64

// plainTag is atomic here too.
type plainTag = atomicx.Uint32
