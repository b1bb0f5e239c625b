package sync

import (
	"sync"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/lincheck/explore/standin/atomic"
	"doublebuf/lincheck/explore/standin/flow"
)

// WaitGroup has the methods of sync.WaitGroup.
type WaitGroup struct {
	noCopy noCopy
	real   sync.WaitGroup
	n      int // under the explorer: the counter
}

func (w *WaitGroup) Add(delta int) {
	h := hooked.Current()
	if h == nil {
		w.real.Add(delta)
		return
	}
	h.Step(hooked.Op{Kind: hooked.OpAdd, Loc: w, Commutes: delta < 0})
	if w.n += delta; w.n < 0 {
		panic("sync: negative WaitGroup counter")
	}
	h.Did(true, w.n)
}

func (w *WaitGroup) Done() { w.Add(-1) }

func (w *WaitGroup) Wait() {
	h := hooked.Current()
	if h == nil {
		w.real.Wait()
		return
	}
	h.Step(hooked.Op{Kind: hooked.OpWait, Loc: w, Ready: func() bool { return w.n == 0 }})
	h.Did(false, nil)
}

func (w *WaitGroup) Go(f func()) {
	w.Add(1)
	flow.Go(func() {
		defer w.Done()
		f()
	})
}

// Cond has the methods of sync.Cond. Under the explorer Signal wakes the one that has waited
// longest.
type Cond struct {
	noCopy noCopy
	L      Locker
	real   sync.Cond
	queue  []*bool // under the explorer: those that wait
}

func NewCond(l Locker) *Cond { return &Cond{L: l} }

func (c *Cond) Wait() {
	h := begin(hooked.OpSignal, c)
	if h == nil {
		c.real.L = c.L
		c.real.Wait()
		return
	}
	woken := new(bool)
	c.queue = append(c.queue, woken)
	h.Did(true, nil)
	c.L.Unlock()
	h.Step(hooked.Op{Kind: hooked.OpPark, Loc: c, Commutes: true, Ready: func() bool { return *woken }})
	h.Did(false, nil)
	c.L.Lock()
}

func (c *Cond) Signal() {
	h := begin(hooked.OpUnpark, c)
	if h == nil {
		c.real.Signal()
		return
	}
	woke := len(c.queue) > 0
	if woke {
		*c.queue[0] = true
		c.queue = c.queue[1:]
	}
	h.Did(woke, nil)
}

func (c *Cond) Broadcast() {
	h := begin(hooked.OpUnpark, c)
	if h == nil {
		c.real.Broadcast()
		return
	}
	for _, woken := range c.queue {
		*woken = true
	}
	h.Did(len(c.queue) > 0, nil)
	c.queue = nil
}

// Once has the method of sync.Once.
type Once struct {
	done atomic.Uint32
	m    Mutex
}

func (o *Once) Do(f func()) {
	if o.done.Load() != 0 {
		return
	}
	o.m.Lock()
	defer o.m.Unlock()
	if o.done.Load() == 0 {
		defer o.done.Store(1)
		f()
	}
}

// OnceFunc returns a function that calls f only once. If f panics every call panics so.
func OnceFunc(f func()) func() {
	call := OnceValue(func() struct{} { f(); return struct{}{} })
	return func() { call() }
}

// OnceValue is OnceFunc for a function with a result.
func OnceValue[T any](f func() T) func() T {
	call := OnceValues(func() (T, struct{}) { return f(), struct{}{} })
	return func() T {
		v, _ := call()
		return v
	}
}

// OnceValues is OnceFunc for a function with two results.
func OnceValues[T1, T2 any](f func() (T1, T2)) func() (T1, T2) {
	var (
		once  Once
		valid bool
		p     any
		r1    T1
		r2    T2
	)
	return func() (T1, T2) {
		once.Do(func() {
			defer func() {
				if p = recover(); !valid {
					panic(p)
				}
			}()
			r1, r2 = f()
			valid = true
		})
		if !valid {
			panic(p)
		}
		return r1, r2
	}
}

// Pool has the methods of sync.Pool. Under the explorer Get returns what was put last.
type Pool struct {
	noCopy noCopy
	New    func() any
	real   sync.Pool
	items  []any // under the explorer
}

func (p *Pool) Get() any {
	h := begin(hooked.OpTryLock, p)
	if h == nil {
		if v := p.real.Get(); v != nil {
			return v
		}
	} else if n := len(p.items); n > 0 {
		v := p.items[n-1]
		p.items = p.items[:n-1]
		h.Did(true, nil)
		return v
	}
	did(h, false)
	if p.New == nil {
		return nil
	}
	return p.New()
}

func (p *Pool) Put(v any) {
	if v == nil {
		return
	}
	h := begin(hooked.OpUnlock, p)
	if h == nil {
		p.real.Put(v)
		return
	}
	p.items = append(p.items, v)
	h.Did(true, nil)
}
