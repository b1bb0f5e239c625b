//go:build explore

// Package atomicx is here built for the schedule explorer: every operation is a scheduling point.
// For normal builds see atomicx.go.
package atomicx

import (
	"math/rand/v2"
	"time"
	"unsafe"
	"weak"

	"doublebuf/impl/atomicx/hooked"
)

type (
	Bool           = hooked.Bool
	Int64          = hooked.Int64
	Uint32         = hooked.Uint32
	Uint64         = hooked.Uint64
	Pointer[T any] = hooked.Pointer[T]
	Mutex          = hooked.Mutex
	Plain[T any]   = hooked.Plain[T]
	Parker         = hooked.Parker
	Wake           = hooked.Wake
)

const (
	Woken     = hooked.Woken
	Cancelled = hooked.Cancelled
	TimedOut  = hooked.TimedOut
)

// Hooked is true in builds for the explorer.
const Hooked = true

func NewParker() Parker                { return hooked.NewParker() }
func Yield()                           { hooked.Yield() }
func Rounds(int) int                   { return 1 }
func AwaitWhole(cond func() bool) bool { return hooked.AwaitWhole(cond) }
func Now() time.Duration               { return hooked.Now() }
func BeginRead(copy any)               { hooked.BeginRead(copy) }
func EndRead(copy any)                 { hooked.EndRead(copy) }
func BeginWrite(copy any)              { hooked.BeginWrite(copy) }
func EndWrite(copy any)                { hooked.EndWrite(copy) }

func LoadWord(p *uint64) uint64                        { return hooked.LoadWord(p) }
func StoreWord(p *uint64, v uint64)                    { hooked.StoreWord(p, v) }
func LoadPointer(p *unsafe.Pointer) unsafe.Pointer     { return hooked.LoadPointer(p) }
func StorePointer(p *unsafe.Pointer, v unsafe.Pointer) { hooked.StorePointer(p, v) }

// Random is constant while an explorer runs, so that executions can be repeated.
func Random() uint64 {
	if explored() {
		return 0x9e3779b97f4a7c15
	}
	return rand.Uint64()
}

func explored() bool                          { return hooked.Installed() }
func registerToken(holder any, report func()) { hooked.Token(holder, report) }

// MembarrierReady and Membarrier call the system if no explorer runs. That is usual also in builds
// for the explorer.
func MembarrierReady() error {
	if explored() {
		return nil
	}
	return systemMembarrierReady()
}

func Membarrier() error {
	if explored() {
		return hooked.Membarrier()
	}
	return systemMembarrier()
}

// Weak keeps its object alive while an explorer runs, because a collection may come at any time.
// Otherwise executions could not be repeated.
type Weak[T any] struct {
	weak   weak.Pointer[T]
	strong *T
}

// WeakOf returns a weak pointer to p.
func WeakOf[T any](p *T) Weak[T] {
	if explored() {
		return Weak[T]{strong: p}
	}
	return Weak[T]{weak: weak.Make(p)}
}

// Value returns p, or nil if it was found unreachable.
func (w Weak[T]) Value() *T {
	if w.strong != nil {
		return w.strong
	}
	return w.weak.Value()
}

// Pool keeps nothing, so that executions do not depend on earlier ones.
type Pool struct{ New func() any }

func (p *Pool) Get() any { return p.New() }
func (p *Pool) Put(any)  {}
