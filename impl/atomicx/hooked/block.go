package hooked

import (
	"errors"
	"runtime"
	"sync"
	"time"
)

// Mutex has the methods of sync.Mutex.
type Mutex struct{ mu sync.Mutex }

func (m *Mutex) Lock() {
	if hook != nil {
		hook.Step(Op{Kind: OpLock, Loc: m, Ready: m.free})
	}
	m.mu.Lock()
	if hook != nil {
		hook.Did(true, nil)
	}
}

func (m *Mutex) free() bool {
	free := m.mu.TryLock()
	if free {
		m.mu.Unlock()
	}
	return free
}

func (m *Mutex) TryLock() (locked bool) {
	if hook == nil {
		return m.mu.TryLock()
	}
	hook.Step(Op{Kind: OpTryLock, Loc: m})
	locked = m.mu.TryLock()
	hook.Did(locked, locked)
	return locked
}

func (m *Mutex) Unlock() {
	if hook == nil {
		m.mu.Unlock()
		return
	}
	hook.Step(Op{Kind: OpUnlock, Loc: m})
	if m.free() { // Unlock of a sync.Mutex would end the process
		panic("Unlock of a Mutex that is not locked")
	}
	m.mu.Unlock()
	hook.Did(true, nil)
}

// Wake says why a Park returned.
type Wake int

const (
	Woken Wake = iota
	Cancelled
	TimedOut
)

func (w Wake) String() string { return [...]string{"Woken", "Cancelled", "TimedOut"}[w] }

// Parker lets one goroutine at a time sleep until another wakes it. At most one wake-up is kept.
type Parker struct{ token chan struct{} }

// NewParker returns a Parker without a kept wake-up.
func NewParker() Parker { return Parker{make(chan struct{}, 1)} }

// Park sleeps until Unpark is called, until cancel is closed, or until timeout has passed. It
// returns at once if Unpark has been called since the last Park. A nil cancel and a timeout of 0
// never end it.
func (p *Parker) Park(cancel <-chan struct{}, timeout time.Duration) Wake {
	if hook == nil {
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
	op := Op{Kind: OpPark, Loc: p, Timeout: timeout > 0, Ready: func() bool { return len(p.token) > 0 || closed(cancel) }}
	if cancel != nil {
		op.Also = []any{cancel}
	}
	if hook.Step(op) {
		hook.Did(false, TimedOut)
		return TimedOut
	}
	// Both may be ready, and select would choose at random. To prefer the wake-up loses no
	// schedule: in another one, a cancellation that came first has its turn before the wake-up.
	select {
	case <-p.token:
		hook.Did(true, Woken)
		return Woken
	default:
		hook.Did(false, Cancelled)
		return Cancelled
	}
}

// Poll is Park for a goroutine that perhaps no other goroutine wakes. It returns Woken, without a
// reason, when it has slept for the time every. Under a hook it returns when a word has changed, as
// Yield does.
func (p *Parker) Poll(cancel <-chan struct{}, timeout, every time.Duration) Wake {
	if hook == nil {
		woke := p.Park(cancel, min(timeout, every))
		if woke == TimedOut && every < timeout {
			return Woken
		}
		return woke
	}
	woke := Woken
	if hook.Step(Op{Kind: OpYield, Timeout: timeout > 0}) {
		woke = TimedOut
	} else if closed(cancel) {
		woke = Cancelled
	}
	hook.Did(false, nil)
	return woke
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Unpark wakes the parked goroutine, or lets the next Park return at once. It never blocks.
func (p *Parker) Unpark() {
	if hook != nil {
		hook.Step(Op{Kind: OpUnpark, Loc: p})
	}
	woke := false
	select {
	case p.token <- struct{}{}:
		woke = true
	default:
	}
	if hook != nil {
		hook.Did(woke, woke)
	}
}

// Close closes c, which cancels the goroutines that are parked with it. Programs under the
// scheduler must close such channels in this way.
func Close(c chan struct{}) {
	if hook == nil {
		close(c)
		return
	}
	hook.Step(Op{Kind: OpCloseChan, Loc: (<-chan struct{})(c)})
	close(c)
	hook.Did(true, nil)
}

// Yield lets other goroutines run. Loops that wait call it. Under a hook the calling goroutine goes
// on when a word that it has read since its last Yield has changed. So a loop must change nothing
// shared between two calls. A failed CompareAndSwap changes nothing.
func Yield() {
	if hook == nil {
		runtime.Gosched()
		return
	}
	hook.Step(Op{Kind: OpYield})
	hook.Did(false, nil)
}

// Await waits until cond holds, as one operation. The operation happens at an instant at which cond
// is true. cond only loads. When it returns true, it must have loaded every word that might ever
// make a difference: "a and b" may stop at a false a, but "a or b" must not stop at a true one.
func Await(cond func() bool) {
	if hook == nil {
		for !cond() {
			runtime.Gosched()
		}
		return
	}
	hook.Step(Op{Kind: OpAwait, Ready: cond})
	hook.Did(false, nil)
}

// AwaitWhole waits by [Await] and returns true if the hook wants waits to be one operation.
// Otherwise it returns false at once, and the caller waits in its own way.
func AwaitWhole(cond func() bool) bool {
	if hook == nil || !hook.OneWait() {
		return false
	}
	Await(cond)
	return true
}

// Membarrier returns when every other goroutine has passed a memory barrier since the call, as
// membarrier(2) does for threads. The hook can make it fail. Without a hook it always fails,
// because then the caller needs the system call.
func Membarrier() error {
	if hook == nil {
		return errors.New("membarrier: no hook is installed")
	}
	if hook.Refuses() {
		return errors.New("membarrier: refused, because the explored program wants that")
	}
	hook.Step(Op{Kind: OpMembarrier})
	hook.Did(false, nil)
	hook.Step(Op{Kind: OpMembarrierEnd})
	hook.Did(false, nil)
	return nil
}

var start = time.Now()

// Now returns the monotonic time since the program began. Under a hook time stands still.
func Now() time.Duration {
	if hook != nil {
		return 0
	}
	return time.Since(start)
}

// Token passes a token of package atomicx to the hook. The runtime would call report on a goroutine
// that the hook does not know.
func Token(holder any, report func()) { hook.Token(holder, report) }
