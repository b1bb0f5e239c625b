package strategy

import "doublebuf/impl/atomicx"

// adaptive: like asymmetric, but soon after a publish a reader opens its guards with a fence. If
// the writer swaps again while readers still do so, it needs no membarrier.
//
// A copy has two names: the plain name is the Copy itself, and the fenced name is another Copy,
// which refers to it. The readable word holds a name. A guard is opened under the name that the
// reader finds there: under the plain name as in asymmetric, and under the fenced name with a
// full fence between the count (or the tag of a lookup guard) and the load that checks whether
// that name is still readable. So the word that readers load in any case tells them what to do,
// and the word that the writer swaps out tells it what the readers have done:
//
//   - The writer makes each copy readable under its fenced name. A reader that has opened
//     fencesAtMost guards under that name replaces it by the plain name, with a compare-and-swap.
//     So readers write the readable word at most once for each swap.
//   - If the writer swaps out a plain name, it calls membarrier, and the argument is that at
//     asymmetricReader.Open.
//   - If it swaps out a fenced name, the copy has had no other name since the swap that made it
//     readable. A reader of a guard that is open in it has found that name after its fence. A
//     fence puts the count and the load in one order with the swap, so cases 1 and 2 of the
//     two-counts argument (see epochReader.Open) hold as they do for epoch. Guards that were
//     opened under the plain name are from an earlier time at which the copy was readable; the
//     writer has waited for those.
//
// Guards are closed by plain stores under either name. Before the writer sleeps it calls
// membarrier, as in asymmetric.
//
// This is the ski-rental rule: a reader pays for fences until they have cost about as much as the
// membarrier that they save, and then has the next publish pay for one. It needs no clock and no
// rate. Where nothing is published any more, it is the readers that find out.
type adaptive struct {
	asymmetric
	names [2]*Copy // by index: the fenced name of the copy that was made readable last, or nil
}

// fencesAtMost is how many guards one reader opens with a fence after a publish. A fence takes a
// few nanoseconds. A membarrier takes 3 to 17 µs of the writer's time, depending on the machine,
// and some of the time of every reader that is running. DESIGN.md has the measurements.
const fencesAtMost = 1024

// Adaptive returns the strategy adaptive: level atomic. Where publishes come in quick succession,
// opening a guard takes one atomic addition to a word of the reader's own, and a swap takes no
// system call. Where they are rare, it is like Asymmetric.
//
// If the system call is not available (see [AsymmetricReady]), it returns Epoch. It panics if the
// kernel refuses the call later.
func Adaptive(o Options) Strategy {
	if AsymmetricReady() != nil {
		return Epoch(o)
	}
	s := new(adaptive)
	s.writer, s.fencing = newWriter(s, o), true
	return s
}

// fenced reports whether c is a fenced name. Under adaptive and asymmetric, Copy.own of a fenced
// name is the copy itself, and that of a copy is nil.
func (c *Copy) fenced() bool { return c.own != nil }

// itself returns the copy of which c is a name.
func (c *Copy) itself() *Copy {
	if of, ok := c.own.(*Copy); ok {
		return of
	}
	return c
}

// fencedName returns the fenced name of c. A copy always has the same one.
func (s *adaptive) fencedName(c *Copy) *Copy {
	name := &s.names[c.Index]
	if *name == nil || (*name).itself() != c {
		*name = &Copy{Index: c.Index, generation: c.generation, own: c}
	}
	return *name
}

// StartSwap implements Strategy.
func (s *adaptive) StartSwap(next *Copy) {
	next.begin(s.generations[next.Index])
	name := s.readable.Swap(s.fencedName(next))
	s.old = name.itself()
	s.swaps++
	if !name.fenced() {
		membarrier()
	}
	s.list()
}

// Detach implements Strategy.
func (s *adaptive) Detach() {
	s.names[s.old.Index] = nil // so that the detached copy can be collected
	s.asymmetric.Detach()
}

// fence is a full fence. It returns how many there have been.
//
//go:noinline
func (r *asymmetricReader) fence() uint32 { return r.fences.Add(1) }

// fenceUnder stands between the count of a guard and the load that checks whether the fenced name
// is still readable. At the limit it makes the plain name readable, which that load then finds.
// If the fenced name has ceased to be readable meanwhile, even if it has become readable again,
// this does no harm.
func (r *asymmetricReader) fenceUnder(name *Copy) {
	n := r.fence()
	switch {
	case name != r.name:
		r.name, r.limit = name, fenceLimit(n)
	case reached(n, r.limit):
		r.owner.readable.CompareAndSwap(name, name.itself())
	}
}

// fenceLimit returns the limit for a name that is new to a reader after n fences.
func fenceLimit(n uint32) uint32 { return n + uint32(atomicx.Rounds(fencesAtMost)) }

// reached reports whether n fences have reached the limit. Both numbers may have overflowed.
func reached(n, limit uint32) bool { return int32(n-limit) >= 0 }
