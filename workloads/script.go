package workloads

// Script is what the workers of a cell do, and what the map holds when they begin. It is
// immutable.
type Script[K comparable] struct {
	Tape  *Tape[K]
	Kinds []Kind
	Holds func(position int) bool // whether the map holds the key at that position at the start

	// dealt means that the workers share one sequence of steps: each step goes to the next
	// worker in turn. Otherwise every worker goes through all steps, from a different place.
	dealt bool
}

// Script returns the script of mix m on a tape of s. A mix with Replay needs the tape of a trace.
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

// startOf returns which of n keys the map holds before the steps begin: those whose first step is
// not a set, because they must have been set before.
func startOf(n int, index []uint32, kinds []Kind) func(int) bool {
	seen, holds := make([]bool, n), make([]bool, n)
	for i, k := range index {
		if !seen[k] {
			seen[k], holds[k] = true, kinds[i] != Set
		}
	}
	return func(position int) bool { return holds[position] }
}

// window returns the script of a window that moves over a ring of the first positions. The ring is
// so large that the window goes round it once in the length of the tape. All other keys stay in
// the map. A block is latestStep steps. In each block, at random places, one step inserts the key
// in front of the window and one deletes the key at its end. The other steps use the keys of the
// tape. Between the front and the end is a gap of a quarter of the ring. So a worker that lags
// behind the others rarely finds its key deleted already, or still present.
//
// The newest key before block b is the one at position b. The distribution latest counts backwards
// from it there.
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

// Stream returns the steps of worker w, counted from 0, of all workers.
func (s Script[K]) Stream(w, all int) *Stream[K] {
	if !s.dealt {
		return NewStream(s.Tape, s.Kinds, w, all)
	}
	all = min(all, len(s.Kinds)) // so that every worker has a step; some share theirs if steps are few
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
