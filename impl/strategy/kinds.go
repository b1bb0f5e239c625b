package strategy

import "slices"

// Kind describes a strategy to the programs that work with all of them: the tests, the benchmark
// and the explorer. A new strategy is its file, its test, one Kind in the list below, and a row
// in two tables.
type Kind struct {
	Name string                 // as in names of maps, and as -strategy expects it
	New  func(Options) Strategy // the constructor
	Doc  string                 // one line: what distinguishes it

	PerHandle    bool // the level is per handle, not atomic: some readers see a publish before others
	HandleFree   bool // it is a Sharer, and maps are read without handles
	Collects     bool // each publish needs a garbage collection
	OneGoroutine bool // the writer and all readers are one goroutine

	// Ready returns the reason why New returns another strategy on this machine, or nil if it does
	// not. It is nil itself if New never does.
	Ready func() error

	// Batches are the publish policies of the benchmark's maps under the strategy: the numbers of
	// writes between two publishes. If it is empty, they are 1, 64 and 4096.
	Batches []int

	// Flat is set if the strategy differs from another one with the flat table only.
	Flat bool

	// OpenSteps and CloseSteps bound the atomic operations that a reader does to open and to close
	// a guard (law S3). One operation of each reports to the explorer which copy is read. If they
	// are 0, the programs of the explorer do not run the strategy.
	OpenSteps, CloseSteps int

	// SharedLines is the largest number of cache lines written by other readers that one guard
	// accesses. It holds some guards after the last publish.
	SharedLines int

	// PlainWords is set if readers store plain words, so that the explorer runs the strategy with
	// store buffers too.
	PlainWords bool
}

// Waits reports whether the writer waits for guards to be closed, and knows the readers that
// hold it up.
func (k Kind) Waits() bool { return !k.Collects && !k.OneGoroutine }

// All returns all strategies.
func All() []Kind { return slices.Clone(kinds) }

var kinds = []Kind{
	// Open: 3 loads of the readable copy; 3 additions to the own counts; a wake-up, which the last
	// addition may call for. Close: an addition and the wake-up.
	{Name: "epoch", New: Epoch, Doc: "whose readers count their guards in words of their own", OpenSteps: 3 + 3 + 1 + 1, CloseSteps: 1 + 1 + 1},

	// As epoch.
	{Name: "optimistic", New: Optimistic, Doc: "whose lookups of integers only load", Flat: true, OpenSteps: 3 + 3 + 1 + 1, CloseSteps: 1 + 1 + 1},

	// Open: an addition to the own word; a load of the copy. Close: a load of the own word, a
	// compare-and-swap that fails, and another load; a load and a compare-and-swap of the word for
	// the copy before; an addition to the residual; the wake-up.
	{Name: "refcount", New: Refcount, Doc: "whose readers open a guard by one addition", PerHandle: true, OpenSteps: 2 + 1, CloseSteps: 3 + 2 + 1 + 1 + 1},

	// As epoch. Goroutines share the counts.
	{Name: "indicator", New: Indicator, Doc: "read without handles", HandleFree: true, OpenSteps: 3 + 3 + 1 + 1, CloseSteps: 1 + 1 + 1, SharedLines: 1},

	{Name: "collector", New: Collector, Doc: "read without handles", HandleFree: true, Collects: true, Batches: []int{64, 4096}},

	// Open: 3 loads of the readable copy; 2 counts raised and 1 lowered, each by a load and a
	// store; a load of the flag and the wake-up. Close: the same of one count.
	{Name: "asymmetric", New: Asymmetric, Doc: "whose readers store plain words", Ready: AsymmetricReady, OpenSteps: 3 + 3*2 + 2 + 1, CloseSteps: 2 + 2 + 1, PlainWords: true},

	// Open: as asymmetric, with another load of the readable copy, 3 fences and a compare-and-swap.
	// Close: as asymmetric.
	{Name: "adaptive", New: Adaptive, Doc: "whose readers fence while publishes are frequent", Ready: AsymmetricReady, OpenSteps: 4 + 2*2 + 4 + 4 + 1, CloseSteps: 2 + 2 + 1, PlainWords: true},

	// Open: each of at most 3 swaps in the programs makes an attempt fail, which takes two loads of
	// the readable copy, two additions to its count and the wake-up; the last attempt takes two
	// loads and an addition; then a load, two stores and an addition among the reader's own words.
	// Close: two loads and an addition there; an addition to the count; the wake-up.
	{Name: "counted", New: Counted, Doc: "one count for all readers", Batches: []int{1, 64}, OpenSteps: 3*5 + 3 + 4 + 1, CloseSteps: 3 + 2 + 1, SharedLines: 1},

	{Name: "single", New: Single, Doc: "without atomics", OneGoroutine: true, Batches: []int{1}},
}
