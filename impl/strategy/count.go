package strategy

import "doublebuf/impl/atomicx"

// A count is a word that epoch, indicator and counted count guards in. From the top it holds the
// generation of a copy (32 bits, always 0 under counted), the flag awaited, and the number of
// guards that are open in that copy (31 bits).
const (
	// A writer that sleeps until a count holds no guard sets awaited in that count.
	//
	// No wake-up is lost, because the flag and the number are in one word, and all changes of one
	// word are in one order:
	//
	//   1. The count is zero when the writer sets the flag. The same operation returns the old
	//      count to the writer, and the writer does not sleep.
	//   2. It is not zero. Then a later operation of a reader brings it to zero. That operation
	//      finds the flag, and the reader wakes the writer.
	//
	// If the flag were in a word of the writer's own, every reader would have to load that word
	// after every guard. impl/DESIGN.md has the cost.
	awaited = 1 << 31

	guardBits      = awaited - 1
	generationUnit = 1 << 32
)

// countHeld reports whether the count is above zero. If it is, and sleep is true, it leaves the
// flag awaited set.
func countHeld(count *atomicx.Uint64, sleep bool) bool {
	n := count.Load()
	if sleep && n&guardBits != 0 {
		n = count.Or(awaited) | awaited
	}
	if n&(awaited|guardBits) == awaited {
		count.And(^uint64(awaited))
	}
	return n&guardBits != 0
}
