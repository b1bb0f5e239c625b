package soak

import (
	"math/rand/v2"
	"runtime"

	"doublebuf/lincheck/drive"
)

// guards does about n guards of a shape and returns how many it has done.
func (r *watcher) guards(sh shape, n int) (int, *breach) {
	switch sh {
	case lookUps:
		for range n {
			if b := r.get(); b != nil {
				return 0, b
			}
		}
		return n, nil
	case chained:
		return r.chain(n)
	case nested:
		return r.nest(3)
	}
	if sh != single {
		n = 1
	}
	for range n {
		g, b := r.open()
		if b != nil {
			return 0, b
		}
		switch sh {
		case held:
			hold(r.rng)
		case walks:
			b = r.all(g)
		}
		if closed := r.close(g); b == nil {
			b = closed
		}
		if b != nil {
			return 0, b
		}
	}
	return n, nil
}

// hold keeps a guard open while others run, and now and then while memory is collected: a writer may go
// by what the collector finds in use.
func hold(rng *rand.Rand) {
	if rng.IntN(8) == 0 {
		drive.Collect()
		return
	}
	for range 1 + rng.IntN(4) {
		runtime.Gosched()
	}
}

// chain opens each guard before it closes the last, and leaves the last open for the next call, so that
// there is no moment without one.
func (r *watcher) chain(n int) (int, *breach) {
	for range n {
		next, b := r.open()
		if b == nil {
			b = r.unchain()
		}
		if b != nil {
			return 0, b
		}
		r.link, r.chained = next, true
	}
	return n, nil
}

// unchain closes the guard that a chain has come to.
func (r *watcher) unchain() *breach {
	if !r.chained {
		return nil
	}
	g := r.link
	r.link, r.chained = watched{}, false // the collector would find it in use
	return r.close(g)
}

// nest opens n guards and closes them in an order of chance.
func (r *watcher) nest(n int) (int, *breach) {
	var open []watched
	for range n {
		g, b := r.open()
		if b != nil {
			return 0, b
		}
		open = append(open, g)
	}
	r.rng.Shuffle(n, func(i, j int) { open[i], open[j] = open[j], open[i] })
	for _, g := range open {
		if b := r.close(g); b != nil {
			return 0, b
		}
	}
	return n, nil
}
