package strategy

import (
	"math/bits"
	"runtime"
	"unsafe"

	"doublebuf/impl/atomicx"
)

// indicator: epoch for goroutines without handles. They arrive at and depart from read
// indicators that they share, as in Left-Right (Ramalhete and Correia 2015). An indicator is a
// pair of counts, one for each copy, of which there are several, the stripes, so that
// goroutines on different processors seldom come to the same one. The writer waits for stripes
// as it does for readers; there is nothing else to epoch's readers that would tie them
// to a goroutine.
//
// Left-Right's readers look at a version index, arrive at the indicator that it names, and take
// whatever copy they then find readable, so that its writer must wait for both indicators in
// turn and toggle the index between. There a guard in the readable copy can hold the writer
// up: a reader that was slow to arrive stands in the indicator that the writer waits for
// first. That breaks law V1. And as an indicator does not tell in which copy its guards are, those of
// a detached copy could not be left behind (V2). Here the indicator is the copy's own and a
// reader that has arrived looks again whether the copy is still readable: the readers'
// second look is in place of the writer's second wait.
type indicator struct{ *epoch }

// Indicator returns the strategy that is called indicator: atomic. It is Epoch, and a [Sharer]
// besides. Opening and closing a guard without a handle take what they take in Epoch, in words
// that goroutines share by chance (law S3 is kept but for this); with a MaxWait the close
// may have to try again as often as others come between.
//
// It cannot tell goroutines apart. So a report of a stall tells of stripes, and the guards of a
// goroutine that ends without closing them remain open until all that share its stripes
// are dropped.
func Indicator(o Options) Strategy { return indicator{Epoch(o).(*epoch)} }

// Sharer is a Strategy under which goroutines may read without a registration of their own.
type Sharer interface {
	Strategy
	// NewShared registers readers for goroutines to share, as many as there should be: a power
	// of two. Any number of goroutines may call Open and Close of one of them at once. A guard is
	// closed by the reader that opened it, on whatever goroutine. All will do, and [Stripe] is a
	// way to choose.
	NewShared() []Reader
}

// NewShared implements Sharer. The argument at epochReader.Open is about one guard and the
// count that it raised, which stays above zero while the guard is open whoever else counts there. No
// goroutine is needed for it. That the writer is not starved is more than before: a count that is
// lowered by one goroutine and raised by others might never be seen at zero. But those who
// raise the count of the old copy after the swap had found it readable before, each at most once
// in a swap, and lower it again.
func (s indicator) NewShared() []Reader {
	readers := make([]Reader, 1<<bits.Len(uint(atomicx.Rounds(4*runtime.GOMAXPROCS(0)))-1))
	for i := range readers {
		readers[i] = s.NewReader("a goroutine without a handle")
	}
	return readers
}

// Stripe returns a number below n, which is a power of two, that is mostly the same for a
// goroutine, and for two goroutines mostly not. It goes by where the stack is.
func Stripe(n int) int {
	var here byte
	const golden = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio, as in Fibonacci hashing
	return int(uint64(uintptr(unsafe.Pointer(&here))>>11) * golden >> 32 & uint64(n-1))
}

// Indicators opens guards that look-ups need for themselves alone, by calls that are small
// enough to be inlined. Any number of goroutines may use it at once.
//
//	v, c, ok := i.TryOpen()
//	if !ok { c = v.Reopen(c) }
//	…
//	v.Close(c)
type Indicators struct {
	readable *atomicx.Pointer[Copy]
	readers  []*epochReader
}

// IndicatorsOf returns what opens guards in the readers that NewShared of an indicator without
// a MaxWait has returned.
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

// TryOpen opens a guard in the copy that it returns, and returns true; or it must be followed
// by Reopen with that copy.
func (i *Indicators) TryOpen() (v Visit, c *Copy, ok bool) {
	v = Visit{i.readers[Stripe(len(i.readers))]}
	c = i.readable.Load()
	v.at.count[c.Index].Add(1)
	return v, c, i.readable.Load() == c
}

// Reopen ends the opening of a guard that TryOpen has begun in c, and returns the copy that it
// pins. Nothing is ever detached, so all generations are 0.
func (v Visit) Reopen(c *Copy) *Copy { return v.at.reopen(c.Index, 0) }

// Close closes a guard in c. Nothing is ever detached, so an addition will do, as in
// epochReader.release.
func (v Visit) Close(c *Copy) {
	if v.at.count[c.Index].Add(^uint64(0))&(awaited|guardBits) == awaited {
		v.at.wake()
	}
}
