package strategy

import "slices"

// Kind describes a strategy to the programs that work with all of them: the tests, the benchmark
// and the explorer. A new strategy is its file, its test and one Kind in the list below.
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

	// Batches are the numbers of writes between publishes with which the benchmark has a map for
	// the strategy. If it is empty, they are 1, 64 and 4096.
	Batches []int

	// OpenSteps and CloseSteps are the most atomic operations that a reader does to open and to
	// close a guard (law S3), plus one each for what it tells the explorer about the copy. If
	// they are 0, the programs of the explorer do not run the strategy.
	OpenSteps, CloseSteps int

	// SharedLines is how many cache lines that another reader has written a guard touches at most,
	// once the last publish is some guards ago.
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
	// Open: 3 loads of the readable copy and 3 additions to the own counts, the last of which may
	// call for a wake-up. Close: an addition and the wake-up.
	{Name: "epoch", New: Epoch, Doc: "whose readers count their guards in words of their own", OpenSteps: 3 + 3 + 1 + 1, CloseSteps: 1 + 1 + 1},

	// Open: an addition to the own word and a load of the copies. Close: a load and a failed
	// compare-and-swap and another load of the own word; the same of the word for the copy
	// before, where the compare-and-swap succeeds; an addition to the residual, and the wake-up.
	{Name: "refcount", New: Refcount, Doc: "whose readers open a guard by one addition", PerHandle: true, OpenSteps: 2 + 1, CloseSteps: 3 + 2 + 1 + 1 + 1},

	// As epoch. Goroutines share the counts.
	{Name: "indicator", New: Indicator, Doc: "read without handles", HandleFree: true, OpenSteps: 3 + 3 + 1 + 1, CloseSteps: 1 + 1 + 1, SharedLines: 1},

	{Name: "collector", New: Collector, Doc: "read without handles", HandleFree: true, Collects: true, Batches: []int{64, 4096}},

	// Open: 3 loads of the readable copy; 2 counts raised and 1 lowered, each by a load and a
	// store; a load of the flag and the wake-up. Close: the same of one count.
	{Name: "asymmetric", New: Asymmetric, Doc: "whose readers store plain words", Ready: AsymmetricReady, OpenSteps: 3 + 3*2 + 2 + 1, CloseSteps: 2 + 2 + 1, PlainWords: true},

	// Open: the same with another load of the readable copy, 3 fences and a compare-and-swap.
	// Close: as asymmetric.
	{Name: "adaptive", New: Adaptive, Doc: "whose readers fence while publishes are frequent", Ready: AsymmetricReady, OpenSteps: 4 + 2*2 + 4 + 4 + 1, CloseSteps: 2 + 2 + 1, PlainWords: true},

	// Open: two loads of the readable copy with an addition to its count in between; and once for
	// each swap that comes in between, which in the programs are three at most, another addition
	// and the wake-up; then two loads, two stores and an addition among the reader's own words.
	// Close: two loads and an addition there, an addition to the count and the wake-up.
	{Name: "counted", New: Counted, Doc: "one count for all readers", Batches: []int{1, 64}, OpenSteps: 3*5 + 3 + 4 + 1, CloseSteps: 3 + 2 + 1, SharedLines: 1},

	{Name: "single", New: Single, Doc: "without atomics", OneGoroutine: true, Batches: []int{1}},
}
