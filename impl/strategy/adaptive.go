package strategy

import "doublebuf/impl/atomicx"

// adaptive: as asymmetric, but a reader that comes soon after a publish opens its guards with a
// fence, and the writer does without a membarrier if he swaps again before that has been given up.
//
// A copy has two names. The one is the Copy itself; the other, its fenced name, is a Copy that
// refers to it. The readable word holds a name, and every guard is opened under the one that is
// found there: under the plain name as in asymmetric, under the fenced one with a full fence
// between the count, or the leaf's mark, and the look whether that name is still readable. So the word
// that readers load in any case tells them what to do, and the word that the writer swaps out
// tells him what they did:
//
//   - The writer makes each copy readable under its fenced name. A reader that has opened
//     fencesAtMost guards under it makes the plain name readable instead, by a compare-and-swap. That
//     readable is the one word that readers write, once for each swap at most.
//   - If the writer swaps out a plain name he calls membarrier, and the argument is that at
//     asymmetricReader.Open.
//   - If he swaps out a fenced name, the copy has been readable under no other one since the swap
//     that made it so. For a guard that is open in it the reader found that name after his fence. Then all
//     was in one order: if the count came before the swap, the writer, who looks after it, sees
//     the count; else the reader would have found another name. Guards under the plain name are
//     of an earlier time at which the copy was readable, and the wait for the end of that is over.
//
// Guards are closed by plain stores under either name; before the writer sleeps he calls membarrier
// as in asymmetric.
//
// This is the rule for renting skis: a reader pays for fences until they have cost about as
// much as the membarrier that they save, and then has the next publish pay for one. It needs no clock and
// no rate, and where nothing is published any more readers are the ones who find out.
type adaptive struct{ asymmetric }

// fencesAtMost is how many guards one reader opens with a fence after a publish. A fence takes a few ns, and a
// membarrier 3 to 17 µs of the writer's time, by the machine, and some of that of every reader that is running.
//
// With it, on 2 virtual processors of an AMD EPYC of the third generation, beside a busy reader (medians of paired
// ratios with 95 % intervals, 8 blocks, nothing else running, BenchmarkTargets/adaptive), batches of one write were published
// at 1.09 [0.98, 1.23] of the rate under epoch and 28.9 [27.7, 34.9] of that under asymmetric, batches of 64 writes at
// 1.21 [1.13, 1.38] and 2.47 [2.34, 2.74]. Reads beside them were 1.01 [0.95, 1.07] and 1.19 [1.09, 1.26] of those under
// epoch. What a membarrier takes changes with the host: in a run later, which it disturbed, the four ratios of publishes were 0.86
// [0.78, 1.76], 5.1 [3.9, 9.8], 0.98 [0.73, 1.23] and 1.5 [0.8, 3.1] (6 blocks). With 256 instead the batches of 64 came to 0.58 [0.53, 0.70] of epoch's rate (6 blocks), for the busy reader gave the
// fenced name up before most publishes.
const fencesAtMost = 1024

// Adaptive returns the strategy that is called adaptive: atomic. Where publishes come in quick
// succession, opening a guard takes one atomic addition to a word of the reader's own, and a swap
// takes no system call; where they are rare, it is as Asymmetric. Where that cannot be had, see
// AsymmetricReady, it returns Epoch. It panics if the kernel refuses the system call later.
func Adaptive(o Options) Strategy {
	if AsymmetricReady() != nil {
		return Epoch(o)
	}
	return &adaptive{asymmetric{opts: o.withDefaults(), parker: atomicx.NewParker(), fencing: true}}
}

// itself returns the copy of which c is a name.
func (c *Copy) itself() *Copy {
	if c.of != nil {
		return c.of
	}
	return c
}

// fencedName returns the fenced name of c. It is always the same one.
func (c *Copy) fencedName() *Copy {
	if c.fenced == nil {
		c.fenced = &Copy{Index: c.Index, generation: c.generation, of: c}
	}
	return c.fenced
}

// StartSwap implements Strategy.
func (s *adaptive) StartSwap(next *Copy) {
	next.begin(s.generations[next.Index])
	name := s.readable.Swap(next.fencedName())
	s.old = name.itself()
	s.swaps++
	if name.of == nil {
		membarrier()
	}
	s.list()
}

// fence returns how many there have been.
//
//go:noinline
func (r *asymmetricReader) fence() uint32 { return r.fences.Add(1) }

// fenceUnder stands between the count of a guard and the look whether the fenced name is still readable.
// At the limit it makes the plain name readable, which the look then finds. If the fenced one
// has ceased to be readable meanwhile, and even if it has become so again, no harm is done.
func (r *asymmetricReader) fenceUnder(name *Copy) {
	n := r.fence()
	switch {
	case name != r.name:
		r.name, r.limit = name, fenceLimit(n)
	case reached(n, r.limit):
		r.owner.readable.CompareAndSwap(name, name.of)
	}
}

// fenceLimit returns the limit for fences when n have been done.
func fenceLimit(n uint32) uint32 { return n + uint32(atomicx.Rounds(fencesAtMost)) }

// reached reports whether n fences are as many as limit. Both may have overflown.
func reached(n, limit uint32) bool { return int32(n-limit) >= 0 }
