package workloads

// Script is what the workers of a cell do, and what the map holds when they begin. Nobody
// changes it.
type Script[K comparable] struct {
	Tape  *Tape[K]
	Kinds []Kind
	Holds func(position int) bool // whether the map holds the key at that position at the start

	// dealt: the steps are one sequence that the workers do together, each the next in turn;
	// otherwise every worker goes through all of them, from a place of its own.
	dealt bool
}

// Script returns the script of mix m on a tape of s. Mixes that replay need a tape that is
// the order of a trace.
func (s *KeySet[K]) Script(m Mix, t *Tape[K], seed uint64) Script[K] {
	switch {
	case m.Replay:
		return Script[K]{t, s.kinds, startOf(len(s.Keys), t.Index, s.kinds), true}
	case m.Window:
		return s.window(m, t, seed)
	case m.Misses:
		t = s.Missing(m, t)
	}
	return Script[K]{Tape: t, Kinds: m.Kinds(t.Index, seed), Holds: m.Holds}
}

// startOf returns which of n keys are there before the steps begin: those whose first step is
// no set, and which must have been set before.
func startOf(n int, index []uint32, kinds []Kind) func(int) bool {
	seen, holds := make([]bool, n), make([]bool, n)
	for i, k := range index {
		if !seen[k] {
			seen[k], holds[k] = true, kinds[i] != Set
		}
	}
	return func(position int) bool { return holds[position] }
}

// window returns the script of a window that moves over a ring of the first positions, as many
// as it comes round in the length of the tape. All other keys stay in the map. Of each block of
// latestStep steps one inserts the key ahead of the window and one deletes the key at its end,
// wherever in the block chance puts them; the others are on the keys of the tape. Between the
// end and the front there is a gap of a quarter of the ring, so that a worker who lags behind
// the others seldom finds his key deleted again, or still there.
//
// The newest key before block b is that at position b: the one from which the distribution
// latest counts backwards there.
func (s *KeySet[K]) window(m Mix, t *Tape[K], seed uint64) Script[K] {
	n := len(s.Keys)
	ring := min(n, len(t.Index)/latestStep)
	gap := (ring + 3) / 4
	blocks := len(t.Index) / latestStep / ring * ring // whole rounds
	index := append([]uint32(nil), t.Index[:blocks*latestStep]...)
	kinds := make([]Kind, len(index))
	if m.Scans > 0 {
		for i := range kinds {
			kinds[i] = Scan
		}
	}
	r := random(seed, seedOfKinds)
	for b := range blocks {
		set, del := r.IntN(latestStep), r.IntN(latestStep-1)
		if del >= set {
			del++
		}
		set, del = set+b*latestStep, del+b*latestStep
		index[set], kinds[set] = uint32((b+1)%ring), Set
		index[del], kinds[del] = uint32((b+1+gap)%ring), Delete
	}
	holds := func(position int) bool { return position < 1 || position > gap }
	return Script[K]{s.tape(index), kinds, holds, true}
}

// Stream returns the steps of worker w of all, counted from 0.
func (s Script[K]) Stream(w, all int) *Stream[K] {
	if !s.dealt {
		return NewStream(s.Tape, s.Kinds, w, all)
	}
	all = min(all, len(s.Kinds)) // so that everybody has a step, if need be the same as another
	part := &Tape[K]{}
	var kinds []Kind
	one := &s.Tape.Keys[0] == &s.Tape.Lookups[0]
	for i := w % all; i < len(s.Kinds); i += all {
		part.Index = append(part.Index, s.Tape.Index[i])
		part.Lookups = append(part.Lookups, s.Tape.Lookups[i])
		if !one {
			part.Keys = append(part.Keys, s.Tape.Keys[i])
		}
		kinds = append(kinds, s.Kinds[i])
	}
	if one {
		part.Keys = part.Lookups
	}
	return NewStream(part, kinds, 0, 1)
}
