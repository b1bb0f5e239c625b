// Package stranger has code that knows nothing of the explorer.
package stranger

import (
	"context"
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var (
	counter = start() + 1
	zero    int64
	jobs    chan func()
)

func start() int64 { return 41 }

// init starts a goroutine, as worker pools do.
func init() {
	jobs = make(chan func())
	go func() {
		for f := range jobs {
			f()
		}
	}()
}

// Do runs f on the worker and waits for it.
func Do(f func()) {
	done := make(chan struct{})
	jobs <- func() { defer close(done); f() }
	<-done
}

// Next counts in two steps, so that a count can be lost.
func Next() int64 {
	n := atomic.LoadInt64(&counter)
	atomic.StoreInt64(&counter, n+1)
	return n + 1
}

// Merge sums what comes from two channels until both are closed.
func Merge(a, b <-chan int) (sum int) {
	for a != nil || b != nil {
		select {
		case v, ok := <-a:
			if !ok {
				a = nil
			}
			sum += v
		case v, ok := <-b:
			if !ok {
				b = nil
				continue
			}
			sum += v
		}
	}
	return sum
}

// Spin is a lock that waits in a loop without a pause.
type Spin struct{ held atomic.Bool }

func (s *Spin) Lock() {
	for !s.held.CompareAndSwap(false, true) {
	}
}

func (s *Spin) Unlock() { s.held.Store(false) }

// Patient gives up after a few rounds.
func Patient(flag *atomic.Bool) bool {
	for i := 0; i < 2; i++ {
		if flag.Load() {
			return true
		}
		runtime.Gosched()
	}
	return false
}

// Wait waits for ctx or for a timer.
func Wait(ctx context.Context) string {
	select {
	case <-ctx.Done():
		return ctx.Err().Error()
	case <-time.After(time.Hour):
		return "timer"
	}
}

// Safe runs f and hides a panic.
func Safe(f func()) (err any) {
	defer func() { err = recover() }()
	f()
	return nil
}

func send(ch chan<- int, values ...int) {
	for _, v := range values {
		ch <- v + rand.Intn(1)
	}
	close(ch)
}

var once sync.Once
