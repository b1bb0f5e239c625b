package workloads

import "iter"

// Stream is the steps of one worker: a place on a tape and a place in the kinds, which both go
// round. Streams share their tape and their kinds, which are immutable. One goroutine uses a
// Stream at a time.
type Stream[K comparable] struct {
	tape      *Tape[K]
	kinds     []Kind
	key, kind int // the next places on the tape and in the kinds

	firstKey, firstKind int
}

// NewStream returns the stream of worker w, counted from 0, of all workers. Workers begin at
// evenly spaced places. If kinds has the length of the tape, each kind stays with its step.
func NewStream[K comparable](t *Tape[K], kinds []Kind, w, all int) *Stream[K] {
	key, kind := w*len(t.Index)/all, w*len(kinds)/all
	return &Stream[K]{t, kinds, key, kind, key, kind}
}

// Steps is a run of steps, as parallel slices. Step i has the kind Kinds[i]. A Get uses Lookups[i],
// a Modify uses both keys, and every other kind uses Keys[i]. Separate slices keep the timed loop
// short.
type Steps[K comparable] struct {
	Kinds   []Kind
	Lookups []K
	Keys    []K
	Index   []uint32
}

// Next returns the next steps: at least 1 and at most most. It allocates nothing and draws no
// random numbers.
func (s *Stream[K]) Next(most int) Steps[K] {
	n := min(most, len(s.tape.Index)-s.key, len(s.kinds)-s.kind)
	a, b := s.key, s.key+n
	steps := Steps[K]{s.kinds[s.kind : s.kind+n], s.tape.Lookups[a:b], s.tape.Keys[a:b], s.tape.Index[a:b]}
	if s.key = b; b == len(s.tape.Index) {
		s.key = 0
	}
	if s.kind += n; s.kind == len(s.kinds) {
		s.kind = 0
	}
	return steps
}

// GoTo makes the step of that number, counted from 0, the next one.
func (s *Stream[K]) GoTo(step int64) { s.key, s.kind = s.place(step) }

// place returns the places of a step.
func (s *Stream[K]) place(step int64) (key, kind int) {
	return int((int64(s.firstKey) + step) % int64(len(s.tape.Index))), int((int64(s.firstKind) + step) % int64(len(s.kinds)))
}

// At returns the kind of a step of the stream, counted from 0, and the position of its key in the
// key set. Any goroutine may call it at any time.
func (s *Stream[K]) At(step int64) (index uint32, kind Kind) {
	key, place := s.place(step)
	return s.tape.Index[key], s.kinds[place]
}

// Back puts back the last n of the steps that Next returned last, so that they come again.
func (s *Stream[K]) Back(n int) {
	s.key = (s.key + len(s.tape.Index) - n) % len(s.tape.Index)
	s.kind = (s.kind + len(s.kinds) - n) % len(s.kinds)
}

// Write is one step that changes the map. The kinds Clear and Retain concern all keys and ignore
// Index.
type Write struct {
	Step  int64  // the number of the step in its stream, from 0
	Index uint32 // the position of its key in the key set
	Kind  Kind
}

// LastWrites iterates over the writes among the first n steps of the stream, from the last to the
// first. It takes time linear in n.
func (s *Stream[K]) LastWrites(n int64) iter.Seq[Write] {
	return func(yield func(Write) bool) {
		index, kinds := s.tape.Index, s.kinds
		key, kind := s.place(n)
		for step := n - 1; step >= 0; step-- {
			if key--; key < 0 {
				key = len(index) - 1
			}
			if kind--; kind < 0 {
				kind = len(kinds) - 1
			}
			if k := kinds[kind]; k.Writes() && !yield(Write{step, index[key], k}) {
				return
			}
		}
	}
}

// CountWrites returns the number of writes among the first n steps of the stream.
func (s *Stream[K]) CountWrites(n int64) int64 {
	count := func(kinds []Kind) (writes int64) {
		for _, k := range kinds {
			if k.Writes() {
				writes++
			}
		}
		return writes
	}
	rounds, rest := n/int64(len(s.kinds)), int(n%int64(len(s.kinds)))
	writes := rounds * count(s.kinds)
	begin := s.firstKind
	if over := begin + rest - len(s.kinds); over > 0 {
		return writes + count(s.kinds[begin:]) + count(s.kinds[:over])
	}
	return writes + count(s.kinds[begin:begin+rest])
}
