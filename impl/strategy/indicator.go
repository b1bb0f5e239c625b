package strategy

import (
	"math/bits"
	"runtime"
	"unsafe"

	"doublebuf/impl/atomicx"
)

// indicator: like epoch, for goroutines without handles. They arrive at and depart from read
// indicators that they share, as in Left-Right (Ramalhete and Correia, 2015). An indicator is a
// pair of counts, one for each copy. There are several, the stripes, so that goroutines on
// different processors seldom use the same one. The writer waits for stripes as it does for
// readers: nothing else of epoch's readers is tied to a goroutine.
//
// Readers of Left-Right look at a version index, arrive at the indicator that it names, and take
// whatever copy they then find readable. So its writer must wait for both indicators in turn, and
// toggle the index in between. There a guard in the readable copy can hold the writer up: a slow
// reader arrives at the indicator that the writer waits for first. That breaks law V1. And an
// indicator does not say in which copy its guards are, so those of a detached copy could not be
// left behind (V2). Here each count is of one copy, and a reader that has arrived checks that the
// copy is still readable: the readers' second look takes the place of the writer's second wait.
type indicator struct{ *epoch }

// Indicator returns the strategy indicator: level atomic. It is Epoch, and a [Sharer] too.
// Opening and closing a guard without a handle take what they take in Epoch, in words that
// goroutines share by chance; in this law S3 is not kept. With a MaxWait, closing tries again
// each time that another goroutine changes the word in between.
//
// Indicator cannot tell goroutines apart. So the report of a stall names stripes. And if a
// goroutine ends without closing its guards, they remain open until all that share its stripes is
// dropped.
func Indicator(o Options) Strategy { return indicator{Epoch(o).(*epoch)} }

// Sharer is a Strategy under which goroutines may read without a registration of their own.
type Sharer interface {
	Strategy
	// NewShared registers readers for goroutines to share, a power of two of them. Any number of
	// goroutines may call Open and Close of one reader at once. The reader that opened a guard
	// closes it, on any goroutine. Any of the readers will do; [Stripe] is a way to choose one.
	NewShared() []Reader
}

// NewShared implements Sharer. The two-counts argument (see epochReader.Open) is about one guard
// and the count that it raised. That count stays above zero while the guard is open, whoever else
// counts there, so the argument needs no goroutine.
//
// The writer is not starved, although some goroutines may raise a count while others lower it, so
// that it is never seen at zero. A goroutine that raises the count of the old copy after the swap
// had found that copy readable before the swap. It does so at most once for each swap, and lowers
// the count again.
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

// Indicators opens guards for single lookups, by calls that are small enough to be inlined
// (DESIGN.md, "The inliner"). Any number of goroutines may use it at once.
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
