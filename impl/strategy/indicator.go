package strategy

import (
	"math/bits"
	"runtime"
	"unsafe"

	"doublebuf/impl/atomicx"
)

// indicator: like epoch, for goroutines without handles. They arrive at and depart from read
// indicators that they share, as in Left-Right (Ramalhete and Correia, 2015). An indicator is a
// pair of counts, one for each copy. There are several indicators, called stripes, so that
// goroutines on different processors rarely use the same one. A stripe is a reader of epoch, and
// the writer waits for stripes as it waits for readers.
//
// A reader of Left-Right loads a version index and arrives at the indicator of that index. Then it
// takes the copy that is readable. So the writer of Left-Right waits for both indicators, one after
// the other, and toggles the index in between. There a guard in the readable copy can block the
// writer: a slow reader may arrive at the indicator that the writer waits for first. That breaks
// law V1. An indicator of Left-Right also does not say in which copy its guards are. So the guards
// of a detached copy could not be left behind (V2).
//
// Here each count belongs to one copy. A reader that has arrived checks that this copy is still
// readable. The second load of the reader replaces the second wait of the writer.
type indicator struct{ *epoch }

// Indicator returns the strategy indicator: level atomic. It is Epoch, and a [Sharer] too. A guard
// without a handle takes the operations of Epoch, on words that goroutines may share. So law S3
// does not hold for it. With a MaxWait, closing tries again each time that another goroutine
// changes the word in between.
//
// Indicator cannot distinguish goroutines. So the report of a stall names stripes. If a goroutine
// ends without closing its guards, they stay open until the reader of its stripe is abandoned.
func Indicator(o Options) Strategy { return indicator{Epoch(o).(*epoch)} }

// Sharer is a Strategy under which goroutines may read without a registration of their own.
type Sharer interface {
	Strategy
	// NewShared registers readers for goroutines to share. Their number is a power of two. Any
	// number of goroutines may call Open and Close of one reader at once. The reader that opened a
	// guard closes it, on any goroutine. A goroutine may use any of the readers; [Stripe] is a way
	// to choose one.
	NewShared() []Reader
}

// NewShared implements Sharer. The two-counts argument (see epochReader.Open) is about one guard
// and the count that it raised. Other goroutines may raise and lower the same count. It stays above
// zero while the guard is open. So the argument does not depend on which goroutine counts.
//
// The writer does not starve. Some goroutines may raise a count before others lower it, so that it
// is not zero. But a goroutine that raises the count of the old copy after the swap has found that
// copy readable before the swap. It does so at most once for each swap, and then lowers the count
// again.
func (s indicator) NewShared() []Reader {
	readers := make([]Reader, 1<<bits.Len(uint(atomicx.Rounds(4*runtime.GOMAXPROCS(0)))-1))
	for i := range readers {
		readers[i] = s.NewReader("a goroutine without a handle")
	}
	return readers
}

// Stripe returns a stripe index in [0, n). n is a power of two. Calls from one goroutine usually
// return the same index; different goroutines usually get different ones. The index depends on
// the address of the goroutine's stack.
func Stripe(n int) int {
	var here byte
	const golden = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio, as in Fibonacci hashing
	return int(uint64(uintptr(unsafe.Pointer(&here))>>11) * golden >> 32 & uint64(n-1))
}

// Indicators opens lookup guards of goroutines without handles. Any number of goroutines may use it
// at once. The calls are small enough to be inlined (impl/DESIGN.md, "The inliner"):
//
//	strategy    words of the guard      open       then close
//	indicator   the stripe's counts     TryOpen    Visit.Close
//
// If TryOpen returns false, Reopen opens the guard:
//
//	v, c, ok := i.TryOpen()
//	if !ok { c = v.Reopen(c) }
//	…
//	v.Close(c)
type Indicators struct {
	readable *atomicx.Pointer[Copy]
	readers  []*epochReader
}

// IndicatorsOf returns Indicators over readers that NewShared of an indicator without a MaxWait
// returned, and whether they are such readers.
func IndicatorsOf(readers []Reader) (i Indicators, ok bool) {
	for _, r := range readers {
		e, ok := r.(*epochReader)
		if !ok || e.epoch.opts.MaxWait != 0 {
			return Indicators{}, false
		}
		i = Indicators{&e.epoch.readable, append(i.readers, e)}
	}
	return i, len(readers) != 0
}

// Visit is a guard that is being opened, or is open.
type Visit struct{ at *epochReader }

// TryOpen opens a guard in the copy that it returns, and returns true. If it returns false,
// Reopen must be called with that copy. It is steps (a) to (c) of the two-counts argument.
func (i *Indicators) TryOpen() (v Visit, c *Copy, ok bool) {
	v = Visit{i.readers[Stripe(len(i.readers))]}
	c = i.readable.Load()
	v.at.count[c.Index].Add(1)
	return v, c, i.readable.Load() == c
}

// Reopen ends the opening of a guard that TryOpen began in c, and returns the copy that the guard
// pins. Nothing is ever detached, so all generations are 0.
func (v Visit) Reopen(c *Copy) *Copy { return v.at.reopen(c.Index, 0) }

// Close closes a guard in c. Nothing is ever detached, so an addition is enough, as in
// epochReader.release.
func (v Visit) Close(c *Copy) {
	if v.at.count[c.Index].Add(^uint64(0))&(awaited|guardBits) == awaited {
		v.at.wake()
	}
}
