package strategy_test

import (
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"doublebuf/impl/strategy"
)

// strategies are those that the tests of the contract run on.
var strategies = func() map[string]func(strategy.Options) strategy.Strategy {
	all := map[string]func(strategy.Options) strategy.Strategy{
		sharedName: func(o strategy.Options) strategy.Strategy {
			s := strategy.Indicator(o).(strategy.Sharer)
			return &oneReader{s, s.NewShared()[0]}
		},
	}
	for _, k := range strategy.All() {
		all[k.Name] = k.New
	}
	return all
}()

// Strategies that a law does not apply to.
const (
	sharedName    = "indicator without handles"
	collectorName = "collector" // closing a guard is to drop the reference
	singleName    = "single"    // which never waits, and is for one goroutine
)

// oneReader is a strategy with one shared reader for all goroutines. Unregister does nothing on
// that reader, and Abandon panics.
type oneReader struct {
	strategy.Strategy
	shared strategy.Reader
}

func (s *oneReader) NewReader(string) strategy.Reader { return partner{s.shared} }

type partner struct{ strategy.Reader }

func (partner) Unregister() {}
func (partner) Abandon() {
	panic("Abandon of a shared reader would end the guards of other goroutines")
}

// rig is a strategy with its two copies.
type rig struct {
	strategy.Strategy
	copies [2]*strategy.Copy
	writer int // the index of the writer's copy
}

func (r *rig) swap() {
	r.StartSwap(r.copies[r.writer])
	r.writer = 1 - r.writer
	if _, ok := r.Strategy.(strategy.Renewing); ok {
		r.copies[r.writer] = &strategy.Copy{Index: r.writer}
	}
}

// TryFinish runs garbage collections if the strategy needs them.
func (r *rig) TryFinish() bool {
	_, collected := r.Strategy.(strategy.Renewing)
	for range 5 {
		if r.Strategy.TryFinish() || !collected {
			return r.Strategy.TryFinish()
		}
		collect()
	}
	return false
}

// collect runs a garbage collection, and returns after a finalizer of an object that it found.
func collect() {
	done := new(atomic.Bool)
	runtime.SetFinalizer(&struct{ _ [4]*int }{}, func(any) { done.Store(true) })
	for runtime.GC(); !done.Load(); {
		runtime.Gosched()
	}
}

// detach detaches the writer's copy and replaces it.
func (r *rig) detach() {
	r.Detach()
	r.copies[r.writer] = &strategy.Copy{Index: r.writer}
}

func forEach(t *testing.T, test func(t *testing.T, open func(strategy.Options) *rig)) {
	forAllBut(t, nil, test)
}

// forAllBut runs test on all strategies but those that the law under test does not apply to.
func forAllBut(t *testing.T, but []string, test func(t *testing.T, open func(strategy.Options) *rig)) {
	for name, open := range strategies {
		if slices.Contains(but, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			test(t, func(o strategy.Options) *rig {
				r := &rig{open(o), [2]*strategy.Copy{{Index: 0}, {Index: 1}}, 1}
				r.Begin(r.copies[0])
				return r
			})
		})
	}
}
