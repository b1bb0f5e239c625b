package hooked

import (
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The types have every method of the types that they replace, with the same signature.
func TestMethods(t *testing.T) {
	for _, c := range []struct{ ours, theirs any }{
		{&Bool{}, &atomic.Bool{}},
		{&Int64{}, &atomic.Int64{}},
		{&Uint32{}, &atomic.Uint32{}},
		{&Uint64{}, &atomic.Uint64{}},
		{&Pointer[int]{}, &atomic.Pointer[int]{}},
		{&Mutex{}, &sync.Mutex{}},
	} {
		theirs := reflect.TypeOf(c.theirs)
		for i := range theirs.NumMethod() {
			want := reflect.ValueOf(c.theirs).Method(i).Type()
			got := reflect.ValueOf(c.ours).MethodByName(theirs.Method(i).Name)
			if !got.IsValid() || got.Type() != want {
				t.Errorf("%T.%s: %v, want %v", c.ours, theirs.Method(i).Name, got, want)
			}
		}
	}
}

// Without a hook they are ordinary atomics, locks and parkers.
func TestWithoutHook(t *testing.T) {
	var (
		i  Int64
		u  Uint32
		b  Bool
		m  Mutex
		n  int
		wg sync.WaitGroup
	)
	sleeper := NewParker()
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				i.Add(1)
				u.Add(^uint32(0))
				m.Lock()
				n++
				m.Unlock()
				Yield()
			}
			sleeper.Unpark()
			b.Store(true)
		})
	}
	Await(b.Load)
	if got := sleeper.Park(nil, time.Minute); got != Woken {
		t.Errorf("Park: %v", got)
	}
	wg.Wait()
	if i.Load() != 4000 || n != 4000 || u.Load() != 1<<32-4000 {
		t.Errorf("%d and %d additions, want 4000; %d", i.Load(), n, u.Load())
	}
	if u.CompareAndSwap(1<<32-4000, 7) == false || u.Swap(9) != 7 || u.And(1) != 9 || u.Or(2) != 1 || u.Load() != 3 {
		t.Errorf("a word of 32 bits is %d", u.Load())
	}
	parker, done := NewParker(), make(chan struct{})
	Close(done)
	if got := parker.Park(done, 0); got != Cancelled {
		t.Errorf("Park: %v", got)
	}
	if got := parker.Park(nil, time.Nanosecond); got != TimedOut {
		t.Errorf("Park: %v", got)
	}
	if AwaitWhole(func() bool { return true }) {
		t.Error("AwaitWhole waits without a hook")
	}
	if Membarrier() == nil {
		t.Error("Membarrier claims a barrier without a hook")
	}
}
