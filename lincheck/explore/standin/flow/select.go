package flow

import (
	"reflect"
	"unsafe"

	"doublebuf/impl/atomicx/hooked"
)

// Case is a case of a select: the result of [From] or of [Sender.Of].
type Case interface {
	real() reflect.SelectCase
	kind() hooked.Kind
	did(v reflect.Value, ok bool)
	open(h hooked.Whole) unsafe.Pointer // finds the state of the channel, and returns its key
	ready() bool
	now()                     // makes the case happen
	enter(w *wait, index int) // enters the queue of the channel
	leave()                   // takes the result from there
}

// Receiving is a case that receives.
type Receiving[T any] struct {
	V  T    // what was received
	OK bool // the channel was not closed

	ch    <-chan T
	state *channel[T]
	entry *waiter[T]
}

// From is the case <-ch.
func From[T any](ch <-chan T) *Receiving[T] { return &Receiving[T]{ch: ch} }

func (r *Receiving[T]) real() reflect.SelectCase {
	return reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(r.ch)}
}

func (r *Receiving[T]) kind() hooked.Kind { return hooked.OpReceive }

func (r *Receiving[T]) did(v reflect.Value, ok bool) {
	if r.OK = ok; ok {
		reflect.ValueOf(&r.V).Elem().Set(v)
	}
}

func (r *Receiving[T]) open(h hooked.Whole) unsafe.Pointer {
	if r.state = stateOf(h, r.ch); r.state == nil {
		return nil
	}
	return r.state.key
}

func (r *Receiving[T]) ready() bool { return r.state.canReceive() }
func (r *Receiving[T]) now()        { r.V, r.OK = r.state.receive() }

func (r *Receiving[T]) enter(w *wait, index int) {
	if r.state != nil {
		r.entry = &waiter[T]{wait: w, index: index}
		r.state.takers = append(r.state.takers, r.entry)
	}
}

func (r *Receiving[T]) leave() { r.V, r.OK = r.entry.value, r.entry.ok }

// Sending is a case that sends.
type Sending[T any] struct {
	ch    chan<- T
	v     T
	state *channel[T]
	entry *waiter[T]
}

// Of is the case ch <- v.
func (s Sender[T]) Of(v T) *Sending[T] { return &Sending[T]{ch: s.ch, v: v} }

func (s *Sending[T]) real() reflect.SelectCase {
	return reflect.SelectCase{Dir: reflect.SelectSend, Chan: reflect.ValueOf(s.ch), Send: reflect.ValueOf(&s.v).Elem()}
}

func (s *Sending[T]) kind() hooked.Kind { return hooked.OpSend }

func (s *Sending[T]) did(reflect.Value, bool) {}

func (s *Sending[T]) open(h hooked.Whole) unsafe.Pointer {
	if s.state = stateOf(h, both(s.ch)); s.state == nil {
		return nil
	}
	return s.state.key
}

func (s *Sending[T]) ready() bool { return s.state.canSend() }
func (s *Sending[T]) now()        { s.state.send(s.v) }

func (s *Sending[T]) enter(w *wait, index int) {
	if s.state != nil {
		s.entry = &waiter[T]{wait: w, index: index, value: s.v}
		s.state.senders = append(s.state.senders, s.entry)
	}
}

func (s *Sending[T]) leave() {
	if !s.entry.ok {
		panic("send on closed channel")
	}
}

// Select is the statement select. It returns the index of the case that happened, or -1 if none
// could and otherwise is set, for the default case.
func Select(otherwise bool, cases ...Case) int {
	if h := hooked.Current(); h != nil {
		return choose(h, otherwise, cases)
	}
	var list []reflect.SelectCase
	for _, c := range cases {
		list = append(list, c.real())
	}
	if otherwise {
		list = append(list, reflect.SelectCase{Dir: reflect.SelectDefault})
	}
	i, v, ok := reflect.Select(list)
	if i == len(cases) {
		return -1
	}
	cases[i].did(v, ok)
	return i
}

// choose runs a select, or a single send or receive. If two cases are ready the hook chooses the
// first or the last of them.
func choose(h hooked.Whole, otherwise bool, cases []Case) int {
	op := hooked.Op{Kind: hooked.OpSelect, AlsoWrites: true}
	if len(cases) == 1 && !otherwise {
		op.Kind = cases[0].kind()
	}
	for _, c := range cases {
		if key := c.open(h); key != nil {
			op.Also = append(op.Also, key)
		}
	}
	if len(op.Also) > 0 {
		op.Loc, op.Also = op.Also[0], op.Also[1:]
	}
	first := func() (first, last int) {
		first, last = -1, -1
		for i, c := range cases {
			if c.ready() {
				if last = i; first < 0 {
					first = i
				}
			}
		}
		return first, last
	}
	if len(cases) > 1 {
		op.Other = func() bool { i, j := first(); return i != j }
	}
	i := 0
	if h.Step(op) {
		_, i = first()
	} else {
		i, _ = first()
	}
	if i >= 0 {
		if len(cases) > 2 {
			noteMiddle(h, cases)
		}
		cases[i].now()
		h.Did(true, nil)
		return i
	}
	if otherwise {
		h.Did(false, nil)
		return -1
	}
	w := &wait{}
	for i, c := range cases {
		c.enter(w, i)
	}
	h.Did(true, nil)
	op.Kind, op.Ready, op.Other, op.AlsoWrites = hooked.OpWait, func() bool { return w.done }, nil, false
	h.Step(op)
	cases[w.index].leave()
	h.Did(false, nil)
	return w.index
}

// noteMiddle notes that a select had more than two ready cases, of which the middle ones are not
// tried.
func noteMiddle(h hooked.Whole, cases []Case) {
	n := 0
	for _, c := range cases {
		if c.ready() {
			n++
		}
	}
	if n > 2 {
		h.Uncontrolled("selects with three or more ready cases took only the first or the last")
	}
}
