//go:build !explore

// Package atomicx is the seam between package impl and the machine. Everything by
// which one goroutine of impl can affect another goes through it: atomic words, plain
// shared words, locks, sleeping and waking, and the accesses to the two copies.
//
// In normal builds the types are aliases of those in sync and sync/atomic and the rest
// inlines to nothing or to a single call. With the build tag explore every operation
// is a scheduling point of the schedule explorer in package lincheck/explore.
//
// Go's atomic operations are sequentially consistent: all of them, in all goroutines,
// appear in one total order that agrees with the order in each goroutine. The arguments
// in package strategy are therefore arguments about interleavings.
package atomicx

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
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

// Plain is a shared word that is read and written without synchronisation of its own;
// something else must order the accesses.
type Plain[T any] struct{ v T }

func (p *Plain[T]) Load() T   { return p.v }
func (p *Plain[T]) Store(v T) { p.v = v }

// Parker lets one goroutine sleep until another wakes it. A wake-up that comes before
// the sleep is kept, and at most one is kept.
type Parker struct{ token chan struct{} }

// NewParker returns a Parker without a kept wake-up.
func NewParker() Parker { return Parker{make(chan struct{}, 1)} }

// Park sleeps until Unpark is called (or has been, since the last Park), until cancel
// is closed, or until timeout has passed; a nil cancel and a timeout of 0 never end it.
// It reports which. Only one goroutine at a time may park.
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

// Poll is Park for who is not sure to be woken: it returns Woken, for no reason, when it has
// slept for the time every.
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

// Yield lets other goroutines run; loops that wait call it.
func Yield() { runtime.Gosched() }

// Rounds returns n, the number of times to look at something before waiting for it in
// another way. Under the explorer one look is as good as many.
func Rounds(n int) int { return n }

// AwaitWhole lets the explorer take a whole wait for one operation: it returns true when
// cond, which only loads, holds. Here it returns false, and the caller waits in its own way.
func AwaitWhole(cond func() bool) bool { return false }

// Hooked is true in builds for the explorer.
const Hooked = false

// explored reports whether an explorer runs, which then is to be told of tokens.
func explored() bool           { return false }
func tellExplorer(any, func()) {}

var start = time.Now()

// Now returns the monotonic time since the program began.
func Now() time.Duration { return time.Since(start) }

// BeginRead and EndRead enclose the time in which a reader may look at copy, BeginWrite
// and EndWrite that in which the writer may change it. They tell the explorer; here
// they are nothing.
func BeginRead(copy any)  {}
func EndRead(copy any)    {}
func BeginWrite(copy any) {}
func EndWrite(copy any)   {}

// MembarrierReady registers the process for Membarrier, once, and says why it cannot be
// used if it cannot.
func MembarrierReady() error { return systemMembarrierReady() }

// Membarrier returns when every other thread of the process has passed a full memory
// barrier since the call. MembarrierReady must have returned nil.
func Membarrier() error { return systemMembarrier() }
