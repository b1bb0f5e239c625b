package stranger

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"doublebuf/lincheck/explore"
)

// A test whose name begins with TestBug must fail. All others must be exhausted.

func TestBugLostCount(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		var wg sync.WaitGroup
		wg.Add(2)
		for i := 0; i < 2; i++ {
			go func() { defer wg.Done(); Next() }()
		}
		wg.Wait()
		if n := atomic.LoadInt64(&counter); n != 44 {
			x.Failf("counter is %d", n)
		}
	})
}

func TestInitialState(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		if counter != 42 || zero != 0 {
			x.Failf("counter %d, zero %d", counter, zero)
		}
		zero++
		x.Go("A", func() { Next() })
	})
}

func TestWorker(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		n := 0
		Do(func() { n++ })
		if n != 1 {
			x.Failf("n is %d", n)
		}
	})
}

func TestMerge(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		a, b := make(chan int), make(chan int, 1)
		go send(a, 1, 2)
		go send(b, []int{4}...)
		if n := Merge(a, b); n < 7 {
			x.Failf("the sum is %d", n)
		}
	})
}

func TestBugSelectOrder(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		a, b := make(chan int, 1), make(chan int, 1)
		a <- 1
		b <- 2
		got := make(chan int, 1)
		x.Go("A", func() {
			select {
			case v := <-a:
				got <- v
			case v := <-b:
				got <- v
			}
		})
		x.Finally(func() {
			if v := <-got; v == 2 {
				x.Failf("the second case")
			}
		})
	})
}

func TestSpin(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		var s Spin
		n := 0
		for _, name := range []string{"A", "B"} {
			x.Go(name, func() { s.Lock(); n++; s.Unlock() })
		}
		x.Finally(func() {
			if n != 2 {
				x.Failf("n is %d", n)
			}
		})
	})
}

func TestBugPatient(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		var flag atomic.Bool
		x.Go("A", func() {
			if !Patient(&flag) {
				x.Failf("it gave up")
			}
		})
		x.Go("B", func() { flag.Store(true) })
	})
}

func TestBugDeadlock(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		var a, b sync.Mutex
		x.Go("A", func() { a.Lock(); b.Lock(); b.Unlock(); a.Unlock() })
		x.Go("B", func() { b.Lock(); a.Lock(); a.Unlock(); b.Unlock() })
	})
}

func TestBugTimer(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		ctx, cancel := context.WithCancel(context.Background())
		x.Go("A", func() {
			if s := Wait(ctx); s == "timer" {
				x.Failf("%s", s)
			}
		})
		x.Go("B", cancel)
	})
}

func TestBugHiddenPanic(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		var flag atomic.Bool
		x.Go("A", func() {
			Safe(func() {
				if flag.Load() {
					x.Failf("the flag is set")
				}
			})
		})
		x.Go("B", func() { Safe(func() { flag.Store(true) }) })
	})
}

func TestManyGoroutines(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		var n atomic.Int32
		for i := 0; i < 62; i++ {
			ch := make(chan int, 1)
			go func(v int) { ch <- v }(i)
		}
		x.Go("A", func() { n.Add(1) })
	})
}

func TestCond(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		var mu sync.RWMutex
		c := sync.NewCond(&mu)
		ready := false
		x.Go("A", func() {
			mu.Lock()
			for !ready {
				c.Wait()
			}
			mu.Unlock()
		})
		x.Go("B", func() { mu.Lock(); ready = true; mu.Unlock(); c.Signal() })
	})
}

func TestOnce(t *testing.T) {
	explore.Check(t, func(x *explore.X) {
		var n atomic.Int32
		for _, name := range []string{"A", "B"} {
			x.Go(name, func() {
				once.Do(func() { n.Add(1) })
				if n.Load() != 1 {
					x.Failf("%s: %d", name, n.Load())
				}
			})
		}
	})
}
