package strategy

import "doublebuf/impl/atomicx"

// adaptive: like asymmetric, but soon after a publish a reader opens its guards with a fence. If
// the writer swaps again while readers still do so, it needs no membarrier.
//
// A copy has two names. The plain name is the Copy itself. The fenced name is another Copy, which
// refers to it. The readable word holds a name. A reader opens a guard under the name that it finds
// there. Under the plain name it does so as in asymmetric. Under the fenced name a full fence
// stands between the count (or the tag of a lookup guard) and the load that checks whether that
// name is still readable. So readers learn what to do from a word that they load in any case. The
// writer learns what the readers have done from the name that it swaps out:
//
//   - The writer makes each copy readable under its fenced name. A reader that has opened
//     fencesAtMost guards under that name replaces it by the plain name, with a compare-and-swap.
//     So readers write the readable word at most once for each swap.
//   - If the writer swaps out a plain name, it calls membarrier. The argument is that at
//     asymmetricReader.Open.
//   - If it swaps out a fenced name, the copy has had no other name since the swap that made it
//     readable. A reader of a guard that was opened in it since then has found that name after its
//     fence. A fence puts the count and the load in one order with the swap. So cases 1 and 2 of
//     the two-counts argument (see epochReader.Open) hold as they do for epoch. Guards that were
//     opened under the plain name are from an earlier time at which the copy was readable. The
//     writer has waited for those.
//
// Guards are closed by plain stores under either name. Before the writer sleeps it calls
// membarrier, as in asymmetric.
//
// This is the ski-rental rule. A reader pays for fences until they have cost about as much as the
// membarrier that they save. Then the next publish pays for a membarrier. The rule needs no clock
// and no rate. If the writer publishes no more, the readers soon reach the limit.
type adaptive struct {
	asymmetric
	names [2]*Copy // by index: the fenced name of the copy that was made readable last, or nil
}

// fencesAtMost is the number of guards that one reader opens with a fence after a publish. So many
// fences take about as long as a membarrier. impl/DESIGN.md has the measurements.
const fencesAtMost = 1024

// Adaptive returns the strategy adaptive: level atomic. If publishes come in quick succession,
// opening a guard takes one atomic addition to a word of the reader's own, and a swap takes no
// system call. If they are rare, it is like Asymmetric.
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

// itself returns the copy that c names.
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

// End implements Strategy.
func (s *adaptive) End() bool {
	if s.old != nil {
		s.names[s.old.Index] = nil // as in Detach
	}
	return s.asymmetric.End()
}

// fence is a full fence. It returns the number of fences so far.
//
//go:noinline
func (r *asymmetricReader) fence() uint32 { return r.fences.Add(1) }

// fenceUnder stands between the count of a guard and the load that checks whether the fenced name
// is still readable. At the limit it makes the plain name readable, and that load then finds it.
// The fenced name may have ceased to be readable meanwhile, and may have become readable again.
// Neither does harm.
func (r *asymmetricReader) fenceUnder(name *Copy) {
	n := r.fence()
	switch key := name.key() + 1; {
	case key != r.name:
		r.name, r.limit = key, fenceLimit(n)
	case reached(n, r.limit):
		r.owner.readable.CompareAndSwap(name, name.itself())
	}
}

// fenceLimit returns the limit for a name that is new to a reader after n fences.
func fenceLimit(n uint32) uint32 { return n + uint32(atomicx.Rounds(fencesAtMost)) }

// reached reports whether n fences have reached the limit. Both numbers may have overflowed.
func reached(n, limit uint32) bool { return int32(n-limit) >= 0 }
