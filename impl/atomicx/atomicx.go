//go:build !explore

// Package atomicx is the seam between impl and the machine. Goroutines of impl affect each other
// only through it: by atomic words, plain shared words, locks, sleeping and waking, and accesses to
// the two copies.
//
// In normal builds its types are aliases of those in sync and sync/atomic. The compiler inlines the
// rest to nothing or to a single call. With the build tag explore, every operation is a scheduling
// point of the schedule explorer (package lincheck/explore).
//
// Atomic operations of Go are sequentially consistent: all of them, in all goroutines, appear in
// one total order that agrees with the order in each goroutine. So the arguments in package
// strategy are about interleavings.
package atomicx

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
	"weak"
)

type (
	Bool           = atomic.Bool
	Int64          = atomic.Int64
	Uint32         = atomic.Uint32
	Uint64         = atomic.Uint64
	Pointer[T any] = atomic.Pointer[T]
	Mutex          = sync.Mutex
	Pool           = sync.Pool
)

// Plain is a shared word that is read and written without synchronisation of its own. Something
// else must order the accesses.
type Plain[T any] struct{ v T }

func (p *Plain[T]) Load() T   { return p.v }
func (p *Plain[T]) Store(v T) { p.v = v }

// LoadWord and StoreWord load and store one word of a table atomically. LoadPointer and
// StorePointer do so for a word that is a pointer.
func LoadWord(p *uint64) uint64                        { return atomic.LoadUint64(p) }
func StoreWord(p *uint64, v uint64)                    { atomic.StoreUint64(p, v) }
func LoadPointer(p *unsafe.Pointer) unsafe.Pointer     { return atomic.LoadPointer(p) }
func StorePointer(p *unsafe.Pointer, v unsafe.Pointer) { atomic.StorePointer(p, v) }

// Random returns a random number. While an explorer runs, it is always the same one.
func Random() uint64 { return rand.Uint64() }

// Parker lets one goroutine sleep until another wakes it. If the wake-up comes before the sleep,
// it is kept. At most one is kept.
type Parker struct{ token chan struct{} }

// NewParker returns a Parker without a kept wake-up.
func NewParker() Parker { return Parker{make(chan struct{}, 1)} }

// Park sleeps until Unpark is called, until cancel is closed, or until timeout has passed. It
// returns which of them happened. It returns at once if Unpark has been called since the last Park.
// A nil cancel and a timeout of 0 never end it. Only one goroutine at a time may park.
func (p *Parker) Park(cancel <-chan struct{}, timeout time.Duration) Wake {
	var timer <-chan time.Time
	if timeout > 0 {
		timer = time.After(timeout)
	}
	select {
	case <-p.token:
		return Woken
	case <-cancel:
		return Cancelled
	case <-timer:
		return TimedOut
	}
}

// Poll is Park for a goroutine that perhaps no other goroutine wakes. When it has slept for the
// time every, it returns Woken without a wake-up.
func (p *Parker) Poll(cancel <-chan struct{}, timeout, every time.Duration) Wake {
	woke := p.Park(cancel, min(timeout, every))
	if woke == TimedOut && every < timeout {
		return Woken
	}
	return woke
}

// Unpark wakes the parked goroutine, or lets the next Park return at once. It never blocks.
func (p *Parker) Unpark() {
	select {
	case p.token <- struct{}{}:
	default:
	}
}

// Yield lets other goroutines run. Loops that wait call it.
func Yield() { runtime.Gosched() }

// Rounds returns n, the number of times to look at something before waiting for it in another
// way. Under the explorer it returns 1, because one look shows as much as many.
func Rounds(n int) int { return n }

// AwaitWhole lets the explorer run a whole wait as one operation: it waits until cond holds, and
// returns true. cond only loads. In normal builds AwaitWhole returns false, and the caller waits in
// its own way.
func AwaitWhole(cond func() bool) bool { return false }

// Hooked is true in builds for the explorer.
const Hooked = false

// Weak is a pointer that does not keep its object alive.
type Weak[T any] = weak.Pointer[T]

// WeakOf returns a weak pointer to p.
func WeakOf[T any](p *T) Weak[T] { return weak.Make(p) }

// explored reports whether an explorer runs. If it does, registerToken passes a token to it.
func explored() bool            { return false }
func registerToken(any, func()) {}

var start = time.Now()

// Now returns the monotonic time since the program began.
func Now() time.Duration { return time.Since(start) }

// BeginRead and EndRead enclose the time in which a reader may read copy, BeginWrite and EndWrite
// the time in which the writer may change it. They inform the explorer. In normal builds they do
// nothing.
func BeginRead(copy any)  {}
func EndRead(copy any)    {}
func BeginWrite(copy any) {}
func EndWrite(copy any)   {}

// MembarrierReady registers the process for Membarrier, once. It returns nil, or the reason why
// Membarrier cannot be used.
func MembarrierReady() error { return systemMembarrierReady() }

// Membarrier returns when every other thread of the process has executed a full memory barrier
// since the call. MembarrierReady must have returned nil.
func Membarrier() error { return systemMembarrier() }
