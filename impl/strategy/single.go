package strategy

import "fmt"

// single: the writer and all readers are one goroutine. So each reader needs only two plain counts.
// A writer that waited would wait for itself, so it returns an error instead.
//
// S1 holds because nothing happens between the writer's look at the counts and its use of the copy.
type single struct {
	readable *Copy
	old      *Copy // the copy that the writer wants, or nil
	registry[*singleReader]
}

// Single returns the strategy single. One goroutine must use the writer and all readers, or several
// goroutines that something else orders. Opening a guard takes two loads and a store, closing one
// takes a load and a store. None of them is atomic. Nothing ever waits: where other strategies
// wait, Finish returns [ErrGuardOpen] at once. So Options have no effect.
func Single(o Options) Strategy {
	o.check()
	return new(single)
}

// singleReader is a reader's counts. Other goroutines may call only Abandon, which does not use
// them.
type singleReader struct {
	guards [2]int // by the index of the copy
	owner  *single
	registration
}

// Open implements Reader.
func (r *singleReader) Open() *Copy {
	c := r.owner.readable
	r.guards[c.Index]++
	return c
}

// Close implements Reader.
func (r *singleReader) Close(c *Copy) {
	if r.guards[c.Index] == 0 {
		panic("doublebuf: guard released twice")
	}
	r.guards[c.Index]--
}

func (r *singleReader) idle() bool { return r.guards == [2]int{} }

// Unregister implements Reader.
func (r *singleReader) Unregister() { r.owner.leave(r) }

// Abandon implements Reader. The guards of a reader that is not registered hold nothing up.
func (r *singleReader) Abandon() {
	r.owner.mu.Lock()
	r.owner.remove(r)
	r.owner.mu.Unlock()
}

// Begin implements Strategy.
func (s *single) Begin(readable *Copy) { s.readable = readable }

// NewReader implements Strategy.
func (s *single) NewReader(name string) Reader {
	r := &singleReader{owner: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(r, name)
	return r
}

// StartSwap implements Strategy.
func (s *single) StartSwap(next *Copy) {
	s.old, s.readable = s.readable, next
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reap()
}

// TryFinish implements Strategy.
func (s *single) TryFinish() bool { return s.Finish(nil) == nil }

// Finish implements Strategy. The error names the readers that have guards open.
func (s *single) Finish(<-chan struct{}) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.old == nil {
		return nil
	}
	if holders := holding(s.readers, func(r *singleReader) uint64 { return uint64(r.guards[s.old.Index]) }); holders != nil {
		return fmt.Errorf("%w:%s", ErrGuardOpen, holders)
	}
	s.old = nil
	return nil
}

// End implements Strategy.
func (s *single) End() bool {
	free := s.TryFinish()
	s.old = nil
	return free
}

// Detach implements Strategy. It is never called, because no wait can be too long.
func (s *single) Detach() {
	panic("doublebuf: the strategy single never waits, so nothing can be detached")
}
