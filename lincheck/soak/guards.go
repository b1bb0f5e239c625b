package soak

import (
	"math/rand/v2"
	"runtime"

	"doublebuf/lincheck/drive"
)

// guards opens and checks about n guards of a shape. It returns how many it did.
func (r *reader) guards(sh shape, n int) (int, *violation) {
	switch sh {
	case lookups:
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

// hold keeps a guard open while other goroutines run, and sometimes during garbage collections: a
// writer may rely on the collector to see which copies are in use.
func hold(rng *rand.Rand) {
	if rng.IntN(8) == 0 {
		drive.Collect()
		return
	}
	for range 1 + rng.IntN(4) {
		runtime.Gosched()
	}
}

// chain opens each guard before it closes the previous one. It leaves the last guard open for the
// next call, so that a guard is open at every moment.
func (r *reader) chain(n int) (int, *violation) {
	for range n {
		next, b := r.open()
		if b == nil {
			b = r.endChain()
		}
		if b != nil {
			return 0, b
		}
		r.link, r.chained = next, true
	}
	return n, nil
}

// endChain closes the last guard of a chain, if there is one.
func (r *reader) endChain() *violation {
	if !r.chained {
		return nil
	}
	g := r.link
	r.link, r.chained = openGuard{}, false // else the collector would find it in use
	return r.close(g)
}

// nest opens n guards and closes them in random order.
func (r *reader) nest(n int) (int, *violation) {
	var open []openGuard
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
