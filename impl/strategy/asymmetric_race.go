//go:build race

package strategy

import "doublebuf/impl/atomicx"

// plainWord is atomic here, since by Go's memory model a plain one would be a race.
type plainWord = atomicx.Uint64

// plainMark is atomic here too.
type plainMark = atomicx.Uint32
