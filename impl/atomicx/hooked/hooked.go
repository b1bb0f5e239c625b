// Package hooked has stand-ins for the types of sync and sync/atomic. They report every operation
// to a [Hook], so that a scheduler can decide when it happens.
//
// Package atomicx uses them in place of the real ones under the build tag explore. Package
// lincheck/explore is the scheduler. Together they are to Go's atomics what loom is to Rust's.
//
// While no hook is installed the types are ordinary atomics and locks. So package initialisation
// and ordinary tests run under the tag too. While a hook is installed, one goroutine runs at a
// time, and the hook decides which. Every operation calls [Hook.Step], which returns when the
// operation's turn has come. Then the operation takes effect, and reports what it saw and did by
// [Hook.Did].
package hooked

// Kind is what an operation does.
type Kind uint8

const (
	OpLoad Kind = iota // of an atomic word
	OpStore
	OpSwap
	OpCompareAndSwap
	OpAdd
	OpAnd
	OpOr
	OpPlainLoad // of a word that is not atomic
	OpPlainStore
	OpLock
	OpTryLock
	OpUnlock
	OpPark
	OpUnpark
	OpCloseChan
	OpYield
	OpAwait
	OpBeginRead
	OpEndRead
	OpBeginWrite
	OpEndWrite
	OpMembarrier    // the start of it, on behalf of the calling goroutine
	OpMembarrierEnd // its return: all other goroutines have passed a barrier since the start
	OpGo            // of the goroutine that starts another one
	OpStart         // of the one that was started
	OpSpin          // the next round of a loop that repeats itself
	OpCall          // the call of a recorded operation
	OpReturn        // its return
	OpSend
	OpReceive
	OpSelect
	OpWait   // until something has happened, such as the second half of a send
	OpSignal // makes it happen
	numKinds = iota
)

var kindNames = [numKinds]string{
	"Load", "Store", "Swap", "CompareAndSwap", "Add", "And", "Or", "load", "store",
	"Lock", "TryLock", "Unlock", "Park", "Unpark", "close", "Yield", "Await",
	"BeginRead", "EndRead", "BeginWrite", "EndWrite", "Membarrier", "MembarrierEnd",
	"go", "start", "spin", "call", "return", "send", "receive", "select", "wait", "signal",
}

func (k Kind) String() string { return kindNames[k] }

// Writes reports whether an operation of kind k may change its location.
func (k Kind) Writes() bool {
	switch k {
	case OpLoad, OpPlainLoad, OpYield, OpAwait, OpBeginRead, OpEndRead, OpStart, OpSpin, OpCall, OpWait:
		return false
	}
	return true
}

// Drains reports whether an operation of kind k waits, on x86, until the store buffer of its
// processor is empty. Locked instructions do, and Go stores atomics by one of them. Loads, plain
// stores and accesses to a copy do not.
func (k Kind) Drains() bool {
	switch k {
	case OpLoad, OpPlainLoad, OpPlainStore, OpYield, OpAwait, OpSpin, OpCall, OpReturn:
		return false
	}
	return !k.AccessesCopy()
}

// AccessesCopy reports whether k begins or ends the use of a copy.
func (k Kind) AccessesCopy() bool { return k >= OpBeginRead && k <= OpEndWrite }

// Op is an operation about to happen.
type Op struct {
	Kind Kind
	// Loc is what it accesses: a pointer or a channel, used as identity only.
	Loc any
	// Size is the number of bytes at Loc that it accesses. It matters only if Loc is an
	// unsafe.Pointer.
	Size uintptr
	// Also are further locations. The operation reads them, or writes them if AlsoWrites is set.
	Also       []any
	AlsoWrites bool
	// Commutes means that the order of two such operations does not matter, although both write.
	Commutes bool
	// Ready reports whether the operation can happen now. nil means that it always can. Ready has
	// no effects, and may be called at any time.
	Ready func() bool
	// Timeout means that it may also end by a timeout, ready or not.
	Timeout bool
	// Other reports whether the operation can also end in a second way now, as a select with two
	// ready cases can. Step then returns true for the second way. nil means that it cannot.
	Other func() bool
	// What describes the operation in traces, besides its kind.
	What string
}

// Hook decides when operations happen. Its methods are called on the goroutine that does the
// operation. No other goroutine runs then.
type Hook interface {
	// Step announces op and returns when it may take effect. It reports whether op ends by its
	// timeout.
	Step(op Op) (timedOut bool)
	// Did reports the effect of the operation that was announced last: whether it changed anything,
	// and the value that it read or wrote.
	Did(changed bool, value any)
	// Buffer puts a plain store into the goroutine's store buffer, to be applied later, and returns
	// true. Or it returns false, and the store takes effect at once.
	Buffer(loc, value any, apply func()) bool
	// Newest returns the goroutine's own newest buffered store to loc, if there is one.
	Newest(loc any) (value any, buffered bool)
	// Token registers report, to be called once if holder is ever found unreachable. It is no
	// operation.
	Token(holder any, report func())
	// OneWait reports whether waits by [AwaitWhole] are one blocking operation.
	OneWait() bool
	// Refuses reports whether [Membarrier] fails, without having been a barrier.
	Refuses() bool
}

// Whole is a Hook for programs that were not written for one.
type Whole interface {
	Hook
	// Spawn starts a goroutine. If name is "" the program does not wait for its end.
	Spawn(name string, body func())
	// Round begins a round of the loop at the given site. counts means that the loop changes
	// variables that live longer than a round.
	Round(site int, counts bool)
	// State returns what the execution keeps under key. The first call makes it.
	State(key any, make func() any) any
	// Count returns how often the calling goroutine has called Count with this key before.
	Count(key any) int
	// Uncontrolled notes something that the hook does not control.
	Uncontrolled(what string)
	// Enter notes that the calling goroutine is about to call Step.
	Enter()
	// Mine reports whether the hook decides for the calling goroutine.
	Mine() bool
	// Tracing reports whether values that are passed to Did are kept.
	Tracing() bool
}

var (
	hook  Hook
	whole Whole // hook, or nil if it is not for whole programs
)

// Install makes h the hook of the process, or removes the hook if h is nil. No goroutine may use a
// type of this package during the call. While a hook is installed, goroutines use them only when
// the hook lets them run.
func Install(h Hook) {
	hook = h
	whole, _ = h.(Whole)
}

// Installed reports whether there is a hook.
func Installed() bool { return hook != nil }

// Current returns the hook for whole programs. It returns nil if there is none, or if the hook does
// not decide for the calling goroutine. Until Did is called, plain accesses of the goroutine count
// as those of the hook.
func Current() Whole {
	h := Peek()
	if h != nil {
		h.Enter()
	}
	return h
}

// Peek is Current for a caller that does not call Did.
func Peek() Whole {
	if whole == nil || !whole.Mine() {
		return nil
	}
	return whole
}
